// An answer on its way through the stages after the model: they are asked about text as it becomes visible, and the
// client gets it when all have passed it.

#include <algorithm>
#include <utility>

#include "base/chain.h"
#include "base/ids.h"
#include "services/gateway/gateway_core.h"

namespace shoal::gateway {
namespace {

using actors::Effects;
using protocol::Finish;
using protocol::make_message;

constexpr auto blocked_wait = milliseconds(20);  // until a stage is tried again that had no room for a CALL

}  // namespace

void GatewayCore::review(Stream& stream, const protocol::Text& text, Time now, Effects& out) {
  stream.review->add(text, stream.position(), stream.chain);
  if (text.finish != Finish::none) {  // the executor's slot is not kept while stages think
    stream.review->finish();
    stream.finish = text.finish;
    release_holders(stream, now, out);
    stream.phase = Phase::reviewing;
    wait_until(stream, time_never);
  }
  go_on_reviewing(stream, now, out);
}

// Asks whoever can be asked, in order, so that what one stage passed reaches the next; then shows what all have passed.
void GatewayCore::go_on_reviewing(Stream& stream, Time now, Effects& out) {
  for (std::size_t i = 0; i < config_.after.size(); ++i) {
    if (stream.review->begin(i) && !ask_review(stream, i, now, out)) return;
  }
  for (Review::Passed& passed : stream.review->take_passed()) {
    if (!deliver(stream, std::move(passed.text), passed.position, passed.chain, now, out)) return;
  }
  if (stream.review->done()) return finish(stream, stream.finish, now, out);
  grant(stream, now, out);
}

// False if the stream ended by it.
bool GatewayCore::ask_review(Stream& stream, std::size_t index, Time now, Effects& out) {
  const Stage& stage = config_.after[index];
  protocol::ReviewRequest request = stream.review->window(index);
  request.stream = to_hex(chain_start(stream.id));
  request.model = stream.journal.model;
  request.tenant = stream.journal.tenant;
  request.tier = stream.tier;
  const Time until = std::min(stream.deadline, now + milliseconds(config_.stage_wait_ms));
  const auto asked = calls_.open(StageCaller{stream.id.request, index},
                                 {0, stage.kind, std::string(protocol::review_method), protocol::pack(request)},
                                 std::nullopt, until, now, out);
  if (asked) {
    stream.review->asking(index).call = *asked;
    return true;
  }
  if (asked.error().code == Code::busy) {  // an answer that has begun is worth waiting for
    stream.review->put_back(index);
    if (blocked_.empty()) blocked_until_ = now + blocked_wait;
    blocked_.push_back(stream.id.request);
    return true;
  }
  const Error error{asked.error().code, "the stage \"" + stage.kind + "\" of the pipeline: " + asked.error().text};
  if (!may_go_on_without(stream, stage, error, now, out)) return false;
  stream.review->skip(index);
  return true;
}

void GatewayCore::ask_blocked(Time now, Effects& out) {
  blocked_until_ = time_never;
  for (const RequestId& request : std::exchange(blocked_, {})) {
    const auto found = streams_.find(request);
    if (found != streams_.end()) go_on_reviewing(found->second, now, out);
  }
}

void GatewayCore::on_review_ended(Stream& stream, std::size_t index, Result<protocol::Bytes> outcome, Time now,
                                  Effects& out) {
  Review::Asking& asking = stream.review->asking(index);
  asking.call = 0;
  if (!outcome && outcome.error().code == Code::peer_lost && ++asking.losses < stage_tries_max) {
    if (ask_review(stream, index, now, out)) go_on_reviewing(stream, now, out);
    return;
  }
  auto answer = outcome ? protocol::parse_review_answer(*outcome) : outcome.error();
  if (answer && answer->hold > stream.review->window(index).hold_max) {
    answer = Error{Code::invalid_request, "it holds back " + std::to_string(answer->hold) + " bytes, of at most " +
                                              std::to_string(stream.review->window(index).hold_max)};
  }
  if (answer) {
    if (!on_review_verdict(stream, index, std::move(*answer), now, out)) return;
  } else {
    const Stage& stage = config_.after[index];
    if (!may_go_on_without(stream, stage, why_down(stage, outcome.has_value(), answer.error()), now, out)) return;
    stream.review->skip(index);
  }
  go_on_reviewing(stream, now, out);
}

// False if the stream ended by it.
bool GatewayCore::on_review_verdict(Stream& stream, std::size_t index, protocol::StageAnswer answer, Time now,
                                    Effects& out) {
  if (answer.verdict == protocol::Verdict::refuse) {
    refused_by(stream, config_.after[index], answer, now, out);
    return false;
  }
  if (answer.verdict == protocol::Verdict::replace) {
    stream.review->replace(index, std::move(answer.text), answer.hold);
  } else {
    stream.review->pass(index, answer.hold);
  }
  return true;
}

}  // namespace shoal::gateway
