// Admission in a whole mesh: who waits for whom, and for how long, in virtual time.

#include <algorithm>
#include <functional>
#include <vector>

#include <doctest/doctest.h>

#include "services/router/router_core.h"
#include "world.h"

using namespace shoal;
using namespace shoal::sim;

namespace {

std::uint32_t waiting_at_routers(World& world) {
  std::uint32_t waiting = 0;
  for (Process* process : world.all("router")) {
    protocol::LoadReport report;
    process->mesh.service().fill_load(report, 0, world.network().now());
    for (const std::uint32_t tier : report.waiting) waiting += tier;
  }
  return waiting;
}

std::uint32_t held(World& world, std::size_t from = 0, std::size_t to = tier_count) {
  std::uint32_t sum = 0;
  for (Process* process : world.all("inference")) {
    const auto load = dynamic_cast<InferenceProcess*>(process)->engine().load();
    for (std::size_t tier = from; tier < to; ++tier) sum += load.running[tier] + load.waiting[tier];
  }
  return sum;
}

Duration wait_of(const Answer& answer) { return answer.shown - answer.asked; }

Duration p99(std::vector<Duration> waits) {
  std::sort(waits.begin(), waits.end());
  return waits[waits.size() * 99 / 100];
}

struct Flood {
  std::vector<Answer*> many;
  std::vector<Answer*> few;
};

// Requests of 22 steps of 5 ms on eight slots: about 70 a second can be served. For ten seconds a hundred a second come
// of one tier, and ten a second of another.
Flood flood(World& world, const std::string& tier_of_many, const std::string& tier_of_few) {
  Flood flood;
  for (int i = 0; i < 1100; ++i) {
    const bool few = i % 11 == 5;
    Answer& answer = world.ask({.prompt = "twenty-one characters", .tier = few ? tier_of_few : tier_of_many});
    (few ? flood.few : flood.many).push_back(&answer);
    world.run_for(Duration(9091));
  }
  REQUIRE(world.run_all_done(seconds(60)));
  return flood;
}

std::vector<Duration> waits_of(const std::vector<Answer*>& answers) {
  std::vector<Duration> waits;
  for (const Answer* answer : answers) {
    REQUIRE(answer->content == "twenty-one characters");
    waits.push_back(wait_of(*answer));
  }
  return waits;
}

const WorldConfig small{.routers = 1, .slots = 8, .step = milliseconds(5)};

}  // namespace

TEST_CASE("under a flood of batch requests vip waits at most a tenth of what it would first come, first served") {
  World tiered(small);
  REQUIRE(tiered.settle());
  const auto with_tiers = waits_of(flood(tiered, "batch", "vip").few);
  World first_come(small);  // the same requests at the same times, all of one tier: the oldest first
  REQUIRE(first_come.settle());
  const auto without = waits_of(flood(first_come, "batch", "batch").few);
  MESSAGE("p99 of vip: " << p99(with_tiers).count() / 1000
                         << " ms, first come first served: " << p99(without).count() / 1000 << " ms");
  CHECK(p99(without) > seconds(1));
  CHECK(p99(with_tiers) * 10 <= p99(without));
}

TEST_CASE("under a flood of vip requests batch is still served while the flood lasts") {
  World world(small);
  REQUIRE(world.settle());
  const Flood asked = flood(world, "vip", "batch");
  const auto waits = waits_of(asked.few);
  const Time last_vip = asked.many.back()->shown;
  const auto served_in_time =
      std::count_if(asked.few.begin(), asked.few.end(), [&](const Answer* answer) { return answer->shown < last_vip; });
  MESSAGE("served during the flood: " << served_in_time << " of " << waits.size());
  CHECK(served_in_time >= 40);
}

TEST_CASE("with several routers no executor holds more than its slots, and none stays free while somebody waits") {
  for (const int routers : {1, 2, 3}) {
    World world({.seed = 7, .gateways = 2, .routers = routers, .inferences = 2, .slots = 4, .step = milliseconds(5)});
    REQUIRE(world.settle());
    std::vector<Answer*> answers;
    for (int i = 0; i < 120; ++i) answers.push_back(&world.ask({.prompt = std::string(10 + i % 40, 'x')}));
    Time idle_since = time_never;
    Duration longest{};
    bool kept = true;
    REQUIRE(world.run_until(
        [&] {
          const std::uint32_t now_held = held(world);
          kept = kept && now_held <= 8;
          const Time now = world.network().now();
          const bool stranded = now_held < 8 && waiting_at_routers(world) > 0;
          idle_since = stranded ? std::min(idle_since, now) : time_never;
          if (stranded) longest = std::max(longest, now - idle_since);
          return std::all_of(answers.begin(), answers.end(), [](const Answer* answer) { return answer->done(); });
        },
        seconds(60)));
    MESSAGE(routers << " routers: a slot was free beside a waiting request for " << longest.count() / 1000 << " ms");
    CHECK(kept);
    CHECK(longest <= milliseconds(2 * limits::load_interval_ms));
    for (const Answer* answer : answers) CHECK(answer->error_text == "");
  }
}

