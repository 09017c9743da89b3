// How free slots are offered to routers, and when they hear of them.

#include <doctest/doctest.h>

#include "inference_bench.h"
#include "services/inference/inference_core.h"

using namespace shoal;
using namespace shoal::test;

TEST_CASE("free slots are split between two routers by what each placed lately") {
  Executor executor(12);
  executor.bench.give(actors::PeerUp{entry(other_router, "router")});
  CHECK(executor.bench.load(router).slots_free == 6);
  CHECK(executor.bench.load(other_router).slots_free == 6);
  for (std::uint8_t i = 1; i <= 4; ++i) REQUIRE(executor.generate(i));
  CHECK(executor.bench.load(router).slots_free == 7);        // 8 · 5 / 6, rounded up
  CHECK(executor.bench.load(other_router).slots_free == 2);  // 8 · 1 / 6
  executor.bench.now += milliseconds(2 * limits::load_interval_ms);
  CHECK(executor.bench.load(router).slots_free == 4);
  CHECK(executor.bench.load(router).grants_consumed == 4);
  CHECK(executor.bench.load(other_router).grants_consumed == 0);
}

TEST_CASE("every router has a slot while one is free, and none has one when none is") {
  Executor executor(2);
  executor.bench.give(actors::PeerUp{entry(other_router, "router")});
  REQUIRE(executor.generate(1));
  CHECK(executor.bench.load(router).slots_free == 1);
  CHECK(executor.bench.load(other_router).slots_free == 1);
  REQUIRE(executor.generate(2));
  CHECK(executor.bench.load(router).slots_free == 0);
}

TEST_CASE("a router that alone has requests is offered every free slot by the third report") {
  Executor executor(12);
  executor.bench.give(actors::PeerUp{entry(other_router, "router")});
  for (std::uint8_t i = 1; i <= 4; ++i) REQUIRE(executor.generate(i));  // by the first one, which then has no more
  std::uint32_t taken = 0;
  std::uint8_t number = 10;
  for (int report = 0; report < 3; ++report) {
    const std::uint32_t offered = executor.bench.load(other_router).slots_free;
    for (std::uint32_t i = 0; i < offered && taken < 8; ++i, ++taken) {
      auto generate = Executor::generate_of();
      generate.grant.router = other_router;
      executor.bench.receive(owner, generate, head_of(number++));
      REQUIRE(executor.bench.sent<protocol::Accepted>(owner) != nullptr);
    }
    executor.bench.now += milliseconds(limits::load_interval_ms);
  }
  CHECK(taken == 8);
}

TEST_CASE("the shares of all routers are all free slots, and over by less than one each") {
  for (std::size_t routers = 1; routers <= 3; ++routers) {
    Executor executor(16);
    for (std::size_t i = 1; i < routers; ++i) executor.bench.give(actors::PeerUp{entry(router + i, "router")});
    std::uint32_t free = 16;
    for (std::uint8_t number = 1; number <= 16; ++number) {
      auto generate = Executor::generate_of();
      generate.grant.router = router + number % 5 % routers;
      executor.bench.receive(owner, generate, head_of(number));
      --free;
      std::uint32_t offered = 0;
      for (std::size_t i = 0; i < routers; ++i) offered += executor.bench.load(router + i).slots_free;
      CHECK(offered >= free);
      CHECK(offered <= (free == 0 ? 0 : free + routers - 1));
    }
  }
}

TEST_CASE("a slot that is free again after none was is reported at once, others with the next report") {
  Executor executor(2);
  REQUIRE(executor.generate(1));
  executor.bench.receive(owner, protocol::Cancel{}, head_of(1));
  CHECK_FALSE(executor.bench.reported_load);
  REQUIRE(executor.generate(2));
  REQUIRE(executor.generate(3));
  executor.bench.receive(owner, protocol::Cancel{}, head_of(2));
  CHECK(executor.bench.reported_load);
}

