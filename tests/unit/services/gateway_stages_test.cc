#include <doctest/doctest.h>

#include "edge_frames.h"
#include "protocol/stage.h"

using namespace shoal;
using namespace shoal::test;

namespace {

constexpr Epoch moderator = 70, other_moderator = 71, polisher = 80;

gateway::GatewayCore::Config with_stages(bool skip = false) {
  gateway::GatewayCore::Config config{.epoch = 1, .seed = 7};
  config.pipeline = {{"moderate", skip}, {"polish", skip}};
  return config;
}

struct Staged : Gateway {
  explicit Staged(bool skip = false) : Gateway(with_stages(skip)) {
    up(moderator, "moderate");
    up(polisher, "polish");
  }
  protocol::Call stage() const {
    const auto* call = first<protocol::Call>();
    return call == nullptr ? protocol::Call{} : std::get<protocol::Call>(call->body);
  }
  protocol::StageRequest seen() const { return protocol::parse_stage_request(stage().payload).value(); }
  void answer(const protocol::StageAnswer& verdict) { answer(Code::ok, "", protocol::pack(verdict)); }
  void answer(Code code, const std::string& text, protocol::Bytes payload) {
    const Epoch from = to<protocol::Call>();
    bench.receive(from, protocol::CallResult{stage().id, code, text, std::move(payload)});
  }
};

}  // namespace

TEST_CASE("a request passes the stages in their order, then preprocess") {
  Staged gateway;
  gateway.ask({.text = "hello"});
  CHECK(gateway.last("type") == "ACCEPTED");
  CHECK(gateway.to<protocol::Call>() == moderator);
  CHECK(gateway.stage().method == "stage");
  CHECK(gateway.seen().prompt == "hello");
  CHECK(gateway.seen().model == "bytes");
  gateway.answer(protocol::pass());
  CHECK(gateway.to<protocol::Call>() == polisher);
  gateway.answer(protocol::pass());
  REQUIRE(gateway.first<protocol::Prepare>() != nullptr);
  CHECK(std::get<protocol::Prepare>(gateway.first<protocol::Prepare>()->body).prompt == "hello");
}

TEST_CASE("what a stage REPLACEs is what later stages and the model see") {
  Staged gateway;
  gateway.ask({.text = "hello"});
  gateway.answer(protocol::replace({{"user", "polite hello"}}));
  CHECK(gateway.seen().messages == std::vector<protocol::ChatMessage>{{"user", "polite hello"}});
  CHECK_FALSE(gateway.seen().prompt.has_value());
  gateway.answer(protocol::pass());
  const auto& prepare = std::get<protocol::Prepare>(gateway.first<protocol::Prepare>()->body);
  CHECK(prepare.messages == std::vector<protocol::ChatMessage>{{"user", "polite hello"}});
  CHECK(prepare.prompt.empty());
}

TEST_CASE("REFUSE ends the request with the stage's sentence and its own word") {
  Staged gateway;
  gateway.ask();
  gateway.answer(protocol::refuse("listed_word", "This word is not allowed."));
  CHECK(gateway.last("code") == "refused");
  CHECK(gateway.last("message") == "This word is not allowed.");
  CHECK(gateway.last("reason") == "listed_word");
  CHECK(gateway.first<protocol::Prepare>() == nullptr);
  CHECK(gateway.streams() == 0);
}

TEST_CASE("a stage of which nobody is alive refuses, and says which") {
  Staged gateway;
  gateway.bench.give(actors::LinkLost{moderator});
  gateway.ask();
  CHECK(gateway.last("code") == "no_service");
  CHECK(gateway.last("message").find("\"moderate\"") != std::string::npos);
  CHECK(gateway.streams() == 0);
}

TEST_CASE("a stage that is silent refuses when its time is over") {
  Staged gateway;
  gateway.ask();
  gateway.bench.pass(milliseconds(limits::stage_wait_ms - 1));
  CHECK(gateway.streams() == 1);
  gateway.bench.pass(milliseconds(1));
  CHECK(gateway.last("code") == "timeout");
  CHECK(gateway.streams() == 0);
}

