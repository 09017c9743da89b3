#include "base/cores.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>
#include <thread>

namespace shoal {

std::uint32_t quota_cores(std::string_view cpu_max) {
  std::uint64_t quota = 0;
  std::uint64_t period = 0;
  const char* const end = cpu_max.data() + cpu_max.size();
  const auto first = std::from_chars(cpu_max.data(), end, quota);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != ' ') return 0;
  const auto second = std::from_chars(first.ptr + 1, end, period);
  if (second.ec != std::errc{} || quota == 0 || period == 0) return 0;
  const std::uint64_t cores = quota / period + (quota % period != 0 ? 1 : 0);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(cores, UINT32_MAX));
}

std::uint32_t usable_cores() {
  const std::uint32_t cores = std::max(1u, std::thread::hardware_concurrency());  // of the affinity mask
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string line;
  std::getline(file, line);
  const std::uint32_t quota = quota_cores(line);
  return quota == 0 ? cores : std::min(cores, quota);
}

}  // namespace shoal
