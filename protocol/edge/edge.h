// What clients and gateway say to each other: one frame, one msgpack map with OpenAI's field names. Values here; maps
// and their limits in read.cc and write.cc. Specification: protocol/README.md, "Client edge". Pure; any
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "protocol/messages.h"

namespace shoal::protocol::edge {

// ---- from a client

struct Submit {
  std::string id;                     // the client's own, unique among its live requests
  std::vector<ChatMessage> messages;  // or:
  std::optional<std::string> prompt;  // raw text to continue
  bool allow_special = false;         // control tokens that the prompt spells are those
  bool stream = true;
  std::string model;  // empty: whatever is served
  std::optional<std::uint32_t> max_tokens;
  std::optional<float> temperature;  // within 0 to 2
  std::optional<float> top_p;        // within (0, 1]
  std::optional<std::uint32_t> top_k;
  std::optional<float> min_p;               // within [0, 1]
  std::optional<float> frequency_penalty;   // within [-2, 2]
  std::optional<float> presence_penalty;    // within [-2, 2]
  std::optional<float> repetition_penalty;  // within (0, 2]
  bool logprobs = false;
  std::uint32_t top_logprobs = 0;  // up to 20; above 0 only with logprobs
  std::optional<std::uint64_t> seed;
  std::vector<std::string> stop;
  Tier tier = Tier::realtime;
  std::optional<std::uint32_t> deadline_ms;  // above 0
  std::optional<std::uint32_t> window;       // positions ahead of the client's CREDIT; none: unlimited
  std::string client = {};                   // who gets the answers of a published request; empty: not published
  bool operator==(const Submit&) const = default;
};

struct Cancel {
  std::string id;
  bool operator==(const Cancel&) const = default;
};

struct Credit {
  std::string id;
  Position position = 0;  // taken by the client: the window counts from here
  bool operator==(const Credit&) const = default;
};

struct Status {
  std::string id;
  bool operator==(const Status&) const = default;
};

// Goes on with a stream at any gateway, from what the client has seen of it.
struct Resume {
  std::string id;     // on this connection, from now on
  RequestId request;  // the ticket: ACCEPTED's `request`
  Choice choice = 0;
  Position position = 0;  // of the last DELTA
  Chain chain = 0;        // of the last DELTA; at position 0 not compared
  bool operator==(const Resume&) const = default;
};

// The client has its terminal message: the finished journal may go.
struct Ack {
  std::string id;
  bool operator==(const Ack&) const = default;
};

// To a process of a kind, or to a client that serves it.
struct Call {
  std::string id;
  std::string kind;
  std::string method;
  Bytes payload;
  std::optional<Epoch> epoch;  // of the one process that shall answer; none: any of the kind
  std::uint32_t deadline_ms = limits::call_default_ms;
  bool operator==(const Call&) const = default;
};

// From now on this connection answers CALLs of the kind.
struct Serve {
  std::string id;
  std::string kind;
  bool operator==(const Serve&) const = default;
};

// The answer to a CALL that the gateway handed to this client: RESULT.
struct Reply {
  std::string id;  // the gateway's
  Bytes payload;
  Code code = Code::ok;
  std::string message;  // of an error
  bool operator==(const Reply&) const = default;
};

struct Help {
  std::string id;
  bool operator==(const Help&) const = default;
};

using Request = std::variant<Submit, Cancel, Credit, Status, Resume, Ack, Call, Serve, Reply, Help>;

// Where a frame came in.
enum class Port : std::uint8_t {
  client,   // on a connection, which answers go back on
  publish,  // on the publish port, which takes SUBMIT alone
};

// A request that cannot be used, with what could be read of it.
struct BadRequest {
  std::string id;
  Error error;
  std::string client = {};  // on the publish port: who asked
  bool is_result = false;   // it was to be the answer to a CALL
};

// `frame` is what one client sent. Never throws; every bound of base/limits.h is kept. The error says which field was
// wrong, what was expected, and for an unknown field or type names the nearest known one.
std::variant<Request, BadRequest> parse(std::string_view frame, Port port = Port::client);

// The id of a client's request, as far as one can be read; empty if none can.
std::string id_in(std::string_view frame);

// ---- to a client (each returns the frame)

std::string accepted(const std::string& id, const RequestId& request, const std::vector<std::string>& gateways);

// The log probabilities of ids as a client gets them: OpenAI's entries of `content`, packed one after another, because
// an unstreamed answer keeps them until it is whole.
class Logprobs {
public:
  void add(const std::vector<TextLogprobs>& entries);
  std::size_t count() const { return count_; }
  const std::string& packed() const { return packed_; }

private:
  std::size_t count_ = 0;
  std::string packed_;
};

struct Delta {
  std::string id;
  Position position = 0;  // after these ids
  Chain chain = 0;        // at that position
  std::vector<TokenId> ids;
  std::string content;
  std::string reasoning_content;
  std::optional<Logprobs> logprobs = std::nullopt;  // of these ids, if they were asked for
};
std::string delta(const Delta& delta);

struct Done {
  std::string id;
  Finish finish = Finish::stop;
  std::uint32_t prompt_tokens = 0;
  std::uint32_t completion_tokens = 0;
  std::optional<std::string> content;  // unstreamed requests: the whole text
  std::optional<std::string> reasoning_content;
  std::optional<Logprobs> logprobs = std::nullopt;  // unstreamed requests that asked for them
};
std::string done(const Done& done);

// `reason` is the word of a stage that refused; empty: none.
std::string error(const std::string& id, const Error& error, std::uint32_t retry_after_ms = 0,
                  const std::string& reason = {});

// SERVE worked.
std::string serving(const std::string& id, const std::string& kind);

// To a client that serves the kind; `id` is the gateway's.
std::string call(const std::string& id, const protocol::Call& call, std::uint32_t budget_ms);

std::string result(const std::string& id, const Bytes& payload);

// Every request with its fields, as the parser has them.
std::string help(const std::string& id);

std::string keepalive(const std::string& id, Attempt attempt, Position position, Chain chain);

struct Process {
  Entry entry;
  LoadReport load;
  std::uint32_t age_ms = 0;  // of the load report
  bool operator==(const Process&) const = default;
};
std::string status(const std::string& id, const std::vector<Process>& processes);

// The router's table, as RESULT's payload of the CALL "status". What does not fit the payload's bound is left out.
Bytes pack_processes(const std::vector<Process>& processes);
Result<std::vector<Process>> unpack_processes(const Bytes& payload);

}  // namespace shoal::protocol::edge
