// Which requests have paid for a place, and for which grant: who is placed again, because a grant came to nothing, pays
// once, and what was paid for a grant that nobody used is given back. Bounded: the oldest are forgotten. Pure; lives
// with the router core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <utility>

#include "base/ids.h"

namespace shoal::router {

class Charges {
public:
  explicit Charges(std::size_t paid_max) : paid_max_(paid_max) {}

  // `grant` is this attempt's now, in place of an earlier one. Whether it has to be paid for.
  bool take(const StreamId& stream, Attempt attempt, std::uint64_t grant) {
    const auto [found, added] = paid_.try_emplace(stream, Paid{attempt, grant, numbers_ + 1});
    if (!added) {
      found->second.grant = grant;
      if (attempt <= found->second.attempt) return false;
      found->second.attempt = attempt;
      return true;
    }
    order_.emplace_back(stream, ++numbers_);
    if (order_.size() <= paid_max_) return true;
    const auto oldest = paid_.find(order_.front().first);
    if (oldest != paid_.end() && oldest->second.number == order_.front().second) paid_.erase(oldest);
    order_.pop_front();
    return true;
  }

  // Nobody used `grant`. Whether what was paid for it is to be given back: not if it goes on with a later one.
  bool release(const StreamId& stream, std::uint64_t grant) {
    const auto found = paid_.find(stream);
    if (found == paid_.end() || found->second.grant != grant) return false;
    paid_.erase(found);
    return true;
  }

  std::size_t size() const { return order_.size(); }

private:
  struct Paid {
    Attempt attempt;
    std::uint64_t grant = 0;   // the latest
    std::uint64_t number = 0;  // of its place in `order_`
  };

  std::size_t paid_max_;
  std::unordered_map<StreamId, Paid, StreamHash> paid_;
  std::deque<std::pair<StreamId, std::uint64_t>> order_;  // oldest first, with those that were released since
  std::uint64_t numbers_ = 0;
};

}  // namespace shoal::router
