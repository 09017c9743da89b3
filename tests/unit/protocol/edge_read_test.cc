#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/limits.h"
#include "protocol/codec.h"
#include "protocol/edge/edge.h"
#include "tests/unit/protocol/edge_answer.h"
#include "tests/unit/protocol/edge_pack.h"
#include "tests/unit/protocol/samples.h"

namespace shoal::protocol {
namespace {

using samples::answer;
using samples::Json;
using samples::pack;
using samples::submit;
using samples::with;

template <class T>
T parsed(const Json& map) {
  const auto result = edge::parse(pack(map));
  if (const auto* bad = std::get_if<edge::BadRequest>(&result)) FAIL(bad->error.text);
  return std::get<T>(std::get<edge::Request>(result));
}

}  // namespace

TEST_CASE("every field of a SUBMIT arrives") {
  const edge::Submit wanted{.id = "q1",
                            .messages = {{"system", "Be brief."}, {"user", "Grüße, 世界"}, {"assistant", ""}},
                            .prompt = std::nullopt,
                            .stream = false,
                            .model = "shoal-tiny",
                            .max_tokens = 100,
                            .temperature = 0.5F,
                            .top_p = 0.25F,
                            .top_k = 40,
                            .min_p = 0.125F,
                            .frequency_penalty = -2.0F,
                            .presence_penalty = 0.75F,
                            .repetition_penalty = 1.25F,
                            .logprobs = true,
                            .top_logprobs = 20,
                            .seed = std::numeric_limits<std::uint64_t>::max(),
                            .stop = {"\n\n", "终"},
                            .tier = Tier::vip,
                            .deadline_ms = 5000,
                            .window = 16};
  CHECK(parsed<edge::Submit>(samples::to_json(wanted)) == wanted);
}

TEST_CASE("a SUBMIT with a prompt instead of messages is accepted") {
  CHECK(parsed<edge::Submit>({{"type", "SUBMIT"}, {"id", "1"}, {"prompt", "Once"}}).prompt == "Once");
  CHECK(parsed<edge::Submit>({{"type", "SUBMIT"}, {"id", "1"}, {"prompt", ""}}).prompt == "");
}

TEST_CASE("control tokens are allowed in a prompt alone") {
  CHECK(
      parsed<edge::Submit>({{"type", "SUBMIT"}, {"id", "1"}, {"prompt", "x"}, {"allow_special", true}}).allow_special);
  CHECK(!parsed<edge::Submit>({{"type", "SUBMIT"}, {"id", "1"}, {"prompt", "x"}}).allow_special);
  CHECK(answer(with("allow_special", true)) ==
        "invalid_request: SUBMIT.allow_special: goes with `prompt`: what `messages` say is always text");
  CHECK(answer(with("allow_special", false)) == "ok");
}

TEST_CASE("what a SUBMIT leaves out has its defaults, and nil is left out") {
  const edge::Submit plain = parsed<edge::Submit>(submit());
  CHECK(plain.stream);
  CHECK(plain.tier == Tier::realtime);
  CHECK(!plain.max_tokens);
  CHECK(!plain.window);
  Json map = submit();
  for (const char* key : {"prompt", "stream", "model", "max_tokens", "temperature", "top_p", "top_k", "min_p", "seed",
                          "stop", "tier", "deadline_ms", "window", "frequency_penalty", "presence_penalty",
                          "repetition_penalty", "logprobs", "top_logprobs"}) {
    map[key] = nullptr;
  }
  CHECK(parsed<edge::Submit>(map) == plain);
}

TEST_CASE("the other requests arrive") {
  CHECK(parsed<edge::Cancel>({{"type", "CANCEL"}, {"id", "a"}}).id == "a");
  CHECK(parsed<edge::Status>({{"type", "STATUS"}, {"id", "a"}}).id == "a");
  CHECK(parsed<edge::Ack>({{"type", "ACK"}, {"id", "a"}}).id == "a");
  CHECK(parsed<edge::Credit>({{"type", "CREDIT"}, {"id", "a"}, {"position", 7}}) == edge::Credit{"a", 7});
  const edge::Resume resume{"a", samples::head(Type::locate).request, 2, 9, 0xfedc'ba98'7654'3210};
  CHECK(parsed<edge::Resume>(samples::to_json(resume)) == resume);
}

TEST_CASE("a RESUME from the very beginning needs no chain") {
  Json map = samples::to_json(edge::Resume{"a", samples::head(Type::locate).request, 0, 0, 0});
  map.erase("chain");
  map.erase("choice");
  CHECK(answer(map) == "ok");
  map["position"] = 1;
  CHECK(answer(map) == "invalid_request: RESUME.chain: is missing");
}

TEST_CASE("an integer id becomes its decimal text") {
  CHECK(parsed<edge::Cancel>({{"type", "CANCEL"}, {"id", 42}}).id == "42");
  CHECK(parsed<edge::Cancel>({{"type", "CANCEL"}, {"id", -1}}).id == "-1");
}

TEST_CASE("an id of 64 bytes is taken and one of 65 or 0 is refused") {
  CHECK(answer(with("id", std::string(64, 'x'))) == "ok");
  CHECK(answer(with("id", std::string(65, 'x'))) == "too_large: SUBMIT.id: 65 bytes, at most 64");
  CHECK(answer(with("id", "")) == "invalid_request: SUBMIT.id: expected 1 to 64 bytes of text, or an integer");
  CHECK(answer(with("id", true)) == "invalid_request: SUBMIT.id: expected a string, got a boolean");
  Json map = submit();
  map.erase("id");
  CHECK(answer(map) == "invalid_request: SUBMIT.id: is missing");
}

TEST_CASE("an unknown type is answered with the nearest known one") {
  CHECK(answer(with("type", "submit")) == "unknown_type: no request of type \"submit\" (did you mean SUBMIT?)");
  CHECK(answer(with("type", "CANCLE")) == "unknown_type: no request of type \"CANCLE\" (did you mean CANCEL?)");
  CHECK(answer(with("type", "EXPLODE")) == "unknown_type: no request of type \"EXPLODE\"");
  CHECK(answer(with("type", 5)) == "invalid_request: request.type: expected a string, got 5");
  CHECK(answer(Json{{"id", "1"}}) == "invalid_request: request.type: is missing");
}

TEST_CASE("a field twice, or one whose name is no text, is refused") {
  std::string twice = pack(Json{{"type", "CANCEL"}, {"id", "1"}});
  twice[0] = '\x83';
  CHECK(answer(twice + std::string("\xa2id\xa1\x32", 5)) == "invalid_request: request.id: appears twice");
  CHECK(answer(twice + std::string("\x05\xa1\x32", 3)) == "invalid_request: request: the name of a field is not text");
  CHECK(answer(twice + std::string("\xa2\xff\xfe\xa1\x32", 5)) ==
        "invalid_request: request: the name of a field is not text");
}

TEST_CASE("sampling parameters are held to their ranges") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinite = std::numeric_limits<double>::infinity();
  CHECK(answer(with("temperature", 0)) == "ok");
  CHECK(answer(with("temperature", 2)) == "ok");
  CHECK(answer(with("temperature", 2.01)) ==
        "invalid_request: SUBMIT.temperature: expected a number from 0 to 2, got 2.01");
  CHECK(answer(with("temperature", -1)) ==
        "invalid_request: SUBMIT.temperature: expected a number from 0 to 2, got -1");
  CHECK(answer(with("temperature", nan)) ==
        "invalid_request: SUBMIT.temperature: expected a number from 0 to 2, got nan");
  CHECK(answer(with("temperature", infinite)) ==
        "invalid_request: SUBMIT.temperature: expected a number from 0 to 2, got inf");
  CHECK(answer(with("temperature", "hot")) ==
        "invalid_request: SUBMIT.temperature: expected a number from 0 to 2, got a string");
  CHECK(answer(with("top_p", 1)) == "ok");
  CHECK(answer(with("top_p", 0.001)) == "ok");
  CHECK(answer(with("top_p", 0)) == "invalid_request: SUBMIT.top_p: expected a number above 0 and up to 1, got 0");
  CHECK(answer(with("top_p", 1.5)) == "invalid_request: SUBMIT.top_p: expected a number above 0 and up to 1, got 1.5");
  CHECK(answer(with("min_p", 1)) == "ok");
  CHECK(answer(with("min_p", 0)) == "ok");
  CHECK(answer(with("min_p", -0.1)) == "invalid_request: SUBMIT.min_p: expected a number from 0 to 1, got -0.1");
  CHECK(answer(with("top_k", 0)) == "ok");
  CHECK(answer(with("top_k", -1)) == "invalid_request: SUBMIT.top_k: expected an integer from 0 to 4294967295, got -1");
  CHECK(answer(with("seed", -1)).starts_with("invalid_request: SUBMIT.seed: expected an integer from 0 to"));
}

TEST_CASE("penalties are held to their ranges") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinite = std::numeric_limits<double>::infinity();
  for (const char* key : {"frequency_penalty", "presence_penalty"}) {
    const std::string range = std::string("invalid_request: SUBMIT.") + key + ": expected a number from -2 to 2, got ";
    for (const double good : {-2.0, 0.0, 0.5, 2.0}) CHECK(answer(with(key, good)) == "ok");
    CHECK(answer(with(key, 2.01)) == range + "2.01");
    CHECK(answer(with(key, -3)) == range + "-3");
    CHECK(answer(with(key, nan)) == range + "nan");
    CHECK(answer(with(key, -infinite)) == range + "-inf");
    CHECK(answer(with(key, "much")) == range + "a string");
    CHECK(answer(with(key, true)) == range + "a boolean");
  }
  const std::string range = "invalid_request: SUBMIT.repetition_penalty: expected a number above 0 and up to 2, got ";
  for (const double good : {0.01, 1.0, 2.0}) CHECK(answer(with("repetition_penalty", good)) == "ok");
  CHECK(answer(with("repetition_penalty", 0)) == range + "0");
  CHECK(answer(with("repetition_penalty", -1)) == range + "-1");
  CHECK(answer(with("repetition_penalty", 2.5)) == range + "2.5");
  CHECK(answer(with("repetition_penalty", nan)) == range + "nan");
  CHECK(answer(with("repetition_penalty", 1e-60)) == range + "1e-60");  // no float but 0
  CHECK(answer(with("repetition_penalty", Json::array())) == range + "an array");
}

