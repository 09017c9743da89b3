// Processes that stand still for 0.1 to 10 s, alone and in pairs, links that break and lines that are slow: streams
// outlive what is no death, and afterwards everybody knows everybody again within `whole_within`. Some 100 seeds;
// SHOAL_SIM_SEEDS=2000 for more.

#include <cstdlib>
#include <set>

#include <doctest/doctest.h>

#include "world.h"

using namespace shoal;
using namespace shoal::sim;

namespace {

constexpr Duration whole_within = seconds(5);

std::uint64_t seeds() {
  const char* wanted = std::getenv("SHOAL_SIM_SEEDS");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 100;
}

const std::string kinds[] = {"gateway", "preprocess", "router", "inference", "postprocess"};

WorldConfig two_of_each(std::uint64_t seed, int routers = 2) {
  return {.seed = seed,
          .gateways = 2,
          .preprocesses = 2,
          .routers = routers,
          .inferences = 2,
          .postprocesses = 2,
          .model = kernels::EchoBackend::Mode::salted};
}

Ask long_ask(std::uint64_t number) {
  return {.prompt = "request " + std::to_string(number), .max_tokens = 600, .seed = number};
}

// Streams that are always open, at both gateways.
struct Load {
  World& world;
  std::vector<std::pair<Ask, Answer*>> asked{};

  void start(int count) {
    for (int i = 0; i < count; ++i) {
      const Ask ask = long_ask(asked.size());
      asked.emplace_back(ask, &world.ask(ask));
    }
  }

  void check(bool may_fail, const std::string& where) const {
    for (const auto& [ask, answer] : asked) {
      const std::string& error_text = answer->error_text;
      CHECK_MESSAGE(answer->terminals == 1, where);
      CHECK_MESSAGE(answer->consistent, where);
      CHECK_MESSAGE(answer->ids == salted_ids(ask.prompt, *ask.seed, answer->ids.size()), where);
      if (!may_fail) CHECK_MESSAGE(error_text == "", where);
    }
  }
};

Process& any(World& world, const std::string& kind, Random& random) {
  const auto all = world.all(kind);
  return *all[random.below(all.size())];
}

Duration span_up_to(Random& random, Duration most) {
  return milliseconds(100) + Duration(static_cast<Duration::rep>(
                                 random.below(static_cast<std::uint64_t>((most - milliseconds(100)).count()))));
}

}  // namespace

TEST_CASE("two routers find each other again after one of them stood still") {
  for (const int stopped_ms : {500, 1000, 2000, 3000, 6000, 10'000}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      World world(two_of_each(seed));
      REQUIRE(world.settle());
      REQUIRE(world.run_until([&] { return world.whole(); }));
      world.network().pause(*world.all("router")[seed % 2], milliseconds(stopped_ms));
      world.run_for(milliseconds(stopped_ms));
      CHECK_MESSAGE(world.run_until([&] { return world.whole(); }, whole_within), stopped_ms, " ms, seed ", seed);
    }
  }
}

TEST_CASE("streams outlive a process of any kind that stands still for 3 s, and nobody takes it for lost") {
  for (const std::string& kind : kinds) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      World world(two_of_each(seed, 1 + static_cast<int>(seed % 2)));
      REQUIRE(world.settle());
      Load load{world};
      load.start(8);
      world.run_for(milliseconds(200));
      world.network().pause(*world.all(kind).front(), milliseconds(3000));
      for (int i = 0; i < 30; ++i) {
        world.run_for(milliseconds(100));
        CHECK_MESSAGE(world.whole(), kind, " seed ", seed);
      }
      REQUIRE_MESSAGE(world.run_all_done(seconds(60)), kind, " seed ", seed);
      load.check(false, kind + " seed " + std::to_string(seed));
    }
  }
}

TEST_CASE("who stands still for longer than any stall is lost, and back when it goes on") {
  for (const std::string& kind : kinds) {
    World world(two_of_each(7));
    REQUIRE(world.settle());
    Process& stopped = *world.all(kind).front();
    world.network().pause(stopped, seconds(20));
    world.run_for(seconds(8));
    for (const std::string& other : kinds) {
      for (Process* process : world.all(other)) {
        if (process == &stopped || other == "router") continue;
        CHECK_MESSAGE(process->mesh.alive().count(stopped.mesh.self().epoch) == 0, kind, " at ", other);
      }
    }
    world.run_for(seconds(12));
    CHECK_MESSAGE(world.run_until([&] { return world.whole(); }, whole_within), kind);
  }
}

TEST_CASE("after stalls of up to 3 s, alone and in pairs, no stream is missing and the mesh is whole") {
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    Random random(seed);
    World world(two_of_each(seed, 1 + static_cast<int>(random.below(3))));
    REQUIRE(world.settle());
    Load load{world};
    load.start(4);
    std::set<Process*> stopped;
    for (std::uint64_t n = 1 + random.below(2); n > 0; --n) {
      Process& process = any(world, kinds[random.below(5)], random);
      if (stopped.insert(&process).second) world.network().pause(process, span_up_to(random, seconds(3)));
      world.run_for(Duration(static_cast<Duration::rep>(random.below(2'000'000))));
      load.start(1);
    }
    const std::string where = "seed " + std::to_string(seed);
    REQUIRE_MESSAGE(world.run_all_done(seconds(120)), where);
    load.check(false, where);
    CHECK_MESSAGE(world.run_until([&] { return world.whole(); }, whole_within), where);
  }
}

TEST_CASE("after pauses of up to 10 s, breaks and slow lines every request has ended, and the mesh is whole") {
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    Random random(seed);
    World world(two_of_each(seed, 1 + static_cast<int>(random.below(3))));
    REQUIRE(world.settle());
    Load load{world};
    load.start(4);
    for (std::uint64_t n = 1 + random.below(4); n > 0; --n) {
      Process& one = any(world, kinds[random.below(5)], random);
      Process& other = any(world, kinds[random.below(5)], random);
      switch (random.below(4)) {
        case 0:
          world.network().break_links(one, other);
          break;
        case 1:
          world.network().set_line(one, 20 + random.below(1000));
          break;
        default:
          world.network().pause(one, span_up_to(random, seconds(10)));
      }
      world.run_for(Duration(static_cast<Duration::rep>(random.below(3'000'000))));
      load.start(1);
    }
    const std::string where = "seed " + std::to_string(seed);
    REQUIRE_MESSAGE(world.run_all_done(seconds(700)), where);
    load.check(true, where);
    world.run_for(seconds(10));  // the last pause is over
    CHECK_MESSAGE(world.run_until([&] { return world.whole(); }, whole_within), where);
  }
}
