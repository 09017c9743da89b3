#include "services/inference/inference_core.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "inference_bench.h"

using namespace shoal;
using namespace shoal::test;

TEST_CASE("a granted stream goes to the engine with its budget on this clock") {
  Executor executor;
  REQUIRE(executor.generate(1));
  const auto* add = executor.command<inference::AddWork>();
  REQUIRE(add != nullptr);
  CHECK(add->work.prompt == std::vector<TokenId>{1, 2, 3});
  CHECK(add->work.deadline == executor.bench.now + seconds(60));
  CHECK(add->work.credit_until == 100);
}

TEST_CASE("the tier of the request is the tier of its work") {
  Executor executor;
  auto head = head_of(1);
  head.tier = Tier::batch;
  executor.bench.receive(owner, Executor::generate_of(), head);
  CHECK(executor.command<inference::AddWork>()->work.tier == Tier::batch);
}

TEST_CASE("GENERATE twice runs once and is accepted twice") {
  Executor executor;
  REQUIRE(executor.generate(1));
  CHECK(executor.generate(1));
  CHECK(executor.bench.commands.empty());
  CHECK(executor.bench.load(router).grants_consumed == 1);
}

TEST_CASE("a higher attempt takes the place of a lower one without another slot") {
  Executor executor(1);
  REQUIRE(executor.generate(1));
  CHECK(executor.generate(1, 1));
  CHECK(executor.bench.load(router).streams == 1);
  CHECK(executor.bench.load(router).slots_free == 0);
}

TEST_CASE("a lower attempt is answered FENCED with the current one and not run") {
  Executor executor;
  REQUIRE(executor.generate(1, 3));
  executor.generate(1, 2);
  REQUIRE(executor.bench.sent<protocol::Fenced>(owner) != nullptr);
  CHECK(executor.bench.sent<protocol::Fenced>(owner)->head.attempt.redispatch == 3);
  CHECK(executor.bench.commands.empty());
}

TEST_CASE("a journal whose chain is not that of its ids is answered MISMATCH and not run") {
  Executor executor;
  executor.bench.receive(owner, Executor::generate_of({'a'}), head_of(1, 0, {'b'}));
  CHECK(executor.bench.sent<protocol::Mismatch>(owner) != nullptr);
  CHECK(executor.bench.commands.empty());
}

TEST_CASE("a grant whose time is over is refused and counts as used") {
  Executor executor;
  auto generate = Executor::generate_of();
  generate.grant.ttl_ms = 0;
  executor.bench.receive(owner, generate, head_of(1));
  CHECK(executor.refused() == Code::grant_expired);
  CHECK(executor.bench.load(router).grants_consumed == 1);
}

TEST_CASE("work past its deadline is refused at receipt") {
  Executor executor;
  auto head = head_of(1);
  head.budget_ms = 0;
  executor.bench.receive(owner, Executor::generate_of(), head);
  CHECK(executor.refused() == Code::deadline_exceeded);
}

TEST_CASE("past its slots or its prompts' bytes an executor is busy") {
  Executor executor(1);
  REQUIRE(executor.generate(1));
  executor.generate(2);
  CHECK(executor.refused() == Code::busy);
  Executor small(4, 20);
  REQUIRE(small.generate(1));
  small.generate(2);
  CHECK(small.refused() == Code::busy);
  small.bench.receive(owner, protocol::Release{}, head_of(1));
  CHECK(small.generate(2));
}

TEST_CASE("GENERATE that its CANCEL or RELEASE overtook is refused") {
  for (const bool cancel : {true, false}) {
    Executor executor;
    if (cancel) executor.bench.receive(owner, protocol::Cancel{}, head_of(1));
    if (!cancel) executor.bench.receive(owner, protocol::Release{}, head_of(1));
    executor.generate(1);
    CHECK(executor.refused() == Code::cancelled);
    CHECK(executor.generate(1, 1));  // a later attempt is not meant
  }
}

TEST_CASE("CANCEL of an attempt that is over leaves the attempt of today alone") {
  Executor executor;
  REQUIRE(executor.generate(1, 1));
  executor.bench.receive(owner, protocol::Cancel{}, head_of(1, 0));
  CHECK(executor.bench.load(router).streams == 1);
}

TEST_CASE("new ids go to the relay with the chain before them, and to its address if nobody listed it") {
  Executor executor;
  REQUIRE(executor.generate(1));
  executor.stepped(1, 0, {'a'});
  const auto* tokens = executor.bench.body<protocol::Tokens>(relay);
  REQUIRE(tokens != nullptr);
  CHECK(tokens->chains[0] == head_of(1).chain);
  CHECK(executor.bench.sends[0].address == "sim://relay");
  executor.stepped(1, 0, {'b'});
  CHECK(executor.bench.body<protocol::Tokens>(relay)->positions[0] == 1);
  CHECK(executor.bench.body<protocol::Tokens>(relay)->chains[0] == head_of(1, 0, {'a'}).chain);
}

