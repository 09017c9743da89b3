// The way of one stream through the mesh, as its owner drives it: prepare, place and attach, generate, deliver.

#include <algorithm>
#include <type_traits>
#include <vector>

#include "services/gateway/gateway_core.h"

namespace shoal::gateway {
namespace {

using actors::Effects;
using protocol::Finish;
using protocol::make_message;

constexpr auto prepare_wait = milliseconds(limits::prepare_wait_ms);
constexpr auto queued_wait = milliseconds(limits::queued_wait_ms);
constexpr auto answer_wait = milliseconds(5000);  // of an executor or relay that owes something
constexpr auto router_silence_max = milliseconds(limits::revive_ms);
constexpr std::uint32_t prepares_max = 3;  // each waits twice as long as the one before
constexpr std::uint32_t attaches_max = 4;

std::uint64_t hash_of(const RequestId& request) { return RequestHash{}(request); }

}  // namespace

void GatewayCore::on_message(Epoch from, protocol::Message message, Time now, Effects& out) {
  const protocol::Head& head = message.head;
  if (auto* result = std::get_if<protocol::CallResult>(&message.body)) {
    return settle(calls_.on_result(from, std::move(*result)), now, out);
  }
  if (auto* call = std::get_if<protocol::Call>(&message.body)) {
    return on_peer_call(from, head, std::move(*call), now, out);
  }
  if (head.request.is_zero()) return;  // HELLO and LOAD of peers: the router's business
  const auto found = streams_.find(head.request);
  if (found == streams_.end()) return on_stale(from, head, out);
  Stream& stream = found->second;
  if (head.type == protocol::Type::owned || (head.type == protocol::Type::fenced && head.attempt > stream.attempt)) {
    return on_disowned(stream, now, out);
  }
  if (head.attempt != stream.attempt) return on_stale(from, head, out);    // this owner has given that attempt up
  if (stream.phase == Phase::reviewing) return on_stale(from, head, out);  // its holders were released
  std::visit(
      [&](auto& body) {
        using T = std::decay_t<decltype(body)>;
        if constexpr (std::is_same_v<T, protocol::Prepared>) {
          on_prepared(stream, std::move(body), now, out);
        } else if constexpr (std::is_same_v<T, protocol::Queued>) {
          if (stream.phase != Phase::placing || from != stream.router) return;
          wait_until(stream, stream.grant ? stream.grant_expires : time_never);
          stream.silent_since = now;
        } else if constexpr (std::is_same_v<T, protocol::Placed>) {
          on_placed(stream, from, body, now, out);
        } else if constexpr (std::is_same_v<T, protocol::Refused>) {
          on_refused(stream, from, body, now, out);
        } else if constexpr (std::is_same_v<T, protocol::Attached>) {
          if (from == stream.relay) stream.handle = body.handle;
          generate_if_ready(stream, now, out);
        } else if constexpr (std::is_same_v<T, protocol::Accepted>) {
          on_accepted(stream, from, now, out);
        } else if constexpr (std::is_same_v<T, protocol::Text>) {
          on_text(stream, from, head, std::move(body), now, out);
        } else if constexpr (std::is_same_v<T, protocol::Finished>) {
          on_finished(stream, from, now);
        } else if constexpr (std::is_same_v<T, protocol::Yielded>) {
          on_yielded(stream, from, head, now, out);
        } else if constexpr (std::is_same_v<T, protocol::Failed>) {
          on_failed(stream, from, body, now, out);
        } else if constexpr (std::is_same_v<T, protocol::Unknown> || std::is_same_v<T, protocol::Mismatch>) {
          if (from == stream.executor || from == stream.relay) on_holder_lost(stream, from, now, out);
        }
      },
      message.body);
}

void GatewayCore::prepare(Stream& stream, Time now, Effects& out) {
  const auto* preprocess = next_preprocess(stream);
  if (preprocess == nullptr) {
    return fail(stream, nobody_alive(Code::no_preprocess, "preprocess"), retry_after_ms, now, out);
  }
  if (stream.prepares >= prepares_max) {
    return fail(stream, {Code::timeout, "no preprocess process answered in time; send the request again"},
                retry_after_ms, now, out);
  }
  stream.preprocess = preprocess->epoch;
  protocol::Prepare prepare;
  prepare.model = stream.submit.model;
  prepare.messages = stream.submit.messages;
  prepare.prompt = stream.submit.prompt.value_or("");
  prepare.allow_special = stream.submit.allow_special;
  // Long prompts are prepared one after the other: a preprocess that is busy with them is not a silent one.
  const milliseconds ahead(stream.long_bytes > 0 ? long_bytes_ / limits::prepare_bytes_a_ms : 0);
  wait_until(stream, now + ahead + prepare_wait * (1u << stream.prepares++));
  out.send(preprocess->epoch, make_message(std::move(prepare), stream.head(now)), preprocess->address);
}

// Of those that serve the model; the model was served when the request came.
const protocol::Entry* GatewayCore::next_preprocess(const Stream& stream) {
  auto alive = peers_.of("preprocess");
  std::erase_if(alive, [&](const auto* entry) { return actors::label(*entry, "model") != stream.submit.model; });
  return next_of(alive, stream.preprocess, preprocess_turn_);
}

void GatewayCore::on_prepared(Stream& stream, protocol::Prepared prepared, Time now, Effects& out) {
  if (stream.phase != Phase::preparing) return;  // another preprocess was faster
  const protocol::edge::Submit& wanted = stream.submit;
  const auto prompt_tokens = static_cast<std::uint32_t>(prepared.prompt.ids.size());
  if (prompt_tokens >= prepared.context_tokens) {
    return fail(stream,
                {Code::context_length, "the prompt has " + std::to_string(prompt_tokens) +
                                           " tokens, and the context of " + prepared.model + " holds " +
                                           std::to_string(prepared.context_tokens) + "; send a shorter one"},
                0, now, out);
  }
  const std::uint32_t room = prepared.context_tokens - prompt_tokens;
  if (wanted.max_tokens.value_or(0) > room) {
    return fail(stream,
                {Code::context_length, "max_tokens is " + std::to_string(*wanted.max_tokens) + ", but after " +
                                           std::to_string(prompt_tokens) + " prompt tokens there is room for " +
                                           std::to_string(room)},
                0, now, out);
  }
  protocol::Journal& journal = stream.journal;
  journal.parameters = prepared.defaults;
  journal.parameters.temperature = wanted.temperature.value_or(prepared.defaults.temperature);
  journal.parameters.top_p = wanted.top_p.value_or(prepared.defaults.top_p);
  journal.parameters.top_k = wanted.top_k.value_or(prepared.defaults.top_k);
  journal.parameters.min_p = wanted.min_p.value_or(prepared.defaults.min_p);
  journal.parameters.seed = wanted.seed ? *wanted.seed : random_.next();
  journal.parameters.frequency_penalty = wanted.frequency_penalty.value_or(prepared.defaults.frequency_penalty);
  journal.parameters.presence_penalty = wanted.presence_penalty.value_or(prepared.defaults.presence_penalty);
  journal.parameters.repetition_penalty = wanted.repetition_penalty.value_or(prepared.defaults.repetition_penalty);
  journal.parameters.logprobs = wanted.logprobs;
  journal.parameters.top_logprobs = wanted.top_logprobs;
  journal.parameters.max_tokens = wanted.max_tokens.value_or(default_tokens(prepared.model, prompt_tokens, room));
  journal.parameters.stop = wanted.stop;
  journal.parameters.stop_ids = std::move(prepared.stop_ids);
  journal.model = std::move(prepared.model);
  journal.tokenizer_digest = std::move(prepared.tokenizer_digest);
  journal.reasoning = prepared.reasoning;
  journal.prompt = std::move(prepared.prompt);
  stream.prepared.page_hashes = std::move(prepared.page_hashes);
  stream.submit = {};
  end_long(stream);
  count_bytes(stream, journal.prompt.ids.size() * sizeof(TokenId));
  enter_placing(stream, now);
  if (attach(stream, now, out)) place(stream, now, out);
}

void GatewayCore::enter_placing(Stream& stream, Time now) {
  stream.phase = Phase::placing;
  stream.placing_since = stream.silent_since = now;
  stream.router = stream.executor = 0;
  stream.grant.reset();
  stream.declined.clear();
  stream.declined_since.reset();
}

// In the same attempt, with the age that the stream has.
void GatewayCore::place_again(Stream& stream, Time now, Effects& out) {
  const Time since = stream.placing_since;
  enter_placing(stream, now);
  stream.placing_since = since;
  place(stream, now, out);
}

bool GatewayCore::attach(Stream& stream, Time now, Effects& out) {
  choose_checkpoint(stream);
  const auto relays =
      peers_.rendezvous("postprocess", hash_of(stream.id.request), "tokenizer_digest", stream.journal.tokenizer_digest);
  if (relays.empty()) {
    const Error other{Code::no_compatible_worker,
                      "no living postprocess has the tokenizer of this model; give all processes the same --model"};
    const bool some = peers_.any("postprocess");
    fail(stream, some ? other : nobody_alive(Code::no_postprocess, "postprocess"), retry_after_ms, now, out);
    return false;
  }
  stream.relay = relays.front()->epoch;
  stream.relay_address = relays.front()->address;
  stream.handle.reset();
  stream.attaches = 0;
  send_attach(stream, now, out);
  return true;
}

void GatewayCore::send_attach(Stream& stream, Time now, Effects& out) {
  ++stream.attaches;
  out.send(stream.relay, make_message(protocol::Attach{config_.epoch, stream.journal}, stream.head(now)),
           stream.relay_address);
}

void GatewayCore::place(Stream& stream, Time now, Effects& out) {
  if (stream.grant && now < stream.grant_expires) return wait_until(stream, stream.grant_expires);
  if (stream.grant && !stream.handle) {  // its time passed while ATTACHED was waited for
    if (stream.attaches >= attaches_max) {
      return fail(stream, {Code::timeout, "the postprocess process did not answer; send the request again"},
                  retry_after_ms, now, out);
    }
    send_attach(stream, now, out);
  }
  stream.grant.reset();
  const auto* router = next_router(stream);
  const Time patient_until = stream.silent_since + router_silence_max;
  if (now >= patient_until) {
    const Error silent{Code::timeout, "no router answered; send the request again"};
    return fail(stream, router == nullptr ? nobody_alive(Code::no_router, "router") : silent, retry_after_ms, now, out);
  }
  if (router == nullptr) return wait_until(stream, patient_until);  // there was one: another may take its place
  if (stream.router != 0 && stream.router != router->epoch) {
    out.send(stream.router, make_message(protocol::Withdraw{}, stream.head(now)));
  }
  stream.router = router->epoch;
  protocol::Place place;
  place.prompt_tokens = static_cast<std::uint32_t>(stream.journal.prompt.ids.size()) + stream.position();
  place.max_tokens = stream.journal.parameters.max_tokens - stream.position();
  place.model = stream.journal.model;
  place.model_digest = stream.journal.model_digest;
  place.tokenizer_digest = stream.journal.tokenizer_digest;
  place.waited_ms = static_cast<std::uint32_t>((now - stream.placing_since) / milliseconds(1));
  place.exclude = stream.exclude;
  place.page_hashes = stream.prepared.page_hashes;
  wait_until(stream, now + queued_wait);
  out.send(router->epoch, make_message(std::move(place), stream.head(now)), router->address);
}

// Of those that have not declined.
const protocol::Entry* GatewayCore::next_router(const Stream& stream) {
  auto alive = peers_.of("router");
  auto willing = alive;
  std::erase_if(willing, [&](const auto* entry) {
    return std::find(stream.declined.begin(), stream.declined.end(), entry->epoch) != stream.declined.end();
  });
  return next_of(willing.empty() ? alive : willing, stream.router, router_turn_);
}

void GatewayCore::on_placed(Stream& stream, Epoch from, const protocol::Placed& placed, Time now, Effects& out) {
  if (stream.phase != Phase::placing || stream.grant) return;
  if (from != stream.router && stream.router != 0) {  // the first router asked was slow, not silent
    out.send(stream.router, make_message(protocol::Withdraw{}, stream.head(now)));
  }
  stream.router = from;
  stream.silent_since = now;
  stream.executor = placed.executor.epoch;
  stream.executor_address = placed.executor.address;
  stream.grant = placed.grant;
  stream.grant_expires = now + milliseconds(placed.grant.ttl_ms);
  stream.journal.model_digest = actors::label(placed.executor, "model_digest");
  stream.journal.numerics = actors::label(placed.executor, "numerics");
  wait_until(stream, stream.grant_expires);
  generate_if_ready(stream, now, out);
}

void GatewayCore::generate_if_ready(Stream& stream, Time now, Effects& out) {
  if (stream.phase != Phase::placing || !stream.grant || !stream.handle) return;
  protocol::Generate generate;
  generate.owner = config_.epoch;
  generate.relay = stream.relay;
  generate.relay_address = stream.relay_address;
  generate.handle = *stream.handle;
  generate.credit_until = stream.granted = stream.credit_limit();
  generate.grant = *stream.grant;
  generate.grant.ttl_ms = budget_ms(stream.grant_expires, now);  // relative, like every budget
  generate.journal = stream.journal;
  stream.grant.reset();
  stream.phase = Phase::starting;
  stream.executor_done = false;
  wait_until(stream, now + answer_wait);
  out.send(stream.executor, make_message(std::move(generate), stream.head(now)), stream.executor_address);
}

void GatewayCore::on_accepted(Stream& stream, Epoch from, Time now, Effects& out) {
  if (from != stream.executor || (stream.phase != Phase::starting && stream.phase != Phase::running)) return;
  if (stream.phase == Phase::starting) {
    stream.phase = Phase::running;
    wait_until(stream, time_never);
  }
  if (!stream.window) return grant(stream, now, out);
  // The client's CREDIT may have overtaken a large GENERATE, which has a lane of its own.
  stream.granted = stream.credit_limit();
  out.send(from, make_message(protocol::Credit{stream.granted}, stream.head(now)));
}

void GatewayCore::on_text(Stream& stream, Epoch from, const protocol::Head& head, protocol::Text text, Time now,
                          Effects& out) {
  const bool leaves_gap = head.position > stream.position();
  if (from == stream.relay && leaves_gap) return on_holder_lost(stream, from, now, out);
  if (head.position != stream.position() || head.chain != stream.chain) {
    out.count("texts_mismatched");
    return out.send(from, make_message(protocol::Mismatch{}, stream.head(now)));
  }
  if (stream.phase == Phase::starting) {  // ACCEPTED comes on another link and may be later
    stream.phase = Phase::running;
    wait_until(stream, time_never);
  }
  if (stream.executor_done) wait_until(stream, now + answer_wait);
  stream.append(text.ids.ids);
  tokens_total_ += text.ids.ids.size();
  if (!text.ids.ids.empty()) stream.losses = 0;
  if (stream.review) return review(stream, text, now, out);
  const Finish how = text.finish;
  if (!deliver(stream, std::move(text), stream.position(), stream.chain, now, out)) return;
  if (how != Finish::none) return finish(stream, how, now, out);
  grant(stream, now, out);
}

// The relay has the last word, because a stop string may end a stream earlier; but it has to say it.
void GatewayCore::on_finished(Stream& stream, Epoch from, Time now) {
  if (from != stream.executor || (stream.phase != Phase::starting && stream.phase != Phase::running)) return;
  stream.phase = Phase::running;
  stream.executor_done = true;
  wait_until(stream, now + answer_wait);
}

// `position` and `chain` are those after the text. False if the stream ended by it.
bool GatewayCore::deliver(Stream& stream, protocol::Text text, Position position, Chain chain, Time now, Effects& out) {
  const bool asked = stream.journal.parameters.logprobs;
  if (stream.streamed) {
    const bool is_spelled = asked && text.logprobs.size() == text.ids.ids.size();
    protocol::edge::Delta delta{
        stream.client_id, position, chain, std::move(text.ids.ids), std::move(text.content), std::move(text.reasoning)};
    if (is_spelled) delta.logprobs.emplace().add(text.logprobs);
    out.reply_client(stream.client, protocol::edge::delta(delta));
    return true;
  }
  stream.content += text.content;
  stream.reasoning += text.reasoning;
  if (!asked) return true;
  stream.logprobs.add(text.logprobs);
  const std::size_t bytes = stream.logprobs.packed().size();
  if (bytes > limits::logprobs_bytes_max) {
    fail(stream,
         {Code::too_large, "the log probabilities of this answer take more than " +
                               std::to_string(limits::logprobs_bytes_max) +
                               " bytes; ask with stream: true, or for fewer tokens or top_logprobs"},
         0, now, out);
    return false;
  }
  count_bytes(stream, stream.journal.prompt.ids.size() * sizeof(TokenId) + bytes);
  return true;
}

void GatewayCore::on_yielded(Stream& stream, Epoch from, const protocol::Head& head, Time now, Effects& out) {
  if (from != stream.executor || (stream.phase != Phase::starting && stream.phase != Phase::running)) return;
  stream.phase = Phase::yielded;
  stream.executor = 0;
  stream.yielded_at = head.position;
  wait_until(stream, stream.position() < stream.yielded_at ? now + answer_wait : time_never);
  go_on_if_credit(stream, now, out);
}

// Tells the executor how far it may go before it comes near what it was told last.
void GatewayCore::grant(Stream& stream, Time now, Effects& out) {
  if (stream.phase == Phase::yielded) return go_on_if_credit(stream, now, out);
  if (stream.phase != Phase::running) return;  // ACCEPTED brings it here again
  const Position limit = stream.credit_limit();
  if (limit <= stream.granted || stream.granted >= stream.position() + stream.ahead_max() / 2) return;
  stream.granted = limit;
  out.send(stream.executor, make_message(protocol::Credit{limit}, stream.head(now)));
}

// Not before the text up to the point of yielding is here: the credit of what is still on its way is not new credit.
void GatewayCore::go_on_if_credit(Stream& stream, Time now, Effects& out) {
  if (stream.position() < stream.yielded_at) return;
  wait_until(stream, time_never);
  if (stream.credit_limit() > stream.position()) dispatch_again(stream, now, out);
}

}  // namespace shoal::gateway
