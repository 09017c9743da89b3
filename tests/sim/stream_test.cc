#include <algorithm>

#include <doctest/doctest.h>

#include "base/chain.h"
#include "world.h"

using namespace shoal;
using namespace shoal::sim;

TEST_CASE("a prompt is answered through five kinds of process") {
  World world({});
  REQUIRE(world.settle());
  Answer& answer = world.ask({.prompt = "hello, mesh"});
  REQUIRE(world.run_all_done());
  CHECK(answer.error_text == "");
  CHECK(answer.accepted);
  CHECK(answer.content == "hello, mesh");
  CHECK(answer.finish_reason == "stop");
  CHECK(answer.position == 12);  // eleven bytes and the end id
  CHECK(answer.consistent);
}

TEST_CASE("streamed text equals unstreamed text") {
  World world({});
  REQUIRE(world.settle());
  Answer& streamed = world.ask({.prompt = "Grüße, 世界"});
  Answer& whole = world.ask({.prompt = "Grüße, 世界", .stream = false});
  REQUIRE(world.run_all_done());
  CHECK(streamed.content == "Grüße, 世界");
  CHECK(whole.content == streamed.content);
  CHECK(whole.frames == 2);  // ACCEPTED and DONE
}

TEST_CASE("a client of one reply gets exactly one frame") {
  World world({});
  REQUIRE(world.settle());
  Answer& answer = world.ask({.prompt = "once", .enveloped = true});
  REQUIRE(world.run_all_done());
  world.run_for(seconds(3));
  CHECK(answer.frames == 1);
  CHECK(answer.content == "once");
}

TEST_CASE("many streams through two of each kind each get their own answer") {
  World world({.gateways = 2, .preprocesses = 2, .routers = 2, .inferences = 2, .postprocesses = 2});
  REQUIRE(world.settle());
  std::vector<Answer*> answers;
  for (int i = 0; i < 100; ++i) answers.push_back(&world.ask({.prompt = "request number " + std::to_string(i)}));
  REQUIRE(world.run_all_done());
  for (int i = 0; i < 100; ++i) CHECK(answers[i]->content == "request number " + std::to_string(i));
}

TEST_CASE("more requests than slots wait their turn and are all answered") {
  World world({.slots = 2});
  REQUIRE(world.settle());
  for (int i = 0; i < 50; ++i) world.ask({.prompt = std::string(40, 'x')});
  bool kept = true;
  auto* executor = dynamic_cast<InferenceProcess*>(world.all("inference").front());
  CHECK(world.run_until(
            [&] {
              const auto load = executor->engine().load();
              std::uint32_t held = 0;
              for (std::size_t tier = 0; tier < tier_count; ++tier) held += load.running[tier] + load.waiting[tier];
              kept = kept && held <= 2;
              return false;
            },
            milliseconds(200)) == false);
  CHECK(kept);
  CHECK(world.run_all_done(seconds(60)));
}

TEST_CASE("max_tokens ends a stream with length") {
  World world({});
  REQUIRE(world.settle());
  Answer& answer = world.ask({.prompt = "abcdefgh", .max_tokens = 3});
  REQUIRE(world.run_all_done());
  CHECK(answer.content == "abc");
  CHECK(answer.finish_reason == "length");
  CHECK(answer.position == 3);
}

TEST_CASE("a stop string ends a stream and is cut off, and the executor stops") {
  World world({});
  REQUIRE(world.settle());
  Answer& answer = world.ask({.prompt = "one two three" + std::string(500, '.'), .stop = {"two"}});
  REQUIRE(world.run_all_done());
  CHECK(answer.content == "one ");
  CHECK(answer.finish_reason == "stop");
  world.run_for(milliseconds(50));
  auto* executor = dynamic_cast<InferenceProcess*>(world.all("inference").front());
  CHECK_FALSE(executor->engine().has_work());
}

TEST_CASE("the chain that a client is told is the chain over its ids") {
  World world({});
  REQUIRE(world.settle());
  Answer& answer = world.ask({.prompt = "chained"});
  REQUIRE(world.run_all_done());
  StreamId stream;
  for (std::size_t i = 0; i < 16; ++i) {
    stream.request.bytes[i] = static_cast<std::uint8_t>(std::stoi(answer.request_hex.substr(2 * i, 2), nullptr, 16));
  }
  CHECK(answer.chain_hex == to_hex(chain_over(chain_start(stream), answer.ids)));
}

TEST_CASE("a client that grants nothing gets its window and no more") {
  World world({});
  REQUIRE(world.settle());
  Answer& answer = world.ask({.prompt = std::string(100, 'w'), .window = 16, .grants = false});
  world.run_for(seconds(1));
  CHECK(answer.position == 16);
  CHECK_FALSE(answer.done());
}

TEST_CASE("a parked stream goes on when its client grants again") {
  World world({});
  REQUIRE(world.settle());
  Answer& answer = world.ask({.prompt = std::string(100, 'w'), .window = 16, .grants = false});
  world.run_for(seconds(1));
  world.credit(answer, 16);
  world.run_for(milliseconds(200));
  CHECK(answer.position == 32);
}

