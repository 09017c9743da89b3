// What the limits of the tiers count, and what those who wait or are refused are told. Order and rates are in
// router_admission_test.cc.
#include <doctest/doctest.h>

#include "router_bench.h"

using namespace shoal;
using namespace shoal::test;

namespace {

using Numbers = std::vector<std::uint8_t>;

router::Tiers vip_rules(router::TierRules rules) { return {{rules, {}, {}, {}}}; }

const Router::Ask vip{.tier = Tier::vip};

protocol::LoadReport report_of(Router& router, std::uint64_t consumed) {
  protocol::LoadReport report;
  report.sequence = ++router.sequence;
  report.slots_free = 8;
  report.grants_consumed = consumed;
  return report;
}

// What the last event said to the owner.
template <class T>
const T& said(const Router& router) {
  const auto* body = router.bench.body<T>(owner);
  REQUIRE(body != nullptr);
  return *body;
}

void place(Router& router, std::uint8_t number, Tier tier, const std::string& model_digest) {
  protocol::Place place;
  place.model = "bytes";
  place.model_digest = model_digest;
  place.tokenizer_digest = "t";
  auto head = head_of(number);
  head.tier = tier;
  router.bench.receive(owner, place, head);
}

}  // namespace

TEST_CASE("a request that waits inside an executor counts towards its tier's concurrency as one that runs") {
  Router router(vip_rules({.max_concurrency = 2}));
  router.start_executor(executor, 8);
  auto report = report_of(router, 0);
  report.running = {1, 0, 0, 0};
  report.waiting = {1, 0, 0, 0};
  router.bench.receive(executor, protocol::Load{report});
  router.ask(1, vip);
  CHECK(router.queued());
  report = report_of(router, 0);
  report.waiting = {1, 5, 5, 5};
  router.bench.receive(executor, protocol::Load{report});
  CHECK(router.all_placed() == Numbers{1});
}

TEST_CASE("a grant that nobody used takes up concurrency until its time is over, and no longer") {
  Router router(vip_rules({.max_concurrency = 1}));
  router.start_executor(executor, 8);
  router.ask(1, vip);
  REQUIRE(router.placed());
  for (int i = 0; i < 3; ++i) {
    router.bench.now += milliseconds(300);
    router.load(executor, 8);
    router.hello(owner, "gateway");
  }
  router.ask(2, vip);
  CHECK(router.queued());
  router.bench.now += milliseconds(limits::grant_ms - 900);
  router.ask(3, vip);
  CHECK(router.all_placed() == Numbers{2});
}

TEST_CASE("a grant that nobody used takes up a slot until its time is over, and no longer") {
  Router router;
  router.start_executor(executor, 1);
  router.ask(1, {});
  REQUIRE(router.placed());
  for (int i = 0; i < 3; ++i) {
    router.bench.now += milliseconds(300);
    router.load(executor, 1);
    router.hello(owner, "gateway");
  }
  router.ask(2, {});
  CHECK(router.queued());
  router.bench.now += milliseconds(limits::grant_ms - 900);
  router.ask(3, {});
  CHECK(router.all_placed() == Numbers{2});
}

TEST_CASE("the refusal of a timeout says which rate was used up") {
  for (const bool by_tokens : {true, false}) {
    Router router(by_tokens ? vip_rules({.timeout_ms = 500, .tokens_per_second = 0.001, .burst_tokens = 1})
                            : vip_rules({.timeout_ms = 500, .requests_per_second = 0.001, .burst_requests = 1}));
    router.start_executor(executor, 8);
    router.ask(1, {.tier = Tier::vip, .prompt_tokens = 1});
    router.ask(2, {.tier = Tier::vip, .prompt_tokens = 1});
    REQUIRE(router.queued());
    router.bench.pass(milliseconds(500));
    CHECK(said<protocol::Refused>(router).text == "no place was found within 500 ms, the timeout of tier vip: the " +
                                                      std::string(by_tokens ? "tokens" : "requests") +
                                                      "_per_second of the tier were used up");
  }
}

