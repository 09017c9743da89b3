// A core on the bench: events in by hand, effects out for the test to look at. One thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/core.h"

namespace shoal::test {

using protocol::make_message;

class Bench {
public:
  explicit Bench(actors::Core& core) : core_(core) {}

  Time now = Time(seconds(1000));

  // What the last event brought; each event starts anew.
  std::vector<actors::Send> sends;
  std::vector<actors::ReplyClient> replies;
  std::vector<actors::StartJob> jobs;
  std::vector<actors::EngineCommand> commands;
  std::vector<std::string> counts;
  bool reported_load = false;  // LOAD was asked for before its time

  // The newest of all events.
  std::optional<std::vector<protocol::Label>> labels;
  std::uint64_t taken = 0;  // frames of the publish port that were asked for

  void give(const actors::Event& event) {
    sends.clear();
    replies.clear();
    jobs.clear();
    commands.clear();
    counts.clear();
    reported_load = false;
    actors::Effects effects;
    core_.on(event, now, effects);
    for (actors::Effect& effect : effects.take()) {
      if (auto* send = std::get_if<actors::Send>(&effect)) sends.push_back(std::move(*send));
      if (auto* reply = std::get_if<actors::ReplyClient>(&effect)) replies.push_back(std::move(*reply));
      if (auto* job = std::get_if<actors::StartJob>(&effect)) jobs.push_back(std::move(*job));
      if (auto* command = std::get_if<actors::EngineCommand>(&effect)) commands.push_back(std::move(*command));
      if (std::holds_alternative<actors::ReportLoad>(effect)) reported_load = true;
      if (auto* count = std::get_if<actors::Count>(&effect)) counts.emplace_back(count->name);
      if (auto* advertise = std::get_if<actors::Advertise>(&effect)) labels = std::move(advertise->labels);
      if (auto* take = std::get_if<actors::TakePublished>(&effect)) taken = take->until;
    }
  }

  template <class Body>
  void receive(Epoch from, Body body, protocol::Head head = {}) {
    give(actors::Received{from, make_message(std::move(body), head)});
  }

  // Lets time pass and gives the Tick if the core asked for one by then.
  void pass(Duration span) {
    now += span;
    if (core_.next_wake() <= now) {
      give(actors::Tick{});
    } else {
      sends.clear();
      replies.clear();
    }
  }

  // The message of this type that went to `to`; null if there is none.
  template <class Body>
  const protocol::Message* sent(Epoch to) const {
    for (const actors::Send& send : sends) {
      if (send.to == to && std::holds_alternative<Body>(send.message.body)) return &send.message;
    }
    return nullptr;
  }
  template <class Body>
  const Body* body(Epoch to) const {
    const auto* message = sent<Body>(to);
    return message == nullptr ? nullptr : &std::get<Body>(message->body);
  }

  protocol::LoadReport load(Epoch router) {
    protocol::LoadReport report;
    core_.fill_load(report, router, now);
    return report;
  }

private:
  actors::Core& core_;
};

inline protocol::Entry entry(Epoch epoch, const std::string& kind, const std::string& model = "bytes",
                             const std::string& tokenizer = "t") {
  protocol::Entry entry;
  entry.epoch = epoch;
  entry.kind = kind;
  entry.node = "n" + std::to_string(epoch);
  entry.address = "sim://" + entry.node;
  entry.labels = {{"model", model}, {"tokenizer_digest", tokenizer}};
  if (kind == "inference") entry.labels.push_back({"model_digest", "m"});
  if (kind == "gateway") entry.client = "sim://client" + entry.node;
  return entry;
}

inline RequestId request_id(std::uint8_t number) {
  RequestId request;
  request.bytes[0] = number;
  return request;
}

// The head of a stream that has generated `ids`.
inline protocol::Head head_of(std::uint8_t number, std::uint16_t redispatch = 0, std::vector<TokenId> ids = {}) {
  protocol::Head head;
  head.request = request_id(number);
  head.attempt.redispatch = redispatch;
  head.position = static_cast<Position>(ids.size());
  head.chain = chain_over(chain_start(head.stream()), ids);
  head.budget_ms = 60'000;
  return head;
}

}  // namespace shoal::test