TEST_CASE("top_logprobs is a count up to twenty beside logprobs: true") {
  const auto both = [](Json logprobs, Json top) {
    Json map = with("logprobs", std::move(logprobs));
    map["top_logprobs"] = std::move(top);
    return answer(map);
  };
  CHECK(answer(with("logprobs", true)) == "ok");
  CHECK(both(true, 0) == "ok");
  CHECK(both(true, 20) == "ok");
  CHECK(both(true, 21) == "invalid_request: SUBMIT.top_logprobs: expected an integer from 0 to 20, got 21");
  CHECK(both(true, -1) == "invalid_request: SUBMIT.top_logprobs: expected an integer from 0 to 20, got -1");
  CHECK(both(true, 1.5) == "invalid_request: SUBMIT.top_logprobs: expected an integer from 0 to 20, got 1.5");
  CHECK(both(true, 4294967296U) ==
        "invalid_request: SUBMIT.top_logprobs: expected an integer from 0 to 20, got 4294967296");
  CHECK(answer(with("logprobs", 1)) == "invalid_request: SUBMIT.logprobs: expected true or false, got 1");
  CHECK(answer(with("logprobs", "true")) == "invalid_request: SUBMIT.logprobs: expected true or false, got a string");
  const std::string alone = "invalid_request: SUBMIT.top_logprobs: needs logprobs: true beside it";
  CHECK(answer(with("top_logprobs", 5)) == alone);
  CHECK(both(false, 5) == alone);
  CHECK(both(false, 0) == "ok");  // as client libraries send it
}

