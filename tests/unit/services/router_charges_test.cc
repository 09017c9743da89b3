#include <doctest/doctest.h>

#include "router_bench.h"

using namespace shoal;
using namespace shoal::test;

namespace {

using Numbers = std::vector<std::uint8_t>;

// So slow that within a test only what is given back lets another through.
const router::TierRules two_an_hour{.requests_per_second = 0.001, .burst_requests = 2};
const router::TierRules hundred_an_hour{.tokens_per_second = 0.001, .burst_tokens = 100};

router::Tiers vip_and_batch(router::TierRules vip, router::TierRules batch = {}) { return {{vip, {}, {}, batch}}; }

// The executor's report after the grants' time, with so many used.
void load_late(Router& router, std::uint64_t consumed) {
  router.bench.now += milliseconds(limits::grant_ms);
  router.load(executor, 8, consumed);
}

}  // namespace

TEST_CASE("what was paid for a grant that nobody used is given back, and lets the next one through") {
  Router router(vip_and_batch(two_an_hour));
  router.start_executor(executor, 8);
  router.ask(1, {.tier = Tier::vip});
  router.ask(2, {.tier = Tier::vip});
  router.ask(3, {.tier = Tier::vip});
  REQUIRE(router.queued());
  load_late(router, 1);
  CHECK(router.all_placed() == Numbers{3});
  router.ask(4, {.tier = Tier::vip});
  CHECK(router.queued());
}

TEST_CASE("tokens are given back as they were paid, a bound of 4,096 for the answer included") {
  Router router(vip_and_batch({.tokens_per_second = 0.001, .burst_tokens = 10'000}));
  router.start_executor(executor, 8);
  router.ask(1, {.tier = Tier::vip, .prompt_tokens = 1000, .max_tokens = 100'000});
  router.ask(2, {.tier = Tier::vip, .prompt_tokens = 900, .max_tokens = 100'000});
  load_late(router, 0);
  router.ask(3, {.tier = Tier::vip, .prompt_tokens = 9'998});
  router.ask(4, {.tier = Tier::vip, .prompt_tokens = 1});  // the bucket is full again but for two
  CHECK(router.placed());
  router.ask(5, {.tier = Tier::vip, .prompt_tokens = 1});
  CHECK(router.placed());
  router.ask(6, {.tier = Tier::vip, .prompt_tokens = 1});
  CHECK(router.queued());
}

TEST_CASE("who is placed again after a grant that nobody used has paid once") {
  Router router(vip_and_batch(two_an_hour));
  router.start_executor(executor, 8);
  SUBCASE("placed again before the first grant is known to be lost") {
    router.ask(1, {.tier = Tier::vip});
    router.ask(1, {.tier = Tier::vip, .waited_ms = 5});
  }
  SUBCASE("placed again after that") {
    router.ask(1, {.tier = Tier::vip});
    load_late(router, 0);
    router.ask(1, {.tier = Tier::vip, .waited_ms = 1000});
  }
  REQUIRE(router.placed());
  router.bench.now += milliseconds(1);
  router.load(executor, 7, 1);
  load_late(router, 1);
  router.ask(2, {.tier = Tier::vip});
  CHECK(router.placed());
  router.ask(3, {.tier = Tier::vip});
  CHECK(router.queued());
}

TEST_CASE("a later attempt pays again, because it is computed again") {
  Router router(vip_and_batch(two_an_hour));
  router.start_executor(executor, 8);
  router.ask(1, {.tier = Tier::vip});
  router.load(executor, 7, 1);
  protocol::Place place;
  place.model = "bytes";
  place.tokenizer_digest = "t";
  auto head = head_of(1, 1);
  head.tier = Tier::vip;
  router.bench.receive(owner, place, head);
  REQUIRE(router.placed());
  router.ask(2, {.tier = Tier::vip});
  CHECK(router.queued());
}

TEST_CASE("of two grants the one that was withdrawn counts as the unused one, and its own tier is paid back") {
  Router router(vip_and_batch(hundred_an_hour, two_an_hour));
  router.start_executor(executor, 8);
  const Router::Ask vip{.tier = Tier::vip, .prompt_tokens = 100};
  router.ask(1, vip);
  router.ask(2, {.tier = Tier::batch});
  router.ask(3, {.tier = Tier::batch});
  router.bench.receive(11, protocol::Withdraw{}, head_of(2));  // not by its owner: nothing comes of it
  router.bench.receive(owner, protocol::Withdraw{}, head_of(1));
  load_late(router, 2);
  router.ask(4, {.tier = Tier::batch});
  CHECK(router.queued());
  router.ask(5, vip);
  CHECK(router.placed());
}

TEST_CASE("a grant that was withdrawn and used all the same is not paid back") {
  Router router(vip_and_batch(two_an_hour));
  router.start_executor(executor, 8);
  router.ask(1, {.tier = Tier::vip});
  router.ask(2, {.tier = Tier::vip});
  router.bench.receive(owner, protocol::Withdraw{}, head_of(1));
  load_late(router, 2);
  router.ask(3, {.tier = Tier::vip});
  CHECK(router.queued());
}

TEST_CASE("a charge is remembered until so many others were made, and one that was given back makes no room early") {
  router::Charges charges(2);
  const auto stream = [](std::uint8_t number) { return head_of(number).stream(); };
  CHECK(charges.take(stream(1), {}, 1));
  CHECK(charges.release(stream(1), 1));
  CHECK(charges.take(stream(1), {}, 2));  // again, and later
  CHECK(charges.take(stream(2), {}, 3));  // forgets the first one, which is over
  CHECK_FALSE(charges.take(stream(1), {}, 4));
  CHECK(charges.take(stream(3), {}, 5));
  CHECK(charges.take(stream(1), {}, 6));
  CHECK(charges.size() == 2);
}
