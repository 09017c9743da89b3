// What a router writes down of each decision: enough to explain it and to decide it again. A plain value.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "services/router/snapshot.h"

namespace shoal::router {

enum class Outcome : std::uint8_t {
  placed = 0,
  queued = 1,
  refused = 2,
  withdrawn = 3,   // by its owner, or with it
  timed_out = 4,   // its deadline or its tier's patience was over
  grant_lost = 5,  // a grant's time was over before its executor reported it as used
};

struct Event {
  Outcome outcome = Outcome::placed;
  Time at;
  // With the candidates where executors were looked at; `decision` is then what the policy says of them, also where
  // admission kept the request waiting for another reason.
  Snapshot snapshot;
  Decision decision;
  std::uint32_t ahead = 0;  // queued: requests before it
  std::uint64_t grant = 0;  // placed, grant lost: its sequence
  Epoch executor = 0;       // placed, grant lost
  Code code = Code::ok;     // refused, timed out
  std::string text = {};    // why, in a sentence for people; empty: nothing to add
};

// "placed", "queued", "refused", "withdrawn", "timed_out", "grant_lost".
std::string_view name(Outcome outcome);

// "able", "other_model", …, and the same as half a sentence: "serves another model".
std::string_view name(Standing standing);
std::string_view sentence(Standing standing);

// What holds for all events of one router's life; the first line of its log.
struct LogHeader {
  Epoch router = 0;
  std::string node;
  PolicyConfig config;
};

// The ring and the file share them.
using EventPtr = std::shared_ptr<const Event>;

}  // namespace shoal::router
