// A request on its way through the stages of the pipeline, before it is prepared.

#include <utility>

#include "base/utf8.h"
#include "protocol/stage.h"
#include "services/gateway/gateway_core.h"

namespace shoal::gateway {
namespace {

using actors::Effects;

}  // namespace

Error why_down(const Stage& stage, bool answered, const Error& error) {
  const std::string of = "the stage \"" + stage.kind + "\" of the pipeline";
  if (answered) return {Code::no_service, of + " gave an answer that cannot be used: " + error.text};
  if (error.code == Code::timeout) return {Code::timeout, of + " did not answer in time; send the request again"};
  return {Code::no_service, of + " failed (" + std::string(name(error.code)) + "): " + error.text};
}

void GatewayCore::ask_stages(Stream& stream, Time now, Effects& out) {
  stream.phase = Phase::staging;
  wait_until(stream, time_never);
  while (stream.stage < config_.pipeline.size()) {
    const Stage& stage = config_.pipeline[stream.stage];
    const protocol::StageRequest request{.messages = stream.submit.messages,
                                         .prompt = stream.submit.prompt,
                                         .model = stream.submit.model,
                                         .tenant = stream.journal.tenant,
                                         .tier = stream.tier};
    const Time until = std::min(stream.deadline, now + milliseconds(config_.stage_wait_ms));
    const auto asked = calls_.open(StageCaller{stream.id.request},
                                   {0, stage.kind, std::string(protocol::stage_method), protocol::pack(request)},
                                   std::nullopt, until, now, out);
    if (asked) {
      stream.stage_call = *asked;
      return;
    }
    const Code code = asked.error().code;
    const Error error{code, "the stage \"" + stage.kind + "\" of the pipeline: " + asked.error().text};
    if (!may_go_on_without(stream, stage, error, now, out)) return;
    enter_next_stage(stream);
  }
  stream.phase = Phase::preparing;
  prepare(stream, now, out);
}

// Nobody answered for the stage. Whether the request goes on; it has failed otherwise.
bool GatewayCore::may_go_on_without(Stream& stream, const Stage& stage, const Error& error, Time now, Effects& out) {
  if (!stage.skip_when_down) {
    fail(stream, error, retry_after_ms, now, out);
    return false;
  }
  out.count("stages_skipped");
  out.note(actors::Note::Level::warning, "request=" + to_hex(stream.id.request) + " stage=" + stage.kind +
                                             " skipped code=" + std::string(name(error.code)) + " text=\"" +
                                             printable(error.text, 256) + "\"");
  return true;
}

void GatewayCore::enter_next_stage(Stream& stream) {
  ++stream.stage;
  stream.stage_tries = 0;
}

void GatewayCore::on_stage_ended(const StageCaller& caller, Result<protocol::Bytes> outcome, Time now, Effects& out) {
  const auto found = streams_.find(caller.request);
  if (found == streams_.end()) return;
  Stream& stream = found->second;
  if (caller.after) return on_review_ended(stream, *caller.after, std::move(outcome), now, out);
  if (stream.phase != Phase::staging) return;
  stream.stage_call = 0;
  const Stage& stage = config_.pipeline[stream.stage];
  if (!outcome && outcome.error().code == Code::peer_lost && ++stream.stage_tries < stage_tries_max) {
    return ask_stages(stream, now, out);  // a stage may be asked twice
  }
  auto answer = outcome ? protocol::parse_stage_answer(*outcome) : outcome.error();
  if (answer) return on_verdict(stream, stage, std::move(*answer), now, out);
  if (!may_go_on_without(stream, stage, why_down(stage, outcome.has_value(), answer.error()), now, out)) return;
  enter_next_stage(stream);
  ask_stages(stream, now, out);
}

void GatewayCore::refused_by(Stream& stream, const Stage& stage, const protocol::StageAnswer& answer, Time now,
                             Effects& out) {
  out.count("stages_refused");
  const std::string text = answer.text.empty() ? "the stage \"" + stage.kind + "\" refused this request" : answer.text;
  fail(stream, {Code::refused, text}, 0, now, out, answer.code);
}

void GatewayCore::on_verdict(Stream& stream, const Stage& stage, protocol::StageAnswer answer, Time now, Effects& out) {
  if (answer.verdict == protocol::Verdict::refuse) return refused_by(stream, stage, answer, now, out);
  if (answer.verdict == protocol::Verdict::replace) {
    stream.submit.messages = std::move(answer.messages);
    stream.submit.prompt = std::move(answer.prompt);
    const std::size_t bytes = prompt_bytes(stream.submit);
    if (bytes > stream.bytes && bytes_ - stream.bytes + bytes > config_.bytes_max) {
      return fail(stream, {Code::busy, "this gateway holds as many prompt bytes as it may; try again"}, busy_ms(), now,
                  out);
    }
    count_bytes(stream, bytes);
  }
  enter_next_stage(stream);
  ask_stages(stream, now, out);
}

}  // namespace shoal::gateway
