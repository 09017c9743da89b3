#include "services/router/router_core.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "base/tier_names.h"

namespace shoal::router {
namespace {

using protocol::make_message;

constexpr std::uint32_t retry_after_ms = 1000;
constexpr auto youth = milliseconds(2 * limits::load_interval_ms);
constexpr std::uint32_t retry_ms_min = 100;  // for a place in a queue
constexpr std::uint32_t retry_ms_max = 60'000;

Asked asked_of(const Waiting& request, Time now) {
  return {.stream = request.stream(),
          .attempt = request.head.attempt,
          .owner = request.owner,
          .tier = request.tier(),
          .tenant = request.place.tenant,
          .model = request.place.model,
          .prompt_tokens = request.place.prompt_tokens,
          .max_tokens = request.place.max_tokens,
          .waited_ms = static_cast<std::uint32_t>(std::max<std::int64_t>(0, (now - request.since) / milliseconds(1)))};
}

}  // namespace

RouterCore::RouterCore(Config config)
    : config_(std::move(config)),
      directory_(config_.self),
      admission_(config_.tiers),
      placement_(config_.policy, config_.tiers, config_.self.epoch),
      events_({config_.self.epoch, config_.self.node, config_.policy}, config_.log) {}

void RouterCore::on(actors::Event event, Time now, actors::Effects& out) {
  admission_.pass(queue_, now);
  directory_.pass(now);
  if (std::holds_alternative<actors::Started>(event)) {
    young_until_ = now + youth;
    directory_.on_hello(config_.self, now, out);
  } else if (const auto* received = std::get_if<actors::Received>(&event)) {
    on_message(received->from, received->message, now, out);
  } else if (const auto* lost = std::get_if<actors::LinkLost>(&event)) {
    on_lost(lost->epoch, lost->why, now, out);
  } else if (std::holds_alternative<actors::Tick>(event)) {
    on_tick(now, out);
  } else if (const auto* reported = std::get_if<actors::Reported>(&event)) {
    events_.on_reported(*reported, out);
  }
  record_lost_grants(now, out);
}

Time RouterCore::next_wake() const {
  if (queue_.size() == 0) return directory_.next_expiry();
  return std::min({directory_.next_expiry(), queue_.next_overdue(), bucket_ready_, young_until_});
}

void RouterCore::on_lost(Epoch peer, const actors::LossCause& why, Time now, actors::Effects& out) {
  directory_.on_lost(peer, why, now, out);
  for (const Waiting& request : queue_.take_of(peer)) {
    record(Outcome::withdrawn, request, {Code::peer_lost, "its owner is lost"}, now, out);
  }
  refuse_hopeless(now, out);
  serve_queue(now, out);
}

void RouterCore::on_tick(Time now, actors::Effects& out) {
  if (now >= young_until_) young_until_ = time_never;
  directory_.expire(now, out);
  for (const Waiting& request : queue_.take_overdue(now)) refuse_overdue(request, now, out);
  refuse_hopeless(now, out);
  serve_queue(now, out);
}

void RouterCore::fill_load(protocol::LoadReport& report, Epoch, Time) {
  report.waiting.clear();
  for (std::size_t tier = 0; tier < tier_count; ++tier) {
    report.waiting.push_back(static_cast<std::uint32_t>(queue_.size(static_cast<Tier>(tier))));
  }
}

void RouterCore::on_message(Epoch from, const protocol::Message& message, Time now, actors::Effects& out) {
  std::visit(
      [&](const auto& body) {
        using T = std::decay_t<decltype(body)>;
        if constexpr (std::is_same_v<T, protocol::Hello>) {
          directory_.on_hello(body.self, now, out);
          refuse_hopeless(now, out);
        } else if constexpr (std::is_same_v<T, protocol::Load>) {
          on_load(from, body.report, now, out);
        } else if constexpr (std::is_same_v<T, protocol::Place>) {
          on_place(from, message.head, body, now, out);
        } else if constexpr (std::is_same_v<T, protocol::Withdraw>) {
          on_withdraw(from, message.head, now, out);
        } else if constexpr (std::is_same_v<T, protocol::Call>) {
          on_call(from, body, now, out);
        }
      },
      message.body);
}

void RouterCore::on_load(Epoch from, const protocol::LoadReport& report, Time now, actors::Effects& out) {
  const Row* row = directory_.on_load(from, report, now, out);
  // Also one without a free slot: what ended there may free the concurrency of its tier.
  if (row != nullptr && row->entry.kind == "inference") serve_queue(now, out);
}

void RouterCore::on_place(Epoch from, const protocol::Head& head, const protocol::Place& place, Time now,
                          actors::Effects& out) {
  const StreamId stream = head.stream();
  const Time since = now - milliseconds(place.waited_ms);
  Waiting request{.owner = from,
                  .head = head,
                  .place = place,
                  .arrived = now,
                  .since = since,
                  .deadline = deadline_of(head.budget_ms, now),
                  .timeout_at = since + milliseconds(admission_.rules(head.tier).timeout_ms)};
  if (place.waited_ms > 0) directory_.on_withdrawn(stream, from);  // a grant that it had came to nothing
  request.place.page_hashes.clear();  // no policy reads them yet, and a full queue of them would be large
  if (const Waiting* known = queue_.find(stream)) {
    if (known->owner == from && known->head.attempt == head.attempt) return say_queued(*known, true, now, out);
    if (known->head.attempt >= head.attempt) {
      return refuse(request, {Code::busy, "a later attempt at this stream waits here already"}, retry_after_ms, now,
                    out);
    }
    queue_.take(stream);
  }
  if (now >= request.deadline)
    return refuse(request, {Code::deadline_exceeded, "no time was left to place it"}, 0, now, out);
  const auto compatible = check_compatible(directory_, place);
  if (!compatible && young_until_ == time_never) return refuse(request, compatible.error(), retry_after_ms, now, out);
  queue_.push(std::move(request));
  serve_queue(now, out);
  const Waiting* waiting = queue_.find(stream);
  if (waiting == nullptr) return;
  if (now >= waiting->timeout_at) return refuse_overdue(queue_.take(stream), now, out);
  if (queue_.size(head.tier) > admission_.rules(head.tier).queue_max) return refuse_full(queue_.take(stream), now, out);
  say_queued(*waiting, false, now, out);
}

void RouterCore::on_withdraw(Epoch from, const protocol::Head& head, Time now, actors::Effects& out) {
  const Waiting* waiting = queue_.find(head.stream());
  if (waiting == nullptr) return directory_.on_withdrawn(head.stream(), from);
  if (waiting->owner != from || waiting->head.attempt > head.attempt) return;
  record(Outcome::withdrawn, queue_.take(head.stream()), {Code::ok, ""}, now, out);
}

void RouterCore::on_call(Epoch from, const protocol::Call& call, Time now, actors::Effects& out) {
  protocol::CallResult result{.id = call.id, .code = Code::ok, .text = {}, .payload = {}};
  if (call.method == "status") {
    result.payload = protocol::edge::pack_processes(directory_.processes(now));
  } else if (call.method == "explain") {
    auto explained = events_.explain(call.payload.bytes, now);
    if (explained) {
      result.payload.bytes = *std::move(explained);
    } else {
      result.code = explained.error().code;
      result.text = explained.error().text;
    }
  } else {
    result.code = Code::unknown_type;
    result.text = "a router has no method \"" + call.method + "\"; it has \"status\" and \"explain\"";
  }
  out.send(from, make_message(std::move(result)));
}

void RouterCore::serve_queue(Time now, actors::Effects& out) {
  bucket_ready_ = time_never;
  if (queue_.size() == 0) return;
  admission_.look(directory_, now);
  queue_.serve([&](Tier tier) { return admission_.admits(tier, now); },
               [&](const Waiting& request) {
                 if (!place_now(request, now, out)) return false;
                 admission_.on_placed(request, grants_, now);
                 return true;
               });
  bucket_ready_ = admission_.next_ready(queue_, now);
}

void RouterCore::refuse_hopeless(Time now, actors::Effects& out) {
  if (young_until_ != time_never) return;
  const auto is_hopeless = [&](const Waiting& request) { return !check_compatible(directory_, request.place); };
  for (const Waiting& request : queue_.take_if(is_hopeless)) {
    refuse(request, check_compatible(directory_, request.place).error(), retry_after_ms, now, out);
  }
}

bool RouterCore::place_now(const Waiting& request, Time now, actors::Effects& out) {
  const Asked asked = asked_of(request, now);
  auto considered = placement_.consider(asked, request.place, directory_, events_.next_sequence(), now);
  const Epoch chosen = considered.decision.chosen;
  if (chosen == 0) return false;
  Row& row = directory_.rows().at(chosen);
  const protocol::Grant grant{config_.self.epoch, ++grants_, limits::grant_ms};
  row.grants.push_back({now + milliseconds(limits::grant_ms), request.tier(), grant.sequence, asked});
  placement_.on_placed(considered.snapshot, chosen);
  out.count("placements");
  auto head = request.head;
  head.budget_ms = budget_ms(request.deadline, now);
  out.send(request.owner, make_message(protocol::Placed{row.entry, grant}, head));
  events_.add({.outcome = Outcome::placed,
               .at = now,
               .snapshot = std::move(considered.snapshot),
               .decision = std::move(considered.decision),
               .grant = grant.sequence,
               .executor = chosen},
              out);
  return true;
}

void RouterCore::say_queued(const Waiting& request, bool again, Time now, actors::Effects& out) {
  out.count("placements_queued");
  const Tier tier = request.tier();
  const auto ahead = static_cast<std::uint32_t>(queue_.ahead(request.stream()));
  const std::size_t places = queue_.ahead_in_tier(request.stream()) + 1;
  const std::uint32_t wait_ms = admission_.estimate_ms(tier, places, 0, admission_.rules(tier).timeout_ms);
  out.send(request.owner, make_message(protocol::Queued{ahead, wait_ms}, request.head));
  if (!again) record(Outcome::queued, request, {Code::ok, admission_.reason(tier, now)}, now, out);
}

void RouterCore::record(Outcome outcome, const Waiting& request, Error why, Time now, actors::Effects& out) {
  Event event{
      .outcome = outcome, .at = now, .snapshot = {}, .decision = {}, .code = why.code, .text = std::move(why.text)};
  event.snapshot.sequence = events_.next_sequence();
  event.snapshot.asked = asked_of(request, now);
  if (outcome != Outcome::withdrawn) {
    auto considered =
        placement_.consider(event.snapshot.asked, request.place, directory_, event.snapshot.sequence, now);
    event.snapshot = std::move(considered.snapshot);
    event.decision = std::move(considered.decision);
  }
  if (outcome == Outcome::queued) event.ahead = static_cast<std::uint32_t>(queue_.ahead(request.stream()));
  events_.add(std::move(event), out);
}

void RouterCore::record_lost_grants(Time now, actors::Effects& out) {
  auto lost = directory_.take_lost_grants();
  if (lost.empty()) return;
  for (auto& [executor, promise] : lost) {
    admission_.on_lost(promise, now);
    Event event{.outcome = Outcome::grant_lost,
                .at = now,
                .snapshot = {},
                .decision = {},
                .grant = promise.grant,
                .executor = executor};
    event.snapshot.sequence = events_.next_sequence();
    event.snapshot.asked = std::move(promise.asked);
    if (directory_.rows().count(executor) == 0) event.text = "its executor is gone";
    events_.add(std::move(event), out);
  }
  serve_queue(now, out);  // what they had paid may let another through
}

// Its tier's patience or its own time is over.
void RouterCore::refuse_overdue(const Waiting& request, Time now, actors::Effects& out) {
  if (now >= request.deadline) {
    return refuse(request, {Code::deadline_exceeded, "its time was over before an executor was free"}, 0, now, out);
  }
  out.count("placements_timed_out");
  const Tier tier = request.tier();
  const std::string text = "no place was found within " + std::to_string(admission_.rules(tier).timeout_ms) +
                           " ms, the timeout of tier " + std::string(name(tier)) + ": " + admission_.reason(tier, now);
  refuse(request, {Code::timeout, text},
         admission_.estimate_ms(tier, queue_.size(tier) + 1, retry_ms_min, retry_ms_max), now, out);
}

// Comes back when an eighth of the queue has drained: sooner, and it would hardly find a place that others want too.
void RouterCore::refuse_full(const Waiting& request, Time now, actors::Effects& out) {
  const Tier tier = request.tier();
  const std::uint32_t retry_ms = admission_.estimate_ms(tier, queue_.size(tier) / 8 + 1, retry_ms_min, retry_ms_max);
  const std::string text = "the queue of tier " + std::string(name(tier)) + " is full, " +
                           std::to_string(queue_.size(tier)) + " wait at this router; try again in " +
                           std::to_string(retry_ms) + " ms";
  refuse(request, {Code::busy, text}, retry_ms, now, out);
}

void RouterCore::refuse(const Waiting& request, const Error& error, std::uint32_t retry_ms, Time now,
                        actors::Effects& out) {
  const bool late = error.code == Code::timeout || error.code == Code::deadline_exceeded;
  record(late ? Outcome::timed_out : Outcome::refused, request, error, now, out);
  out.count("placements_refused");
  out.send(request.owner,
           make_message(protocol::Refused{protocol::Type::place, error.code, error.text, retry_ms}, request.head));
}

}  // namespace shoal::router
