// What went wrong, as a stable code that a program can test and a text that a person can act on. Plain values; any
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shoal {

// Stable numbers (they cross the wire in REFUSED and FAILED) and stable names (they cross the client edge in ERROR).
// Append only. The table of names stands in error.cc; docs of each code in protocol/README.md.
enum class Code : std::uint16_t {
  ok = 0,
  internal = 1,         // a bug of ours, reported instead of a crash
  invalid_request = 2,  // a field is missing, of the wrong type or out of range
  unknown_type = 3,     // no message or request of this type
  unknown_field = 4,    // a field that no request has; the text names the nearest known one
  unknown_model = 5,    // no executor serves this model
  too_large = 6,        // over a bound of base/limits.h
  context_length = 7,   // prompt plus wanted tokens do not fit the model's context
  duplicate_id = 8,     // a live request of this connection already has this id
  unknown_id = 9,       // no live request of this connection has this id
  busy = 10,            // a bounded queue is full: try again after retry_after_ms
  grant_expired = 11,   // the placement was used too late: place again
  no_gateway = 12,      // nobody of this kind is alive
  no_preprocess = 13,
  no_router = 14,
  no_inference = 15,
  no_postprocess = 16,
  no_compatible_worker = 17,  // somebody is alive, but none with these digests
  deadline_exceeded = 18,
  cancelled = 19,
  peer_lost = 20,            // a process that held the stream died or broke off
  poison = 21,               // the request ended three executors at the same position
  unsupported_version = 22,  // the peer speaks another major version
  wrong_port = 23,           // a client on the mesh's inbox, or a service on the client port
  malformed = 24,            // not msgpack, trailing bytes, too deep, wrong shape
  io = 25,                   // a file or socket of the operating system
  bad_checkpoint = 26,       // a model directory that cannot be served: the text names file, tensor and expectation
  bad_config = 27,           // configuration file or --key=value
  timeout = 28,              // a peer did not answer in time
  refused = 29,              // a stage of the pipeline refused the request; the text is the stage's
  no_service = 30,           // nobody of the called kind is alive
  draining = 31,             // the process is about to end and takes nothing new: ask another one
  not_finite = 32,           // the model's logits are not numbers at some position; the text says at which
  client_stalled = 33,       // too much waited for the client, and it took nothing of it
};

// The stable name of a code, as the client edge spells it: "deadline_exceeded".
std::string_view name(Code code);

// The code of a name, for clients; nothing if no code has it.
std::optional<Code> code_of(std::string_view name);

struct Error {
  Code code = Code::internal;
  std::string text;  // one sentence: what was wrong, where, what to do
};

}  // namespace shoal
