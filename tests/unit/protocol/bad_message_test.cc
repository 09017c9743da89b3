#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "protocol/codec.h"
#include "tests/unit/protocol/json_body.h"
#include "tests/unit/protocol/samples.h"

namespace shoal::protocol {
namespace {

using samples::Json;
using samples::JsonBody;
using samples::views;

std::string answer(const Frames& frames) {
  const auto decoded = decode(views(frames));
  return decoded ? "decoded" : std::string(name(decoded.error().code)) + ": " + decoded.error().text;
}

// A value of every kind that msgpack has.
std::vector<Json> one_of_each() {
  return {nullptr, true, 1, -1, 1.5, "text", Json::binary({1, 2}), Json::array({1}), Json::object({{"a", 1}})};
}

// Whether the reader of a T takes this kind of value.
template <class T>
bool takes(const Json& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    return value.is_string();
  } else if constexpr (std::is_same_v<T, Bytes>) {
    return value.is_binary();
  } else if constexpr (std::is_same_v<T, bool>) {
    return value.is_boolean();
  } else if constexpr (std::is_floating_point_v<T>) {
    return value.is_number();
  } else if constexpr (List<T> || Part<T>) {
    return value.is_array();
  } else {  // integers, enums, and ids by their count
    return value.is_number_unsigned() || (value.is_number_integer() && value >= 0);
  }
}

template <class T>
Json head_of() {
  return samples::to_json(samples::head(T::type));
}

}  // namespace

TEST_CASE("a field of the wrong type is refused by its name") {
  each_message_type([]<class T>() {
    T body = samples::body<T>();
    samples::each_field(body, [&](const std::string& pointer, const std::string& path, auto& member, const Bound&) {
      using Member = std::decay_t<decltype(member)>;
      for (const Json& wrong : one_of_each()) {
        if (takes<Member>(wrong)) continue;
        JsonBody bent = samples::to_json_body(body);
        bent.array[Json::json_pointer(pointer)] = wrong;
        const std::string said = answer(samples::to_frames(head_of<T>(), bent));
        CHECK_MESSAGE(said.starts_with("malformed: " + name(T::type) + path + ": expected "), said);
      }
    });
  });
}

TEST_CASE("an integer that its field cannot hold is refused") {
  each_message_type([]<class T>() {
    T body = samples::body<T>();
    samples::each_field(body, [&](const std::string& pointer, const std::string& path, auto& member, const Bound&) {
      using Member = std::decay_t<decltype(member)>;
      if constexpr (std::is_unsigned_v<Member> && !std::is_same_v<Member, bool> && sizeof(Member) < 8) {
        const std::uint64_t max = std::numeric_limits<Member>::max();
        JsonBody bent = samples::to_json_body(body);
        bent.array[Json::json_pointer(pointer)] = max + 1;
        CHECK(answer(samples::to_frames(head_of<T>(), bent)) ==
              "malformed: " + name(T::type) + path + ": expected an integer from 0 to " + std::to_string(max) +
                  ", got " + std::to_string(max + 1));
      }
    });
  });
}

TEST_CASE("every string and list is taken at its bound and refused one above it") {
  each_message_type([]<class T>() {
    T body = samples::body<T>();
    samples::each_field(body,
                        [&](const std::string& pointer, const std::string& path, auto& member, const Bound& bound) {
                          using Member = std::decay_t<decltype(member)>;
                          const auto with = [&](Json value) {
                            JsonBody bent = samples::to_json_body(body);
                            bent.array[Json::json_pointer(pointer)] = std::move(value);
                            return answer(samples::to_frames(head_of<T>(), bent));
                          };
                          const std::string too_large = "too_large: " + name(T::type) + path + ": ";
                          CAPTURE(too_large);
                          if constexpr (std::is_same_v<Member, std::string> || List<Member>) {
                            const std::size_t max = length_max<Member>(bound);
                            if constexpr (List<Member>) {
                              const Json entry = samples::to_json_body(body).array[Json::json_pointer(pointer)][0];
                              CHECK(!with(Json(max, entry)).starts_with("too_large"));
                              CHECK(with(Json(max + 1, entry)).starts_with(too_large));
                            } else {
                              CHECK(with(std::string(max, 'x')) == "decoded");
                              CHECK(with(std::string(max + 1, 'x')).starts_with(too_large));
                            }
                          }
                        });
  });
}