TEST_CASE("counts and times begin at one") {
  for (const char* key : {"max_tokens", "deadline_ms", "window"}) {
    const std::string range =
        std::string("invalid_request: SUBMIT.") + key + ": expected an integer from 1 to 4294967295, got ";
    CHECK(answer(with(key, 1)) == "ok");
    CHECK(answer(with(key, 4294967295U)) == "ok");
    CHECK(answer(with(key, 0)) == range + "0");
    CHECK(answer(with(key, -5)) == range + "-5");
    CHECK(answer(with(key, 4294967296U)) == range + "4294967296");
    CHECK(answer(with(key, 1.5)) == range + "1.5");
    CHECK(answer(with(key, "many")) == range + "a string");
  }
}

TEST_CASE("a tier is named in any case") {
  CHECK(parsed<edge::Submit>(with("tier", "VIP")).tier == Tier::vip);
  CHECK(parsed<edge::Submit>(with("tier", "RealTime")).tier == Tier::realtime);
  CHECK(parsed<edge::Submit>(with("tier", "async")).tier == Tier::async);
  CHECK(parsed<edge::Submit>(with("tier", "batch")).tier == Tier::batch);
  CHECK(answer(with("tier", "bach")) ==
        "invalid_request: SUBMIT.tier: \"bach\" is none of vip, realtime, async, batch (did you mean batch?)");
  CHECK(answer(with("tier", "")) == "invalid_request: SUBMIT.tier: \"\" is none of vip, realtime, async, batch");
  CHECK(answer(with("tier", 1)) == "invalid_request: SUBMIT.tier: expected a string, got 1");
}

