#include "actors/net/loop.h"

#include <algorithm>
#include <chrono>
#include <type_traits>
#include <utility>

#include "actors/net/address.h"
#include "actors/net/clock.h"
#include "actors/net/options.h"
#include "base/check.h"
#include "protocol/edge/edge.h"

namespace shoal::actors {
namespace {

constexpr int congested_ms = 2;  // until a congested service is asked again

// Whether what was no message comes from a client that took the inbox for a gateway: its routing id has no epoch, and
// it sends one frame, or two where the first is empty.
bool is_stray(const Route& from, std::span<const std::string_view> frames) {
  if (from.routing_id.empty() || epoch_of(from.routing_id) != 0) return false;
  return frames.size() == 1 || (frames.size() == 2 && frames[0].empty());
}

}  // namespace

Loop::Loop(LoopConfig config)
    : config_(std::move(config)),
      edge_(config_.client_bounds, config_.clients_max, [this](WireEvent event) { deliver(std::move(event)); }),
      publish_port_([this](WireEvent event) { deliver(std::move(event)); }) {}

Result<std::unique_ptr<Loop>> Loop::open(LoopConfig config) {
  std::unique_ptr<Loop> loop(new Loop(std::move(config)));
  const LoopConfig& wanted = loop->config_;
  const auto inbox = bindable("bind", wanted.bind, wanted.insecure);
  SHOAL_TRY(inbox);
  SHOAL_TRY(loop->inbox_.open(loop->context_, *inbox, set_inbox_options));
  loop->bound_ = loop->inbox_.bound();
  auto told = advertised_address("advertise", wanted.advertise, loop->bound_);
  SHOAL_TRY(told);
  loop->advertised_ = std::move(*told);
  if (wanted.client_bind.empty()) return loop;
  const auto edge = bindable("client_bind", wanted.client_bind, wanted.insecure);
  SHOAL_TRY(edge);
  SHOAL_TRY(loop->edge_.open(*edge));
  auto client_told = advertised_address("client_advertise", wanted.client_advertise, loop->edge_.bound());
  SHOAL_TRY(client_told);
  loop->client_advertised_ = std::move(*client_told);
  if (wanted.publish_bind.empty()) return loop;
  const auto requests = bindable("publish_bind", wanted.publish_bind, wanted.insecure);
  SHOAL_TRY(requests);
  const auto answers = bindable("answers_bind", wanted.answers_bind, wanted.insecure);
  SHOAL_TRY(answers);
  SHOAL_TRY(loop->publish_port_.open(*requests, *answers));
  return loop;
}

Loop::~Loop() { stop(); }

void Loop::start(Deliver deliver, Congested congested, Work work) {
  SHOAL_CHECK(!thread_.joinable());
  deliver_ = std::move(deliver);
  congested_ = std::move(congested);
  work_ = std::move(work);
  thread_ = std::thread([this] { run(); });
}

void Loop::stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  outbox_.close();
  thread_.join();
}

void Loop::run() {
  outbox_.take_on_this_thread();
  while (!stopping_) {
    wait();
    const Time started = monotonic_now();
    carry_out_posted();
    flush_clients();
    const std::size_t budget = congested_() ? 0 : limits::turn_messages_max;
    read_links(budget);
    read_inbox(budget);
    read_clients(budget);
    has_work_ = false;
    if (work_()) has_work_ = true;
    carry_out_posted();
    flush_clients();
    const auto took_ms = std::chrono::duration_cast<milliseconds>(monotonic_now() - started).count();
    lag_ms_ = std::max(lag_ms_.load(), static_cast<std::uint32_t>(took_ms));
  }
  carry_out_posted();
  for (const auto& [address, link] : links_) link->hang_up(limits::flush_ms);
  inbox_.close(limits::flush_ms);
  const Time until = monotonic_now() + milliseconds(limits::flush_ms);  // these two wait, one after the other
  edge_.close(until);
  publish_port_.close(until);
}

int Loop::wait_ms(bool congested) const {
  Time until = time_never;
  for (const auto& [address, link] : links_) until = std::min(until, link->next_wake());
  until = std::min({until, edge_.next_wake(), publish_port_.next_wake()});
  const int wait = congested ? congested_ms : -1;
  if (until == time_never) return wait;
  const auto left = std::chrono::ceil<milliseconds>(until - monotonic_now()).count();
  const int timer = static_cast<int>(std::max<milliseconds::rep>(left, 0));
  return wait < 0 ? timer : std::min(wait, timer);
}

void Loop::wait() {
  const bool congested = congested_();
  bool stirred = has_work_;
  waited_for_.clear();
  items_.assign(1, pollfd{outbox_.fd(), POLLIN, 0});
  const auto add = [&](Source& source, bool messages) {
    if (congested && messages) return;
    stirred = stirred || source.is_stirred();
    waited_for_.push_back(&source);
    items_.push_back({source.fd(), POLLIN, 0});
  };
  for (const auto& [address, link] : links_) link->each_wait(add);
  inbox_.each_wait(add);
  if (edge_.is_open()) add(edge_.source(), true);
  if (publish_port_.is_open()) {
    add(publish_port_.requests(), true);
    add(publish_port_.answers(), false);
  }
  if (::poll(items_.data(), items_.size(), stirred ? 0 : wait_ms(congested)) <= 0) return;  // or a signal came
  if (items_.front().revents != 0) outbox_.hush();
  for (std::size_t i = 0; i < waited_for_.size(); ++i) {
    if (items_[i + 1].revents != 0) waited_for_[i]->stir();
  }
}

void Loop::carry_out_posted() {
  for (WireEffect& effect : outbox_.take()) carry_out(effect);
}

