#include "actors/net/publish_port.h"

#include <string_view>
#include <utility>

#include "actors/net/zmtp/wire.h"
#include "base/limits.h"
#include "protocol/edge/edge.h"

namespace shoal::actors {

bool Subscriptions::add(zmtp::ConnectionId who, const std::string& prefix) {
  auto& own = by_connection_[who];
  if (own.count(prefix) == 0 && own.size() >= limits::subscriptions_max) return false;
  own.insert(prefix);
  by_prefix_[prefix].insert(who);
  return true;
}

void Subscriptions::remove(zmtp::ConnectionId who, const std::string& prefix) {
  const auto own = by_connection_.find(who);
  if (own == by_connection_.end() || own->second.erase(prefix) == 0) return;
  const auto wanted = by_prefix_.find(prefix);
  wanted->second.erase(who);
  if (wanted->second.empty()) by_prefix_.erase(wanted);
}

void Subscriptions::remove(zmtp::ConnectionId who) {
  const auto own = by_connection_.find(who);
  if (own == by_connection_.end()) return;
  for (const std::string& prefix : std::set<std::string>(own->second)) remove(who, prefix);
  by_connection_.erase(who);
}

std::vector<zmtp::ConnectionId> Subscriptions::of(const std::string& topic) const {
  std::set<zmtp::ConnectionId> all;
  for (std::size_t bytes = 0; bytes <= topic.size(); ++bytes) {
    const auto wanted = by_prefix_.find(std::string_view(topic).substr(0, bytes));
    if (wanted != by_prefix_.end()) all.insert(wanted->second.begin(), wanted->second.end());
  }
  return {all.begin(), all.end()};
}

Result<void> PublishPort::open(const Address& requests, const Address& answers) {
  SHOAL_TRY(requests_.open(requests, zmtp::Role::pull, on_requests_));
  SHOAL_TRY(answers_.open(answers, zmtp::Role::publisher, on_answers_));
  requests_.set_reading(false);
  return {};
}

void PublishPort::take_until(std::uint64_t until) {
  until_ = std::max(until_, until);
  requests_.set_reading(taken_ < until_);
}

void PublishPort::serve(std::size_t budget, Time now) {
  answers_.serve(limits::turn_messages_max, now);  // who subscribed
  requests_.serve(std::min<std::uint64_t>(budget, until_ - taken_), now);
  requests_.set_reading(taken_ < until_);
}

void PublishPort::flush(Time now) {
  requests_.flush(now);
  answers_.flush(now);
}

void PublishPort::take(zmtp::ConnectionId from, std::vector<std::string> frames) {
  if (frames.size() != 1) {
    return publish(
        "", protocol::edge::error("", {Code::malformed, "a published request is one frame with one msgpack map"}));
  }
  ++taken_;
  const std::size_t bytes = frames[0].size();
  deliver_(
      ClientReceived{ClientId{.routing_id = {}, .published = true}, std::move(frames[0]), requests_.hold(from, bytes)});
}

void PublishPort::publish(const std::string& topic, const std::string& frame) {
  std::string bytes;
  zmtp::append_frame(bytes, topic, true);
  zmtp::append_frame(bytes, frame, false);
  for (const zmtp::ConnectionId subscriber : subscriptions_.of(topic)) {
    if (answers_.backlog_bytes(subscriber) + bytes.size() > limits::answers_backlog_bytes_max) continue;
    answers_.send(subscriber, std::string(bytes));
  }
}

void PublishPort::close(Time until) {
  requests_.close(Time{});
  answers_.close(until);
}

void PublishPort::Requests::on_message(zmtp::ConnectionId from, std::vector<std::string> frames) {
  port.take(from, std::move(frames));
}

void PublishPort::Requests::on_ended(zmtp::ConnectionId, const std::string& why) {
  if (!why.empty()) port.deliver_(Unwelcome{why});
}

void PublishPort::Answers::on_subscription(zmtp::ConnectionId who, bool on, std::string topic) {
  if (!on) return port.subscriptions_.remove(who, topic);
  if (port.subscriptions_.add(who, topic)) return;
  port.answers_.end(who, "it has more than " + std::to_string(limits::subscriptions_max) + " subscriptions");
}

void PublishPort::Answers::on_ended(zmtp::ConnectionId who, const std::string& why) {
  port.subscriptions_.remove(who);
  if (!why.empty()) port.deliver_(Unwelcome{why});
}

}  // namespace shoal::actors
