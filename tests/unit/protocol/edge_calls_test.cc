// What a client may say beside SUBMIT: CALL, SERVE and RESULT; and what may be published.
#include <string>
#include <variant>

#include <doctest/doctest.h>

#include "base/limits.h"
#include "protocol/edge/edge.h"
#include "tests/unit/protocol/edge_pack.h"

namespace shoal::protocol {
namespace {

using samples::Json;

// What parsing says: "ok", or code and text of the error.
std::string answer(const Json& map, edge::Port port = edge::Port::client) {
  const auto parsed = edge::parse(samples::pack(map), port);
  const auto* bad = std::get_if<edge::BadRequest>(&parsed);
  return bad ? std::string(name(bad->error.code)) + ": " + bad->error.text : "ok";
}

Json call(const char* key, Json value) {
  Json map = {{"type", "CALL"}, {"id", "1"}, {"kind", "moderate"}};
  map[key] = std::move(value);
  return map;
}

Json published(const char* key, Json value) {
  Json map = {{"type", "SUBMIT"}, {"id", "1"}, {"client", "me"}, {"prompt", "hi"}};
  map[key] = std::move(value);
  return map;
}

}  // namespace

TEST_CASE("a kind is a word that fits a list, whoever names it") {
  for (const char* type : {"CALL", "SERVE"}) {
    const std::string refusal =
        "invalid_request: " + std::string(type) + ".kind: expected 1 to 64 of a to z, 0 to 9, _ and -";
    for (const char* kind : {"a", "spell-check_2", "moderate"}) {
      CHECK(answer({{"type", type}, {"id", "1"}, {"kind", kind}}) == "ok");
    }
    for (const char* kind : {"", "two,kinds", "Upper", "a b", "ä", "a/b"}) {
      CHECK(answer({{"type", type}, {"id", "1"}, {"kind", kind}}) == refusal);
    }
    const std::size_t most = limits::kind_bytes_max;
    CHECK(answer({{"type", type}, {"id", "1"}, {"kind", std::string(most, 'k')}}) == "ok");
    CHECK(answer({{"type", type}, {"id", "1"}, {"kind", std::string(most + 1, 'k')}}) ==
          "too_large: " + std::string(type) + ".kind: 65 bytes, at most 64");
    CHECK(answer({{"type", type}, {"id", "1"}}) == "invalid_request: " + std::string(type) + ".kind: is missing");
  }
}

TEST_CASE("a payload at its bound is taken and one byte more is refused, asked and answered") {
  const std::string most(limits::payload_bytes_max, 'p');
  for (const Json& map : {call("payload", samples::bytes(most)),
                          Json{{"type", "RESULT"}, {"id", "1"}, {"payload", samples::bytes(most)}}}) {
    CHECK(answer(map) == "ok");
    Json over = map;
    over["payload"] = samples::bytes(most + "p");
    CHECK(answer(over) ==
          "too_large: " + map.at("type").get<std::string>() + ".payload: 8388609 bytes, at most 8388608");
    over["payload"] = "text";
    CHECK(answer(over) ==
          "invalid_request: " + map.at("type").get<std::string>() + ".payload: expected bytes, got a string");
  }
}

TEST_CASE("a CALL names one process by its sixteen digits") {
  CHECK(answer(call("epoch", "00000000000000ff")) == "ok");
  for (const char* epoch : {"", "ff", "00000000000000fg", "00000000000000000ff"}) {
    CHECK(answer(call("epoch", epoch)) ==
          "invalid_request: CALL.epoch: expected 16 hexadecimal digits, as STATUS shows them");
  }
  CHECK(answer(call("deadline_ms", 0)).find("CALL.deadline_ms: expected an integer from 1") != std::string::npos);
}

TEST_CASE("a RESULT with a code of a later version is an error all the same") {
  const auto parsed = edge::parse(samples::pack(Json{{"type", "RESULT"}, {"id", "1"}, {"code", "brand_new"}}));
  CHECK(std::get<edge::Reply>(std::get<edge::Request>(parsed)).code == Code::internal);
}

TEST_CASE("what is published has a client that is a topic, and nothing that only a connection can have") {
  const auto publish = edge::Port::publish;
  CHECK(answer(published("stream", true), publish) == "ok");
  CHECK(answer(published("client", std::string(limits::client_id_bytes_max, 'c')), publish) == "ok");
  CHECK(answer(published("client", std::string(limits::client_id_bytes_max + 1, 'c')), publish) ==
        "too_large: request.client: 65 bytes, at most 64");
  CHECK(answer(published("client", ""), publish) == "invalid_request: request.client: expected 1 to 64 bytes of text");
  CHECK(answer(published("client", nullptr), publish) == "invalid_request: request.client: is missing");
  CHECK(answer(published("window", 8), publish) ==
        "invalid_request: SUBMIT.window: CREDIT cannot be published, so this would never end");
  CHECK(answer(published("type", "CANCEL"), publish) ==
        "invalid_request: only SUBMIT can be published; send CANCEL to the client port");
  CHECK(answer(published("stream", true)) ==
        "invalid_request: SUBMIT.client: names who asked on the publish port only");
}

}  // namespace shoal::protocol
