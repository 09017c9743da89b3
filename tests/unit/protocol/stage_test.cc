#include "protocol/stage.h"

#include <doctest/doctest.h>

#include "base/limits.h"
#include "edge_pack.h"

using namespace shoal;
using namespace shoal::protocol;
using samples::Json;

namespace {

Bytes payload(const Json& map) { return {samples::pack(map)}; }

Error error_of(const Json& map) {
  const auto answer = parse_stage_answer(payload(map));
  REQUIRE_FALSE(answer.has_value());
  return answer.error();
}

const Json message = {{"role", "user"}, {"content", "hello"}};

}  // namespace

TEST_CASE("a stage reads the request that a gateway packed, conversation or raw text") {
  const StageRequest chat{.messages = {{"user", "hello"}, {"assistant", "hi"}},
                          .prompt = {},
                          .model = "m",
                          .tenant = "t",
                          .tier = Tier::batch};
  CHECK(parse_stage_request(pack(chat)).value() == chat);
  const StageRequest raw{.messages = {}, .prompt = "once", .model = "m", .tenant = {}, .tier = Tier::vip};
  CHECK(parse_stage_request(pack(raw)).value() == raw);
}

TEST_CASE("a request is the map that the specification shows") {
  const StageRequest chat{.messages = {{"user", "hello"}}, .prompt = {}, .model = "m", .tenant = "t"};
  CHECK(samples::unpack(pack(chat).bytes) ==
        Json{{"messages", {message}}, {"model", "m"}, {"tenant", "t"}, {"tier", "realtime"}});
}

TEST_CASE("a request may have fields that a stage does not know yet") {
  CHECK(parse_stage_request(payload({{"messages", {message}}, {"language", "en"}})).has_value());
}

TEST_CASE("a gateway reads each verdict that a stage packed") {
  for (const StageAnswer& answer : {pass(), replace({{"user", "other"}}), refuse("listed_word", "Not this word.")}) {
    CHECK(parse_stage_answer(pack(answer)).value() == answer);
  }
  StageAnswer raw{.verdict = Verdict::replace, .messages = {}, .prompt = "other", .code = {}, .text = {}};
  CHECK(parse_stage_answer(pack(raw)).value() == raw);
}

TEST_CASE("PASS needs nothing but its verdict") {
  CHECK(parse_stage_answer(payload({{"verdict", "PASS"}})).has_value());
}

TEST_CASE("a verdict that is mistyped is refused with the one that was meant") {
  CHECK(error_of({{"verdict", "REPLCE"}}).text.find("did you mean REPLACE?") != std::string::npos);
  CHECK(error_of({{"messages", {message}}}).text == "stage answer.verdict: is missing");
}

TEST_CASE("a field that no answer has is refused by name") {
  const Error error = error_of({{"verdict", "PASS"}, {"mesages", {message}}});
  CHECK(error.code == Code::unknown_field);
  CHECK(error.text.find("did you mean messages?") != std::string::npos);
}

TEST_CASE("REPLACE without a text, with two, or with messages that no SUBMIT could have is refused") {
  CHECK(error_of({{"verdict", "REPLACE"}}).text == "stage answer.messages: is missing: messages, or a prompt");
  CHECK(error_of({{"verdict", "REPLACE"}, {"messages", {message}}, {"prompt", "p"}}).code == Code::invalid_request);
  CHECK(error_of({{"verdict", "REPLACE"}, {"messages", Json::array()}}).code == Code::invalid_request);
  CHECK(
      error_of({{"verdict", "REPLACE"}, {"messages", {{{"role", "king"}, {"content", "x"}}}}}).text.find("\"king\"") !=
      std::string::npos);
  Json many = Json::array();
  for (std::size_t i = 0; i <= limits::messages_max; ++i) many.push_back(message);
  CHECK(error_of({{"verdict", "REPLACE"}, {"messages", many}}).code == Code::too_large);
}

TEST_CASE("what is no map, or cut off, is malformed") {
  CHECK(parse_stage_answer({}).error().code == Code::malformed);
  CHECK(parse_stage_answer({"\x81\xa7verdict"}).error().code == Code::malformed);
  CHECK_FALSE(parse_stage_answer({"\x01"}).has_value());
  CHECK_FALSE(parse_stage_request({"\x01"}).has_value());
}

TEST_CASE("a payload past its bound is not parsed") {
  const Bytes large{std::string(limits::payload_bytes_max + 1, '\xc0')};
  CHECK(parse_stage_answer(large).error().code == Code::too_large);
  CHECK(parse_stage_request(large).error().code == Code::too_large);
}

// ---- of answers

namespace {

ReviewRequest piece() {
  ReviewRequest request;
  request.text = "four 4";
  request.channel = Channel::reasoning;
  request.before = "three 3, ";
  request.position = 12;
  request.hold_max = 256;
  request.stream = "00c0ffee00c0ffee";
  request.model = "m";
  request.tenant = "t";
  request.tier = Tier::batch;
  return request;
}

Error review_error_of(const Json& map) {
  const auto answer = parse_review_answer(payload(map));
  REQUIRE_FALSE(answer.has_value());
  return answer.error();
}

}  // namespace

TEST_CASE("a stage reads the piece of an answer that a gateway packed, as the specification shows it") {
  CHECK(parse_review_request(pack(piece())).value() == piece());
  CHECK(samples::unpack(pack(piece()).bytes) == Json{{"text", "four 4"},
                                                     {"channel", "reasoning"},
                                                     {"before", "three 3, "},
                                                     {"position", 12},
                                                     {"final", false},
                                                     {"hold_max", 256},
                                                     {"stream", "00c0ffee00c0ffee"},
                                                     {"model", "m"},
                                                     {"tenant", "t"},
                                                     {"tier", "batch"}});
  CHECK(parse_review_request(payload({{"text", "x"}, {"mood", "good"}})).has_value());
  CHECK_FALSE(parse_review_request(payload({{"channel", "content"}})).has_value());
  CHECK(parse_review_request(payload({{"text", ""}, {"channel", "loud"}})).error().text.find("none of content") !=
        std::string::npos);
}

TEST_CASE("a gateway reads each verdict on an answer that a stage packed") {
  for (const StageAnswer& answer :
       {pass(), pass_all_but(7), replace_text("other"), replace_text("", 256), refuse("why", "Because.")}) {
    CHECK(parse_review_answer(pack(answer)).value() == answer);
  }
}

TEST_CASE("a verdict on an answer has the fields of one, within their bounds") {
  CHECK(review_error_of({{"verdict", "REPLACE"}}).text == "review answer.text: is missing");
  CHECK(review_error_of({{"verdict", "REPLACE"}, {"messages", {message}}}).code == Code::unknown_field);
  CHECK(review_error_of({{"verdict", "PASS"}, {"hold", limits::review_hold_bytes_max + 1}}).code != Code::ok);
  CHECK(parse_review_answer(pack(replace_text(std::string(limits::review_text_bytes_max, 'x')))).has_value());
  CHECK(parse_review_answer(pack(replace_text(std::string(limits::review_text_bytes_max + 1, 'x')))).error().code ==
        Code::too_large);
}
