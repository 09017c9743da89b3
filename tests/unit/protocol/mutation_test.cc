// Bytes of good messages, bent at random: whatever arrives is decoded or refused, never worse.
#include <iterator>
#include <string>
#include <string_view>
#include <variant>

#include <doctest/doctest.h>

#include "base/random.h"
#include "protocol/codec.h"
#include "protocol/edge/edge.h"
#include "protocol/stage.h"
#include "tests/unit/protocol/edge_pack.h"
#include "tests/unit/protocol/samples.h"

namespace shoal::protocol {
namespace {

using samples::views;

constexpr int rounds = 400;  // of each message

// Bends a few bytes: overwrites, flips a bit, removes, repeats or cuts off.
void bend(std::string& bytes, Random& random) {
  for (std::uint64_t times = 1 + random.below(3); times > 0 && !bytes.empty(); --times) {
    const std::size_t at = random.below(bytes.size());
    switch (random.below(5)) {
      case 0:
        bytes[at] = static_cast<char>(random.below(256));
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
        break;
      case 2:
        bytes.erase(at, 1 + random.below(4));
        break;
      case 3:
        bytes.insert(at, std::string(1 + random.below(4), bytes[at]));
        break;
      default:
        bytes.resize(at);
    }
  }
}

}  // namespace

TEST_CASE("a bent message is refused with a reason, or means what it says when it is sent on") {
  Random random(20'261'122);
  int accepted = 0;
  for (const Message& message : samples::all()) {
    const Frames good = encode(message);
    for (int round = 0; round < rounds; ++round) {
      Frames frames = good;
      bend(frames[random.below(frames.size())], random);
      const auto decoded = decode(views(frames));
      if (!decoded) {
        CHECK(decoded.error().code != Code::internal);
        CHECK(!decoded.error().text.empty());
        continue;
      }
      ++accepted;
      const Frames again = encode(*decoded);
      const auto twice = decode(views(again));
      REQUIRE(twice.has_value());
      CHECK(encode(*twice) == again);  // bytes, because NaN equals nothing
    }
  }
  CHECK(accepted > rounds);  // otherwise nothing interesting was tried
}

TEST_CASE("a bent request of a client is refused with a reason, or read as one that could have been sent") {
  Random random(42);
  edge::Submit submit;
  submit.id = "q1";
  submit.messages = {{"system", "Be brief."}, {"user", "Grüße, 世界"}};
  submit.temperature = 0.5F;
  submit.stop = {"\n\n", "END"};
  submit.deadline_ms = 5000;
  const Bytes payload{std::string("\x00payload\xFF", 9)};
  const edge::Request requests[] = {submit,
                                    edge::Cancel{"1"},
                                    edge::Credit{"1", 7},
                                    edge::Status{"1"},
                                    edge::Resume{"1", samples::head(Type::ping).request, 0, 3, 99},
                                    edge::Ack{"1"},
                                    edge::Call{"1", "moderate", "stage", payload, Epoch{77}, 900},
                                    edge::Serve{"1", "moderate"},
                                    edge::Reply{"7", payload, Code::busy, "later"},
                                    edge::Help{"1"}};
  static_assert(std::size(requests) == std::variant_size_v<edge::Request>);
  int accepted = 0;
  for (const edge::Request& request : requests) {
    const std::string good = samples::pack(request);
    for (int round = 0; round < 10 * rounds; ++round) {
      std::string frame = good;
      bend(frame, random);
      const auto parsed = edge::parse(frame);
      if (const auto* bad = std::get_if<edge::BadRequest>(&parsed)) {
        CHECK(!bad->error.text.empty());
        continue;
      }
      ++accepted;
      const auto& read = std::get<edge::Request>(parsed);
      const auto again = edge::parse(samples::pack(read));
      REQUIRE(std::holds_alternative<edge::Request>(again));
      CHECK(std::get<edge::Request>(again) == read);
    }
  }
  CHECK(accepted > rounds / 2);
}

TEST_CASE("a bent answer of a stage is refused with a reason, or read as one that could have been sent") {
  Random random(7);
  StageAnswer raw{.verdict = Verdict::replace, .messages = {}, .prompt = "other", .code = {}, .text = {}};
  int accepted = 0;
  for (const StageAnswer& answer :
       {pass(), replace({{"user", "Grüße"}, {"assistant", "hi"}}), raw, refuse("listed_word", "Not this word.")}) {
    const std::string good = pack(answer).bytes;
    for (int round = 0; round < 10 * rounds; ++round) {
      Bytes bent{good};
      bend(bent.bytes, random);
      const auto read = parse_stage_answer(bent);
      if (!read) {
        CHECK(!read.error().text.empty());
        continue;
      }
      ++accepted;
      const auto again = parse_stage_answer(pack(*read));
      REQUIRE(again.has_value());
      CHECK(pack(*again) == pack(*read));
    }
  }
  CHECK(accepted > rounds / 2);
}

TEST_CASE("a bent verdict on an answer is refused with a reason, or read as one that could have been sent") {
  Random random(11);
  int accepted = 0;
  for (const StageAnswer& answer :
       {pass_all_but(7), replace_text("Grüße", 3), refuse("listed_word", "Not this word.")}) {
    const std::string good = pack(answer).bytes;
    for (int round = 0; round < 10 * rounds; ++round) {
      Bytes bent{good};
      bend(bent.bytes, random);
      const auto read = parse_review_answer(bent);
      if (!read) {
        CHECK(!read.error().text.empty());
        continue;
      }
      ++accepted;
      const auto again = parse_review_answer(pack(*read));
      REQUIRE(again.has_value());
      CHECK(pack(*again) == pack(*read));
    }
  }
  CHECK(accepted > rounds / 2);
}

}  // namespace shoal::protocol