TEST_CASE("however fast or slow a queue drains, who is refused comes back after a tenth of a second to a minute") {
  for (const bool fast : {true, false}) {
    Router router(vip_rules({.queue_max = 2}));
    router.start_executor(executor, 0);
    router.ask(1, vip);
    router.ask(2, vip);
    for (std::uint8_t i = 0; i < 60; ++i) {
      router.bench.now += fast ? milliseconds(1) : milliseconds(500);
      router.hello(owner, "gateway");
      router.load(executor, fast ? 1 : 0, fast ? i : 0);
      if (fast) router.ask(static_cast<std::uint8_t>(3 + i), vip);
    }
    for (int minutes = 0; !fast && minutes < 3 * 120; ++minutes) {  // and nobody is placed
      router.bench.now += milliseconds(500);
      router.hello(owner, "gateway");
      router.load(executor, 0, 0);
    }
    router.ask(200, vip);
    CHECK(said<protocol::Refused>(router).code == Code::busy);
    CHECK(said<protocol::Refused>(router).retry_after_ms == (fast ? 100 : 60'000));
  }
}

TEST_CASE("QUEUED never promises a longer wait than the tier's timeout allows") {
  Router router(vip_rules({.timeout_ms = 200}));
  router.start_executor(executor, 0);
  for (std::uint8_t i = 1; i <= 50; ++i) router.ask(i, vip);
  CHECK(said<protocol::Queued>(router).ahead == 49);
  CHECK(said<protocol::Queued>(router).wait_ms == 200);
}

TEST_CASE("requests for any checkpoint and for a certain one share its executors by tier, then by age") {
  Router router;
  router.start_executor(executor, 0);
  place(router, 1, Tier::batch, "");
  router.bench.now += milliseconds(1);
  place(router, 2, Tier::vip, "m");
  router.bench.now += milliseconds(1);
  place(router, 3, Tier::vip, "");
  router.bench.now += milliseconds(1);
  place(router, 4, Tier::vip, "m");
  router.load(executor, 4);
  CHECK(router.all_placed() == Numbers{2, 3, 4, 1});
}

TEST_CASE("who comes after one that was passed over and left is passed over as often as anybody") {
  Router router;
  router.start_executor(executor, 0);
  router.ask(100, {.tier = Tier::batch});
  for (std::uint8_t i = 1; i <= 11; ++i) router.ask(i, vip);
  router.load(executor, 10);
  REQUIRE(router.all_placed().size() == 10);
  auto head = head_of(100);
  head.tier = Tier::batch;
  router.bench.receive(owner, protocol::Withdraw{}, head);
  router.ask(101, {.tier = Tier::batch});
  for (std::uint8_t i = 12; i <= 40; ++i) router.ask(i, vip);
  router.load(executor, 20, 10);
  const Numbers order = router.all_placed();
  REQUIRE(order.size() == 20);
  CHECK(order[15] == 26);
  CHECK(order[16] == 101);
}

TEST_CASE("a model whose executors are full holds up no other model") {
  Router router;
  router.start_executor(executor, 0);
  router.start_executor(other_executor, 0, "other");
  router.place(1, "bytes", Tier::vip);
  router.place(2, "other", Tier::batch);
  router.load(other_executor, 1);
  CHECK(router.all_placed() == Numbers{2});
  router.load(executor, 1);
  CHECK(router.all_placed() == Numbers{1});
}

TEST_CASE("those who wait in other tiers do not fill a tier's queue, and QUEUED counts those of higher tiers") {
  Router router(vip_rules({.queue_max = 2}));
  router.start_executor(executor, 0);
  for (std::uint8_t i = 1; i <= 5; ++i) router.ask(i, {.tier = Tier::batch});
  router.ask(6, vip);
  CHECK(said<protocol::Queued>(router).ahead == 0);
  router.ask(7, vip);
  CHECK(said<protocol::Queued>(router).ahead == 1);
  router.ask(8, {.tier = Tier::realtime});
  CHECK(said<protocol::Queued>(router).ahead == 2);
  router.ask(9, {.tier = Tier::batch});
  CHECK(said<protocol::Queued>(router).ahead == 8);
}

TEST_CASE("a late WITHDRAW of an attempt leaves the next one in the queue") {
  Router router;
  router.start_executor(executor, 0);
  protocol::Place place;
  place.model = "bytes";
  place.tokenizer_digest = "t";
  router.bench.receive(owner, place, head_of(1, 1));
  REQUIRE(router.queued());
  router.bench.receive(owner, protocol::Withdraw{}, head_of(1, 0));
  router.load(executor, 1);
  CHECK(router.all_placed() == Numbers{1});
}

TEST_CASE("who never waited says nothing about how fast a queue drains") {
  Router router;
  router.start_executor(executor, 50);
  for (std::uint8_t i = 1; i <= 50; ++i) router.ask(i, {});
  router.load(executor, 0, 50);
  router.ask(51, {});
  for (int i = 0; i < 20; ++i) {  // ten seconds in which nobody is placed
    router.bench.now += milliseconds(500);
    router.hello(owner, "gateway");
    router.load(executor, 0, 50);
  }
  router.ask(52, {});
  CHECK(said<protocol::Queued>(router).ahead == 1);
  CHECK(said<protocol::Queued>(router).wait_ms > 10'000);
}
