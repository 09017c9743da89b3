#include "services/gateway/gateway_core.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/utf8.h"

namespace shoal::gateway {
namespace {

using actors::Effects;
using protocol::make_message;

constexpr auto keepalive_interval = milliseconds(limits::keepalive_interval_ms);
constexpr std::uint32_t published_ahead = 64;  // frames of the publish port that may be on their way here
constexpr std::size_t terminals_max = 4096;    // finished requests whose end can be repeated
constexpr std::size_t terminals_bytes_max = 32u << 20;

}  // namespace

GatewayCore::GatewayCore(Config config)
    : config_(std::move(config)), random_(config_.seed), calls_(config_.epoch, peers_) {}

void GatewayCore::on(actors::Event event, Time now, Effects& out) {
  ends_.pass(!streams_.empty(), now);
  long_ends_.pass(long_bytes_ > 0, now);
  std::visit(
      [&](auto& happened) {
        using T = std::decay_t<decltype(happened)>;
        if constexpr (std::is_same_v<T, actors::Received>) {
          on_message(happened.from, std::move(happened.message), now, out);
        } else if constexpr (std::is_same_v<T, actors::PeerUp>) {
          on_peer_up(happened.peer, now, out);
        } else if constexpr (std::is_same_v<T, actors::PeerDown>) {
          on_peer_lost(happened.peer.epoch, now, out);
        } else if constexpr (std::is_same_v<T, actors::LinkLost>) {
          on_peer_lost(happened.epoch, now, out);
        } else if constexpr (std::is_same_v<T, actors::ClientReceived>) {
          on_client(happened, now, out);
        } else if constexpr (std::is_same_v<T, actors::ClientGone>) {
          on_client_gone(happened, now, out);
        } else if constexpr (std::is_same_v<T, actors::ClientSlow>) {
          on_client_slow(happened.routing_id, happened.slow, now, out);
        } else if constexpr (std::is_same_v<T, actors::ClientStalled>) {
          on_client_stalled(happened.routing_id, now, out);
        } else if constexpr (std::is_same_v<T, actors::Reported>) {
          on_reported(happened.value, now, out);
        } else if constexpr (std::is_same_v<T, actors::Tick>) {
          on_tick(now, out);
        } else if constexpr (std::is_same_v<T, actors::Draining>) {
          draining_ = true;
        } else if constexpr (std::is_same_v<T, actors::DrainOver>) {
          on_drain_over(now, out);
        }
      },
      event);
  take_published(out);
}

Time GatewayCore::next_wake() const {
  return std::min(
      {timers_.next(), calls_.next_wake(), blocked_until_, streams_.empty() ? time_never : next_keepalive_});
}

void GatewayCore::fill_load(protocol::LoadReport& report, Epoch, Time) {
  report.streams = static_cast<std::uint32_t>(streams_.size());
  report.tokens_total = tokens_total_;
}

void GatewayCore::on_tick(Time now, Effects& out) {
  for (const RequestId& request : timers_.take_due(now)) {
    const auto found = streams_.find(request);
    if (found == streams_.end()) continue;
    on_overdue(found->second, now, out);
  }
  settle(calls_.on_tick(now), now, out);
  if (now >= blocked_until_) ask_blocked(now, out);
  while (!terminals_.empty() && now >= terminals_.front().expires) {
    terminals_bytes_ -= terminals_.front().frame.size();
    terminals_.pop_front();
  }
  if (now < next_keepalive_) return;
  next_keepalive_ = now + keepalive_interval;
  for (const auto& [request, stream] : streams_) {
    if (stream.client.enveloped || stream.client.published) continue;  // they get answers only
    if (stream.client_slow) continue;                                  // and has enough to read
    out.reply_client(stream.client,
                     protocol::edge::keepalive(stream.client_id, stream.attempt, stream.shown(), stream.shown_chain()));
  }
}

// What this gateway takes on no more, with those that do.
Error GatewayCore::draining() const {
  std::string others;
  for (const auto* gateway : peers_.of("gateway")) {
    if (gateway->epoch != config_.epoch) others += (others.empty() ? "" : " or ") + printable(gateway->client);
  }
  const std::string advice = others.empty() ? "send the request again later" : "send the request to " + others;
  return {Code::draining, as_sentence("this gateway is about to end; " + advice, 1024)};
}

// Whoever still waits hears so.
void GatewayCore::on_drain_over(Time now, Effects& out) {
  std::vector<RequestId> left;
  for (const auto& [request, stream] : streams_) left.push_back(request);
  for (const RequestId& request : left) fail(streams_.at(request), draining(), retry_after_ms, now, out);
  settle(calls_.on_drain_over(), now, out);
}

void GatewayCore::finish(Stream& stream, protocol::Finish finish, Time now, Effects& out) {
  protocol::edge::Done done;
  done.id = stream.client_id;
  done.finish = finish;
  done.prompt_tokens = static_cast<std::uint32_t>(stream.journal.prompt.ids.size());
  done.completion_tokens = stream.position();
  if (!stream.streamed) {
    done.content = stream.content;
    done.reasoning_content = stream.reasoning;
    const bool whole = stream.logprobs.count() == stream.position();  // not after a loss in between
    if (stream.journal.parameters.logprobs && whole) done.logprobs = std::move(stream.logprobs);
  }
  release_holders(stream, now, out);
  out.count("requests_done");
  end(stream, protocol::edge::done(done), now, out);
}

void GatewayCore::release_holders(Stream& stream, Time now, Effects& out) {
  for (Epoch* const holder : {&stream.executor, &stream.relay}) {
    if (*holder != 0) out.send(*holder, make_message(protocol::Release{}, stream.head(now)));
    *holder = 0;
  }
}

void GatewayCore::fail(Stream& stream, const Error& error, std::uint32_t retry_ms, Time now, Effects& out,
                       const std::string& reason) {
  tell_holders_to_stop(stream, now, out);
  out.count("requests_failed");
  out.note(actors::Note::Level::info, "request=" + to_hex(stream.id.request) +
                                          " failed code=" + std::string(name(error.code)) + " text=\"" +
                                          printable(error.text, 256) + "\"");
  end(stream, protocol::edge::error(stream.client_id, error, retry_ms, reason), now, out);
}

void GatewayCore::end(Stream& stream, std::string frame, Time now, Effects& out) {
  out.reply_client(stream.client, frame);
  if (stream.client.published) return forget(stream);  // nobody can ask for its end again
  terminals_bytes_ += frame.size();
  terminals_.push_back(
      {{stream.client, stream.client_id}, std::move(frame), now + milliseconds(limits::finished_keep_ms)});
  while (terminals_.size() > terminals_max || terminals_bytes_ > terminals_bytes_max) {
    terminals_bytes_ -= terminals_.front().frame.size();
    terminals_.pop_front();
  }
  forget(stream);
}

void GatewayCore::forget(Stream& stream) {
  const RequestId request = stream.id.request;
  count_bytes(stream, 0);
  end_long(stream);
  ends_.placed();
  timers_.cancel(request);
  if (stream.stage_call != 0) calls_.forget(stream.stage_call);
  for (std::size_t i = 0; stream.review && i < stream.review->stages(); ++i) {
    if (stream.review->asking(i).call != 0) calls_.forget(stream.review->asking(i).call);
  }
  if (stream.client.published) --published_open_;
  by_client_.erase({stream.client, stream.client_id});
  streams_.erase(request);
}

// The publish port is read while few enough of what came through it are open, and the rest waits in the sockets.
void GatewayCore::take_published(Effects& out) {
  if (config_.published_max == 0 || bytes_ > config_.bytes_max / 2) return;
  const std::uint64_t until =
      published_seen_ +
      std::min(published_ahead, config_.published_max - std::min(published_open_, config_.published_max));
  const bool runs_dry = published_until_ < published_seen_ + published_ahead / 2;
  if (until <= published_until_ || !runs_dry) return;
  published_until_ = until;
  out.take_published(until);
}

void GatewayCore::count_bytes(Stream& stream, std::size_t bytes) {
  bytes_ = bytes_ - stream.bytes + bytes;
  stream.bytes = bytes;
}

void GatewayCore::end_long(Stream& stream) {
  if (stream.long_bytes == 0) return;
  long_bytes_ -= std::exchange(stream.long_bytes, 0);
  stream.in_hand.reset();
  long_ends_.placed();
}

// Whoever was refused comes back when an eighth of what is here has ended: sooner, and others would be first.
std::uint32_t GatewayCore::busy_ms() const {
  return ends_.estimate_ms(streams_.size() / 8 + 1, retry_ms_min, retry_ms_max);
}

void GatewayCore::tell_holders_to_stop(const Stream& stream, Time now, Effects& out) {
  const auto head = stream.head(now);
  if (stream.phase == Phase::placing && stream.router != 0) {
    out.send(stream.router, make_message(protocol::Withdraw{}, head));
  }
  if (stream.relay != 0) out.send(stream.relay, make_message(protocol::Cancel{}, head));
  if (stream.executor != 0) out.send(stream.executor, make_message(protocol::Cancel{}, head));
}

void GatewayCore::wait_until(Stream& stream, Time until) {
  stream.waits_until = until;
  timers_.set(stream.id.request, std::min(until, stream.deadline));
}

Stream* GatewayCore::find(const actors::ClientId& client, const std::string& id) {
  const auto known = by_client_.find({client, id});
  return known == by_client_.end() ? nullptr : &streams_.at(known->second);
}

// Round robin.
const protocol::Entry* GatewayCore::next_of(const std::vector<const protocol::Entry*>& alive, Epoch not_this,
                                            std::uint64_t& turn) {
  if (alive.empty()) return nullptr;
  const auto* chosen = alive[turn++ % alive.size()];
  if (chosen->epoch == not_this && alive.size() > 1) chosen = alive[turn++ % alive.size()];
  return chosen;
}

}  // namespace shoal::gateway
