#include "actors/host/measure.h"

#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

namespace shoal::actors {

Meter::Reading Meter::read(Time now) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& span) {
    return static_cast<std::uint64_t>(span.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(span.tv_usec);
  };
  const std::uint64_t cpu_us = micros(usage.ru_utime) + micros(usage.ru_stime);
  Reading reading;
  const auto elapsed = static_cast<std::uint64_t>((now - last_).count());
  if (last_ != Time{} && elapsed > 0) {
    reading.cpu_permille = static_cast<std::uint32_t>((cpu_us - last_cpu_us_) * 1000 / elapsed);
  }
  last_ = now;
  last_cpu_us_ = cpu_us;

  std::uint64_t pages_total = 0;
  std::uint64_t pages_resident = 0;
  std::ifstream("/proc/self/statm") >> pages_total >> pages_resident;
  reading.rss_bytes = pages_resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  reading.cpus = cpus_;
  return reading;
}

}  // namespace shoal::actors
