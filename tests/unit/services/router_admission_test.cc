#include <doctest/doctest.h>

#include "router_bench.h"

using namespace shoal;
using namespace shoal::test;

namespace {

using Numbers = std::vector<std::uint8_t>;

router::Tiers vip_rules(router::TierRules rules) { return {{rules, {}, {}, {}}}; }

const protocol::Refused& refusal(const Router& router) {
  const auto* refused = router.bench.body<protocol::Refused>(owner);
  REQUIRE(refused != nullptr);
  return *refused;
}

const protocol::Queued& queued(const Router& router) {
  const auto* queued = router.bench.body<protocol::Queued>(owner);
  REQUIRE(queued != nullptr);
  return *queued;
}

}  // namespace

TEST_CASE("a tier has no more running than its concurrency, and another tier is not held up by it") {
  Router router(vip_rules({.max_concurrency = 2}));
  router.start_executor(executor, 8);
  router.ask(1, {.tier = Tier::vip});
  router.ask(2, {.tier = Tier::vip});
  CHECK(router.placed());
  router.ask(3, {.tier = Tier::vip});
  CHECK(router.queued());
  router.ask(4, {.tier = Tier::batch});
  CHECK(router.placed());
  router.load_running(executor, 5, 3, {2, 0, 0, 1});
  CHECK_FALSE(router.placed());
  router.load_running(executor, 6, 3, {1, 0, 0, 1});
  CHECK(router.all_placed() == Numbers{3});
}

TEST_CASE("a tier's concurrency is that of all executors together, whoever placed there") {
  Router router(vip_rules({.max_concurrency = 3}));
  router.start_executor(executor, 8);
  router.start_executor(other_executor, 8);
  router.load_running(executor, 8, 0, {2});
  router.load_running(other_executor, 8, 0, {1});
  router.ask(1, {.tier = Tier::vip});
  CHECK(router.queued());
  router.load_running(executor, 0, 0, {1});  // no slot there, and the concurrency is free for the other one
  CHECK(router.all_placed() == Numbers{1});
}

TEST_CASE("what is left of a tier's concurrency is shared by the living routers, rounded up") {
  Router router(vip_rules({.max_concurrency = 4}));
  router.start_executor(executor, 8);
  router.hello(2, "router");
  router.load_running(executor, 8, 0, {1});
  router.ask(1, {.tier = Tier::vip});
  router.ask(2, {.tier = Tier::vip});
  CHECK(router.placed());
  router.ask(3, {.tier = Tier::vip});
  CHECK(router.queued());
  router.load_running(executor, 6, 2, {3});
  CHECK(router.all_placed() == Numbers{3});
}

TEST_CASE("a tier's token bucket lets its burst through and then its rate, to the millisecond") {
  Router router(vip_rules({.tokens_per_second = 100, .burst_tokens = 200}));
  router.start_executor(executor, 8);
  const Router::Ask hundred{.tier = Tier::vip, .prompt_tokens = 60, .max_tokens = 40};
  router.ask(1, hundred);
  router.ask(2, hundred);
  CHECK(router.placed());
  router.ask(3, hundred);
  CHECK(router.queued());
  router.bench.pass(milliseconds(9));
  CHECK_FALSE(router.placed());
  router.bench.pass(milliseconds(2));  // a token is there again, and the rest is owed
  CHECK(router.all_placed() == Numbers{3});
  router.ask(4, hundred);
  CHECK(router.queued());
  router.bench.now += milliseconds(500);
  router.load(executor, 5, 3);  // still alive
  CHECK_FALSE(router.placed());
  router.bench.pass(milliseconds(498));
  CHECK_FALSE(router.placed());
  router.bench.pass(milliseconds(3));
  CHECK(router.all_placed() == Numbers{4});
}

