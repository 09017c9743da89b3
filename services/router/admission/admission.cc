#include "services/router/admission/admission.h"

#include <algorithm>

namespace shoal::router {
namespace {

constexpr std::uint32_t answer_tokens_max = 4096;

std::uint32_t at(const std::vector<std::uint32_t>& per_tier, std::size_t tier) {
  return tier < per_tier.size() ? per_tier[tier] : 0;
}

}  // namespace

double tokens_of(std::uint32_t prompt_tokens, std::uint32_t max_tokens) {
  return static_cast<double>(std::uint64_t{prompt_tokens} + std::min(max_tokens, answer_tokens_max));
}

Admission::Admission(const Tiers& tiers) : lanes_(lanes_of(tiers)) {}

std::array<Admission::Lane, tier_count> Admission::lanes_of(const Tiers& tiers) {
  const auto make = [](const TierRules& rules) {
    return Lane{.rules = rules,
                .tokens = Bucket(rules.tokens_per_second, rules.burst_tokens),
                .requests = Bucket(rules.requests_per_second, rules.burst_requests),
                .drain = {}};
  };
  return {make(tiers[0]), make(tiers[1]), make(tiers[2]), make(tiers[3])};
}

void Admission::pass(const Queue& queue, Time now) {
  for (std::size_t tier = 0; tier < tier_count; ++tier) {
    lanes_[tier].drain.pass(queue.size(static_cast<Tier>(tier)) > 0, now);
  }
}

void Admission::look(const Directory& directory, Time now) {
  std::size_t routers = 0;
  for (Lane& lane : lanes_) lane.reported = lane.promised = 0;
  for (const auto& [epoch, row] : directory.rows()) {
    if (row.entry.kind == "router") ++routers;
    if (row.entry.kind != "inference") continue;
    for (std::size_t tier = 0; tier < tier_count; ++tier) {
      lanes_[tier].reported += at(row.load.running, tier) + at(row.load.waiting, tier);
    }
    for (const Promise& grant : row.grants) {
      if (grant.expires > now) ++lane(grant.tier).promised;
    }
  }
  routers = std::max<std::size_t>(1, routers);
  for (Lane& lane : lanes_) {
    const std::uint32_t left = lane.rules.max_concurrency - std::min(lane.rules.max_concurrency, lane.reported);
    lane.promises_max = static_cast<std::uint32_t>((left + routers - 1) / routers);
    lane.tokens.split(routers, now);
    lane.requests.split(routers, now);
  }
}

bool Admission::admits(Tier tier, Time now) {
  Lane& one = lane(tier);
  return one.promised < one.promises_max && one.tokens.holds(1, now) && one.requests.holds(1, now);
}

void Admission::on_placed(const Waiting& request, std::uint64_t grant, Time now) {
  Lane& one = lane(request.tier());
  ++one.promised;
  if (request.arrived < now) one.drain.placed();
  if (!charges_.take(request.stream(), request.head.attempt, grant)) return;
  one.tokens.take(tokens_of(request.place.prompt_tokens, request.place.max_tokens), now);
  one.requests.take(1, now);
}

void Admission::on_lost(const Promise& promise, Time now) {
  if (!charges_.release(promise.asked.stream, promise.grant)) return;
  Lane& one = lane(promise.tier);
  one.tokens.give_back(tokens_of(promise.asked.prompt_tokens, promise.asked.max_tokens), now);
  one.requests.give_back(1, now);
}

Time Admission::next_ready(const Queue& queue, Time now) {
  Time next = time_never;
  for (std::size_t tier = 0; tier < tier_count; ++tier) {
    Lane& one = lanes_[tier];
    if (queue.size(static_cast<Tier>(tier)) == 0) continue;
    const Time ready = std::max(one.tokens.ready_at(1, now), one.requests.ready_at(1, now));
    if (ready > now) next = std::min(next, ready);
  }
  return next;
}

std::uint32_t Admission::estimate_ms(Tier tier, std::size_t places, std::uint32_t least, std::uint32_t most) const {
  return lane(tier).drain.estimate_ms(places, least, most);
}

std::string Admission::reason(Tier tier, Time now) {
  Lane& one = lane(tier);
  if (one.promised >= one.promises_max) {
    return "as many requests of the tier as its max_concurrency of " + std::to_string(one.rules.max_concurrency) +
           " allows were running";
  }
  if (!one.tokens.holds(1, now)) return "the tokens_per_second of the tier were used up";
  if (!one.requests.holds(1, now)) return "the requests_per_second of the tier were used up";
  return "all slots were taken";
}

}  // namespace shoal::router
