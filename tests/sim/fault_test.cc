// Faults that are not deaths: repeated messages, processes that stand still for a while, routers that disagree, small
// bounds. The salted model shows a splice of two histories in the ids themselves.

#include <doctest/doctest.h>

#include "world.h"

using namespace shoal;
using namespace shoal::sim;

namespace {

constexpr std::size_t answer_tokens = 40;

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

bool follows_model(const Answer& answer, const Ask& ask) {
  return answer.ids == salted_ids(ask.prompt, *ask.seed, answer.ids.size());
}

std::uint32_t streams_held(World& world, const std::string& kind) {
  std::uint32_t streams = 0;
  for (Process* process : world.all(kind)) {
    protocol::LoadReport report;
    process->mesh.service().fill_load(report, 0, world.network().now());
    streams += report.streams;
  }
  return streams;
}

}  // namespace

TEST_CASE("messages that come twice change no answer and leave nothing behind") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    World world(two_of_each(seed));
    REQUIRE(world.settle());
    world.network().repeats_permille = 200;
    std::vector<Answer*> answers;
    for (int i = 0; i < 10; ++i) answers.push_back(&world.ask(salted_ask(i)));
    REQUIRE_MESSAGE(world.run_all_done(seconds(60)), "seed ", seed);
    for (int i = 0; i < 10; ++i) {
      CHECK_MESSAGE(answers[i]->finish_reason == "length", "seed ", seed, " ", answers[i]->error_text);
      CHECK_MESSAGE(answers[i]->ids.size() == answer_tokens, "seed ", seed);
      CHECK_MESSAGE(follows_model(*answers[i], salted_ask(i)), "seed ", seed);
      CHECK_MESSAGE(answers[i]->terminals == 1, "seed ", seed);
    }
    world.network().repeats_permille = 0;
    world.run_for(seconds(1));
    for (const std::string kind : {"gateway", "inference", "postprocess"}) {
      CHECK_MESSAGE(streams_held(world, kind) == 0, kind, " seed ", seed);
    }
  }
}

TEST_CASE("a process that stands still costs at most its own streams, hangs none and leaves nothing behind") {
  const std::string kinds[] = {"gateway", "preprocess", "router", "inference", "postprocess"};
  const Duration spans[] = {milliseconds(200), milliseconds(1500), seconds(5)};
  int whole = 0;
  int lost = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    World world(two_of_each(seed));
    REQUIRE(world.settle());
    Random random(seed);
    std::vector<Answer*> answers;
    const std::string& kind = kinds[seed % 5];
    for (int i = 0; i < 20; ++i) {
      answers.push_back(&world.ask(salted_ask(i)));
      world.run_for(Duration(static_cast<Duration::rep>(random.below(20'000))));
      if (i == 5) world.network().pause(*world.all(kind)[random.below(2)], spans[seed % 3]);
    }
    REQUIRE_MESSAGE(world.run_all_done(seconds(30)), kind, " seed ", seed);
    for (int i = 0; i < 20; ++i) {
      CHECK_MESSAGE(answers[i]->terminals == 1, kind, " seed ", seed);
      CHECK_MESSAGE(follows_model(*answers[i], salted_ask(i)), kind, " seed ", seed);
      ++(answers[i]->error_code.empty() ? whole : lost);
    }
    world.run_for(seconds(10));
    for (const std::string holder : {"gateway", "inference", "postprocess"}) {
      CHECK_MESSAGE(streams_held(world, holder) == 0, holder, " after ", kind, " seed ", seed);
    }
    Answer& later = world.ask(salted_ask(99));
    REQUIRE_MESSAGE(world.run_all_done(seconds(10)), kind, " seed ", seed);
    CHECK_MESSAGE(later.error_text == "", kind, " seed ", seed);
  }
  CHECK(whole > 10 * lost);
}

TEST_CASE("a request sent right after a kill, before anybody noticed, is answered") {
  for (const std::string kind : {"preprocess", "router", "inference", "postprocess"}) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      World world(two_of_each(seed));
      REQUIRE(world.settle());
      world.kill(*world.all(kind)[seed % 2]);
      std::vector<Answer*> answers;
      for (int i = 0; i < 10; ++i) answers.push_back(&world.ask(salted_ask(i)));
      REQUIRE(world.run_all_done(seconds(30)));
      for (const Answer* answer : answers) CHECK_MESSAGE(answer->error_text == "", kind, " seed ", seed);
    }
  }
}

TEST_CASE("a router that restarts costs no request and no running stream") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    World world(two_of_each(seed));
    REQUIRE(world.settle());
    std::vector<Answer*> answers;
    for (int i = 0; i < 30; ++i) {
      answers.push_back(&world.ask(salted_ask(i)));
      if (i == 10) world.kill(*world.all("router")[seed % 2]);
      if (i == 15) world.add("router");
      world.run_for(milliseconds(5));
    }
    REQUIRE(world.run_all_done(seconds(30)));
    for (const Answer* answer : answers) CHECK_MESSAGE(answer->error_text == "", "seed ", seed);
  }
}

TEST_CASE("running streams outlive the only router and its successor") {
  World world({.model = kernels::EchoBackend::Mode::salted});
  REQUIRE(world.settle());
  Ask ask = salted_ask(1);
  ask.max_tokens = 3000;
  Answer& answer = world.ask(ask);
  REQUIRE(world.run_until([&] { return answer.position > 10; }));
  world.kill(*world.all("router").front());
  world.run_for(milliseconds(500));
  world.add("router");
  REQUIRE(world.run_all_done());
  CHECK(answer.error_text == "");
  CHECK(follows_model(answer, ask));
}

TEST_CASE("a router that nobody was configured with is used like the others") {
  World world({});
  REQUIRE(world.settle());
  world.add("router");  // no seed address is free: it listens elsewhere
  for (int i = 0; i < 20; ++i) {
    Answer& answer = world.ask({.prompt = "x"});
    REQUIRE(world.run_all_done());
    CHECK(answer.error_text == "");
    world.run_for(milliseconds(300));
  }
}

TEST_CASE("past its bounds a mesh refuses at once and answers the rest") {
  World world({.slots = 2, .streams_max = 16, .tiers = {{{}, {.queue_max = 8}, {}, {}}}});
  REQUIRE(world.settle());
  std::vector<Answer*> answers;
  for (int i = 0; i < 40; ++i) answers.push_back(&world.ask({.prompt = std::string(50, 'x')}));
  REQUIRE(world.run_all_done(seconds(60)));
  int answered = 0;
  for (const Answer* answer : answers) {
    answered += answer->content == std::string(50, 'x');
    CHECK((answer->error_code.empty() || answer->error_code == "busy"));
    CHECK(answer->terminals == 1);
  }
  CHECK(answered >= 10);
  CHECK(answered < 40);
}