TEST_CASE("a router that has used its share up hears at once of more, if there is more") {
  Executor executor(4);
  executor.bench.give(actors::PeerUp{entry(other_router, "router")});
  REQUIRE(executor.bench.load(router).slots_free == 2);
  REQUIRE(executor.generate(1));
  CHECK_FALSE(executor.bench.reported_load);
  REQUIRE(executor.generate(2));
  CHECK(executor.bench.reported_load);
}

TEST_CASE("a stream counts for its tier from the moment it is accepted") {
  Executor executor;
  auto head = head_of(1);
  head.tier = Tier::vip;
  executor.bench.receive(owner, Executor::generate_of(), head);
  CHECK(executor.bench.load(router).running == std::vector<std::uint32_t>{1, 0, 0, 0});
  executor.bench.receive(owner, protocol::Cancel{}, head);
  CHECK(executor.bench.load(router).running == std::vector<std::uint32_t>{0, 0, 0, 0});
}

TEST_CASE("a stream without credit keeps its slot for a moment, then others may have it") {
  Executor executor(1);
  auto generate = Executor::generate_of();
  generate.credit_until = 2;
  executor.bench.receive(owner, generate, head_of(1));
  executor.stepped(1, 0, {'a', 'b'});
  CHECK(executor.bench.load(router).slots_free == 0);
  executor.bench.pass(milliseconds(limits::parked_slot_ms));
  CHECK(executor.bench.reported_load);
  const auto load = executor.bench.load(router);
  CHECK(load.slots_free == 1);
  CHECK(load.streams == 1);
  CHECK(load.running == std::vector<std::uint32_t>{0, 0, 0, 0});
  CHECK(executor.generate(2));
}

TEST_CASE("a stream that gets credit in time keeps its slot") {
  Executor executor(1);
  auto generate = Executor::generate_of();
  generate.credit_until = 2;
  executor.bench.receive(owner, generate, head_of(1));
  executor.stepped(1, 0, {'a', 'b'});
  executor.bench.pass(milliseconds(limits::parked_slot_ms - 1));
  executor.bench.receive(owner, protocol::Credit{4}, head_of(1));
  executor.bench.pass(milliseconds(1));
  CHECK(executor.bench.load(router).slots_free == 0);
}

TEST_CASE("a stream that gets credit later takes a slot again, though none may be left, and nobody new comes in") {
  Executor executor(1);
  auto generate = Executor::generate_of();
  generate.credit_until = 2;
  executor.bench.receive(owner, generate, head_of(1));
  executor.stepped(1, 0, {'a', 'b'});
  executor.bench.pass(milliseconds(limits::parked_slot_ms));
  REQUIRE(executor.generate(2));
  executor.bench.receive(owner, protocol::Credit{4}, head_of(1));
  CHECK(executor.command<inference::GrantCredit>() != nullptr);
  executor.bench.receive(owner, protocol::Release{}, head_of(2));
  CHECK(executor.bench.load(router).slots_free == 0);
  CHECK_FALSE(executor.generate(3));
  executor.bench.receive(owner, protocol::Release{}, head_of(1));
  CHECK(executor.generate(4));
}

TEST_CASE("streams without credit are bounded: the one that has waited longest goes back to its owner") {
  Executor executor(1, 10'000);
  for (std::uint8_t number = 1; number <= 1 + limits::parked_a_slot; ++number) {
    auto generate = Executor::generate_of();
    generate.credit_until = 0;
    executor.bench.receive(owner, generate, head_of(number));
    REQUIRE(executor.bench.sent<protocol::Accepted>(owner) != nullptr);
    executor.bench.pass(milliseconds(limits::parked_slot_ms));
  }
  REQUIRE(executor.generate(100));
  const auto* yielded = executor.bench.sent<protocol::Yielded>(owner);
  REQUIRE(yielded != nullptr);
  CHECK(yielded->head.request == request_id(1));
  CHECK(executor.bench.load(router).streams == 1 + limits::parked_a_slot);
}
