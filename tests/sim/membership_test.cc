#include <doctest/doctest.h>

#include "world.h"

using namespace shoal;
using namespace shoal::sim;

TEST_CASE("with nobody of a kind alive a request is refused at once, with the kind named") {
  for (const std::string kind : {"preprocess", "inference", "postprocess"}) {
    World world({.preprocesses = kind != "preprocess",
                 .inferences = kind != "inference",
                 .postprocesses = kind != "postprocess"});
    REQUIRE(world.settle());
    Answer& answer = world.ask({});
    REQUIRE(world.run_all_done(milliseconds(50)));
    CHECK(answer.error_code == "no_" + kind);
    CHECK(answer.error_text.find(kind) != std::string::npos);
  }
}

TEST_CASE("without a router a request is refused at once") {
  World world({.routers = 1});
  REQUIRE(world.settle());
  world.kill(*world.all("router").front());
  world.run_for(milliseconds(100));
  Answer& answer = world.ask({});
  REQUIRE(world.run_all_done(milliseconds(50)));
  CHECK(answer.error_code == "no_router");
}

TEST_CASE("requests that wait when the only router dies are placed by its successor") {
  for (const int late_ms : {100, 3000, 9000}) {
    World world({.slots = 1});
    REQUIRE(world.settle());
    Answer& running = world.ask({.prompt = std::string(1000, 'r')});
    REQUIRE(world.run_until([&] { return running.position > 10; }));
    Answer& waiting = world.ask({.prompt = "waits"});
    world.run_for(milliseconds(100));
    REQUIRE_FALSE(waiting.done());
    world.kill(*world.all("router").front());
    world.run_for(milliseconds(late_ms));
    CHECK_FALSE(waiting.done());
    world.add("router");
    REQUIRE(world.run_all_done());
    CHECK_MESSAGE(waiting.content == "waits", late_ms, " ms later: ", waiting.error_text);
    CHECK(running.content == std::string(1000, 'r'));
  }
}

TEST_CASE("requests that wait when the only router dies fail when nobody takes its place") {
  World world({.slots = 1});
  REQUIRE(world.settle());
  Answer& running = world.ask({.prompt = std::string(1000, 'r')});
  REQUIRE(world.run_until([&] { return running.position > 10; }));
  Answer& waiting = world.ask({.prompt = "waits"});
  Answer& hasty = world.ask({.prompt = "waits", .deadline_ms = 2000});
  world.run_for(milliseconds(100));
  world.kill(*world.all("router").front());
  REQUIRE(world.run_all_done());
  CHECK(waiting.error_code == "no_router");
  CHECK(hasty.error_code == "deadline_exceeded");
  CHECK(running.content == std::string(1000, 'r'));
}

TEST_CASE("processes that start later are used without anyone's configuration being edited") {
  World world({.preprocesses = 0, .inferences = 0, .postprocesses = 0});
  REQUIRE(world.settle());
  for (const std::string kind : {"preprocess", "inference", "postprocess"}) world.add(kind);
  world.run_for(seconds(1));
  Answer& answer = world.ask({.prompt = "late"});
  REQUIRE(world.run_all_done());
  CHECK(answer.content == "late");
}

TEST_CASE("a process that leaves with BYE costs no request after it") {
  World world({.gateways = 2, .preprocesses = 2, .routers = 2, .inferences = 2, .postprocesses = 2});
  REQUIRE(world.settle());
  for (const std::string kind : {"preprocess", "inference", "postprocess", "router", "gateway"}) {
    world.network().stop(*world.all(kind).front());
    world.run_for(milliseconds(100));
    for (int i = 0; i < 10; ++i) {
      Answer& answer = world.ask({.prompt = "after " + kind});
      REQUIRE(world.run_all_done());
      CHECK(answer.content == "after " + kind);
    }
  }
}

TEST_CASE("the death of any one process costs no later request") {
  for (const std::string kind : {"preprocess", "inference", "postprocess", "router", "gateway"}) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      World world({.seed = seed, .gateways = 2, .preprocesses = 2, .routers = 2, .inferences = 2, .postprocesses = 2});
      REQUIRE(world.settle());
      world.kill(*world.all(kind)[seed % 2]);
      world.run_for(milliseconds(20));  // until its links are seen to break
      for (int i = 0; i < 10; ++i) {
        Answer& answer = world.ask({.prompt = "after " + kind});
        REQUIRE(world.run_all_done());
        CHECK_MESSAGE(answer.content == "after " + kind, kind, " seed ", seed, " ", answer.error_text);
      }
    }
  }
}

TEST_CASE("a request whose executor dies ends with an error, and never hangs") {
  World world({.inferences = 2});
  REQUIRE(world.settle());
  Answer& answer = world.ask({.prompt = std::string(1000, 'k')});
  REQUIRE(world.run_until([&] { return answer.position > 10; }));
  for (Process* process : world.all("inference")) {
    if (dynamic_cast<InferenceProcess*>(process)->engine().has_work()) world.kill(*process);
  }
  REQUIRE(world.run_all_done(seconds(2)));
  CHECK(answer.error_code == "peer_lost");
  CHECK(answer.consistent);
}

TEST_CASE("a restarted router hears of everybody again") {
  World world({.routers = 1});
  REQUIRE(world.settle());
  world.kill(*world.all("router").front());
  world.run_for(seconds(2));
  world.add("router");
  world.run_for(seconds(2));
  Answer& answer = world.ask({.prompt = "again"});
  REQUIRE(world.run_all_done());
  CHECK(answer.content == "again");
}

TEST_CASE("an executor that dies gives its streams' relays nothing to keep for ever") {
  World world({});
  REQUIRE(world.settle());
  Answer& answer = world.ask({.prompt = std::string(1000, 'k')});
  REQUIRE(world.run_until([&] { return answer.position > 10; }));
  world.kill(*world.all("gateway").front());
  world.run_for(seconds(2));
  auto* executor = dynamic_cast<InferenceProcess*>(world.all("inference").front());
  CHECK(executor->engine().load().free_pages == 256);
}
