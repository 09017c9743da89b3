// How long a stream waits here for its first id, from GENERATE accepted on: what a router compares executors by. Each
// first id counts for an eighth; without one the past fades by half every ten seconds, so that an executor that was
// slow once gets another chance. Pure; lives with the inference core.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/time.h"

namespace shoal::inference {

class Latency {
public:
  void on_first_id(Duration waited, Time now) {
    const double sample = static_cast<double>(waited.count());
    const double past = faded(now);
    smoothed_us_ = past > 0 ? past + (sample - past) / 8 : sample;
    last_ = now;
  }

  // Zero: nothing known. `waiting` is the longest wait that has not ended yet: who gives no id at all is not fast.
  std::uint32_t us(Duration waiting, Time now) const {
    const double longest = std::max(faded(now), static_cast<double>(waiting.count()));
    return static_cast<std::uint32_t>(std::min(longest, static_cast<double>(UINT32_MAX)));
  }

private:
  double faded(Time now) const {
    const double idle_s = std::chrono::duration<double>(now - last_).count();
    return smoothed_us_ * std::exp2(-idle_s / 10);
  }

  double smoothed_us_ = 0;
  Time last_{};
};

}  // namespace shoal::inference