TEST_CASE("the ids of one step for one relay are one message") {
  Executor executor;
  REQUIRE(executor.generate(1, 0, 5));
  REQUIRE(executor.generate(2, 0, 6));
  inference::EngineReport report;
  report.outcome.generated.push_back({{request_id(1), 0}, {}, 0, {'a'}});
  report.outcome.generated.push_back({{request_id(2), 0}, {}, 0, {'b', 'c'}});
  executor.bench.give(actors::Reported{report});
  REQUIRE(executor.bench.sends.size() == 1);
  const auto* tokens = executor.bench.body<protocol::Tokens>(relay);
  CHECK(tokens->handles == std::vector<std::uint32_t>{5, 6});
  CHECK(tokens->counts == std::vector<std::uint32_t>{1, 2});
  CHECK(tokens->ids.ids == std::vector<TokenId>{'a', 'b', 'c'});
}

TEST_CASE("ids of an attempt that was stopped while the step ran go nowhere") {
  Executor executor;
  REQUIRE(executor.generate(1, 1));
  executor.stepped(1, 0, {'a'});
  CHECK(executor.bench.sends.empty());
  executor.bench.receive(owner, protocol::Cancel{}, head_of(1, 1));
  executor.stepped(1, 1, {'a'});
  CHECK(executor.bench.sends.empty());
}

TEST_CASE("the ends of streams are told to their owner: finished, yielded, past the deadline, refused by the engine") {
  Executor executor;
  for (std::uint8_t i = 1; i <= 4; ++i) REQUIRE(executor.generate(i));
  inference::EngineReport report;
  report.outcome.ended.push_back({{request_id(1), 0}, {}, 0, engine::EndReason::length});
  report.outcome.ended.push_back({{request_id(2), 0}, {}, 0, engine::EndReason::deadline});
  report.outcome.yielded.push_back({{request_id(3), 0}, {}, 0});
  report.rejected.push_back({{request_id(4), 0}, {}, {Code::busy, "full"}});
  executor.bench.give(actors::Reported{report});
  REQUIRE(executor.bench.body<protocol::Finished>(owner) != nullptr);
  CHECK(executor.bench.body<protocol::Finished>(owner)->finish == protocol::Finish::length);
  REQUIRE(executor.bench.body<protocol::Failed>(owner) != nullptr);
  CHECK(executor.bench.body<protocol::Failed>(owner)->code == Code::deadline_exceeded);
  CHECK_FALSE(executor.bench.body<protocol::Failed>(owner)->retryable);
  CHECK(executor.bench.sent<protocol::Yielded>(owner)->head.request == request_id(3));
  CHECK(executor.refused() == Code::busy);
  CHECK(executor.bench.load(router).streams == 0);
}

TEST_CASE("a stream whose logits are not finite fails for good, with the position, and is counted") {
  Executor executor;
  REQUIRE(executor.generate(1));
  inference::EngineReport report;
  report.outcome.generated.push_back({{request_id(1), 0}, {}, 0, {'a', 'b'}});
  report.outcome.ended.push_back({{request_id(1), 0}, {}, 2, engine::EndReason::not_finite});
  executor.bench.give(actors::Reported{report});
  const auto* failed = executor.bench.body<protocol::Failed>(owner);
  REQUIRE(failed != nullptr);
  CHECK(failed->code == Code::not_finite);
  CHECK(failed->text.find("position 2 ") != std::string::npos);
  CHECK_FALSE(failed->retryable);
  const auto& counts = executor.bench.counts;
  CHECK(std::count(counts.begin(), counts.end(), "streams_not_finite") == 1);
  CHECK(executor.bench.load(router).streams == 0);
}

TEST_CASE("a relay that does not know a handle ends that stream and no other") {
  Executor executor;
  REQUIRE(executor.generate(1, 0, 5));
  REQUIRE(executor.generate(2, 0, 6));
  executor.bench.receive(relay, protocol::Unknown{{6}});
  REQUIRE(executor.bench.sent<protocol::Failed>(owner) != nullptr);
  CHECK(executor.bench.sent<protocol::Failed>(owner)->head.request == request_id(2));
  CHECK(executor.bench.load(router).streams == 1);
  executor.bench.receive(relay + 1, protocol::Unknown{{5}});  // a handle of another relay
  CHECK(executor.bench.load(router).streams == 1);
}

TEST_CASE("UNKNOWN of the owner ends a stream, of anybody else it does not") {
  Executor executor;
  REQUIRE(executor.generate(1));
  executor.bench.receive(owner + 1, protocol::Unknown{}, head_of(1));
  CHECK(executor.bench.load(router).streams == 1);
  executor.bench.receive(owner, protocol::Unknown{}, head_of(1));
  CHECK(executor.bench.load(router).streams == 0);
  CHECK(executor.command<inference::CancelWork>() != nullptr);
}

