// An executor's core on the bench, with an owner that sends it granted streams.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "bench.h"
#include "services/inference/inference_core.h"

namespace shoal::test {

constexpr Epoch owner = 10, relay = 20, router = 30, other_router = 31;

struct Executor {
  explicit Executor(std::uint32_t slots = 4, std::size_t bytes_max = 1000)
      : core({.slots = slots, .bytes_max = bytes_max}), bench(core) {
    bench.give(actors::PeerUp{entry(router, "router")});
  }

  static protocol::Generate generate_of(std::vector<TokenId> generated = {}, std::uint32_t handle = 5) {
    protocol::Generate generate;
    generate.owner = owner;
    generate.relay = relay;
    generate.relay_address = "sim://relay";
    generate.handle = handle;
    generate.credit_until = 100;
    generate.grant = {router, 1, 500};
    generate.journal.prompt.ids = {1, 2, 3};
    generate.journal.generated.ids = std::move(generated);
    generate.journal.parameters.max_tokens = 10;
    return generate;
  }
  bool generate(std::uint8_t number, std::uint16_t redispatch = 0, std::uint32_t handle = 5) {
    bench.receive(owner, generate_of({}, handle), head_of(number, redispatch));
    return bench.sent<protocol::Accepted>(owner) != nullptr;
  }
  Code refused() const {
    const auto* body = bench.body<protocol::Refused>(owner);
    return body == nullptr ? Code::ok : body->code;
  }
  template <class Command>
  const Command* command() const {
    for (const auto& effect : bench.commands) {
      const auto* any = std::any_cast<inference::Command>(&effect.command);
      if (any != nullptr && std::holds_alternative<Command>(*any)) return &std::get<Command>(*any);
    }
    return nullptr;
  }
  void stepped(std::uint8_t number, std::uint16_t redispatch, std::vector<TokenId> ids) {
    inference::EngineReport report;
    report.outcome.generated.push_back({{request_id(number), 0}, {0, redispatch}, 0, std::move(ids)});
    bench.give(actors::Reported{report});
  }

  inference::InferenceCore core;
  Bench bench;
};

}  // namespace shoal::test
