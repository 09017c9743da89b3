// Penalties and log probabilities through the inference core: into the engine, and out to the relay.
#include <doctest/doctest.h>

#include "bench.h"
#include "protocol/codec.h"
#include "services/inference/inference_core.h"

using namespace shoal;
using namespace shoal::test;

namespace {

constexpr Epoch owner = 10, relay = 20, router = 30;

struct Executor {
  explicit Executor(std::uint32_t slots = 4) : core({.slots = slots, .bytes_max = 1000 * slots}), bench(core) {
    bench.give(actors::PeerUp{entry(router, "router")});
  }

  static protocol::Generate generate_of(std::uint32_t handle = 5) {
    protocol::Generate generate;
    generate.owner = owner;
    generate.relay = relay;
    generate.handle = handle;
    generate.credit_until = 100;
    generate.grant = {router, 1, 500};
    generate.journal.prompt.ids = {1, 2, 3};
    generate.journal.parameters.max_tokens = 10;
    return generate;
  }
  void generate(std::uint8_t number) { bench.receive(owner, generate_of(number), head_of(number)); }

  inference::InferenceCore core;
  Bench bench;
};

}  // namespace

TEST_CASE("penalties and the wish for log probabilities reach the engine") {
  Executor executor;
  auto generate = Executor::generate_of();
  generate.journal.parameters.frequency_penalty = 0.5F;
  generate.journal.parameters.presence_penalty = -0.5F;
  generate.journal.parameters.repetition_penalty = 1.5F;
  generate.journal.parameters.logprobs = true;
  generate.journal.parameters.top_logprobs = 7;
  executor.bench.receive(owner, generate, head_of(1));
  REQUIRE(executor.bench.commands.size() == 1);
  const auto command = std::any_cast<inference::Command>(executor.bench.commands[0].command);
  const auto& sampling = std::get<inference::AddWork>(command).work.sampling;
  CHECK(sampling.frequency_penalty == 0.5F);
  CHECK(sampling.presence_penalty == -0.5F);
  CHECK(sampling.repetition_penalty == 1.5F);
  CHECK(sampling.logprobs);
  CHECK(sampling.top_logprobs == 7);
}

TEST_CASE("only rows of streams that asked have log probabilities, and the codec takes the message") {
  Executor executor;
  for (std::uint8_t number : {1, 2, 3}) executor.generate(number);
  inference::EngineReport report;
  report.outcome.generated.push_back({{request_id(1), 0}, {}, 0, {'a'}, {{-0.5F, {'a', 'b'}, {-0.5F, -1.5F}}}});
  report.outcome.generated.push_back({{request_id(2), 0}, {}, 0, {'b'}, {}});
  report.outcome.generated.push_back({{request_id(3), 0}, {}, 0, {'c', 'd'}, {{-1, {}, {}}, {-2, {}, {}}}});
  executor.bench.give(actors::Reported{report});
  const auto* tokens = executor.bench.body<protocol::Tokens>(relay);
  REQUIRE(tokens != nullptr);
  const auto with = protocol::row_has_logprobs;
  CHECK(tokens->flags == std::vector<std::uint32_t>{with, 0, with});
  const std::vector<protocol::IdLogprobs> expected = {{-0.5F, {'a', 'b'}, {-0.5F, -1.5F}}, {-1, {}, {}}, {-2, {}, {}}};
  CHECK(tokens->logprobs == expected);
  const auto frames = protocol::encode(executor.bench.sends[0].message);
  const std::vector<std::string_view> views(frames.begin(), frames.end());
  CHECK(protocol::decode(views).has_value());
}

TEST_CASE("rows with log probabilities are split over messages that are not bulk") {
  constexpr std::uint32_t streams = 450;
  Executor executor(streams);
  inference::EngineReport report;
  for (std::uint32_t i = 0; i < streams; ++i) {
    auto head = head_of(1);
    head.choice = static_cast<Choice>(i);
    head.chain = chain_start(head.stream());
    executor.bench.receive(owner, Executor::generate_of(i), head);
    REQUIRE(executor.bench.sent<protocol::Accepted>(owner) != nullptr);
    kernels::IdLogprobs full{-1, std::vector<TokenId>(20, 200'000), std::vector<float>(20, -2)};
    report.outcome.generated.push_back({head.stream(), {}, 0, {'a'}, {std::move(full)}});
  }
  executor.bench.give(actors::Reported{report});
  CHECK(executor.bench.sends.size() == 3);
  std::size_t rows = 0;
  for (const auto& send : executor.bench.sends) {
    std::size_t bytes = 0;
    for (const std::string& frame : protocol::encode(send.message)) bytes += frame.size();
    CHECK(bytes < limits::bulk_bytes_min);
    rows += std::get<protocol::Tokens>(send.message.body).handles.size();
  }
  CHECK(rows == streams);
}
