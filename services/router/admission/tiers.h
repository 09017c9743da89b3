// How a router admits each tier: how many may run and wait, for how long, at what rate. Plain values, from a file of
// JSON or TOML (tiers_file.h); any thread.
#pragma once

#include <array>
#include <cstdint>

#include "base/ids.h"
#include "base/limits.h"

namespace shoal::router {

inline constexpr std::uint32_t concurrency_max = 1'000'000;      // also: no bound
inline constexpr double vip_reserve = 0.125;                     // of a level `vip` that names none
inline constexpr std::uint32_t timeout_ms_max = 24 * 3'600'000;  // a day

// One level of `priority_levels`. A rate of 0 is no bound.
struct TierRules {
  std::uint32_t max_concurrency = concurrency_max;  // that run, and wait inside executors, in the whole mesh
  std::uint32_t timeout_ms =
      limits::deadline_default_ms;               // the longest wait for a place; running takes as long as it takes
  std::uint32_t queue_max = limits::queued_max;  // that wait at one router
  double reserve = 0;                            // of each executor's slots, this part is left free by the tiers below
  double tokens_per_second = 0;                  // prompt and answer, in the whole mesh
  double burst_tokens = 0;                       // that may be used at once after a rest
  double requests_per_second = 0;                // in the whole mesh
  double burst_requests = 0;

  bool operator==(const TierRules&) const = default;
};

using Tiers = std::array<TierRules, tier_count>;

}  // namespace shoal::router