TEST_CASE("with several routers a tier is over its concurrency by less than one for each") {
  for (const std::uint32_t routers : {1u, 2u, 3u}) {
    World world({.gateways = 2,
                 .routers = static_cast<int>(routers),
                 .slots = 16,
                 .step = milliseconds(5),
                 .tiers = {{{.max_concurrency = 4}, {}, {}, {}}}});
    REQUIRE(world.settle());
    for (int i = 0; i < 60; ++i) world.ask({.prompt = "twenty-one characters", .tier = "vip"});
    std::uint32_t most = 0;
    for (int i = 0; i < 200; ++i) {
      world.run_for(milliseconds(2));
      most = std::max(most, held(world, 0, 1));
    }
    CHECK(most >= 4);
    CHECK(most <= 4 + routers - 1);
    CHECK(world.run_all_done(seconds(60)));
  }
}

TEST_CASE("a slot that comes free is used by who waits within a few milliseconds") {
  World world({.slots = 1, .step = milliseconds(5)});
  REQUIRE(world.settle());
  Answer& first = world.ask({.prompt = "one"});
  Answer& second = world.ask({.prompt = "two"});
  REQUIRE(world.run_until([&] { return first.done(); }));
  const Time ended = world.network().now();
  REQUIRE(world.run_until([&] { return second.shown != time_never; }));
  CHECK(second.shown - ended < milliseconds(limits::load_gap_ms + 15));
}

TEST_CASE("a request that waits too long for its tier is told so, with a time to come back") {
  World world({.slots = 1, .step = milliseconds(20), .tiers = {{{.timeout_ms = 300}, {}, {}, {}}}});
  REQUIRE(world.settle());
  Answer& first = world.ask({.prompt = std::string(100, 'f')});
  Answer& second = world.ask({.prompt = "vip", .tier = "vip"});
  REQUIRE(world.run_until([&] { return second.done(); }));
  CHECK(second.error_code == "timeout");
  CHECK(second.error_text.find("300 ms, the timeout of tier vip") != std::string::npos);
  CHECK(world.network().now() - second.asked < milliseconds(350));
  REQUIRE(world.run_all_done());
  CHECK(first.content.size() == 100);
}

TEST_CASE("a cancelled request and those of a dead gateway wait no longer") {
  World world({.gateways = 2, .slots = 1, .step = milliseconds(20)});
  REQUIRE(world.settle());
  const auto gateways = world.all("gateway");
  world.ask({.prompt = std::string(100, 'r')}, gateways[0]);
  world.run_for(milliseconds(50));
  Answer& cancelled = world.ask({.prompt = "c"}, gateways[0]);
  for (int i = 0; i < 5; ++i) world.ask({.prompt = "g"}, gateways[1]);
  world.run_for(milliseconds(50));
  REQUIRE(waiting_at_routers(world) == 6);
  world.cancel(cancelled);
  world.run_for(milliseconds(20));
  CHECK(waiting_at_routers(world) == 5);
  world.kill(*gateways[1]);
  world.run_for(milliseconds(20));
  CHECK(waiting_at_routers(world) == 0);
}

TEST_CASE("requests that wait at a router outlive it, and keep their tier and age at another") {
  World world({.routers = 2, .slots = 1, .step = milliseconds(5)});
  REQUIRE(world.settle());
  std::vector<Answer*> batch;
  world.ask({.prompt = std::string(600, 'r')});
  world.run_for(milliseconds(50));
  for (int i = 0; i < 4; ++i) {
    batch.push_back(&world.ask({.prompt = "b" + std::to_string(i), .tier = "batch"}));
    world.run_for(milliseconds(20));
  }
  Answer& vip = world.ask({.prompt = "v", .tier = "vip"});
  world.run_for(milliseconds(20));
  REQUIRE(waiting_at_routers(world) == 5);
  world.kill(*world.all("router").front());
  world.run_for(milliseconds(20));
  CHECK(waiting_at_routers(world) == 5);
  REQUIRE(world.run_all_done(seconds(30)));
  CHECK(vip.content == "v");
  for (int i = 0; i < 4; ++i) {
    CHECK(batch[i]->content == "b" + std::to_string(i));
    CHECK(batch[i]->shown > vip.shown);
    if (i > 0) CHECK(batch[i]->shown > batch[i - 1]->shown);
  }
}

TEST_CASE("vip finds a place within half a second though more realtime requests than there are slots never stop") {
  const router::Tiers tiers{
      {{.max_concurrency = 32, .timeout_ms = 500, .reserve = router::vip_reserve}, {}, {}, {.max_concurrency = 256}}};
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    World world({.seed = seed,
                 .gateways = 2,
                 .routers = 2,
                 .inferences = 2,
                 .slots = 32,
                 .step = milliseconds(20),
                 .tiers = tiers});
    REQUIRE(world.settle());
    std::vector<Answer*> realtime;
    std::vector<Answer*> vip;
    const auto open = [](const std::vector<Answer*>& answers) {
      return std::count_if(answers.begin(), answers.end(), [](const Answer* answer) { return !answer->done(); });
    };
    for (int i = 0; i < 200; ++i) realtime.push_back(&world.ask({.prompt = std::string(200, 'r')}));
    world.run_for(seconds(1));
    for (int turn = 0; turn < 10; ++turn) {
      while (open(realtime) < 200) realtime.push_back(&world.ask({.prompt = std::string(200, 'r')}));
      while (open(vip) < 8) vip.push_back(&world.ask({.prompt = std::string(50, 'v'), .tier = "vip"}));
      world.run_for(milliseconds(500));
    }
    REQUIRE(world.run_all_done(seconds(120)));
    for (const Answer* answer : vip) CHECK_MESSAGE(answer->error_text == "", "seed ", seed);
    for (const Answer* answer : realtime) CHECK_MESSAGE(answer->error_text == "", "seed ", seed);
  }
}