TEST_CASE("a stream whose pages were given up is placed again when credit returns") {
  World world({.inferences = 2});
  REQUIRE(world.settle());
  Answer& answer = world.ask({.prompt = std::string(60, 'y'), .window = 16, .grants = false});
  world.run_for(seconds(5));
  for (Process* process : world.all("inference")) {
    CHECK(dynamic_cast<InferenceProcess*>(process)->engine().load().free_pages == 256);
  }
  for (Position taken = 16; taken <= 64; taken += 16) {
    world.credit(answer, taken);
    world.run_for(seconds(5));
  }
  CHECK(answer.content == std::string(60, 'y'));
  CHECK(answer.consistent);
  CHECK(answer.finish_reason == "stop");
}

TEST_CASE("wherever a stream is cut, what goes on counts the ids before the cut in its penalties") {
  const std::string expected(15, 'a');  // a sixteenth would have the logit 8 - 15 * 0.5, less than the end's 1
  for (std::uint32_t cut = 1; cut <= expected.size(); ++cut) {
    World world({.inferences = 2});
    REQUIRE(world.settle());
    Answer& answer =
        world.ask({.prompt = std::string(40, 'a'), .window = cut, .frequency_penalty = 0.5F, .grants = false});
    world.run_for(seconds(3));  // it is parked, then its pages are given up
    REQUIRE(answer.position == cut);
    for (Process* process : world.all("inference")) {
      REQUIRE_FALSE(dynamic_cast<InferenceProcess*>(process)->engine().has_work());
    }
    world.credit(answer, cut);
    REQUIRE(world.run_until([&] { return answer.position == std::min<std::size_t>(2 * cut, 16); }));
    world.credit(answer, 2 * cut);
    while (!answer.done()) {
      const Position before = answer.position;
      REQUIRE(world.run_until([&] { return answer.position > before || answer.done(); }));
      world.credit(answer, answer.position);
    }
    CHECK(answer.content == expected);
    CHECK(answer.finish_reason == "stop");
  }
}

TEST_CASE("a granting client with a window reads everything") {
  World world({});
  REQUIRE(world.settle());
  Answer& answer = world.ask({.prompt = std::string(500, 'z'), .window = 8});
  REQUIRE(world.run_all_done());
  CHECK(answer.content == std::string(500, 'z'));
}

TEST_CASE("a cancelled stream ends once, and a later cancel repeats that end") {
  World world({});
  REQUIRE(world.settle());
  Answer& answer = world.ask({.prompt = std::string(2000, 'c')});
  REQUIRE(world.run_until([&] { return answer.position > 5; }));
  world.cancel(answer);
  REQUIRE(world.run_all_done());
  CHECK(answer.error_code == "cancelled");
  world.run_for(seconds(1));
  CHECK(answer.terminals == 1);
  world.cancel(answer);
  world.run_for(seconds(1));
  CHECK(answer.terminals == 2);
  CHECK(answer.error_code == "cancelled");
  auto* executor = dynamic_cast<InferenceProcess*>(world.all("inference").front());
  CHECK(executor->engine().load().free_pages == 256);
}

TEST_CASE("a request past its deadline ends with deadline_exceeded and leaves nothing behind") {
  World world({.step = milliseconds(20)});
  REQUIRE(world.settle());
  Answer& answer = world.ask({.prompt = std::string(3000, 'd'), .deadline_ms = 300});
  REQUIRE(world.run_all_done());
  CHECK(answer.error_code == "deadline_exceeded");
  world.run_for(seconds(1));
  auto* executor = dynamic_cast<InferenceProcess*>(world.all("inference").front());
  CHECK(executor->engine().load().free_pages == 256);
}

TEST_CASE("a prompt that fills the context is refused with its length") {
  World world({});
  REQUIRE(world.settle());
  Answer& answer = world.ask({.prompt = std::string(5000, 'p')});
  REQUIRE(world.run_all_done());
  CHECK(answer.error_code == "context_length");
  CHECK(answer.error_text.find("5000") != std::string::npos);
}

TEST_CASE("an unknown model is refused with the name of what is served") {
  World world({});
  REQUIRE(world.settle());
  Answer& answer = world.ask({.model = "gpt-5"});
  REQUIRE(world.run_all_done());
  CHECK(answer.error_code == "unknown_model");
  CHECK(answer.error_text.find("bytes") != std::string::npos);
}

TEST_CASE("readers that grant a position a second leave the slots to others, and get theirs all the same") {
  World world({.seed = 3, .routers = 2, .slots = 8});
  REQUIRE(world.settle());
  std::vector<Answer*> slow;
  for (int i = 0; i < 20; ++i) {
    slow.push_back(&world.ask({.prompt = std::string(40, 's'), .window = 1, .grants = false}));
  }
  std::vector<Answer*> others;
  for (int second = 0; second < 10; ++second) {
    for (int i = 0; i < 10; ++i) others.push_back(&world.ask({.prompt = std::string(40, 'o')}));
    world.run_for(seconds(1));
    for (Answer* answer : slow) world.credit(*answer, answer->position);
  }
  world.run_for(seconds(1));
  for (const Answer* answer : others) CHECK(answer->content == std::string(40, 'o'));
  for (const Answer* answer : slow) CHECK(answer->position >= 10);
}
