// Percentiles of a run. Values; any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace shoal::cli::bench {

// Durations of single events, in nanoseconds.
class Durations {
public:
  void add(std::int64_t ns) { ns_.push_back(ns); }
  std::size_t count() const { return ns_.size(); }

  // The smallest duration that a share of at least `share` of all does not exceed, in microseconds; 0 without any.
  double us(double share) {
    if (ns_.empty()) return 0;
    const auto wanted = static_cast<std::size_t>(share * static_cast<double>(ns_.size()));
    const auto at = ns_.begin() + static_cast<std::ptrdiff_t>(std::min(wanted, ns_.size() - 1));
    std::nth_element(ns_.begin(), at, ns_.end());
    return static_cast<double>(*at) / 1000.0;
  }

private:
  std::vector<std::int64_t> ns_;
};

}  // namespace shoal::cli::bench