TEST_CASE("an answer without a bound of its own counts as 4,096 tokens") {
  Router router(vip_rules({.tokens_per_second = 4096, .burst_tokens = 4096}));
  router.start_executor(executor, 8);
  router.ask(1, {.tier = Tier::vip, .max_tokens = 100'000});
  router.ask(2, {.tier = Tier::vip, .max_tokens = 1});
  CHECK(router.queued());
  router.bench.pass(milliseconds(10));
  CHECK(router.all_placed() == Numbers{2});
}

TEST_CASE("a request that costs more than the bucket holds is placed when the bucket is full, and then owed") {
  Router router(vip_rules({.tokens_per_second = 100, .burst_tokens = 100}));
  router.start_executor(executor, 8);
  router.ask(1, {.tier = Tier::vip, .prompt_tokens = 1000});
  CHECK(router.placed());
  router.ask(2, {.tier = Tier::vip, .prompt_tokens = 1});
  CHECK(router.queued());
  for (int i = 0; i < 89; ++i) {
    router.bench.now += milliseconds(100);
    router.load(executor, 8, 1);
    CHECK_FALSE(router.placed());
  }
  router.bench.now += milliseconds(120);
  router.load(executor, 8, 1);
  CHECK(router.placed());
}

TEST_CASE("living routers share a rate") {
  Router router(vip_rules({.requests_per_second = 10, .burst_requests = 2}));
  router.start_executor(executor, 8);
  router.hello(2, "router");
  router.ask(1, {.tier = Tier::vip});
  CHECK(router.placed());
  router.ask(2, {.tier = Tier::vip});
  CHECK(router.queued());
  router.bench.pass(milliseconds(199));
  CHECK_FALSE(router.placed());
  router.bench.pass(milliseconds(2));
  CHECK(router.placed());
  router.bench.give(actors::LinkLost{2});
  router.ask(3, {.tier = Tier::vip});
  router.bench.pass(milliseconds(102));
  CHECK(router.placed());
}

TEST_CASE("requests per second are counted whatever their length") {
  Router router(vip_rules({.requests_per_second = 2, .burst_requests = 1}));
  router.start_executor(executor, 8);
  router.ask(1, {.tier = Tier::vip, .prompt_tokens = 100'000});
  CHECK(router.placed());
  router.ask(2, {.tier = Tier::vip});
  CHECK(router.queued());
  router.bench.pass(milliseconds(499));
  CHECK_FALSE(router.placed());
  router.bench.pass(milliseconds(2));
  CHECK(router.placed());
}

TEST_CASE("who is placed again, because an executor refused its grant, pays once") {
  Router router(vip_rules({.requests_per_second = 0.1, .burst_requests = 2}));
  router.start_executor(executor, 8);
  router.ask(1, {.tier = Tier::vip});
  router.ask(1, {.tier = Tier::vip, .waited_ms = 5});
  CHECK(router.placed());
  router.ask(2, {.tier = Tier::vip});
  CHECK(router.placed());
  router.ask(3, {.tier = Tier::vip});
  CHECK(router.queued());
}

TEST_CASE("a wait for a place ends with the tier's timeout, which the refusal names") {
  Router router(vip_rules({.timeout_ms = 500}));
  router.start_executor(executor, 0);
  router.ask(1, {.tier = Tier::vip});
  REQUIRE(router.queued());
  router.bench.pass(milliseconds(499));
  CHECK(router.refused() == Code::ok);
  router.bench.pass(milliseconds(1));
  CHECK(refusal(router).code == Code::timeout);
  CHECK(refusal(router).text == "no place was found within 500 ms, the timeout of tier vip: all slots were taken");
  CHECK(refusal(router).retry_after_ms > 0);
  router.load(executor, 1);
  CHECK_FALSE(router.placed());
}

TEST_CASE("the refusal of a timeout says what the tier waited for") {
  Router router(vip_rules({.max_concurrency = 1, .timeout_ms = 500}));
  router.start_executor(executor, 8);
  router.ask(1, {.tier = Tier::vip});
  router.load_running(executor, 7, 1, {1});
  router.ask(2, {.tier = Tier::vip});
  router.bench.pass(milliseconds(500));
  CHECK(refusal(router).text.find("its max_concurrency of 1 allows") != std::string::npos);
}

TEST_CASE("time waited at another router counts towards the timeout") {
  Router router(vip_rules({.timeout_ms = 500}));
  router.start_executor(executor, 0);
  router.ask(1, {.tier = Tier::vip, .waited_ms = 400});
  REQUIRE(router.queued());
  router.bench.pass(milliseconds(100));
  CHECK(router.refused() == Code::timeout);
  router.ask(2, {.tier = Tier::vip, .waited_ms = 500});
  CHECK(router.refused() == Code::timeout);
}

TEST_CASE("a request that has used its tier's timeout up is still placed where a slot is free now") {
  Router router(vip_rules({.timeout_ms = 500}));
  router.start_executor(executor, 1);
  router.ask(1, {.tier = Tier::vip, .waited_ms = 600});
  CHECK(router.placed());
}

TEST_CASE("time waited at another router counts towards the order within the tier") {
  Router router;
  router.start_executor(executor, 0);
  router.ask(1, {});
  router.bench.now += milliseconds(100);
  router.ask(2, {.waited_ms = 50});
  router.ask(3, {.waited_ms = 200});
  CHECK(queued(router).ahead == 0);
  router.load(executor, 3);
  CHECK(router.all_placed() == Numbers{3, 1, 2});
}

TEST_CASE("a higher tier goes first, but a tier that was passed over sixteen times is next") {
  Router router;
  router.start_executor(executor, 0);
  router.ask(100, {.tier = Tier::batch});
  router.ask(101, {.tier = Tier::batch});
  for (std::uint8_t i = 1; i <= 40; ++i) router.ask(i, {.tier = Tier::vip});
  router.load(executor, 40);
  const Numbers order = router.all_placed();
  REQUIRE(order.size() == 40);
  CHECK(order[15] == 16);
  CHECK(order[16] == 100);
  CHECK(order[17] == 17);
  CHECK(order[33] == 101);
}

TEST_CASE("a tier that may have nothing more is not passed over, and has no claim on what is not its own") {
  Router router({{{}, {}, {}, {.max_concurrency = 1}}});
  router.start_executor(executor, 1);
  router.ask(100, {.tier = Tier::batch});
  router.ask(101, {.tier = Tier::batch});
  for (std::uint8_t i = 1; i <= 40; ++i) router.ask(i, {.tier = Tier::vip});
  router.load_running(executor, 20, 1, {0, 0, 0, 1});
  CHECK(router.all_placed().size() == 20);
  router.load_running(executor, 3, 21, {0, 0, 0, 0});
  CHECK(router.all_placed() == Numbers{21, 22, 23});
}

TEST_CASE("each tier has its own bound of waiting requests") {
  Router router(vip_rules({.queue_max = 2}));
  router.start_executor(executor, 0);
  router.ask(1, {.tier = Tier::vip});
  router.ask(2, {.tier = Tier::vip});
  CHECK(router.queued());
  router.ask(3, {.tier = Tier::vip});
  CHECK(refusal(router).code == Code::busy);
  CHECK(refusal(router).text.find("tier vip") != std::string::npos);
  router.ask(4, {.tier = Tier::realtime});
  CHECK(router.queued());
  router.load(executor, 2);
  CHECK(router.all_placed() == Numbers{1, 2});
}

TEST_CASE("with no queue at all a tier is placed at once or refused") {
  Router router(vip_rules({.queue_max = 0}));
  router.start_executor(executor, 1);
  router.ask(1, {.tier = Tier::vip});
  CHECK(router.placed());
  router.ask(2, {.tier = Tier::vip});
  CHECK(router.refused() == Code::busy);
}

TEST_CASE("QUEUED says who goes before, and how long that takes at the rate at which the queue has been draining") {
  Router router;
  router.start_executor(executor, 0);
  for (std::uint8_t i = 1; i <= 100; ++i) router.ask(i, {});
  for (std::uint64_t i = 0; i < 80; ++i) {  // one each 100 ms
    router.bench.now += milliseconds(100);
    router.load(executor, 1, i);
    REQUIRE(router.placed());
    router.hello(owner, "gateway");
  }
  router.ask(101, {});
  CHECK(queued(router).ahead == 20);
  CHECK(queued(router).wait_ms > 1900);
  CHECK(queued(router).wait_ms < 2300);
  router.ask(102, {.tier = Tier::vip});
  CHECK(queued(router).ahead == 0);
}

TEST_CASE("a full queue says when an eighth of it will have drained") {
  Router router({{{}, {.queue_max = 80}, {}, {}}});
  router.start_executor(executor, 0);
  for (std::uint8_t i = 1; i <= 80; ++i) router.ask(i, {});
  for (std::uint64_t i = 0; i < 40; ++i) {
    router.bench.now += milliseconds(50);
    router.load(executor, 1, i);
    router.ask(static_cast<std::uint8_t>(100 + i), {});
    REQUIRE(router.queued());
    router.hello(owner, "gateway");
  }
  router.ask(200, {});
  CHECK(refusal(router).code == Code::busy);
  CHECK(refusal(router).retry_after_ms > 500);  // eleven of them, one in 50 ms
  CHECK(refusal(router).retry_after_ms < 700);
}

TEST_CASE("a request that may not use the only free executor does not hold up the next one") {
  Router router;
  router.start_executor(executor, 0);
  router.start_executor(other_executor, 0);
  router.ask(1, {.exclude = {executor}});
  router.ask(2, {});
  router.load(executor, 2);
  CHECK(router.all_placed() == Numbers{2});
  router.load(other_executor, 1);
  CHECK(router.all_placed() == Numbers{1});
}

TEST_CASE("a later attempt takes the place of the one before it in the queue") {
  Router router;
  router.start_executor(executor, 0);
  router.ask(1, {});
  protocol::Place place;
  place.model = "bytes";
  place.tokenizer_digest = "t";
  router.bench.receive(owner, place, head_of(1, 1));
  REQUIRE(router.queued());
  router.load(executor, 2);
  REQUIRE(router.all_placed() == Numbers{1});
  CHECK(router.bench.sent<protocol::Placed>(owner)->head.attempt.redispatch == 1);
}
