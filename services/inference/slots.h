// Who has a slot of an executor. A stream has one from the start, and until it has been without credit for a moment: a
// client that reads slowly is mostly without, and what it does not use is for others. With credit it has one again,
// also when none is left; the engine takes it up as soon as its batch has room. Pure; lives with the inference core.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "actors/flow/timers.h"
#include "base/ids.h"
#include "base/limits.h"

namespace shoal::inference {

class Slots {
public:
  explicit Slots(std::uint32_t count) : count_(count) {}

  // A stream that is not here yet.
  void enter(const StreamId& stream, Tier tier) {
    streams_[stream] = {tier, true, {}};
    add(tier, 1);
  }

  void leave(const StreamId& stream) {
    const auto known = streams_.find(stream);
    if (known == streams_.end()) return;
    if (known->second.has_slot) {
      add(known->second.tier, -1);
    } else {
      without_.erase({known->second.since, stream});
    }
    spent_.cancel(stream);
    streams_.erase(known);
  }

  // It has used up its credit.
  void on_spent(const StreamId& stream, Time now) {
    if (streams_.at(stream).has_slot) spent_.set(stream, now + milliseconds(limits::parked_slot_ms));
  }

  // It has credit again.
  void on_credit(const StreamId& stream) {
    spent_.cancel(stream);
    Held& held = streams_.at(stream);
    if (std::exchange(held.has_slot, true)) return;
    without_.erase({held.since, stream});
    add(held.tier, 1);
  }

  // Frees the slots of those whose moment is over. Whether there were some.
  bool pass(Time now) {
    const auto due = spent_.take_due(now);
    for (const StreamId& stream : due) {
      Held& held = streams_.at(stream);
      held = {held.tier, false, now};
      without_.emplace(now, stream);
      add(held.tier, -1);
    }
    return !due.empty();
  }
  Time next_wake() const { return spent_.next(); }

  std::uint32_t count() const { return count_; }
  std::uint32_t free() const { return taken_ < count_ ? count_ - taken_ : 0; }
  std::uint32_t taken(std::size_t tier) const { return by_tier_.at(tier); }

  // Whether as many streams are here, with and without a slot, as may be.
  bool full() const { return streams_.size() >= (1 + limits::parked_a_slot) * std::size_t{count_}; }

  // Of those without a slot: who has waited longest for credit.
  std::optional<StreamId> longest_without() const {
    if (without_.empty()) return std::nullopt;
    return without_.begin()->second;
  }

private:
  struct Held {
    Tier tier = Tier::realtime;
    bool has_slot = true;
    Time since{};  // without one
  };

  void add(Tier tier, int slots) {
    taken_ += static_cast<std::uint32_t>(slots);
    by_tier_[static_cast<std::size_t>(tier)] += static_cast<std::uint32_t>(slots);
  }

  const std::uint32_t count_;
  std::uint32_t taken_ = 0;  // above the count while many get credit again at once
  std::array<std::uint32_t, tier_count> by_tier_{};
  std::unordered_map<StreamId, Held, StreamHash> streams_;
  actors::Timers<StreamId, StreamHash> spent_;   // that still have a slot, until when
  std::set<std::pair<Time, StreamId>> without_;  // since when
};

}  // namespace shoal::inference