TEST_CASE("MISMATCH counts from the stream's relay and for its attempt") {
  Executor executor;
  REQUIRE(executor.generate(1, 1));
  executor.bench.receive(relay + 1, protocol::Mismatch{}, head_of(1, 1));
  executor.bench.receive(relay, protocol::Mismatch{}, head_of(1, 0));
  CHECK(executor.bench.load(router).streams == 1);
  executor.bench.receive(relay, protocol::Mismatch{}, head_of(1, 1));
  CHECK(executor.bench.load(router).streams == 0);
}

TEST_CASE("when owner or relay is lost the stream ends and the owner is told") {
  for (const Epoch lost : {owner, relay}) {
    Executor executor;
    REQUIRE(executor.generate(1));
    executor.bench.give(actors::LinkLost{lost});
    CHECK(executor.command<inference::CancelWork>() != nullptr);
    REQUIRE(executor.bench.body<protocol::Failed>(owner) != nullptr);
    CHECK(executor.bench.body<protocol::Failed>(owner)->code == Code::peer_lost);
    CHECK(executor.bench.body<protocol::Failed>(owner)->blame == (lost == relay ? relay : 0));
  }
}

TEST_CASE("CREDIT goes to the engine with its attempt") {
  Executor executor;
  REQUIRE(executor.generate(1));
  executor.bench.receive(owner, protocol::Credit{64}, head_of(1));
  REQUIRE(executor.command<inference::GrantCredit>() != nullptr);
  CHECK(executor.command<inference::GrantCredit>()->until == 64);
}

TEST_CASE("the ids of a stream that the engine has not reported yet wait already") {
  Executor executor;
  executor.generate(1);
  executor.generate(2);
  CHECK(executor.bench.load(router).tokens_waiting == 6);
  inference::EngineReport report;  // of a step that began before the second came
  report.load.offered = 1;
  report.load.waiting_tokens = 3;
  report.load.pages = 64;
  executor.bench.give(actors::Reported{report});
  CHECK(executor.bench.load(router).tokens_waiting == 6);
  CHECK(executor.bench.load(router).pages == 64);
  report.load.offered = 2;
  executor.bench.give(actors::Reported{report});
  CHECK(executor.bench.load(router).tokens_waiting == 3);
}

TEST_CASE("latency is the time until the first id, smoothed, and fades while nobody asks") {
  Executor executor;
  CHECK(executor.bench.load(router).latency_us == 0);
  executor.generate(1);
  executor.bench.now += milliseconds(40);
  executor.stepped(1, 0, {7});
  CHECK(executor.bench.load(router).latency_us == 40'000);
  executor.bench.now += milliseconds(1);
  executor.stepped(1, 0, {8});  // not its first
  CHECK(executor.bench.load(router).latency_us / 100 == 399);
  executor.generate(2);
  executor.bench.now += milliseconds(120);
  executor.stepped(2, 0, {7});
  CHECK(executor.bench.load(router).latency_us / 1000 == 49);  // 40 + (120 - 40) / 8, less what faded
  executor.bench.now += seconds(10);
  CHECK(executor.bench.load(router).latency_us / 1000 == 24);
}

TEST_CASE("an executor that gives no first id is as slow as its longest wait") {
  Executor executor;
  executor.generate(1);
  executor.bench.now += seconds(2);
  executor.generate(2);
  executor.bench.now += seconds(1);
  CHECK(executor.bench.load(router).latency_us == 3'000'000);
  executor.bench.receive(owner, protocol::Cancel{}, head_of(1));
  CHECK(executor.bench.load(router).latency_us == 1'000'000);
}

TEST_CASE("a stream that comes without credit is not waited for") {
  Executor executor;
  auto generate = Executor::generate_of();
  generate.credit_until = 0;
  executor.bench.receive(owner, generate, head_of(1));
  executor.bench.now += seconds(1);
  CHECK(executor.bench.load(router).latency_us == 0);
}

TEST_CASE("an executor that drains offers no slot, takes nothing new and owes what it has") {
  Executor executor;
  REQUIRE(executor.generate(1));
  executor.bench.give(actors::Draining{});
  CHECK(executor.bench.reported_load);
  CHECK(executor.bench.load(router).slots_free == 0);
  CHECK(executor.core.owes());
  CHECK_FALSE(executor.generate(2));
  CHECK(executor.refused() == Code::busy);
}

TEST_CASE("an executor whose time is over hands its streams back to their owners") {
  Executor executor;
  REQUIRE(executor.generate(1));
  executor.bench.give(actors::Draining{});
  executor.bench.give(actors::DrainOver{});
  const auto* failed = executor.bench.body<protocol::Failed>(owner);
  REQUIRE(failed != nullptr);
  CHECK(failed->code == Code::draining);
  CHECK(failed->retryable);
  CHECK(executor.command<inference::CancelWork>() != nullptr);
  CHECK_FALSE(executor.core.owes());
}
