#include "sdk/stage_core.h"

#include <stdexcept>

#include <doctest/doctest.h>

#include "sdk/testing.h"

namespace shoal::sdk {
namespace {

using protocol::Verdict;
using testing::ask;

// Decides as the prompt tells it.
class Obedient : public StageCore {
protected:
  Result<StageAnswer> on_stage(const StageRequest& request) override {
    const std::string& text = request.messages.at(0).content;
    if (text == "replace") return protocol::replace({{"user", "something else"}});
    if (text == "refuse") return protocol::refuse("why", "because");
    if (text == "fail") return Error{Code::busy, "not now"};
    if (text == "throw") throw std::runtime_error("no good");
    return protocol::pass();
  }
  Result<StageAnswer> on_review(const ReviewRequest& piece) override {
    if (piece.text == "replace") return protocol::replace_text(piece.before + "!", 2);
    if (piece.text == "throw") throw std::runtime_error("no good");
    return piece.is_final ? protocol::refuse("why", "because") : protocol::pass_all_but(3);
  }
  Result<std::string> on_call(const std::string& method, const std::string& payload) override {
    if (method == "other") return payload;
    return StageCore::on_call(method, payload);
  }
};

// Decides on an event of its own.
class Slow : public StageCore {
public:
  Decide decide;

protected:
  void on_stage_request(const StageRequest&, Decide later) override { decide = std::move(later); }
  void on_event(const actors::Event&) override { decide(protocol::refuse("late", "but in time")); }
};

}  // namespace

TEST_CASE("a stage's verdict is what on_stage returned") {
  Obedient stage;
  CHECK(ask(stage, "hello").value() == protocol::pass());
  CHECK(ask(stage, "replace").value().messages.at(0).content == "something else");
  const StageAnswer refusal = ask(stage, "refuse").value();
  CHECK(refusal.verdict == Verdict::refuse);
  CHECK(refusal.code == "why");
  CHECK(refusal.text == "because");
}

TEST_CASE("a stage's verdict on an answer is what on_review returned") {
  Obedient stage;
  CHECK(testing::review(stage, "hello").value() == protocol::pass_all_but(3));
  CHECK(testing::review(stage, "hello", true).value() == protocol::refuse("why", "because"));
  ReviewRequest piece;
  piece.text = "replace";
  piece.before = "so far";
  CHECK(testing::review(stage, piece).value() == protocol::replace_text("so far!", 2));
  CHECK(testing::review(stage, "throw").error().code == Code::internal);
  CHECK(testing::call(stage, "review", "no msgpack").error().code == Code::malformed);
}

TEST_CASE("a stage that fails or throws gives no verdict") {
  Obedient stage;
  CHECK(ask(stage, "fail").error().code == Code::busy);
  CHECK(ask(stage, "throw").error().code == Code::internal);
  CHECK(ask(stage, protocol::StageRequest{.messages = {}, .prompt = "raw", .model = {}, .tenant = {}}).error().code ==
        Code::internal);  // at(0) throws
}

TEST_CASE("a stage's request that cannot be read is refused and reaches nobody") {
  Obedient stage;
  CHECK(testing::call(stage, "stage", "no msgpack").error().code == Code::malformed);
}

TEST_CASE("a stage may have other methods") {
  Obedient stage;
  CHECK(testing::call(stage, "other", "x").value() == "x");
  CHECK(testing::call(stage, "another").error().code == Code::invalid_request);
}

TEST_CASE("a stage that overrides nothing decides nothing") {
  StageCore stage;
  CHECK(ask(stage, "hello").error().code == Code::internal);
  CHECK(testing::review(stage, "hello").error().code == Code::internal);
}

TEST_CASE("a verdict may come later") {
  Slow stage;
  CHECK(ask(stage, "hello").error().code == Code::timeout);
  actors::Effects effects;
  stage.on(actors::Started{}, Time(seconds(2)), effects);
  const auto list = effects.take();
  REQUIRE(list.size() == 1);
  const auto& result = std::get<protocol::CallResult>(std::get<actors::Send>(list[0]).message.body);
  CHECK(protocol::parse_stage_answer(result.payload).value().code == "late");
}

}  // namespace shoal::sdk
