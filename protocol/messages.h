// The bodies of all messages of version 1, as plain values. Each lists its fields once, in wire order; the codec packs
// them as a msgpack array and unpacks shorter and longer ones (append only, never reorder, never reuse). Fields marked
// as ids travel as attachments, raw little-endian u32, with their count in the body. Meaning of every field, who sends
// what to whom and what is answered: protocol/README.md.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/ids.h"
#include "base/limits.h"
#include "protocol/fields.h"
#include "protocol/head.h"
#include "protocol/link_messages.h"
#include "protocol/parts.h"

namespace shoal::protocol {

// ---- preparing

struct Prepare {
  static constexpr Type type = Type::prepare;
  std::string model;                  // empty: whatever the preprocess serves
  std::vector<ChatMessage> messages;  // rendered by the model's template
  std::string prompt;                 // instead of messages: raw text to continue
  bool allow_special = false;         // control tokens that the prompt spells are those
  SHOAL_FIELDS(SHOAL_FIELD(model), SHOAL_FIELD(messages, limits::messages_max),
               SHOAL_FIELD(prompt, limits::prompt_bytes_max), SHOAL_FIELD(allow_special))
  bool operator==(const Prepare&) const = default;
};

struct Prepared {
  static constexpr Type type = Type::prepared;
  std::string model;
  std::string tokenizer_digest;
  Reasoning reasoning = Reasoning::none;
  std::uint32_t context_tokens = 0;  // of the model
  std::vector<std::uint32_t> stop_ids;
  std::vector<std::uint64_t> page_hashes;  // of the prompt's full pages
  Ids prompt;
  Parameters defaults;  // of the model, for what the request leaves open
  SHOAL_FIELDS(SHOAL_FIELD(model), SHOAL_FIELD(tokenizer_digest), SHOAL_FIELD(reasoning), SHOAL_FIELD(context_tokens),
               SHOAL_FIELD(stop_ids, limits::stop_ids_max), SHOAL_FIELD(page_hashes, limits::pages_max),
               SHOAL_FIELD(prompt), SHOAL_FIELD(defaults))
  bool operator==(const Prepared&) const = default;
};

struct Call {
  static constexpr Type type = Type::call;
  std::uint64_t id = 0;  // of the caller
  std::string kind;      // who shall answer
  std::string method;
  Bytes payload;
  SHOAL_FIELDS(SHOAL_FIELD(id), SHOAL_FIELD(kind), SHOAL_FIELD(method), SHOAL_FIELD(payload))
  bool operator==(const Call&) const = default;
};

struct CallResult {
  static constexpr Type type = Type::result;
  std::uint64_t id = 0;
  Code code = Code::ok;
  std::string text;
  Bytes payload;
  SHOAL_FIELDS(SHOAL_FIELD(id), SHOAL_FIELD(code), SHOAL_FIELD(text, sentence), SHOAL_FIELD(payload))
  bool operator==(const CallResult&) const = default;
};

struct Serve {
  static constexpr Type type = Type::serve;
  std::string kind;
  SHOAL_FIELDS(SHOAL_FIELD(kind))
  bool operator==(const Serve&) const = default;
};

// ---- placing

struct Place {
  static constexpr Type type = Type::place;
  std::uint32_t prompt_tokens = 0;  // plus ids generated so far
  std::uint32_t max_tokens = 0;     // still to come
  std::string model;
  std::string model_digest;  // empty: any
  std::string tokenizer_digest;
  std::string tenant;
  std::uint32_t waited_ms = 0;  // at other routers
  std::vector<Epoch> exclude;   // executors that failed this stream
  std::vector<std::uint64_t> page_hashes;
  SHOAL_FIELDS(SHOAL_FIELD(prompt_tokens), SHOAL_FIELD(max_tokens), SHOAL_FIELD(model), SHOAL_FIELD(model_digest),
               SHOAL_FIELD(tokenizer_digest), SHOAL_FIELD(tenant), SHOAL_FIELD(waited_ms),
               SHOAL_FIELD(exclude, limits::directory_entries_max), SHOAL_FIELD(page_hashes, limits::pages_max))
  bool operator==(const Place&) const = default;
};

struct Queued {
  static constexpr Type type = Type::queued;
  std::uint32_t ahead = 0;
  std::uint32_t wait_ms = 0;  // estimate
  SHOAL_FIELDS(SHOAL_FIELD(ahead), SHOAL_FIELD(wait_ms))
  bool operator==(const Queued&) const = default;
};

struct Placed {
  static constexpr Type type = Type::placed;
  Entry executor;
  Grant grant;
  SHOAL_FIELDS(SHOAL_FIELD(executor), SHOAL_FIELD(grant))
  bool operator==(const Placed&) const = default;
};

struct Refused {
  static constexpr Type type = Type::refused;
  Type refers = Type::hello;  // to which message this is the answer
  Code code = Code::ok;
  std::string text;
  std::uint32_t retry_after_ms = 0;  // 0: trying again will not help
  SHOAL_FIELDS(SHOAL_FIELD(refers), SHOAL_FIELD(code), SHOAL_FIELD(text, sentence), SHOAL_FIELD(retry_after_ms))
  bool operator==(const Refused&) const = default;
};

struct Withdraw {
  static constexpr Type type = Type::withdraw;
  SHOAL_FIELDS()
  bool operator==(const Withdraw&) const = default;
};

// ---- running

struct Attach {
  static constexpr Type type = Type::attach;
  Epoch owner = 0;
  Journal journal;
  SHOAL_FIELDS(SHOAL_FIELD(owner), SHOAL_FIELD(journal))
  bool operator==(const Attach&) const = default;
};

struct Attached {
  static constexpr Type type = Type::attached;
  std::uint32_t handle = 0;  // names the stream in TOKENS to this relay epoch
  SHOAL_FIELDS(SHOAL_FIELD(handle))
  bool operator==(const Attached&) const = default;
};

struct Owned {
  static constexpr Type type = Type::owned;
  Epoch owner = 0;
  SHOAL_FIELDS(SHOAL_FIELD(owner))
  bool operator==(const Owned&) const = default;
};

struct Generate {
  static constexpr Type type = Type::generate;
  Epoch owner = 0;
  Epoch relay = 0;
  std::string relay_address;
  std::uint32_t handle = 0;
  Position credit_until = 0;
  Grant grant;
  Journal journal;
  SHOAL_FIELDS(SHOAL_FIELD(owner), SHOAL_FIELD(relay), SHOAL_FIELD(relay_address, limits::address_bytes_max),
               SHOAL_FIELD(handle), SHOAL_FIELD(credit_until), SHOAL_FIELD(grant), SHOAL_FIELD(journal))
  bool operator==(const Generate&) const = default;
};

struct Accepted {
  static constexpr Type type = Type::accepted;
  std::uint32_t prefix_tokens = 0;  // prompt ids found in the executor's cache
  SHOAL_FIELDS(SHOAL_FIELD(prefix_tokens))
  bool operator==(const Accepted&) const = default;
};

// Bit of Tokens::flags: each id of the row has an entry in `logprobs`.
inline constexpr std::uint32_t row_has_logprobs = 16;

// The new ids of one step for all streams of one relay: columns of equal length, ids of all rows one after another.
struct Tokens {
  static constexpr Type type = Type::tokens;
  std::vector<std::uint32_t> handles;
  std::vector<std::uint32_t> attempts;
  std::vector<Position> positions;
  std::vector<Chain> chains;  // before each row's first id
  std::vector<std::uint32_t> counts;
  std::vector<std::uint32_t> flags;
  Ids ids;
  std::vector<IdLogprobs> logprobs;  // of the rows that have them, one after another
  SHOAL_FIELDS(SHOAL_FIELD(handles, limits::streams_max), SHOAL_FIELD(attempts, limits::streams_max),
               SHOAL_FIELD(positions, limits::streams_max), SHOAL_FIELD(chains, limits::streams_max),
               SHOAL_FIELD(counts, limits::streams_max), SHOAL_FIELD(flags, limits::streams_max), SHOAL_FIELD(ids),
               SHOAL_FIELD(logprobs, limits::streams_max))
  bool operator==(const Tokens&) const = default;
};

// V(position + ids) − V(position), per channel. Sent for every step, also when nothing became visible.
struct Text {
  static constexpr Type type = Type::text;
  std::string reasoning;
  std::string content;
  Finish finish = Finish::none;
  Ids ids;
  std::vector<TextLogprobs> logprobs;  // one an id, or none
  SHOAL_FIELDS(SHOAL_FIELD(reasoning, limits::prompt_bytes_max), SHOAL_FIELD(content, limits::prompt_bytes_max),
               SHOAL_FIELD(finish), SHOAL_FIELD(ids), SHOAL_FIELD(logprobs, limits::row_logprobs_max))
  bool operator==(const Text&) const = default;
};

struct Credit {
  static constexpr Type type = Type::credit;
  Position until = 0;  // positions below it may be generated
  SHOAL_FIELDS(SHOAL_FIELD(until))
  bool operator==(const Credit&) const = default;
};

struct Cancel {
  static constexpr Type type = Type::cancel;
  Code code = Code::cancelled;
  SHOAL_FIELDS(SHOAL_FIELD(code))
  bool operator==(const Cancel&) const = default;
};

struct Yielded {
  static constexpr Type type = Type::yielded;
  SHOAL_FIELDS()
  bool operator==(const Yielded&) const = default;
};

struct Finished {
  static constexpr Type type = Type::finished;
  Finish finish = Finish::none;
  SHOAL_FIELDS(SHOAL_FIELD(finish))
  bool operator==(const Finished&) const = default;
};

struct Failed {
  static constexpr Type type = Type::failed;
  Code code = Code::internal;
  std::string text;
  bool retryable = false;
  Epoch blame = 0;
  SHOAL_FIELDS(SHOAL_FIELD(code), SHOAL_FIELD(text, sentence), SHOAL_FIELD(retryable), SHOAL_FIELD(blame))
  bool operator==(const Failed&) const = default;
};

struct Release {
  static constexpr Type type = Type::release;
  SHOAL_FIELDS()
  bool operator==(const Release&) const = default;
};

// ---- surviving

struct KeepAlive {
  static constexpr Type type = Type::keepalive;
  SHOAL_FIELDS()
  bool operator==(const KeepAlive&) const = default;
};

struct Probe {
  static constexpr Type type = Type::probe;
  SHOAL_FIELDS()
  bool operator==(const Probe&) const = default;
};

struct PositionReport {
  static constexpr Type type = Type::position;
  StreamState state = StreamState::unknown;
  std::uint32_t done = 0;  // of the prompt, while prefilling
  std::uint32_t total = 0;
  SHOAL_FIELDS(SHOAL_FIELD(state), SHOAL_FIELD(done), SHOAL_FIELD(total))
  bool operator==(const PositionReport&) const = default;
};

struct Locate {
  static constexpr Type type = Type::locate;
  SHOAL_FIELDS()
  bool operator==(const Locate&) const = default;
};

struct Found {
  static constexpr Type type = Type::found;
  std::string role;  // "owner", "relay" or "executor"
  Epoch owner = 0;
  Journal journal;
  SHOAL_FIELDS(SHOAL_FIELD(role), SHOAL_FIELD(owner), SHOAL_FIELD(journal))
  bool operator==(const Found&) const = default;
};

struct Adopt {
  static constexpr Type type = Type::adopt;
  Epoch owner = 0;
  SHOAL_FIELDS(SHOAL_FIELD(owner))
  bool operator==(const Adopt&) const = default;
};

struct Redirect {
  static constexpr Type type = Type::redirect;
  Epoch relay = 0;
  std::string relay_address;
  std::uint32_t handle = 0;
  SHOAL_FIELDS(SHOAL_FIELD(relay), SHOAL_FIELD(relay_address, limits::address_bytes_max), SHOAL_FIELD(handle))
  bool operator==(const Redirect&) const = default;
};

struct Fenced {
  static constexpr Type type = Type::fenced;
  Epoch owner = 0;  // of the current attempt, which stands in the head
  SHOAL_FIELDS(SHOAL_FIELD(owner))
  bool operator==(const Fenced&) const = default;
};

struct Unknown {
  static constexpr Type type = Type::unknown;
  std::vector<std::uint32_t> handles;  // rows of TOKENS that name no stream here; empty: the head's stream
  SHOAL_FIELDS(SHOAL_FIELD(handles, limits::streams_max))
  bool operator==(const Unknown&) const = default;
};

struct Mismatch {
  static constexpr Type type = Type::mismatch;
  SHOAL_FIELDS()
  bool operator==(const Mismatch&) const = default;
};

using Body = std::variant<Hello, Welcome, Reset, Bye, Ping, Pong, Load, Directory, Prepare, Prepared, Call, CallResult,
                          Serve, Place, Queued, Placed, Refused, Withdraw, Attach, Attached, Owned, Generate, Accepted,
                          Tokens, Text, Credit, Cancel, Yielded, Finished, Failed, Release, KeepAlive, Probe,
                          PositionReport, Locate, Found, Adopt, Redirect, Fenced, Unknown, Mismatch>;

// One message. The head's type is that of the body; `make_message` keeps them together.
struct Message {
  Head head;
  Body body;
  bool operator==(const Message&) const = default;
};

template <class T>
Message make_message(T body, Head head = {}) {
  head.type = T::type;
  return {head, Body(std::in_place_type<T>, std::move(body))};
}

}  // namespace shoal::protocol
