// Asks a core as the mesh would, without one: for unit tests of services. Include <shoal/testing.h>. One thread.
#pragma once

#include <string>
#include <utility>

#include "base/limits.h"
#include "sdk/stage_core.h"

namespace shoal::testing {

// What a core answers to one CALL at once; the error `timeout` if it answers later.
inline Result<std::string> call(actors::Core& core, const std::string& method, std::string payload = {}) {
  constexpr Epoch caller = 1;
  constexpr std::uint64_t id = 1;
  actors::Effects effects;
  auto message = protocol::make_message(protocol::Call{id, "test", method, {std::move(payload)}});
  core.on(actors::Received{caller, std::move(message)}, Time(seconds(1)), effects);
  for (const actors::Effect& effect : effects.take()) {
    const auto* send = std::get_if<actors::Send>(&effect);
    const auto* result = send == nullptr ? nullptr : std::get_if<protocol::CallResult>(&send->message.body);
    if (result == nullptr || send->to != caller || result->id != id) continue;
    if (result->code != Code::ok) return Error{result->code, result->text};
    return result->payload.bytes;
  }
  return Error{Code::timeout, "the core did not answer at once"};
}

// A stage's verdict on a request.
inline Result<protocol::StageAnswer> ask(actors::Core& stage, const protocol::StageRequest& request) {
  const auto answer = call(stage, std::string(protocol::stage_method), protocol::pack(request).bytes);
  if (!answer) return answer.error();
  return protocol::parse_stage_answer({*answer});
}

// The same of one user message.
inline Result<protocol::StageAnswer> ask(actors::Core& stage, const std::string& text) {
  protocol::StageRequest request;
  request.messages = {{"user", text}};
  return ask(stage, request);
}

// A stage's verdict on a piece of an answer.
inline Result<protocol::StageAnswer> review(actors::Core& stage, const protocol::ReviewRequest& request) {
  const auto answer = call(stage, std::string(protocol::review_method), protocol::pack(request).bytes);
  if (!answer) return answer.error();
  return protocol::parse_review_answer({*answer});
}

// The same of this text with more to follow, or of the last one.
inline Result<protocol::StageAnswer> review(actors::Core& stage, const std::string& text, bool is_final = false) {
  protocol::ReviewRequest request;
  request.text = text;
  request.is_final = is_final;
  request.hold_max = is_final ? 0 : limits::review_hold_bytes_max;
  return review(stage, request);
}

}  // namespace shoal::testing