void Loop::carry_out(WireEffect& effect) {
  std::visit(
      [&](auto& wanted) {
        using T = std::decay_t<decltype(wanted)>;
        if constexpr (std::is_same_v<T, Dial>) {
          dial(wanted.address);
        } else if constexpr (std::is_same_v<T, HangUp>) {
          const auto link = links_.find(wanted.address);
          if (link == links_.end()) return;
          link->second->hang_up(limits::flush_ms);
          links_.erase(link);
        } else if constexpr (std::is_same_v<T, Post>) {
          send(wanted);
        } else if constexpr (std::is_same_v<T, TurnAway>) {
          turn_away(wanted);
        } else if constexpr (std::is_same_v<T, ReplyClient>) {
          reply(wanted);
        } else if constexpr (std::is_same_v<T, TakePublished>) {
          publish_port_.take_until(wanted.until);
        } else {
          check_failed("only what the loop can do is posted to it", __FILE__, __LINE__);
        }
      },
      effect);
}

void Loop::deliver(WireEvent event) {
  has_work_ = true;
  deliver_(std::move(event));
}

void Loop::dial(const std::string& address) {
  if (links_.count(address) != 0) return;
  auto link = Link::dial(context_, address, config_.routing_id);
  if (link) {
    links_[address] = std::move(*link);
  } else {
    deliver(LinkDown{{address, {}}});
  }
}

void Loop::send(Post& post) {
  protocol::Frames frames = protocol::encode(post.message);
  if (!post.route.address.empty()) {
    const auto link = links_.find(post.route.address);
    // A link that was up tells of its end itself, after what is still to be read from it.
    if (link == links_.end() || (!link->second->send(std::move(frames)) && !link->second->is_up())) {
      deliver(LinkDown{post.route});
    }
    return;
  }
  const auto peer = peers_.find(post.route.routing_id);
  if (peer == peers_.end()) return deliver(LinkDown{post.route});
  const auto& [plain, bulk] = peer->second;
  const bool large = bytes_of(frames) > limits::bulk_bytes_min;
  frames.insert(frames.begin(), plain.empty() || (large && !bulk.empty()) ? bulk : plain);
  if (inbox_.send(frames) != Sent::yes) deliver(LinkDown{post.route});
}

void Loop::turn_away(const TurnAway& stray) {
  const auto peer = peers_.find(stray.client.routing_id);
  if (peer == peers_.end()) return;
  protocol::Frames frames = {peer->second.plain};
  if (stray.client.enveloped) frames.emplace_back();
  frames.push_back(stray.frame);
  inbox_.send(frames);
}

void Loop::read_links(std::size_t budget) {
  const Time now = monotonic_now();
  for (const auto& item : links_) {
    const std::string& address = item.first;
    item.second->serve(
        budget, now,
        [&](bool up) {
          deliver(up ? WireEvent(LinkUp{address}) : WireEvent(LinkDown{{address, {}}}));
        },
        [&](const Incoming& incoming) {
          arrive(Route{address, {}}, incoming, 0);
        });
  }
}

void Loop::read_inbox(std::size_t budget) {
  inbox_.serve(
      budget, [this](const std::string& connection, const Incoming& incoming) { got_from_peer(connection, incoming); },
      [this](const std::string& connection) { lost_peer(connection); });
}

void Loop::read_clients(std::size_t budget) {
  const Time now = monotonic_now();
  if (edge_.is_open()) edge_.serve(budget, now);
  if (publish_port_.is_open()) publish_port_.serve(budget, now);
}

void Loop::flush_clients() {
  const Time now = monotonic_now();
  if (edge_.is_open()) edge_.flush(now);
  if (publish_port_.is_open()) publish_port_.flush(now);
}

void Loop::reply(ReplyClient& reply) {
  if (reply.client.published) return publish_port_.publish(reply.client.routing_id, reply.frame);
  if (!edge_.reply(reply.client, std::move(reply.frame))) deliver(ClientGone{reply.client.routing_id});
}

void Loop::got_from_peer(const std::string& connection, const Incoming& incoming) {
  const Lane lane = lane_of(connection);
  Peer& peer = peers_[lane.process];
  std::string& known = lane.bulk ? peer.bulk : peer.plain;
  if (known != connection) {
    if (!known.empty() && lane_of(known).number > lane.number) return;  // the peer has given that connection up
    const bool redialled = !known.empty() && !lane.bulk;
    known = connection;
    if (redialled) deliver(LinkDown{{{}, lane.process}});  // and what was on the way there is lost
  }
  arrive(Route{{}, lane.process}, incoming, 1);
}

void Loop::lost_peer(const std::string& connection) {
  const Lane lane = lane_of(connection);
  const auto peer = peers_.find(lane.process);
  if (peer == peers_.end()) return;
  auto& [plain, bulk] = peer->second;
  const bool lost = plain == connection;
  if (lost) plain.clear();
  if (bulk == connection) bulk.clear();
  if (plain.empty() && bulk.empty()) peers_.erase(peer);
  if (lost) deliver(LinkDown{{{}, lane.process}});
}

void Loop::arrive(Route from, const Incoming& incoming, std::size_t first) {
  const auto frames = incoming.from(first);
  auto message = incoming.overlong
                     ? Result<protocol::Message>(Error{Code::malformed, "more frames than any message has"})
                     : protocol::decode(frames);
  if (message) {
    deliver(Arrived{std::move(from), std::move(message).value()});
  } else if (is_stray(from, frames)) {
    deliver(Strayed{{from.routing_id, frames.size() == 2}, protocol::edge::id_in(frames.back())});
  } else {
    deliver(Garbled{std::move(from), std::move(message).error()});
  }
}

}  // namespace shoal::actors
