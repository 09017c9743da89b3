// V(p) is a prefix of V(q), whatever the ids, the stop strings and the chunks.
#include <doctest/doctest.h>

#include "base/random.h"
#include "base/utf8.h"
#include "tests/unit/text/fixture.h"
#include "text/visible.h"

using namespace shoal;
using namespace shoal::text;

namespace {

using Ids = std::vector<TokenId>;

struct Case {
  VisibleParams params;
  Ids ids;
};

// Text that is rich in beginnings of markers, of stop strings and of characters, byte soup between them.
Case make_case(Random& random) {
  static const std::vector<std::string> parts = {"<think>", "</think>", "\n", "<",           "</th", "th",
                                                 "END",     "EN",       "中", "\xE4\xB8",    "\xF0", "a",
                                                 "aab",     "\xED\xA0", "😀",  "\xEF\xBF\xBD"};
  Case made;
  made.params.starts_in_reasoning = random.below(2) == 0;
  made.params.splits_reasoning = random.below(2) == 0;
  made.params.finish.end_ids = {eos};
  if (random.below(2) == 0) made.params.finish.tokens_max = static_cast<Position>(random.below(40));
  static const std::vector<std::string> stops = {"END", "aab", "\n\n", "中文", "\xEF\xBF\xBD", "</think>", "aa"};
  for (std::uint64_t n = random.below(4); n > 0; --n)
    made.params.stop_strings.push_back(stops[random.below(stops.size())]);
  while (made.ids.size() < 40) {
    switch (random.below(8)) {
      case 0:
        made.ids.push_back(static_cast<TokenId>(random.below(256)));
        break;
      case 1:
        made.ids.push_back(think);
        break;
      case 2:
        made.ids.push_back(think_end);
        break;
      case 3:
        made.ids.push_back(random.below(6) == 0 ? eos : bos);
        break;
      case 4:
        made.ids.push_back(static_cast<TokenId>(256 + random.below(800)));
        break;
      default:
        for (const char byte : parts[random.below(parts.size())]) made.ids.push_back(static_cast<std::uint8_t>(byte));
    }
  }
  return made;
}

}  // namespace

TEST_CASE("output only grows, does not depend on chunks, and replaying ids gives the same state") {
  const auto loaded = try_load(tokenizer_json({{"t", "h"}, {"\n", "\n"}}));
  REQUIRE(loaded);
  const auto& tokenizer = *loaded;
  Random random(2026);
  std::size_t stopped = 0;
  for (int run = 0; run < 3000; ++run) {
    const Case made = make_case(random);
    const std::span<const TokenId> ids = made.ids;
    const VisibleOutput whole = visible_output(tokenizer, made.params, ids);
    REQUIRE(is_utf8(whole.reasoning));
    REQUIRE(is_utf8(whole.content));
    if (whole.finish && whole.finish->reason == FinishReason::stop) ++stopped;

    // Prefixes, each from the beginning.
    for (std::size_t p = 0; p <= ids.size(); ++p) {
      const VisibleOutput part = visible_output(tokenizer, made.params, ids.first(p));
      REQUIRE(whole.reasoning.starts_with(part.reasoning));
      REQUIRE(whole.content.starts_with(part.content));
      const auto by_ids = finished_by_ids(made.params.finish, ids.first(p));
      if (by_ids) {
        REQUIRE(part.finish);
        REQUIRE(part.finish->position <= by_ids->position);
      }
      if (part.finish) REQUIRE(part.finish == whole.finish);
    }

    // Chunks, with a relay that dies between two of them: the next one replays the ids.
    auto visible = std::make_unique<Visible>(tokenizer, made.params);
    VisibleOutput streamed;
    for (std::size_t p = 0; p < ids.size();) {
      const std::size_t n = std::min<std::size_t>(random.below(6), ids.size() - p);
      const Growth growth = visible->feed(ids.subspan(p, n));
      REQUIRE(is_utf8(growth.content));
      streamed.reasoning += growth.reasoning;
      streamed.content += growth.content;
      p += n;
      if (random.below(4) != 0) continue;
      visible = std::make_unique<Visible>(tokenizer, made.params);
      visible->feed(ids.first(p));
    }
    REQUIRE(streamed.reasoning == whole.reasoning);
    REQUIRE(streamed.content == whole.content);
    REQUIRE(visible->finish() == whole.finish);
    REQUIRE(visible->position() == whole.position);
  }
  CHECK(stopped > 500);  // the cases do reach stops
}

TEST_CASE("without a finish the output lacks at most what is held") {
  const auto tokenizer = Tokenizer::bytes_tokenizer();
  Random random(5);
  for (int run = 0; run < 500; ++run) {
    Visible visible(tokenizer, {.finish = {.end_ids = {256}}});
    std::size_t shown = 0;
    for (Position p = 1; p <= 60; ++p) {
      const auto byte = static_cast<TokenId>(random.below(2) == 0 ? 0xC0 + random.below(64) : random.below(256));
      shown += visible.feed(byte).content.size();
      REQUIRE(shown + 3 >= p);  // byte soup does not stall: at most three bytes are held
    }
  }
}
