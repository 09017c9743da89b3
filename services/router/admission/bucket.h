// A token bucket: fills at a rate up to its burst, and what is taken must be there. Pure; not thread-safe.
#pragma once

#include <algorithm>
#include <cmath>

#include "base/time.h"

namespace shoal::router {

class Bucket {
public:
  // A rate of 0 is no bound. Starts full.
  Bucket(double per_second, double burst) : per_second_(per_second), burst_(burst), level_(burst) {}

  // This bucket is one of `parts` that together keep the rate and the burst.
  void split(std::size_t parts, Time now) {
    fill(now);
    parts_ = static_cast<double>(std::max<std::size_t>(1, parts));
    level_ = std::min(level_, capacity());
  }

  // Whether `amount` may be taken; what is larger than the bucket may be when the bucket is full.
  bool holds(double amount, Time now) {
    if (per_second_ == 0) return true;
    fill(now);
    return level_ >= std::min(amount, capacity());
  }

  // Takes it, below zero if need be: what follows waits longer, and the rate is kept.
  void take(double amount, Time now) {
    if (per_second_ == 0) return;
    fill(now);
    level_ -= amount;
  }

  // Takes back what was taken and not used.
  void give_back(double amount, Time now) {
    fill(now);
    level_ = std::min(capacity(), level_ + amount);
  }

  // When `holds(amount)` will be true if nothing is taken until then.
  Time ready_at(double amount, Time now) {
    if (holds(amount, now)) return now;
    const double missing = std::min(amount, capacity()) - level_;
    return now + Duration(static_cast<Duration::rep>(std::ceil(missing / rate() * 1e6)) + 1);
  }

private:
  double capacity() const { return burst_ / parts_; }
  double rate() const { return per_second_ / parts_; }
  void fill(Time now) {
    const double span = std::chrono::duration<double>(now - filled_).count();
    level_ = std::min(capacity(), level_ + span * rate());
    filled_ = now;
  }

  double per_second_;
  double burst_;
  double parts_ = 1;
  double level_;
  Time filled_;
};

}  // namespace shoal::router
