// Whether a tier may have one more request placed, and how long a wait would be: the tiers' concurrency limits, token
// buckets and measured rates. Pure; lives with the router core.
#pragma once

#include <array>
#include <string>

#include "services/drain_rate.h"
#include "services/router/admission/bucket.h"
#include "services/router/admission/charges.h"
#include "services/router/admission/queue.h"
#include "services/router/admission/tiers.h"
#include "services/router/directory.h"

namespace shoal::router {

// Prompt and answer. An answer counts with what the request allows, at most 4,096 tokens: one that names no max_tokens
// may fill the whole context, and seldom does.
double tokens_of(std::uint32_t prompt_tokens, std::uint32_t max_tokens);

class Admission {
public:
  explicit Admission(const Tiers& tiers);

  // Before anything changes in the queue: time has passed.
  void pass(const Queue& queue, Time now);

  // Looks at the directory before a round of placements: what runs of each tier by the last reports, what this router
  // promised since, and how many routers there are. They share the rates, and what is left of a concurrency limit,
  // rounded up: all together they are over it by less than one each until the next reports.
  void look(const Directory& directory, Time now);

  bool admits(Tier tier, Time now);

  // Counts a placement since the last look, by this grant.
  void on_placed(const Waiting& request, std::uint64_t grant, Time now);

  // Nobody used the grant: what was paid for it is given back.
  void on_lost(const Promise& promise, Time now);

  // When a bucket that keeps somebody waiting will let the next one through.
  Time next_ready(const Queue& queue, Time now);

  const TierRules& rules(Tier tier) const { return lane(tier).rules; }

  // How long `places` placements of this tier take, as measured, within [least, most].
  std::uint32_t estimate_ms(Tier tier, std::size_t places, std::uint32_t least, std::uint32_t most) const;

  // What keeps this tier waiting: "all slots were taken", …
  std::string reason(Tier tier, Time now);

private:
  struct Lane {
    TierRules rules;
    Bucket tokens;
    Bucket requests;
    services::DrainRate drain;
    std::uint32_t reported = 0;  // running and waiting at executors, by their last reports
    std::uint32_t promised = 0;  // by this router since
    std::uint32_t promises_max = 0;
  };
  static std::array<Lane, tier_count> lanes_of(const Tiers& tiers);
  Lane& lane(Tier tier) { return lanes_[static_cast<std::size_t>(tier)]; }
  const Lane& lane(Tier tier) const { return lanes_[static_cast<std::size_t>(tier)]; }

  std::array<Lane, tier_count> lanes_;
  Charges charges_{limits::streams_max};
};

}  // namespace shoal::router
