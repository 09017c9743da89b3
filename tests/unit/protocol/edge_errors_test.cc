#include <algorithm>
#include <string>
#include <variant>

#include <doctest/doctest.h>

#include "protocol/edge/edge.h"
#include "protocol/edge/foreign.h"
#include "protocol/edge/schema.h"
#include "tests/unit/protocol/edge_answer.h"

namespace shoal::protocol {
namespace {

using samples::answer;
using samples::Json;
using samples::pack;
using samples::with;

TEST_CASE("an error names the request that it is about, if its id can be read") {
  const auto id_of = [](const std::string& frame) { return std::get<edge::BadRequest>(edge::parse(frame)).id; };
  CHECK(id_of(pack(with("top_p", 3))) == "1");
  CHECK(id_of(pack(Json{{"type", "NOPE"}, {"id", "7"}})) == "7");
  CHECK(id_of(pack(Json{{"type", "SUBMIT"}, {"id", false}})).empty());
  CHECK(id_of("nonsense").empty());
}

TEST_CASE("an error names its request also where the frame cannot be read as a whole") {
  const auto id_of = [](std::string frame) {
    const auto bad = std::get<edge::BadRequest>(edge::parse(frame));
    CHECK(!bad.error.text.empty());
    return bad.id;
  };
  using namespace std::string_literals;
  const std::string three = "\x83\xa4type\xa6SUBMIT"s;
  CHECK(id_of(three + "\xa6prompt\xd4\x05x\xa2id\xa1\x37"s) == "7");            // an extension type before it
  CHECK(id_of(three + "\xa2id\xa1\x37\xa6prompt\xd4\x05x"s) == "7");            // and after it
  CHECK(id_of(three + "\xa2id\x07\xa6prompt\xa5x"s) == "7");                    // the frame ends too early
  CHECK(id_of(three + "\xc4\x02id\xa1\x37\xa6prompt\xa1x"s) == "7");            // its name is bytes
  CHECK(id_of(three + "\xa2id\xc4\x01\x37\xa6prompt\xa1x"s) == "7");            // or it is
  CHECK(id_of(three + "\xa2id\xa1\x37\xa2id\xa1\x38"s) == "7");                 // it is there twice
  CHECK(id_of(three + "\xa1x\x81\xa2id\xa1\x38\xa6prompt\xd4\x05x"s).empty());  // another map's
  CHECK(id_of(three + "\xa2id\xa1\xff\xa6prompt\xd4\x05x"s).empty());           // not text, so it cannot go back
}

TEST_CASE("an error of a published request reaches its client also where the frame cannot be read") {
  using namespace std::string_literals;
  const std::string frame =
      "\x83\xa6"
      "client\xa2me\xa2id\xa1\x37\xa6prompt\xd4\x05x"s;
  const auto bad = std::get<edge::BadRequest>(edge::parse(frame, edge::Port::publish));
  CHECK(bad.client == "me");
  CHECK(bad.id == "7");
}

TEST_CASE("an unknown field is answered with the nearest known one") {
  CHECK(answer(with("max_token", 5)) == "unknown_field: SUBMIT.max_token: no such field (did you mean max_tokens?)");
  CHECK(answer(with("colour", 5)) == "unknown_field: SUBMIT.colour: no such field");
  CHECK(answer(Json{{"type", "CANCEL"}, {"id", "1"}, {"position", 1}}) ==
        "unknown_field: CANCEL.position: no such field");
  CHECK(answer(with("messages", {{{"role", "user"}, {"contents", "x"}}})) ==
        "unknown_field: SUBMIT.messages[0].contents: no such field (did you mean content?)");
}

TEST_CASE("a field that other servers have is answered with what it stands for here") {
  CHECK(answer(with("max_completion_tokens", 5)) ==
        "unknown_field: SUBMIT.max_completion_tokens: no such field here: use max_tokens");
  CHECK(answer(with("tools", Json::array())) ==
        "unknown_field: SUBMIT.tools: no such field here: tool calls do not exist yet");
  CHECK(answer(with("stream_options", {{"include_usage", true}})) ==
        "unknown_field: SUBMIT.stream_options: no such field here: leave it out, DONE always has the usage");
  CHECK(
      answer(with("messages", {{{"role", "user"}, {"content", "x"}, {"name", "Ann"}}})) ==
      "unknown_field: SUBMIT.messages[0].name: no such field here: leave it out, or say it in the content: models are "
      "told roles only");
}

TEST_CASE("what is told of other servers' fields names no field that SUBMIT has, and sends to none that it lacks") {
  for (const edge::RequestType& type : edge::request_types()) {
    if (type.name != "SUBMIT") continue;
    const auto has = [&](std::string_view name) {
      return std::any_of(type.fields.begin(), type.fields.end(), [&](const auto& info) { return info.name == name; });
    };
    for (const auto& field : edge::foreign_fields()) {
      CHECK_MESSAGE(!has(field.name), field.name);
      if (!field.advice.starts_with("use ") || field.advice.starts_with("use a ")) continue;
      const std::string_view used = field.advice.substr(4, field.advice.find_first_of(" ,", 4) - 4);
      CHECK_MESSAGE(has(used), field.advice);
    }
  }
}

}  // namespace
}  // namespace shoal::protocol
