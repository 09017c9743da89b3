// Processes that are asked to end while requests are under way: nobody loses an answer by it, and nothing is left.

#include <doctest/doctest.h>

#include "world.h"

using namespace shoal;
using namespace shoal::sim;

namespace {

constexpr std::uint32_t answer_tokens = 60;

Ask salted_ask(int number) {
  return {.prompt = "request " + std::to_string(number),
          .max_tokens = answer_tokens,
          .seed = static_cast<std::uint64_t>(number)};
}

WorldConfig two_of_each(std::uint64_t seed) {
  return {.seed = seed,
          .gateways = 2,
          .preprocesses = 2,
          .routers = 2,
          .inferences = 2,
          .postprocesses = 2,
          .model = kernels::EchoBackend::Mode::salted};
}

void check_whole(const std::vector<Answer*>& answers, const std::string& about) {
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Answer& answer = *answers[i];
    CHECK_MESSAGE(answer.error_code == "", about, " request ", i, ": ", answer.error_text);
    CHECK_MESSAGE(answer.ids == salted_ids("request " + std::to_string(i), i, answer_tokens), about, " request ", i);
    CHECK_MESSAGE(answer.consistent, about, " request ", i);
  }
}

}  // namespace

TEST_CASE("a process that is asked to end costs no request, whether it has time for what it owes or none") {
  for (const std::string kind : {"preprocess", "router", "inference", "postprocess"}) {
    for (const Duration patience : {milliseconds(0), milliseconds(30), milliseconds(8000)}) {
      for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        World world(two_of_each(seed));
        REQUIRE(world.settle());
        std::vector<Answer*> answers;
        Process* const drained = world.all(kind)[seed % 2];
        for (int i = 0; i < 16; ++i) {
          answers.push_back(&world.ask(salted_ask(i)));
          world.run_for(milliseconds(static_cast<int>(seed) % 7));
          if (i == 8) world.network().drain(*drained, patience);
        }
        const std::string about =
            kind + " seed " + std::to_string(seed) + " patience " + std::to_string(patience / milliseconds(1));
        REQUIRE_MESSAGE(world.run_all_done(seconds(60)), about);
        check_whole(answers, about);
        CHECK_MESSAGE(world.run_until([&] { return !drained->alive; }, seconds(9)), about);
      }
    }
  }
}

TEST_CASE("an executor that ends takes nothing new and finishes what it has") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    World world(two_of_each(seed));
    REQUIRE(world.settle());
    std::vector<Answer*> answers;
    for (int i = 0; i < 12; ++i) answers.push_back(&world.ask(salted_ask(i)));
    REQUIRE(world.run_until([&] { return answers.back()->position > 0; }));
    auto* const executor = dynamic_cast<InferenceProcess*>(world.all("inference")[0]);
    world.network().drain(*executor, seconds(8));
    Answer& later = world.ask(salted_ask(99));
    REQUIRE(world.run_all_done());
    check_whole(answers, "seed " + std::to_string(seed));
    CHECK(later.error_text == "");
    CHECK(executor->engine().load().generated_tokens % answer_tokens == 0);  // whole answers, nothing handed over
    CHECK(world.run_until([&] { return !executor->alive; }, seconds(1)));
  }
}

TEST_CASE("a gateway that is asked to end gives its clients the rest of their answers") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    World world(two_of_each(seed));
    REQUIRE(world.settle());
    Process* const gateway = world.all("gateway")[0];
    std::vector<Answer*> answers;
    for (int i = 0; i < 8; ++i) answers.push_back(&world.ask(salted_ask(i), gateway));
    REQUIRE(world.run_until([&] { return answers.front()->position > 0; }));
    world.network().drain(*gateway, seconds(8));
    Answer& refused = world.ask(salted_ask(99), gateway);
    REQUIRE(world.run_all_done());
    check_whole(answers, "seed " + std::to_string(seed));
    CHECK(refused.error_code == "draining");
    CHECK(refused.error_text ==
          "this gateway is about to end; send the request to " + world.all("gateway")[1]->mesh.self().client);
    CHECK(world.run_until([&] { return !gateway->alive; }, seconds(1)));
  }
}

TEST_CASE("a gateway whose time is over tells those who still wait, and leaves nothing behind") {
  World world(two_of_each(1));
  REQUIRE(world.settle());
  Process* const gateway = world.all("gateway")[0];
  std::vector<Answer*> answers;
  for (int i = 0; i < 8; ++i) answers.push_back(&world.ask(salted_ask(i), gateway));
  REQUIRE(world.run_until([&] { return answers.front()->position > 0; }));
  world.network().drain(*gateway, milliseconds(10));
  REQUIRE(world.run_all_done(milliseconds(50)));
  for (const Answer* answer : answers) CHECK(answer->error_code == "draining");
  CHECK(world.run_until([&] { return !gateway->alive; }, seconds(1)));
  world.run_for(seconds(1));
  for (const std::string kind : {"inference", "postprocess"}) {
    for (Process* process : world.all(kind)) {
      CHECK_FALSE(process->mesh.service().owes());
    }
  }
}

TEST_CASE("the last executor that ends leaves an error that says so, not a lost peer") {
  WorldConfig config = two_of_each(1);
  config.inferences = 1;
  World world(config);
  REQUIRE(world.settle());
  Answer& answer = world.ask({.prompt = "long", .max_tokens = 2000});
  REQUIRE(world.run_until([&] { return answer.position > 10; }));
  world.network().drain(*world.all("inference")[0], milliseconds(500));
  REQUIRE(world.run_all_done());
  CHECK(answer.error_code == "no_inference");
}