TEST_CASE("stop strings are held to their bytes one by one") {
  Attach body = samples::body<Attach>();
  body.journal.parameters.stop[1] = std::string(limits::stop_string_bytes_max, 'x');
  CHECK(answer(encode(make_message(body))) == "decoded");
  JsonBody bent = samples::to_json_body(body);
  bent.array[1][0][6][1] = std::string(limits::stop_string_bytes_max + 1, 'x');
  CHECK(answer(samples::to_frames(head_of<Attach>(), bent)) ==
        "too_large: ATTACH.journal.parameters.stop[1]: 129 bytes, at most 128");
}

TEST_CASE("a payload at its bound is taken and one byte more is refused") {
  const auto with = [](std::size_t bytes) {
    return answer(
        samples::to_frames(head_of<Call>(), {{1, "router", "x", Json::binary(std::vector<std::uint8_t>(bytes))}, {}}));
  };
  CHECK(with(limits::payload_bytes_max) == "decoded");
  CHECK(with(limits::payload_bytes_max + 1) == "too_large: CALL.payload: 8388609 bytes, at most 8388608");
}

TEST_CASE("ids must be as many as their count says") {
  const Text body = samples::body<Text>();
  Frames frames = encode(make_message(body));
  const Frames good = frames;
  frames[2].pop_back();
  CHECK(answer(frames) == "malformed: TEXT.ids: 4 ids, but the attachment has 15 bytes");
  frames = good;
  frames[2] += "1234";
  CHECK(answer(frames) == "malformed: TEXT.ids: 4 ids, but the attachment has 20 bytes");
  frames = good;
  frames.pop_back();
  CHECK(answer(frames) == "malformed: TEXT.ids: 4 ids, but the message has no attachment for them");
  frames = good;
  frames.push_back("");
  CHECK(answer(frames) == "malformed: TEXT: attachments that no field counts");
}

TEST_CASE("attachments of fields of a later version are skipped with them") {
  const Text body = samples::body<Text>();
  JsonBody longer = samples::to_json_body(body);
  longer.array.push_back(1);
  longer.attachments.push_back("1234");
  CHECK(answer(samples::to_frames(head_of<Text>(), longer)) == "decoded");
}

TEST_CASE("a full context of ids is taken and one more is refused") {
  const auto with = [](std::size_t ids) {
    const std::string attachment(ids * 4, '\0');
    return answer(samples::to_frames(head_of<Text>(), {{"", "", 0, ids}, {attachment}}));
  };
  CHECK(with(limits::context_tokens_max) == "decoded");
  CHECK(with(limits::context_tokens_max + 1) == "too_large: TEXT: attachment: 1048580 bytes, at most 1048576");
}

TEST_CASE("the columns of TOKENS are of one length and their counts add up") {
  Tokens body = samples::body<Tokens>();
  JsonBody bent = samples::to_json_body(body);
  bent.array[3].erase(1);
  CHECK(answer(samples::to_frames(head_of<Tokens>(), bent)) == "malformed: TOKENS: columns of different lengths");
  bent = samples::to_json_body(body);
  bent.array[4][1] = 4;
  CHECK(answer(samples::to_frames(head_of<Tokens>(), bent)) ==
        "malformed: TOKENS: counts that do not add up to the ids");
}