TEST_CASE("a request has messages or a prompt, not both and not neither") {
  CHECK(answer(Json{{"type", "SUBMIT"}, {"id", "1"}}) ==
        "invalid_request: SUBMIT.messages: is missing: a request has messages, or a prompt");
  CHECK(answer(with("prompt", "x")) == "invalid_request: SUBMIT.prompt: messages and prompt exclude each other");
  CHECK(answer(with("messages", Json::array())) == "invalid_request: SUBMIT.messages: is empty");
  CHECK(answer(with("messages", "Hello")) == "invalid_request: SUBMIT.messages: expected an array, got a string");
  CHECK(answer(with("messages", {"Hello"})) == "invalid_request: SUBMIT.messages[0]: expected a map, got a string");
}

TEST_CASE("roles are those of chat templates, and developer is the system") {
  for (const char* role : {"system", "user", "assistant", "tool"}) {
    CHECK(parsed<edge::Submit>(with("messages", {{{"role", role}, {"content", "x"}}})).messages[0].role == role);
  }
  CHECK(parsed<edge::Submit>(with("messages", {{{"role", "developer"}, {"content", "x"}}})).messages[0].role ==
        "system");
  CHECK(
      answer(with("messages", {{{"role", "asistant"}, {"content", "x"}}})) ==
      "invalid_request: SUBMIT.messages[0].role: \"asistant\" is none of system, developer, user, assistant, tool (did "
      "you mean assistant?)");
  CHECK(answer(with("messages", {{{"content", "x"}}})) == "invalid_request: SUBMIT.messages[0].role: is missing");
  CHECK(answer(with("messages", {{{"role", "user"}}})) == "invalid_request: SUBMIT.messages[0].content: is missing");
  CHECK(answer(with("messages", {{{"role", "user"}, {"content", 5}}})) ==
        "invalid_request: SUBMIT.messages[0].content: expected a string, got 5");
}

TEST_CASE("a content in text parts is joined, and other parts are refused") {
  const auto content = [](Json parts) { return with("messages", {{{"role", "user"}, {"content", std::move(parts)}}}); };
  CHECK(parsed<edge::Submit>(content({{{"type", "text"}, {"text", "Hel"}}, {{"type", "text"}, {"text", "lo"}}}))
            .messages[0]
            .content == "Hello");
  CHECK(answer(content({{{"type", "image_url"}, {"text", "x"}}})) ==
        "invalid_request: SUBMIT.messages[0].content[0].type: only \"text\" is understood");
  CHECK(answer(content({{{"type", "text"}}})) == "invalid_request: SUBMIT.messages[0].content[0].text: is missing");
  CHECK(answer(content({"x"})) == "invalid_request: SUBMIT.messages[0].content[0]: expected a map, got a string");
}

TEST_CASE("1024 messages are taken and one more is refused") {
  const auto conversation = [](std::size_t messages) {
    return with("messages", Json(messages, Json{{"role", "user"}, {"content", "x"}}));
  };
  CHECK(answer(conversation(limits::messages_max)) == "ok");
  CHECK(answer(conversation(limits::messages_max + 1)) == "too_large: SUBMIT.messages: 1025 entries, at most 1024");
}

