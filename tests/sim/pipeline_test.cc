// Stages of the pipeline that come and go while requests pass them.

#include <doctest/doctest.h>

#include "protocol/stage.h"
#include "world.h"

using namespace shoal;
using namespace shoal::sim;

namespace {

constexpr auto thinking = milliseconds(5);
const std::string fine = "this is fine, and goes on for some time ";

// What the call is about: a request's last message, or an answer's text with what was passed before it.
std::string text_of(const protocol::Call& call) {
  if (call.method == protocol::review_method) {
    const auto piece = protocol::parse_review_request(call.payload).value();
    return piece.before + piece.text;
  }
  return protocol::parse_stage_request(call.payload).value().messages.back().content;
}

// Refuses texts with the word "bad" and answers after a while, so that it can die while it is asked.
class Moderate : public actors::Core {
public:
  void on(actors::Event event, Time now, actors::Effects& out) override {
    if (const auto* received = std::get_if<actors::Received>(&event)) {
      const auto* call = std::get_if<protocol::Call>(&received->message.body);
      if (call != nullptr) open_.push_back({now + thinking, received->from, *call});
    }
    while (!open_.empty() && open_.front().due <= now) {
      const auto& [due, from, call] = open_.front();
      const bool bad = text_of(call).find("bad") != std::string::npos;
      out.send(from, protocol::make_message(protocol::CallResult{
                         .id = call.id,
                         .code = Code::ok,
                         .text = {},
                         .payload = protocol::pack(bad ? protocol::refuse("bad_word", "Not so.") : protocol::pass())}));
      open_.pop_front();
    }
  }
  Time next_wake() const override { return open_.empty() ? time_never : open_.front().due; }

private:
  struct Open {
    Time due;
    Epoch from;
    protocol::Call call;
  };
  std::deque<Open> open_;
};

WorldConfig checked(std::uint64_t seed, bool skip) {
  WorldConfig config;
  config.seed = seed;
  config.gateways = 2;
  config.after = {{"check", skip}};
  config.make_stage = [] { return std::make_unique<Moderate>(); };
  return config;
}

WorldConfig moderated(std::uint64_t seed, bool skip) {
  WorldConfig config;
  config.seed = seed;
  config.gateways = 2;
  config.pipeline = {{"moderate", skip}};
  config.make_stage = [] { return std::make_unique<Moderate>(); };
  return config;
}

}  // namespace

TEST_CASE("a stage that dies in the middle costs no request while another of its kind lives") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    World world(moderated(seed, false));
    Process& dying = world.add("moderate");
    world.add("moderate");
    REQUIRE(world.settle());
    std::vector<Answer*> good, bad;
    for (int i = 0; i < 10; ++i) {
      good.push_back(&world.ask({.prompt = "fine", .max_tokens = 4}));
      bad.push_back(&world.ask({.prompt = "bad", .max_tokens = 4}));
    }
    world.run_for(milliseconds(static_cast<int>(seed % 10)));
    world.kill(dying);
    REQUIRE_MESSAGE(world.run_all_done(), "seed ", seed);
    for (const Answer* answer : good) CHECK_MESSAGE(answer->finish_reason == "length", seed, answer->error_text);
    for (const Answer* answer : bad) CHECK_MESSAGE(answer->error_code == "refused", seed, answer->error_text);
  }
}

TEST_CASE("without a living stage a request is refused, or goes on if so configured") {
  for (const bool skip : {false, true}) {
    for (std::uint64_t seed = 1; seed <= 15; ++seed) {
      World world(moderated(seed, skip));
      Process& only = world.add("moderate");
      REQUIRE(world.settle());
      std::vector<Answer*> answers;
      for (int i = 0; i < 10; ++i) answers.push_back(&world.ask({.prompt = "fine", .max_tokens = 4}));
      world.run_for(milliseconds(static_cast<int>(seed % 4)));  // asked, and not yet answered
      world.kill(only);
      REQUIRE_MESSAGE(world.run_all_done(), "seed ", seed);
      for (const Answer* answer : answers) {
        CHECK_MESSAGE(answer->terminals == 1, seed);
        CHECK_MESSAGE(answer->error_code == (skip ? "" : "no_service"), seed, answer->error_text);
      }
    }
  }
}

TEST_CASE(
    "answers pass a stage after the model whole, in order and through a window, though one of two processes dies") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    World world(checked(seed, false));
    Process& dying = world.add("check");
    world.add("check");
    REQUIRE(world.settle());
    std::vector<Answer*> good, bad;
    for (std::uint32_t i = 0; i < 10; ++i) {
      good.push_back(&world.ask({.prompt = fine, .window = 1 + i % 5}));
      bad.push_back(&world.ask({.prompt = fine + "bad" + fine}));
    }
    world.run_for(milliseconds(static_cast<int>(seed * 3)));
    world.kill(dying);
    REQUIRE_MESSAGE(world.run_all_done(), "seed ", seed);
    for (const Answer* answer : good) {
      CHECK_MESSAGE(answer->content == fine, seed, answer->error_text);
      CHECK_MESSAGE(answer->ids.size() == fine.size() + 1, seed);  // the end has one
      CHECK_MESSAGE(answer->consistent, seed);
    }
    for (const Answer* answer : bad) {
      CHECK_MESSAGE(answer->error_code == "refused", seed, answer->error_text);
      CHECK_MESSAGE(answer->content.find("bad") == std::string::npos, seed);
      CHECK_MESSAGE(answer->ids.size() == answer->content.size(), seed);  // none of what was refused
    }
  }
}

TEST_CASE("without a living stage after the model an answer is refused, or goes on if so configured") {
  for (const bool skip : {false, true}) {
    for (std::uint64_t seed = 1; seed <= 15; ++seed) {
      World world(checked(seed, skip));
      Process& only = world.add("check");
      REQUIRE(world.settle());
      std::vector<Answer*> answers;
      for (int i = 0; i < 10; ++i) answers.push_back(&world.ask({.prompt = std::string(400, 'x')}));
      world.run_for(milliseconds(static_cast<int>(50 + seed)));  // in the middle of their answers
      world.kill(only);
      REQUIRE_MESSAGE(world.run_all_done(), "seed ", seed);
      for (const Answer* answer : answers) {
        CHECK_MESSAGE(answer->terminals == 1, seed);
        CHECK_MESSAGE(answer->error_code == (skip ? "" : "no_service"), seed, answer->error_text);
        CHECK_MESSAGE((!skip || answer->content == std::string(400, 'x')), seed);
      }
    }
  }
}
