// How fast a queue gets shorter: how many left it per second of the time in which somebody waited, the last half minute
// of it. Time without a queue tells nothing about how fast one would drain. Pure; not thread-safe.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace shoal::services {

class DrainRate {
public:
  // Before anything changes: whether somebody has waited since the call before.
  void pass(bool waited, Time now) {
    if (waited && now > seen_) {
      const double span = std::chrono::duration<double>(now - seen_).count();
      const double kept = std::exp(-span / memory_seconds);
      placed_ *= kept;
      busy_seconds_ = busy_seconds_ * kept + span;
    }
    seen_ = now;
  }

  // One that had waited was let go.
  void placed() { placed_ += 1; }

  // Until this many are.
  Duration estimate(std::size_t places) const {
    const double each = std::min(busy_seconds_ / std::max(placed_, 1e-3), longest_seconds);
    const double all = std::min(each * static_cast<double>(places), longest_seconds);
    return Duration(static_cast<Duration::rep>(all * 1e6));
  }

  // The same in milliseconds, within [least, most].
  std::uint32_t estimate_ms(std::size_t places, std::uint32_t least, std::uint32_t most) const {
    const auto span = std::chrono::ceil<milliseconds>(estimate(places)).count();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(span, least, std::max(least, most)));
  }

private:
  static constexpr double memory_seconds = 30;
  static constexpr double longest_seconds = 24 * 3600;

  // Begins with a guess that weighs as much as one placement.
  double placed_ = 1;
  double busy_seconds_ = 0.25;
  Time seen_;
};

}  // namespace shoal::services
