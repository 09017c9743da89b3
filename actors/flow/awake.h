// The time that this process was awake, by which it judges others: who was stopped itself, or did not get the
// processor, has not listened meanwhile, so that time says nothing about anybody. Pure; lives with its core; not
// thread-safe.
#pragma once

#include <algorithm>

#include "base/limits.h"
#include "base/time.h"

namespace shoal::actors {

class Awake {
public:
  // Every event tells the time; returns how much of it the process was awake. A step longer than awake_stride_ms was
  // not lived through: a core wakes more often than that by itself, to report LOAD.
  Time pass(Time now) {
    if (last_ == time_never) {
      last_ = awake_ = now;
      return awake_;
    }
    const Duration step = std::max(now - last_, Duration(0));
    awake_ += std::min<Duration>(step, milliseconds(limits::awake_stride_ms));
    last_ += step;
    return awake_;
  }

  // As of the last event.
  Time now() const { return awake_; }

  // When it will be `at` by this clock, if the process stays awake.
  Time wake_at(Time at) const { return at == time_never ? time_never : last_ + (at - awake_); }

private:
  Time last_ = time_never;
  Time awake_{};
};

}  // namespace shoal::actors
