// What the owner keeps of one stream beside what every holder does: where it stands, who works on it, and what its
// client was told. Plain values; lives with the gateway core.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/core.h"
#include "actors/flow/credit.h"
#include "base/limits.h"
#include "protocol/edge/edge.h"
#include "protocol/messages.h"
#include "services/gateway/review.h"
#include "services/held_stream.h"

namespace shoal::gateway {

enum class Phase : std::uint8_t {
  staging,    // a stage of the pipeline is asked
  preparing,  // PREPARE is out
  placing,    // PLACE is out, ATTACH too
  starting,   // GENERATE is out
  running,
  yielded,    // without credit for so long that the executor gave its pages up
  reviewing,  // the model is done, stages after it are not
};

struct Stream : services::HeldStream {
  actors::ClientId client;
  std::string client_id;  // the client's own name for the request
  bool streamed = true;
  std::optional<std::uint32_t> window;
  protocol::edge::Submit submit;  // what the model's defaults do not overrule
  std::size_t bytes = 0;          // of its prompt and log probabilities, as the gateway counts them
  std::size_t long_bytes = 0;     // of its prompt while it is prepared, if it is a long one
  std::shared_ptr<void> in_hand;  // likewise: its client's connection is not read past a bound of such prompts

  Phase phase = Phase::staging;
  std::size_t stage = 0;          // of the pipeline: passed so many
  std::uint64_t stage_call = 0;   // the CALL that is open; 0: none
  std::uint32_t stage_tries = 0;  // of this stage, lost with their processes
  Time waits_until = time_never;  // for the answer of this phase
  Time placing_since;             // how long the stream waits for an executor
  Time silent_since;              // the last word of a router about it
  actors::Credit credit;
  Position yielded_at = 0;     // where the executor stopped; its last TEXT may be later than YIELDED
  bool executor_done = false;  // FINISHED came, the last TEXT did not yet

  Epoch preprocess = 0;
  Epoch router = 0;
  Epoch relay = 0;
  Epoch executor = 0;
  std::string relay_address;
  std::string executor_address;
  std::uint32_t prepares = 0;            // times PREPARE was sent
  std::uint32_t attaches = 0;            // times ATTACH was sent in this attempt
  std::uint32_t losses = 0;              // holders lost since the last new position
  std::vector<Epoch> exclude;            // executors that were lost
  std::vector<Epoch> declined;           // routers that know no executor for it
  std::optional<Time> declined_since;    // the first of them said so
  std::optional<std::uint32_t> handle;   // from ATTACHED
  std::optional<protocol::Grant> grant;  // from PLACED, not yet used
  Time grant_expires;

  protocol::Prepared prepared;
  std::unique_ptr<Review> review;                    // none unless stages stand after the model
  Position granted = 0;                              // the credit that the executor was told last
  bool client_slow = false;                          // it gets no more until its client has caught up
  protocol::Finish finish = protocol::Finish::none;  // while reviewing
  std::string content;                               // all of V so far, for unstreamed requests
  std::string reasoning;
  protocol::edge::Logprobs logprobs;  // of all ids so far, likewise

  // Where the client's answer is: behind position() by what stages have not passed yet.
  Position shown() const { return review ? review->position() : position(); }
  Chain shown_chain() const { return review ? review->chain() : chain; }

  // How far the executor may be ahead of what the client was sent, so that stages and slow clients can hold it back.
  std::uint32_t ahead_max() const {
    return journal.parameters.logprobs && !review ? limits::ahead_logprobs_max : limits::ahead_ids_max;
  }

  // The position up to which the executor may generate: the client's window, and a bound of what is ahead of it. What
  // waits for more text and not for a verdict is no load of the client's, which has not seen it.
  Position credit_limit() const {
    if (client_slow) return granted;
    if (!streamed && !review) return credit.limit();
    const Position idle = review ? review->idle() : 0;
    const Position own = credit.limit() > actors::Credit::unlimited - idle ? credit.limit() : credit.limit() + idle;
    return std::min(own, shown() + ahead_max());
  }
};

// Of the text that a request brings.
inline std::size_t prompt_bytes(const protocol::edge::Submit& submit) {
  std::size_t bytes = submit.prompt ? submit.prompt->size() : 0;
  for (const auto& message : submit.messages) bytes += message.content.size();
  return bytes;
}

}  // namespace shoal::gateway
