// What this process uses, for its LOAD reports. One thread.
#pragma once

#include <cstdint>

#include "base/cores.h"
#include "base/time.h"

namespace shoal::actors {

class Meter {
public:
  struct Reading {
    std::uint32_t cpu_permille = 0;  // of one core, all threads, since the reading before
    std::uint64_t rss_bytes = 0;
    std::uint32_t cpus = 0;  // that this process may run on
  };

  Reading read(Time now);

private:
  std::uint32_t cpus_ = usable_cores();
  Time last_;
  std::uint64_t last_cpu_us_ = 0;
};

}  // namespace shoal::actors
