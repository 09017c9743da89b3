#include "services/router/router_core.h"

#include <doctest/doctest.h>

#include "router_bench.h"

using namespace shoal;
using namespace shoal::test;

TEST_CASE("HELLO brings the whole table, and everybody else hears of who came") {
  Router router;
  router.hello(executor, "inference");
  const auto* table = router.bench.body<protocol::Directory>(executor);
  REQUIRE(table != nullptr);
  CHECK(table->snapshot);
  CHECK(table->up.size() == 3);
  const auto* change = router.bench.body<protocol::Directory>(owner);
  REQUIRE(change != nullptr);
  CHECK_FALSE(change->snapshot);
  REQUIRE(change->up.size() == 1);
  CHECK(change->up[0].epoch == executor);
}

TEST_CASE("HELLO again with other labels is announced, the same HELLO is not") {
  Router router;
  router.hello(executor, "inference");
  router.hello(executor, "inference");
  CHECK(router.bench.body<protocol::Directory>(owner) == nullptr);
  router.hello(executor, "inference", "another");
  REQUIRE(router.bench.body<protocol::Directory>(owner) != nullptr);
}

TEST_CASE("a process leaves the directory after a silence that no stall explains, and not before") {
  Router router;
  router.start_executor();
  const Time heard = router.bench.now;
  while (router.bench.now + milliseconds(limits::load_interval_ms) < heard + milliseconds(limits::silence_max_ms)) {
    router.bench.pass(milliseconds(limits::load_interval_ms));
    CHECK(router.bench.body<protocol::Directory>(owner) == nullptr);
    router.load(owner, 0);
  }
  CHECK(router.bench.now - heard > milliseconds(limits::stall_survived_ms));
  router.bench.pass(milliseconds(limits::load_interval_ms));
  const auto* change = router.bench.body<protocol::Directory>(owner);
  REQUIRE(change != nullptr);
  CHECK(change->down == std::vector<Epoch>{executor});
}

TEST_CASE("a router that stood still itself takes nobody for lost before it has listened again") {
  Router router;
  router.start_executor();
  router.bench.now += seconds(60);
  router.bench.give(actors::Tick{});
  CHECK(router.bench.body<protocol::Directory>(owner) == nullptr);
  CHECK(router.core.next_wake() > router.bench.now + milliseconds(limits::stall_survived_ms));
}

TEST_CASE("an executor that missed its reports gets nothing while another has a free slot, and all it can take else") {
  Router router;
  router.start_executor(executor, 8);
  router.start_executor(other_executor, 1);
  for (int i = 0; i < 5; ++i) {
    router.bench.now += milliseconds(limits::load_interval_ms);
    router.load(other_executor, 1);
  }
  router.place(1);
  REQUIRE(router.placed());
  CHECK(router.bench.body<protocol::Placed>(owner)->executor.epoch == other_executor);
  router.place(2);
  REQUIRE(router.placed());
  CHECK(router.bench.body<protocol::Placed>(owner)->executor.epoch == executor);
}

TEST_CASE("who reports without being known is asked for HELLO ever more rarely, and at once when it is new") {
  Router router;
  int asked = 0;
  for (int i = 0; i < 4 * 3600; ++i) {
    router.bench.now += milliseconds(250);
    router.load(77, 1);
    asked += router.bench.body<protocol::Reset>(77) != nullptr;
    if (i == 0) CHECK(asked == 1);
  }
  CHECK(asked > 10);
  CHECK(asked < 100);
  router.hello(77, "inference");
  router.bench.give(actors::LinkLost{77});
  router.load(77, 1);
  CHECK(router.bench.body<protocol::Reset>(77) != nullptr);
}

TEST_CASE("LOAD from an epoch that is not in the table asks for HELLO") {
  Router router;
  router.load(77, 1);
  const auto* reset = router.bench.body<protocol::Reset>(77);
  REQUIRE(reset != nullptr);
  CHECK(reset->code == Code::unknown_id);
}

TEST_CASE("a broken link takes a process out of the table at once") {
  Router router;
  router.start_executor();
  router.bench.give(actors::LinkLost{executor});
  REQUIRE(router.bench.body<protocol::Directory>(owner) != nullptr);
  CHECK(router.bench.body<protocol::Directory>(owner)->down == std::vector<Epoch>{executor});
}