TEST_CASE("each id of a row that says so has its log probabilities, and no other") {
  const auto bent = [](auto change) {
    Tokens body = samples::body<Tokens>();
    change(body);
    return answer(samples::to_frames(head_of<Tokens>(), samples::to_json_body(body)));
  };
  CHECK(bent([](Tokens&) {}) == "decoded");
  const std::string unequal = "malformed: TOKENS: logprobs that do not match the ids";
  CHECK(bent([](Tokens& body) { body.logprobs.pop_back(); }) == unequal);
  CHECK(bent([](Tokens& body) { body.flags[0] |= row_has_logprobs; }) == unequal);
  CHECK(bent([](Tokens& body) { body.flags[1] = 0; }) == unequal);
  CHECK(bent([](Tokens& body) { body.logprobs[1].top_ids.pop_back(); }) ==
        "malformed: TOKENS: as many top_ids as top_logprobs are needed");
  const auto with_row_of = [&](std::size_t ids) {
    return bent([ids](Tokens& body) {
      body.counts = {0, static_cast<std::uint32_t>(ids)};
      body.ids.ids.resize(ids);
      body.logprobs.resize(ids);
    });
  };
  CHECK(with_row_of(limits::row_logprobs_max) == "decoded");
  CHECK(with_row_of(limits::row_logprobs_max + 1) == "too_large: TOKENS: a row with more than 128 logprobs");
}

TEST_CASE("a TEXT has log probabilities of all its ids or of none") {
  Text body = samples::body<Text>();
  body.logprobs.pop_back();
  CHECK(answer(samples::to_frames(head_of<Text>(), samples::to_json_body(body))) ==
        "malformed: TEXT: logprobs that do not match the ids");
  body.logprobs.clear();
  CHECK(answer(samples::to_frames(head_of<Text>(), samples::to_json_body(body))) == "decoded");
}

TEST_CASE("a message needs head and body and has at most four attachments") {
  const Frames ping = encode(make_message(Ping{}));
  CHECK(answer(Frames{}) == "malformed: head: missing");
  CHECK(answer(Frames{ping[0]}) == "malformed: PING: the body is missing");
  Frames many = encode(make_message(samples::body<Text>()));
  many.resize(6, many[2]);
  CHECK(answer(many) == "malformed: TEXT: attachments that no field counts");
  many.resize(7, many[2]);
  CHECK(answer(many) == "too_large: TEXT: 5 attachments, at most 4");
}

TEST_CASE("head, body and attachment are held to their bytes") {
  Json head = samples::to_json(samples::head(Type::ping));
  const auto padded_head = [&](std::size_t bytes) {
    Json longer = head;
    const std::size_t now = samples::pack_json(longer).size();
    longer.push_back(std::string(bytes - now - 2, 'x'));  // str 8 has two bytes before its text
    REQUIRE(samples::pack_json(longer).size() == bytes);
    return answer(samples::to_frames(longer, samples::to_json_body(Ping{})));
  };
  CHECK(padded_head(limits::head_bytes_max) == "decoded");
  CHECK(padded_head(limits::head_bytes_max + 1) == "too_large: head: 129 bytes, at most 128");

  const auto padded_body = [&](std::size_t bytes) {
    const std::string text(bytes - 1 - 1 - 5, 'x');  // after the array's header, the echo, and the string's header
    return answer(samples::to_frames(head, {Json::array({1, text}), {}}));
  };
  CHECK(padded_body(limits::body_bytes_max) == "decoded");
  CHECK(padded_body(limits::body_bytes_max + 1) == "too_large: PING: 9437185 bytes, at most 9437184");
}

