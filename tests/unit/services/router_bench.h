// A router core on the bench, with an owner that asks for places and executors that report what the test wants.
#pragma once

#include <string>

#include <doctest/doctest.h>

#include "bench.h"
#include "services/router/router_core.h"

namespace shoal::test {

constexpr Epoch self = 1, owner = 10, executor = 20, other_executor = 21;

struct Router {
  explicit Router(router::Tiers tiers = {}) : core({.self = entry(self, "router"), .tiers = tiers}), bench(core) {
    bench.give(actors::Started{});
    hello(owner, "gateway");
    bench.now += seconds(1);
    bench.receive(owner, protocol::Load{});  // past its youth
    bench.give(actors::Tick{});
    hello(owner, "gateway");
  }

  void hello(Epoch epoch, const std::string& kind, const std::string& model = "bytes") {
    protocol::Hello hello;
    hello.self = entry(epoch, kind, model);
    bench.receive(epoch, hello);
  }
  void load(Epoch epoch, std::uint32_t free, std::uint64_t consumed = 0) {
    protocol::LoadReport report;
    report.sequence = ++sequence;
    report.slots = 16;
    report.slots_free = free;
    report.grants_consumed = consumed;
    bench.receive(epoch, protocol::Load{report});
  }
  // With what runs of each tier.
  void load_running(Epoch epoch, std::uint32_t free, std::uint64_t consumed, std::vector<std::uint32_t> running) {
    protocol::LoadReport report;
    report.sequence = ++sequence;
    report.slots_free = free;
    report.grants_consumed = consumed;
    report.running = std::move(running);
    bench.receive(epoch, protocol::Load{report});
  }
  void start_executor(Epoch epoch = executor, std::uint32_t free = 4, const std::string& model = "bytes") {
    hello(epoch, "inference", model);
    load(epoch, free);
  }
  void place(std::uint8_t number, const std::string& model = "bytes", Tier tier = Tier::realtime,
             std::uint32_t budget = 60'000) {
    protocol::Place place;
    place.model = model;
    place.tokenizer_digest = "t";
    auto head = head_of(number);
    head.tier = tier;
    head.budget_ms = budget;
    bench.receive(owner, place, head);
  }
  struct Ask {
    Tier tier = Tier::realtime;
    std::uint32_t prompt_tokens = 0;
    std::uint32_t max_tokens = 0;
    std::uint32_t waited_ms = 0;
    std::vector<Epoch> exclude = {};
  };
  void ask(std::uint8_t number, const Ask& ask) {
    protocol::Place place;
    place.model = "bytes";
    place.tokenizer_digest = "t";
    place.prompt_tokens = ask.prompt_tokens;
    place.max_tokens = ask.max_tokens;
    place.waited_ms = ask.waited_ms;
    place.exclude = ask.exclude;
    auto head = head_of(number);
    head.tier = ask.tier;
    bench.receive(owner, place, head);
  }
  bool placed() const { return bench.sent<protocol::Placed>(owner) != nullptr; }
  bool queued() const { return bench.sent<protocol::Queued>(owner) != nullptr; }
  Code refused() const {
    const auto* body = bench.body<protocol::Refused>(owner);
    return body == nullptr ? Code::ok : body->code;
  }

  // Who was placed by the last event, in order.
  std::vector<std::uint8_t> all_placed() const {
    std::vector<std::uint8_t> numbers;
    for (const auto& send : bench.sends) {
      if (std::holds_alternative<protocol::Placed>(send.message.body)) {
        numbers.push_back(send.message.head.request.bytes[0]);
      }
    }
    return numbers;
  }

  router::RouterCore core;
  Bench bench;
  std::uint64_t sequence = 0;
};

}  // namespace shoal::test