TEST_CASE("a prompt at its bound is taken and one byte more is refused, however it is split") {
  const std::string half(limits::prompt_bytes_max / 2, 'x');
  CHECK(answer(Json{{"type", "SUBMIT"}, {"id", "1"}, {"prompt", half + half}}) == "ok");
  CHECK(answer(Json{{"type", "SUBMIT"}, {"id", "1"}, {"prompt", half + half + "x"}}) ==
        "too_large: SUBMIT.prompt: 8388609 bytes, at most 8388608");
  const Json message = {{"role", "user"}, {"content", half}};
  CHECK(answer(with("messages", {message, message})) == "ok");
  CHECK(answer(with("messages", {message, message, {{"role", "user"}, {"content", "x"}}})) ==
        "too_large: SUBMIT.messages: more than 8388608 bytes of text");
  CHECK(answer(with("messages", {{{"role", "user"}, {"content", half + half + "x"}}})) ==
        "too_large: SUBMIT.messages[0].content: 8388609 bytes, at most 8388608");
}

TEST_CASE("stop is one string or up to sixteen of up to 128 bytes") {
  CHECK(parsed<edge::Submit>(with("stop", "END")).stop == std::vector<std::string>{"END"});
  CHECK(answer(with("stop", std::vector<std::string>(16, "END"))) == "ok");
  CHECK(answer(with("stop", std::vector<std::string>(17, "END"))) == "too_large: SUBMIT.stop: 17 strings, at most 16");
  CHECK(answer(with("stop", std::string(128, 'x'))) == "ok");
  CHECK(answer(with("stop", std::string(129, 'x'))) == "too_large: SUBMIT.stop: a string of 129 bytes, at most 128");
  CHECK(answer(with("stop", "")) == "invalid_request: SUBMIT.stop: an empty string would stop at once");
  CHECK(answer(with("stop", {1})) == "invalid_request: SUBMIT.stop: expected strings, got 1");
}

TEST_CASE("text that is not UTF-8 is refused wherever it stands") {
  const std::string broken = "a\xc3";
  CHECK(answer(with("id", broken)) == "invalid_request: SUBMIT.id: is not UTF-8");
  CHECK(answer(with("model", broken)) == "invalid_request: SUBMIT.model: is not UTF-8");
  CHECK(answer(with("stop", broken)) == "invalid_request: SUBMIT.stop: is not UTF-8");
  CHECK(answer(with("type", broken)) == "invalid_request: request.type: is not UTF-8");
  CHECK(answer(with("messages", {{{"role", "user"}, {"content", broken}}})) ==
        "invalid_request: SUBMIT.messages[0].content: is not UTF-8");
  CHECK(answer(Json{{"type", "SUBMIT"}, {"id", "1"}, {"prompt", broken}}) ==
        "invalid_request: SUBMIT.prompt: is not UTF-8");
}

TEST_CASE("what is no map at all is told why") {
  CHECK(answer(std::string()) == "malformed: an empty frame: expected one msgpack map");
  CHECK(answer(std::string(R"({"type": "SUBMIT"})")) ==
        "malformed: this looks like JSON: send the same fields as one msgpack map");
  CHECK(answer(pack(Json("SUBMIT"))) == "malformed: expected one msgpack map, got a string");
  CHECK(answer(pack(submit()) + "x") == "malformed: expected one msgpack map: 1 bytes after the msgpack value");
  const std::string whole = pack(submit());
  CHECK(answer(whole.substr(0, whole.size() - 1))
            .starts_with("malformed: expected one msgpack map: msgpack ends at byte"));
  CHECK(answer(encode(make_message(Ping{}))[0]).starts_with("wrong_port: a message of the mesh"));
}

TEST_CASE("a map of more than 64 fields, or one nested too deep, is refused") {
  Json wide = Json::object();
  for (std::size_t i = 0; i <= limits::map_entries_max; ++i) wide["field" + std::to_string(i)] = i;
  CHECK(answer(wide) == "too_large: expected one msgpack map: a map of 65 entries, at most 64");
  Json deep = 1;
  for (std::size_t i = 0; i < limits::depth_max; ++i) deep = Json::array({deep});
  CHECK(answer(with("seed", deep)) == "too_large: expected one msgpack map: an array nested deeper than 8");
}

TEST_CASE("a frame over its bound is refused unread") {
  CHECK(answer(std::string(limits::edge_message_bytes_max + 1, '\x80')) ==
        "too_large: 67108865 bytes, at most 67108864");
}

}  // namespace shoal::protocol
