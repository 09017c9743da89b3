// The peers that a core was told of by PeerUp and PeerDown, by kind. One that drains (its label says so) is known and
// takes nothing new, so it is in none of the lists but find(). Pure; lives with its core; not thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "actors/core.h"

namespace shoal::actors {

// The value of a label; empty if the entry has none of this key.
std::string_view label(const protocol::Entry& entry, std::string_view key);

// The label of a process that is about to end.
inline constexpr const char* draining_label = "draining";

class Peers {
public:
  void up(const protocol::Entry& entry) { entries_[entry.epoch] = entry; }
  void down(Epoch epoch) { entries_.erase(epoch); }

  const protocol::Entry* find(Epoch epoch) const;

  // All of a kind, ordered by epoch. Pointers hold until the next up() or down().
  std::vector<const protocol::Entry*> of(std::string_view kind) const;

  bool any(std::string_view kind) const;

  // Who answers CALLs of a kind, ordered by epoch: its processes, and the gateways that name it in their label `serves`
  // (comma separated) because a client of theirs serves it.
  std::vector<const protocol::Entry*> serving(std::string_view kind) const;

  // What CALLs may name: the kinds that are alive and those that clients serve, each once, in order.
  std::vector<std::string> kinds() const;

  // The peers of `kind` whose label `key` is `value` (empty key: all), in rendezvous order of `hash`: everybody who
  // knows the same peers finds the same order, and a peer that leaves moves only what it held (Thaler and Ravishankar,
  // "A name-based mapping scheme for rendezvous", 1996).
  std::vector<const protocol::Entry*> rendezvous(std::string_view kind, std::uint64_t hash, std::string_view key = {},
                                                 std::string_view value = {}) const;

private:
  template <class Wanted>
  std::vector<const protocol::Entry*> select(Wanted wanted) const;

  std::map<Epoch, protocol::Entry> entries_;
};

}  // namespace shoal::actors
