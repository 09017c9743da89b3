// One stream as each of its holders – owner, relay, executor – has it: the journal, and what the head of every message
// about it says. Each holds all of it, so that any of them is enough to go on. Plain values.
#pragma once

#include <optional>
#include <span>

#include "base/chain.h"
#include "base/ids.h"
#include "base/time.h"
#include "protocol/messages.h"

namespace shoal::services {

struct HeldStream {
  StreamId id;
  Attempt attempt;
  Tier tier = Tier::realtime;
  Time deadline;
  std::optional<protocol::Trace> trace;
  protocol::Journal journal;  // what was generated included, which append() alone adds to
  Chain chain = 0;            // over that

  HeldStream() = default;

  // As ATTACH or GENERATE brings it. The chain is that of the journal, whatever the head says: see stands_at().
  HeldStream(const protocol::Head& head, protocol::Journal journal, Time now);

  Position position() const { return static_cast<Position>(journal.generated.ids.size()); }

  // Whether whoever wrote this head holds the same ids.
  bool stands_at(const protocol::Head& head) const { return position() == head.position && chain == head.chain; }

  void append(std::span<const TokenId> ids);

  // The head of a message about this stream as it stands now.
  protocol::Head head(Time now) const;
};

}  // namespace shoal::services
