// Who waits for an executor: a line for each model, in each line a queue for each tier, the oldest first. Decides who
// is next and who has waited too long; whether there is room is asked of its owner. Pure; lives with the router core.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "actors/flow/timers.h"
#include "protocol/messages.h"

namespace shoal::router {

// A request that was asked to be placed.
struct Waiting {
  Epoch owner = 0;
  protocol::Head head;
  protocol::Place place;
  Time arrived;     // here
  Time since;       // it waits, at other routers too
  Time deadline;    // of the request
  Time timeout_at;  // of its tier's patience

  Tier tier() const { return head.tier; }
  StreamId stream() const { return head.stream(); }
  Time ends() const { return std::min(deadline, timeout_at); }
};

// The order. Within a tier of one line the oldest is placed first; between tiers the higher one is. So that nothing
// starves, a tier whose requests were passed over `passed_max` times in a row by placements of higher tiers is next:
// age is counted in placements and not in seconds, because a share of the placements is the same promise to a laptop
// and to a hundred hosts. A line never waits for another one, except where both could use the same limit of a tier;
// then the higher tier and the older request goes first.
class Queue {
public:
  static constexpr std::uint32_t passed_max = 16;

  // The stream must not be in the queue yet.
  void push(Waiting waiting);

  // Null if it does not wait.
  const Waiting* find(const StreamId& stream) const;

  std::size_t size() const { return index_.size(); }
  std::size_t size(Tier tier) const { return sizes_[static_cast<std::size_t>(tier)]; }

  // How many of its line are placed before it if nobody else comes and nothing ages.
  std::size_t ahead(const StreamId& stream) const;
  // The same, of its own tier alone.
  std::size_t ahead_in_tier(const StreamId& stream) const;

  // Takes out one that waits, all of an owner, all whose time is over, or all that `wanted` says yes to.
  Waiting take(const StreamId& stream);
  std::vector<Waiting> take_of(Epoch owner);
  std::vector<Waiting> take_overdue(Time now);
  std::vector<Waiting> take_if(const std::function<bool(const Waiting&)>& wanted);
  Time next_overdue() const { return ends_.next(); }

  // Offers those that wait, in order, until nobody who may be placed can be. `admits` says whether a tier may have one
  // more; `place` places one or returns false. Who was placed is out of the queue afterwards.
  void serve(const std::function<bool(Tier)>& admits, const std::function<bool(const Waiting&)>& place);

private:
  using Age = std::pair<Time, std::uint64_t>;                         // since, then the order of arrival
  using LineKey = std::tuple<std::string, std::string, std::string>;  // model, its digest, the tokenizer's
  struct Line {
    std::array<std::map<Age, Waiting>, tier_count> tiers;
    std::array<std::uint32_t, tier_count> passed{};  // over, in a row, while somebody of the tier waited
    bool blocked = false;                            // in this round: no executor of this line has room
  };
  struct Spot {
    LineKey line;
    std::size_t tier = 0;
    Age age;
  };
  struct Candidate {
    Line* line = nullptr;
    std::size_t tier = 0;
    const Waiting* waiting = nullptr;
  };
  using Admitted = std::array<bool, tier_count>;

  Candidate candidate(Line& line, const Admitted& admitted) const;
  Candidate next(const Admitted& admitted);
  static void count_passed(Line& line, std::size_t placed, const Admitted& admitted);

  std::map<LineKey, Line> lines_;
  std::unordered_map<StreamId, Spot, StreamHash> index_;
  std::array<std::size_t, tier_count> sizes_{};
  actors::Timers<StreamId, StreamHash> ends_;
  std::unordered_set<StreamId, StreamHash> skipped_;  // in this round: none has room that this one may use
  std::uint64_t arrivals_ = 0;
};

}  // namespace shoal::router