TEST_CASE("containers are held to their entries, depth and number of values") {
  const Json head = samples::to_json(samples::head(Type::ping));
  const auto with = [&](Json extra) {
    return answer(samples::to_frames(head, {Json::array({1, std::move(extra)}), {}}));
  };
  const auto nested = [](std::size_t depth) {
    Json value = Json::array();
    for (std::size_t i = 1; i < depth; ++i) value = Json::array({value});
    return value;
  };
  CHECK(with(Json(limits::array_entries_max, 1)) == "decoded");
  CHECK(with(Json(limits::array_entries_max + 1, 1)) == "too_large: PING: an array of 65537 entries, at most 65536");
  CHECK(with(nested(limits::depth_max - 1)) == "decoded");
  CHECK(with(nested(limits::depth_max)) == "too_large: PING: an array nested deeper than 8");

  Json map = Json::object();
  for (std::size_t i = 0; i < limits::map_entries_max; ++i) map[std::to_string(i)] = 1;
  CHECK(with(map) == "decoded");
  map["one more"] = 1;
  CHECK(with(map) == "too_large: PING: a map of 65 entries, at most 64");

  // Body, echo and the list around them are three values; each row is one more than its entries.
  const std::size_t rows = 16;
  const std::size_t entries = (limits::values_max - 3) / rows - 1;
  Json all(rows, Json(entries, 1));
  const std::size_t left = limits::values_max - 3 - rows * (entries + 1);
  for (std::size_t i = 0; i < left; ++i) all.push_back(1);
  CHECK(with(all) == "decoded");
  all.push_back(1);
  CHECK(with(all) == "too_large: PING: more than 524288 msgpack values");
}

TEST_CASE("five bytes that claim four thousand million entries are refused at once") {
  const Frames ping = encode(make_message(Ping{}));
  CHECK(answer({ping[0], std::string("\xdd\xff\xff\xff\xff", 5)}) ==
        "too_large: PING: an array of 4294967295 entries, at most 65536");
  CHECK(answer({ping[0], std::string("\xdf\xff\xff\xff\xff", 5)}) ==
        "too_large: PING: a map of 4294967295 entries, at most 64");
  CHECK(answer({ping[0], std::string("\xdb\xff\xff\xff\xff", 5)}).starts_with("malformed: PING: msgpack ends at byte"));
}

TEST_CASE("what is not one whole msgpack value is refused") {
  const Frames ping = encode(make_message(Ping{}));
  CHECK(answer({ping[0], ""}).starts_with("malformed: PING: msgpack ends"));
  CHECK(answer({ping[0], ping[1] + "\x01"}) == "malformed: PING: 1 bytes after the msgpack value");
  CHECK(answer({ping[0] + "\x01", ping[1]}) == "malformed: head: 1 bytes after the msgpack value");
  CHECK(answer({ping[0], "\xc1"}).starts_with("malformed: PING: not msgpack at byte"));
  CHECK(answer({ping[0], std::string("\x91\xd4\x01\x02", 4)}) ==
        "malformed: PING: msgpack extension types are not used");
  CHECK(answer({ping[0].substr(0, 5), ping[1]}).starts_with("malformed: head: msgpack ends at byte"));
  CHECK(answer({ping[0], std::string("\x05", 1)}) == "malformed: PING: expected an array, got 5");
}

TEST_CASE("the binary fields of a head have their exact sizes") {
  Json head = samples::to_json(samples::head(Type::ping));
  const auto with = [&](std::size_t field, Json value) {
    Json bent = head;
    bent[field] = std::move(value);
    return answer(samples::to_frames(bent, samples::to_json_body(Ping{})));
  };
  CHECK(with(3, Json::binary(std::vector<std::uint8_t>(15))) == "malformed: head.request: expected 16 bytes");
  CHECK(with(3, "0123456789abcdef") == "malformed: head.request: expected 16 bytes");
  CHECK(with(10, Json::binary(std::vector<std::uint8_t>(23))) == "malformed: head.trace: expected 24 bytes");
  CHECK(with(10, nullptr) == "decoded");
  CHECK(with(4, 65'536) == "malformed: head.choice: expected an integer from 0 to 65535, got 65536");
  CHECK(with(5, -1) == "malformed: head.attempt: expected an integer from 0 to 4294967295, got -1");
  CHECK(with(2, 256) == "malformed: head.flags: expected an integer from 0 to 255, got 256");
  CHECK(with(7, 1.5) == "malformed: head.chain: expected an integer from 0 to 18446744073709551615, got a float");
}

}  // namespace shoal::protocol
