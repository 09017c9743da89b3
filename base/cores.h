// How many cores this process may use. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace shoal {

// The cores of this process's affinity mask, or fewer where its control group has a smaller quota (containers). At
// least 1.
std::uint32_t usable_cores();

// The cores that a line of cpu.max (control groups v2: "QUOTA PERIOD" in microseconds, or "max PERIOD") allows, rounded
// up; 0 where it sets no bound or is none of the two.
std::uint32_t quota_cores(std::string_view cpu_max);

}  // namespace shoal