TEST_CASE("how long a stage may be silent is configured") {
  auto config = with_stages();
  config.stage_wait_ms = 200;
  Gateway gateway(config);
  gateway.up(moderator, "moderate");
  gateway.ask();
  CHECK(gateway.first<protocol::Call>()->head.budget_ms == 200);
  gateway.bench.pass(milliseconds(199));
  CHECK(gateway.streams() == 1);
  gateway.bench.pass(milliseconds(1));
  CHECK(gateway.last("code") == "timeout");
}

TEST_CASE("a stage has no more time than the request") {
  Staged gateway;
  gateway.ask({.deadline_ms = 100});
  CHECK(gateway.first<protocol::Call>()->head.budget_ms == 100);
  gateway.bench.pass(milliseconds(100));
  CHECK(gateway.last("type") == "ERROR");
  CHECK(gateway.streams() == 0);
}

TEST_CASE("an answer that is none refuses, and so does an error of the stage") {
  for (const bool is_error : {false, true}) {
    Staged gateway;
    gateway.ask();
    gateway.answer(is_error ? Code::internal : Code::ok, "division by zero", {"nonsense"});
    CHECK(gateway.last("code") == "no_service");
    CHECK(gateway.last("message").find(is_error ? "division by zero" : "cannot be used") != std::string::npos);
  }
}

TEST_CASE("with on_down = skip a request goes on without a stage that is dead, silent or talks nonsense") {
  SUBCASE("dead") {
    Staged gateway(true);
    gateway.bench.give(actors::LinkLost{moderator});
    gateway.ask();
    CHECK(gateway.to<protocol::Call>() == polisher);
    CHECK(gateway.bench.counts.back() == "stages_skipped");
  }
  SUBCASE("silent") {
    Staged gateway(true);
    gateway.ask();
    gateway.bench.pass(milliseconds(limits::stage_wait_ms));
    CHECK(gateway.to<protocol::Call>() == polisher);
  }
  SUBCASE("nonsense") {
    Staged gateway(true);
    gateway.ask();
    gateway.answer(Code::ok, "", {"nonsense"});
    CHECK(gateway.to<protocol::Call>() == polisher);
  }
}

TEST_CASE("with on_down = skip a stage that is there still refuses") {
  Staged gateway(true);
  gateway.ask();
  gateway.answer(protocol::refuse("x", "No."));
  CHECK(gateway.last("code") == "refused");
}

TEST_CASE("a stage process that is lost in the middle is not the end if there is another") {
  Staged gateway;
  gateway.up(other_moderator, "moderate");
  gateway.ask();
  const Epoch asked = gateway.to<protocol::Call>();
  gateway.bench.give(actors::LinkLost{asked});
  CHECK(gateway.to<protocol::Call>() == (asked == moderator ? other_moderator : moderator));
  gateway.answer(protocol::pass());
  CHECK(gateway.to<protocol::Call>() == polisher);
}

TEST_CASE("a stage that is the last of its kind and is lost in the middle refuses at once") {
  Staged gateway;
  gateway.ask();
  gateway.bench.give(actors::LinkLost{moderator});
  CHECK(gateway.last("code") == "no_service");
}

TEST_CASE("a client can be a stage") {
  Staged gateway;
  gateway.bench.give(actors::LinkLost{moderator});
  gateway.say(serve("moderate"), server);
  gateway.ask();
  auto asked = told(gateway, server);
  CHECK(asked["method"] == "stage");
  gateway.say(result(asked["id"], protocol::pack(protocol::refuse("listed", "No.")).bytes), server);
  CHECK(told(gateway, client)["code"] == "refused");
}

TEST_CASE("a request that is cancelled in a stage is over, and the verdict comes to nothing") {
  Staged gateway;
  gateway.ask();
  const auto asked = gateway.stage();
  gateway.say(request_of("CANCEL", "r"));
  CHECK(gateway.last("code") == "cancelled");
  gateway.bench.receive(moderator, protocol::CallResult{asked.id, Code::ok, "", protocol::pack(protocol::pass())});
  CHECK(gateway.bench.sends.empty());
}