TEST_CASE("a request is placed at once where a slot is free, with a grant of limited time") {
  Router router;
  router.start_executor();
  router.place(1);
  const auto* placed = router.bench.body<protocol::Placed>(owner);
  REQUIRE(placed != nullptr);
  CHECK(placed->executor.epoch == executor);
  CHECK(placed->grant.router == self);
  CHECK(placed->grant.ttl_ms == limits::grant_ms);
}

TEST_CASE("grants count as taken slots before the executor reports them") {
  Router router;
  router.start_executor(executor, 2);
  router.place(1);
  router.place(2);
  CHECK(router.placed());
  router.place(3);
  CHECK_FALSE(router.placed());
  CHECK(router.queued());
}

TEST_CASE("a grant that nobody used is free again when its time is over") {
  Router router;
  router.start_executor(executor, 1);
  router.place(1);
  router.place(2);
  REQUIRE(router.queued());
  router.bench.now += milliseconds(limits::grant_ms - 1);
  router.load(executor, 1);
  CHECK_FALSE(router.placed());
  router.bench.now += milliseconds(1);
  router.load(executor, 1);
  CHECK(router.placed());
}

TEST_CASE("a consumed grant counts in the executor's report and no longer as a promise") {
  Router router;
  router.start_executor(executor, 2);
  router.place(1);
  router.load(executor, 1, 1);  // one runs, one is free
  router.place(2);
  CHECK(router.placed());
  router.place(3);
  CHECK(router.queued());
}

TEST_CASE("what was consumed before a process said HELLO again is not taken for today's grants") {
  Router router;
  router.start_executor(executor, 2);
  router.bench.give(actors::LinkLost{executor});
  router.hello(executor, "inference");
  router.load(executor, 2, 57);
  router.place(1);
  router.place(2);
  router.load(executor, 2, 57);
  router.place(3);
  CHECK(router.queued());
}

TEST_CASE("the accounts of grants do not drift, whether they are used, wasted or used late") {
  Router router;
  router.start_executor(executor, 4);
  std::uint64_t consumed = 0;
  for (int round = 0; round < 50; ++round) {
    router.place(static_cast<std::uint8_t>(round));
    REQUIRE(router.placed());
    if (round % 3 != 0) ++consumed;
    router.bench.now += milliseconds(round % 3 == 1 ? 1100 : 300);
    router.load(executor, 4, consumed);
    router.load(owner, 0);
  }
  router.bench.now += seconds(1);
  router.load(executor, 4, consumed);
  for (std::uint8_t i = 0; i < 4; ++i) {
    router.place(static_cast<std::uint8_t>(100 + i));
    CHECK(router.placed());
  }
  router.place(110);
  CHECK(router.queued());
}

TEST_CASE("the executor with most free slots is chosen") {
  Router router;
  router.start_executor(executor, 2);
  router.start_executor(other_executor, 5);
  router.place(1);
  CHECK(router.bench.body<protocol::Placed>(owner)->executor.epoch == other_executor);
}

TEST_CASE("a higher tier is placed first, and within a tier the older one") {
  Router router;
  router.start_executor(executor, 0);
  router.place(1, "bytes", Tier::batch);
  router.place(2, "bytes", Tier::realtime);
  router.place(3, "bytes", Tier::realtime);
  std::vector<std::uint8_t> order;
  for (int i = 0; i < 3; ++i) {
    router.load(executor, 1, static_cast<std::uint64_t>(i));
    const auto* placed = router.bench.sent<protocol::Placed>(owner);
    REQUIRE(placed != nullptr);
    order.push_back(placed->head.request.bytes[0]);
  }
  CHECK(order == std::vector<std::uint8_t>{2, 3, 1});
}

TEST_CASE("a request does not wait behind one for another model") {
  Router router;
  router.start_executor(executor, 0, "full");
  router.start_executor(other_executor, 1, "free");
  router.place(1, "full");
  REQUIRE(router.queued());
  router.place(2, "free");
  CHECK(router.placed());
}

TEST_CASE("a waiting request whose time is over is refused when its time is over") {
  Router router;
  router.start_executor(executor, 0);
  router.place(1, "bytes", Tier::realtime, 500);
  REQUIRE(router.queued());
  router.bench.pass(milliseconds(499));
  CHECK(router.refused() == Code::ok);
  router.bench.pass(milliseconds(1));
  CHECK(router.refused() == Code::deadline_exceeded);
}

TEST_CASE("PLACE without time left is refused at receipt") {
  Router router;
  router.start_executor();
  router.place(1, "bytes", Tier::realtime, 0);
  CHECK(router.refused() == Code::deadline_exceeded);
}

