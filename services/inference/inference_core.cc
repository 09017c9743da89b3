#include "services/inference/inference_core.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <type_traits>
#include <utility>

#include "base/limits.h"

namespace shoal::inference {
namespace {

using actors::Effects;
using protocol::make_message;

constexpr std::uint32_t retry_after_ms = 100;
// A TOKENS with so many stays below bulk_bytes_min: a larger one would travel on another lane and might be overtaken.
constexpr std::size_t logprobs_per_message = 200;
static_assert(logprobs_per_message * (64 + 10 * limits::top_logprobs_max) < limits::bulk_bytes_min);
// Two reports: a router that wants more than its share is offered what the others no longer use by the third.
constexpr auto recent_span = milliseconds(2 * limits::load_interval_ms);

engine::Work make_work(const services::HeldStream& stream, Position credit_until) {
  const protocol::Parameters& wanted = stream.journal.parameters;
  engine::Work work;
  work.stream = stream.id;
  work.attempt = stream.attempt;
  work.prompt = stream.journal.prompt.ids;
  work.generated = stream.journal.generated.ids;
  work.sampling.temperature = wanted.temperature;
  work.sampling.top_p = wanted.top_p;
  work.sampling.top_k = wanted.top_k;
  work.sampling.min_p = wanted.min_p;
  work.sampling.seed = wanted.seed;
  work.sampling.frequency_penalty = wanted.frequency_penalty;
  work.sampling.presence_penalty = wanted.presence_penalty;
  work.sampling.repetition_penalty = wanted.repetition_penalty;
  work.sampling.logprobs = wanted.logprobs;
  work.sampling.top_logprobs = wanted.top_logprobs;
  work.max_tokens = wanted.max_tokens;
  work.stop_ids = wanted.stop_ids;
  work.ignore_eos = wanted.ignore_eos;
  work.credit_until = credit_until;
  work.deadline = stream.deadline;
  work.tier = stream.tier;
  return work;
}

void refuse(Epoch to, const protocol::Head& head, Code code, std::string text, std::uint32_t retry_ms, Effects& out) {
  out.count("generates_refused");
  out.send(to, make_message(protocol::Refused{protocol::Type::generate, code, std::move(text), retry_ms}, head));
}

}  // namespace

void InferenceCore::on(actors::Event event, Time now, Effects& out) {
  if (auto* received = std::get_if<actors::Received>(&event)) {
    on_message(received->from, std::move(received->message), now, out);
  } else if (const auto* up = std::get_if<actors::PeerUp>(&event)) {
    peers_.up(up->peer);
  } else if (const auto* down = std::get_if<actors::PeerDown>(&event)) {
    peers_.down(down->peer.epoch);
    on_peer_lost(down->peer.epoch, now, out);
    shares_.erase(down->peer.epoch);
  } else if (const auto* lost = std::get_if<actors::LinkLost>(&event)) {
    on_peer_lost(lost->epoch, now, out);
  } else if (std::holds_alternative<actors::Tick>(event)) {
    tell_if_scarce(out);
    slots_.pass(now);
  } else if (std::holds_alternative<actors::Draining>(event)) {
    draining_ = true;
    out.report_load();
  } else if (std::holds_alternative<actors::DrainOver>(event)) {
    on_drain_over(now, out);
  } else if (const auto* reported = std::get_if<actors::Reported>(&event)) {
    if (const auto* report = std::any_cast<EngineReport>(&reported->value)) on_report(*report, now, out);
  }
}

void InferenceCore::fill_load(protocol::LoadReport& report, Epoch router, Time now) {
  report.streams = static_cast<std::uint32_t>(running_.size());
  report.slots = config_.slots;
  // What is here counts from the moment it was accepted, whether the engine has begun with it or not.
  report.running.clear();
  report.waiting.clear();
  for (std::size_t tier = 0; tier < tier_count; ++tier) {
    report.waiting.push_back(std::min(slots_.taken(tier), engine_load_.waiting[tier]));
    report.running.push_back(slots_.taken(tier) - report.waiting[tier]);
  }
  report.tokens_waiting = std::accumulate(offered_.begin(), offered_.end(), engine_load_.waiting_tokens);
  report.tokens_total = engine_load_.generated_tokens;
  report.pages = engine_load_.pages;
  report.pages_free = engine_load_.free_pages;
  report.steps = engine_load_.steps;
  report.latency_us = latency_.us(longest_wait(now), now);

  // Free slots are split by what each router placed here lately, rounded up: nobody gets nothing while one is free, and
  // all shares together are over by less than one for each router, who then hears REFUSED(busy).
  std::size_t all_recent = 0;
  for (auto share = shares_.begin(); share != shares_.end();) {
    forget_old(share->second, now);
    all_recent += share->second.recent.size();
    const bool over = share->second.recent.empty() && share->first != router && peers_.find(share->first) == nullptr;
    share = over ? shares_.erase(share) : std::next(share);  // a router that was gone when its grant came
  }
  RouterShare& own = shares_[router];
  report.grants_consumed = own.consumed;
  const std::size_t free = draining_ ? 0 : slots_.free();
  const std::size_t routers = std::max<std::size_t>(1, peers_.of("router").size());
  const std::size_t parts = all_recent + routers;
  report.slots_free = static_cast<std::uint32_t>((free * (own.recent.size() + 1) + parts - 1) / parts);
  own.left = report.slots_free;
}

Duration InferenceCore::longest_wait(Time now) const {
  Time first = now;
  for (const auto& [stream, running] : running_) first = std::min(first, running.accepted);
  return now - first;
}

void InferenceCore::forget_old(RouterShare& share, Time now) const {
  while (!share.recent.empty() && share.recent.front() + recent_span <= now) share.recent.pop_front();
}

void InferenceCore::on_message(Epoch from, protocol::Message message, Time now, Effects& out) {
  const protocol::Head& head = message.head;
  std::visit(
      [&](auto& body) {
        using T = std::decay_t<decltype(body)>;
        if constexpr (std::is_same_v<T, protocol::Generate>) {
          on_generate(from, head, std::move(body), now, out);
        } else if constexpr (std::is_same_v<T, protocol::Credit>) {
          on_credit(head, body, out);
        } else if constexpr (std::is_same_v<T, protocol::Cancel> || std::is_same_v<T, protocol::Release>) {
          on_stop(head, out);
        } else if constexpr (std::is_same_v<T, protocol::Unknown>) {
          on_unknown(from, head, body, now, out);
        } else if constexpr (std::is_same_v<T, protocol::Mismatch>) {
          on_mismatch(from, head, now, out);
        }
      },
      message.body);
}

void InferenceCore::on_generate(Epoch from, const protocol::Head& head, protocol::Generate generate, Time now,
                                Effects& out) {
  const StreamId stream = head.stream();
  const auto known = running_.find(stream);
  if (known != running_.end() && head.attempt == known->second.attempt) {
    return out.send(from, make_message(protocol::Accepted{}, head));  // asked twice: one answer
  }
  RouterShare& share = shares_[generate.grant.router];
  ++share.consumed;  // also a refused grant is used up
  forget_old(share, now);
  share.recent.push_back(now);
  const bool used_up = share.left > 0 && --share.left == 0;
  if (used_up && slots_.free() > 1) out.report_load();  // it may want more, and there is more
  if (known != running_.end() && head.attempt < known->second.attempt) {
    auto current = head;
    current.attempt = known->second.attempt;
    return out.send(from, make_message(protocol::Fenced{known->second.owner}, current));
  }
  if (tombstones_.covers(stream, head.attempt)) {
    return refuse(from, head, Code::cancelled, "the stream was ended before it arrived", 0, out);
  }
  if (head.budget_ms == 0) {
    return refuse(from, head, Code::deadline_exceeded, "no time was left to generate", 0, out);
  }
  if (generate.grant.ttl_ms == 0) {
    return refuse(from, head, Code::grant_expired, "the grant was used too late", retry_after_ms, out);
  }
  if (draining_) return refuse(from, head, Code::busy, "this executor is about to end", retry_after_ms, out);
  if (known == running_.end() && slots_.free() == 0) {
    return refuse(from, head, Code::busy, "no slot is free here", retry_after_ms, out);
  }
  const std::size_t bytes = generate.journal.prompt.ids.size() * sizeof(TokenId);
  if (known == running_.end() && bytes_ + bytes > config_.bytes_max) {
    return refuse(from, head, Code::busy, "this executor holds as many prompts as it may", retry_after_ms, out);
  }
  Running running(head, std::move(generate.journal), now);
  running.owner = from;
  running.relay = generate.relay;
  running.relay_address = std::move(generate.relay_address);
  running.handle = generate.handle;
  running.bytes = bytes;
  running.credit_until = generate.credit_until;
  if (!running.stands_at(head)) return out.send(from, make_message(protocol::Mismatch{}, running.head(now)));
  if (generate.credit_until > running.position()) running.accepted = now;
  forget(stream, out);
  if (slots_.full()) yield_longest_parked(now, out);
  bytes_ += bytes;
  slots_.enter(stream, running.tier);
  if (running.position() >= running.credit_until) slots_.on_spent(stream, now);
  offered_.push_back(running.journal.prompt.ids.size() + running.position());
  out.count("streams_accepted");
  out.engine_command(Command(AddWork{make_work(running, running.credit_until)}));
  running_.emplace(stream, std::move(running));
  out.send(from, make_message(protocol::Accepted{}, head));
}

// CANCEL and RELEASE are an owner's last word on an attempt: a GENERATE that they overtook is not started.
void InferenceCore::on_stop(const protocol::Head& head, Effects& out) {
  const StreamId stream = head.stream();
  tombstones_.bury(stream, head.attempt);
  const auto known = running_.find(stream);
  if (known != running_.end() && known->second.attempt > head.attempt) return;  // of an owner that is no longer one
  out.engine_command(Command(CancelWork{stream, head.attempt}));
  forget(stream, out);
}

void InferenceCore::forget(const StreamId& stream, Effects& out) {
  const auto known = running_.find(stream);
  if (known == running_.end()) return;
  bytes_ -= known->second.bytes;
  tell_if_scarce(out);
  slots_.leave(stream);
  running_.erase(known);
}

// The routers hear at once of a slot that is free again after they had hardly any to give.
void InferenceCore::tell_if_scarce(Effects& out) const {
  if (slots_.free() < std::max<std::size_t>(1, peers_.of("router").size())) out.report_load();
}

void InferenceCore::on_credit(const protocol::Head& head, const protocol::Credit& credit, Effects& out) {
  const StreamId stream = head.stream();
  out.engine_command(Command(GrantCredit{stream, head.attempt, credit.until}));
  const auto known = running_.find(stream);
  if (known == running_.end() || head.attempt < known->second.attempt) return;
  Running& running = known->second;
  running.credit_until = std::max(running.credit_until, credit.until);
  if (running.position() < running.credit_until) slots_.on_credit(stream);
}

// It has generated all that it may, so nothing of it is on its way from the engine.
void InferenceCore::yield_longest_parked(Time now, Effects& out) {
  const auto stream = slots_.longest_without();
  if (!stream) return;
  const Running& running = running_.at(*stream);
  out.count("streams_yielded");
  out.send(running.owner, make_message(protocol::Yielded{}, running.head(now)));
  drop(*stream, out);
}

// A MISMATCH or UNKNOWN counts if it comes from a holder and means the attempt that runs here.
void InferenceCore::on_mismatch(Epoch from, const protocol::Head& head, Time now, Effects& out) {
  const auto known = running_.find(head.stream());
  if (known == running_.end() || known->second.relay != from || known->second.attempt != head.attempt) return;
  fail(head.stream(), {Code::peer_lost, "the relay holds other ids than this executor"}, true, now, out, from);
}

void InferenceCore::on_unknown(Epoch from, const protocol::Head& head, const protocol::Unknown& unknown, Time now,
                               Effects& out) {
  if (unknown.handles.empty()) {
    const auto known = running_.find(head.stream());
    if (known != running_.end() && known->second.owner == from && known->second.attempt <= head.attempt) {
      drop(head.stream(), out);
    }
    return;
  }
  const std::set<std::uint32_t> handles(unknown.handles.begin(), unknown.handles.end());
  std::vector<StreamId> lost;
  for (const auto& [stream, running] : running_) {
    if (running.relay == from && handles.count(running.handle) != 0) lost.push_back(stream);
  }
  for (const StreamId& stream : lost) {
    fail(stream, {Code::peer_lost, "the relay no longer holds this stream"}, true, now, out, from);
  }
}

void InferenceCore::on_report(const EngineReport& report, Time now, Effects& out) {
  for (auto seen = engine_load_.offered; seen < report.load.offered && !offered_.empty(); ++seen) offered_.pop_front();
  engine_load_ = report.load;
  for (const Rejected& rejected : report.rejected) {
    const auto known = running_.find(rejected.stream);
    if (known == running_.end() || known->second.attempt != rejected.attempt) continue;
    const auto head = known->second.head(now);
    const Epoch owner = known->second.owner;
    forget(rejected.stream, out);
    refuse(owner, head, rejected.error.code, rejected.error.text,
           rejected.error.code == Code::busy ? retry_after_ms : 0, out);
  }
  send_tokens(report.outcome.generated, now, out);
  for (const engine::Ended& ended : report.outcome.ended) {
    const auto known = running_.find(ended.stream);
    if (known == running_.end() || known->second.attempt != ended.attempt) continue;
    const auto head = known->second.head(now);
    if (ended.reason == engine::EndReason::deadline) {
      fail(ended.stream, {Code::deadline_exceeded, "the request's time was over before its answer was"}, false, now,
           out);
      continue;
    }
    if (ended.reason == engine::EndReason::not_finite) {
      if (not_finite_++ == 0) {
        out.note(actors::Note::Level::error, "request=" + to_hex(ended.stream.request) +
                                                 " event=not_finite position=" + std::to_string(ended.position) +
                                                 " later ones are counted in streams_not_finite");
      }
      out.count("streams_not_finite");
      const std::string at = std::to_string(ended.position);
      fail(ended.stream,
           {Code::not_finite, "the logits at position " + at +
                                  " are not finite numbers: this model's arithmetic overflows on this prompt; sent "
                                  "again it would end there again"},
           false, now, out);
      continue;
    }
    const auto finish = ended.reason == engine::EndReason::length ? protocol::Finish::length : protocol::Finish::stop;
    out.send(known->second.owner, make_message(protocol::Finished{finish}, head));
    forget(ended.stream, out);
  }
  for (const engine::Yielded& yielded : report.outcome.yielded) {
    const auto known = running_.find(yielded.stream);
    if (known == running_.end() || known->second.attempt != yielded.attempt) continue;
    out.count("streams_yielded");
    out.send(known->second.owner, make_message(protocol::Yielded{}, known->second.head(now)));
    forget(yielded.stream, out);
  }
}

void InferenceCore::send_tokens(const std::vector<engine::Generated>& generated, Time now, Effects& out) {
  std::map<std::pair<Epoch, std::string>, protocol::Tokens> by_relay;
  for (const engine::Generated& row : generated) {
    const auto known = running_.find(row.stream);
    if (known == running_.end() || known->second.attempt != row.attempt) continue;  // stopped while the step ran
    Running& running = known->second;
    protocol::Tokens& tokens = by_relay[{running.relay, running.relay_address}];
    tokens.handles.push_back(running.handle);
    tokens.attempts.push_back(running.attempt.to_u32());
    tokens.positions.push_back(running.position());
    tokens.chains.push_back(running.chain);
    tokens.counts.push_back(static_cast<std::uint32_t>(row.ids.size()));
    tokens.flags.push_back(row.logprobs.empty() ? 0 : protocol::row_has_logprobs);
    for (const kernels::IdLogprobs& entry : row.logprobs) {
      tokens.logprobs.push_back({entry.logprob, entry.top_ids, entry.top_logprobs});
    }
    tokens.ids.ids.insert(tokens.ids.ids.end(), row.ids.begin(), row.ids.end());
    if (running.accepted != time_never) latency_.on_first_id(now - std::exchange(running.accepted, time_never), now);
    running.append(row.ids);
    if (running.position() >= running.credit_until) slots_.on_spent(row.stream, now);
    if (tokens.logprobs.size() < logprobs_per_message) continue;
    out.send(running.relay, make_message(std::move(tokens)), running.relay_address);
    tokens = {};
  }
  for (auto& [relay, tokens] : by_relay) {
    if (!tokens.handles.empty()) out.send(relay.first, make_message(std::move(tokens)), relay.second);
  }
}

}  // namespace shoal::inference