TEST_CASE("a text that a stage makes too long for the gateway's memory is refused") {
  auto config = with_stages();
  config.bytes_max = 100;
  Gateway gateway(config);
  gateway.up(moderator, "moderate");
  gateway.ask();
  const auto call = std::get<protocol::Call>(gateway.first<protocol::Call>()->body);
  const auto longer = protocol::replace({{"user", std::string(200, 'x')}});
  gateway.bench.receive(moderator, protocol::CallResult{call.id, Code::ok, "", protocol::pack(longer)});
  CHECK(gateway.last("code") == "busy");
}

// ---- its configuration

namespace {

using Stages = std::vector<gateway::Stage>;

std::string error_of(const std::vector<std::string>& order, const std::vector<std::string>& on_down = {}) {
  const auto pipeline = gateway::make_pipeline(order, on_down);
  REQUIRE_FALSE(pipeline.has_value());
  CHECK(pipeline.error().code == Code::bad_config);
  return pipeline.error().text;
}

}  // namespace

TEST_CASE("stages before preprocess see requests and those after it answers; preprocess may be left out") {
  using gateway::Pipeline;
  CHECK(gateway::make_pipeline({"moderate", "preprocess"}, {}).value() == Pipeline{{{"moderate"}}, {}});
  CHECK(gateway::make_pipeline({"moderate"}, {}).value() == Pipeline{{{"moderate"}}, {}});
  CHECK(gateway::make_pipeline({"preprocess"}, {"refuse"}).value() == Pipeline{});
  CHECK(gateway::make_pipeline({"moderate", "preprocess", "check", "mask"}, {}).value() ==
        Pipeline{{{"moderate"}}, {{"check"}, {"mask"}}});
  CHECK(gateway::make_pipeline({"moderate", "preprocess", "moderate"}, {}).value() ==
        Pipeline{{{"moderate"}}, {{"moderate"}}});
}

TEST_CASE("on_down is one word for all stages, or one for each") {
  CHECK(gateway::make_pipeline({"a", "b"}, {"skip"}).value().before == Stages{{"a", true}, {"b", true}});
  CHECK(gateway::make_pipeline({"a", "b"}, {"b=skip"}).value().before == Stages{{"a", false}, {"b", true}});
  CHECK(gateway::make_pipeline({"a", "b"}, {"skip", "a=refuse"}).value().before == Stages{{"a", false}, {"b", true}});
  CHECK(gateway::make_pipeline({"a", "preprocess", "b"}, {"b=skip"}).value() ==
        gateway::Pipeline{{{"a", false}}, {{"b", true}}});
  CHECK(error_of({"moderate"}, {"modrate=skip"}) ==
        "on_down: \"modrate\" is no stage of the pipeline (did you mean moderate?)");
  CHECK(error_of({"a"}, {"ignore"}) == "on_down: expected skip, refuse, or STAGE=skip, got \"ignore\"");
}

TEST_CASE("kinds of the mesh, a stage twice on one side, odd names and too many stages are refused") {
  CHECK(error_of({"router"}).find("is no stage") != std::string::npos);
  CHECK(error_of({"a", "a"}).find("twice on the same side") != std::string::npos);
  CHECK(error_of({"preprocess", "a", "a"}).find("twice on the same side") != std::string::npos);
  CHECK(error_of({"preprocess", "a", "preprocess"}).find("twice") != std::string::npos);
  CHECK(error_of({"A,b"}).find("no name of a kind") != std::string::npos);
  std::vector<std::string> many;
  for (std::size_t i = 0; i <= limits::stages_max; ++i) many.push_back("s" + std::to_string(i));
  many[3] = "preprocess";
  many.push_back("last");
  CHECK(error_of(many).find("17 stages, at most 16") != std::string::npos);
}
