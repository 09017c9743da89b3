#include "services/router/admission/queue.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"

namespace shoal::router {
namespace {

std::size_t index_of(Tier tier) { return static_cast<std::size_t>(tier); }

// Whether it may use fewer executors than others of its line, so that its failure says nothing about theirs.
bool is_narrow(const protocol::Place& place) { return !place.exclude.empty(); }

}  // namespace

void Queue::push(Waiting waiting) {
  const StreamId stream = waiting.stream();
  const std::size_t tier = index_of(waiting.tier());
  const protocol::Place& place = waiting.place;
  Spot spot{{place.model, place.model_digest, place.tokenizer_digest}, tier, {waiting.since, ++arrivals_}};
  SHOAL_CHECK(index_.count(stream) == 0);
  ends_.set(stream, waiting.ends());
  lines_[spot.line].tiers[tier].emplace(spot.age, std::move(waiting));
  index_.emplace(stream, std::move(spot));
  ++sizes_[tier];
}

const Waiting* Queue::find(const StreamId& stream) const {
  const auto spot = index_.find(stream);
  return spot == index_.end() ? nullptr : &lines_.at(spot->second.line).tiers[spot->second.tier].at(spot->second.age);
}

std::size_t Queue::ahead(const StreamId& stream) const {
  const Spot& spot = index_.at(stream);
  const Line& line = lines_.at(spot.line);
  std::size_t higher = 0;
  for (std::size_t tier = 0; tier < spot.tier; ++tier) higher += line.tiers[tier].size();
  return higher + ahead_in_tier(stream);
}

std::size_t Queue::ahead_in_tier(const StreamId& stream) const {
  const Spot& spot = index_.at(stream);
  const auto& tier = lines_.at(spot.line).tiers[spot.tier];
  // Mostly it has just come and is the last: counted from there.
  return tier.size() - static_cast<std::size_t>(std::distance(tier.find(spot.age), tier.end()));
}

Waiting Queue::take(const StreamId& stream) {
  const auto known = index_.find(stream);
  SHOAL_CHECK(known != index_.end());
  const Spot& spot = known->second;
  const auto line = lines_.find(spot.line);
  auto& tier = line->second.tiers[spot.tier];
  auto taken = std::move(tier.extract(spot.age).mapped());
  --sizes_[spot.tier];
  if (tier.empty()) line->second.passed[spot.tier] = 0;
  const auto& tiers = line->second.tiers;
  if (std::all_of(tiers.begin(), tiers.end(), [](const auto& each) { return each.empty(); })) lines_.erase(line);
  ends_.cancel(stream);
  index_.erase(known);
  return taken;
}

std::vector<Waiting> Queue::take_of(Epoch owner) {
  return take_if([owner](const Waiting& waiting) { return waiting.owner == owner; });
}

std::vector<Waiting> Queue::take_overdue(Time now) {
  std::vector<Waiting> taken;
  for (const StreamId& stream : ends_.take_due(now)) taken.push_back(take(stream));
  return taken;
}

std::vector<Waiting> Queue::take_if(const std::function<bool(const Waiting&)>& wanted) {
  std::vector<StreamId> streams;
  for (const auto& [key, line] : lines_) {
    for (const auto& tier : line.tiers) {
      for (const auto& [age, waiting] : tier) {
        if (wanted(waiting)) streams.push_back(waiting.stream());
      }
    }
  }
  std::vector<Waiting> taken;
  for (const StreamId& stream : streams) taken.push_back(take(stream));
  return taken;
}

void Queue::serve(const std::function<bool(Tier)>& admits, const std::function<bool(const Waiting&)>& place) {
  skipped_.clear();
  for (auto& [key, line] : lines_) line.blocked = false;
  while (size() > 0) {
    Admitted admitted{};
    for (std::size_t tier = 0; tier < tier_count; ++tier) {
      admitted[tier] = sizes_[tier] > 0 && admits(static_cast<Tier>(tier));
    }
    const Candidate chosen = next(admitted);
    if (chosen.waiting == nullptr) return;
    const StreamId stream = chosen.waiting->stream();
    if (place(*chosen.waiting)) {
      count_passed(*chosen.line, chosen.tier, admitted);
      take(stream);
    } else if (is_narrow(chosen.waiting->place)) {
      skipped_.insert(stream);
    } else {
      chosen.line->blocked = true;
    }
  }
}

Queue::Candidate Queue::candidate(Line& line, const Admitted& admitted) const {
  const auto oldest = [&](std::size_t tier) -> const Waiting* {
    if (!admitted[tier]) return nullptr;
    for (const auto& [age, waiting] : line.tiers[tier]) {
      if (skipped_.count(waiting.stream()) == 0) return &waiting;
    }
    return nullptr;
  };
  for (std::size_t tier = 0; tier < tier_count; ++tier) {
    if (line.passed[tier] < passed_max) continue;
    if (const Waiting* waiting = oldest(tier)) return {&line, tier, waiting};
  }
  for (std::size_t tier = 0; tier < tier_count; ++tier) {
    if (const Waiting* waiting = oldest(tier)) return {&line, tier, waiting};
  }
  return {};
}

Queue::Candidate Queue::next(const Admitted& admitted) {
  Candidate best;
  for (auto& [key, line] : lines_) {
    if (line.blocked) continue;
    const Candidate other = candidate(line, admitted);
    if (other.waiting == nullptr) continue;
    const auto rank = [](const Candidate& one) { return std::tuple(one.tier, one.waiting->since); };
    if (best.waiting == nullptr || rank(other) < rank(best)) best = other;
  }
  return best;
}

void Queue::count_passed(Line& line, std::size_t placed, const Admitted& admitted) {
  line.passed[placed] = 0;
  for (std::size_t tier = placed + 1; tier < tier_count; ++tier) {
    if (admitted[tier] && !line.tiers[tier].empty()) ++line.passed[tier];
  }
}

}  // namespace shoal::router
