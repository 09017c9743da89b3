// What tiers are called wherever a client, a file or a person names one: "vip", "realtime", "async", "batch".
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "base/ids.h"

namespace shoal {

// In the order of their numbers.
inline constexpr std::array<std::string_view, tier_count> tier_names = {"vip", "realtime", "async", "batch"};

constexpr std::string_view name(Tier tier) { return tier_names[static_cast<std::size_t>(tier)]; }

}  // namespace shoal