TEST_CASE("a withdrawn request is not placed") {
  Router router;
  router.start_executor(executor, 0);
  router.place(1);
  router.bench.receive(owner, protocol::Withdraw{}, head_of(1));
  router.load(executor, 1);
  CHECK_FALSE(router.placed());
}

TEST_CASE("only its owner withdraws a request") {
  Router router;
  router.start_executor(executor, 0);
  router.place(1);
  router.bench.receive(11, protocol::Withdraw{}, head_of(1));
  router.load(executor, 1);
  CHECK(router.placed());
}

TEST_CASE("PLACE asked again while it waits keeps its place and is granted once") {
  Router router;
  router.start_executor(executor, 0);
  router.place(1);
  router.place(2);
  router.place(1);
  CHECK(router.queued());
  router.load(executor, 2);
  REQUIRE(router.bench.sends.size() == 2);
  CHECK(router.bench.sends[0].message.head.request == request_id(1));
  CHECK(router.bench.sends[1].message.head.request == request_id(2));
}

TEST_CASE("past the queue's bound the answer is busy, with a time to come back") {
  Router router({{{}, {.queue_max = 2}, {}, {}}});
  router.start_executor(executor, 0);
  for (std::uint8_t i = 1; i <= 2; ++i) {
    router.place(i);
    REQUIRE(router.queued());
  }
  router.place(3);
  CHECK(router.refused() == Code::busy);
  CHECK(router.bench.body<protocol::Refused>(owner)->retry_after_ms > 0);
}

TEST_CASE("the queue forgets the requests of an owner that is lost") {
  Router router({{{}, {.queue_max = 1}, {}, {}}});
  router.start_executor(executor, 0);
  router.place(1);
  router.bench.give(actors::LinkLost{owner});
  router.hello(owner, "gateway");
  router.place(2);
  CHECK(router.queued());
}

TEST_CASE("with nobody to place on, the refusal names what is missing") {
  Router router;
  router.place(1);
  CHECK(router.refused() == Code::no_inference);
  router.start_executor(executor, 1, "another");
  router.place(1);
  CHECK(router.refused() == Code::unknown_model);
  protocol::Place place;
  place.model = "another";
  place.tokenizer_digest = "other words";
  router.bench.receive(owner, place, head_of(1));
  CHECK(router.refused() == Code::no_compatible_worker);
  place.tokenizer_digest = "t";
  place.exclude = {executor};
  router.bench.receive(owner, place, head_of(1));
  CHECK(router.refused() == Code::no_inference);
}

TEST_CASE("waiting requests are refused when the last executor for them leaves") {
  Router router;
  router.start_executor(executor, 0);
  router.place(1);
  router.bench.give(actors::LinkLost{executor});
  CHECK(router.refused() == Code::no_inference);
}

TEST_CASE("a router that has just started queues what it cannot place yet") {
  router::RouterCore core({.self = entry(self, "router")});
  Bench bench(core);
  bench.give(actors::Started{});
  protocol::Place place;
  place.model = "bytes";
  place.tokenizer_digest = "t";
  bench.receive(owner, place, head_of(1));
  CHECK(bench.sent<protocol::Queued>(owner) != nullptr);
  SUBCASE("and places it when an executor has said HELLO") {
    protocol::Hello hello;
    hello.self = entry(executor, "inference");
    bench.receive(executor, hello);
    protocol::LoadReport report;
    report.slots_free = 1;
    bench.receive(executor, protocol::Load{report});
    CHECK(bench.sent<protocol::Placed>(owner) != nullptr);
  }
  SUBCASE("and refuses it when nobody came") {
    bench.pass(milliseconds(2 * limits::load_interval_ms));
    REQUIRE(bench.body<protocol::Refused>(owner) != nullptr);
    CHECK(bench.body<protocol::Refused>(owner)->code == Code::no_inference);
  }
}

TEST_CASE("CALL status returns the table, another method an error that names it") {
  Router router;
  router.start_executor();
  router.bench.receive(owner, protocol::Call{5, "router", "status", {}});
  const auto* result = router.bench.body<protocol::CallResult>(owner);
  REQUIRE(result != nullptr);
  CHECK(protocol::edge::unpack_processes(result->payload)->size() == 3);
  router.bench.receive(owner, protocol::Call{6, "router", "dance", {}});
  CHECK(router.bench.body<protocol::CallResult>(owner)->text.find("dance") != std::string::npos);
}
