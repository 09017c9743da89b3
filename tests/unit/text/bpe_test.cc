#include "text/tokenizer/bpe.h"

#include <limits>
#include <map>

#include <doctest/doctest.h>

#include "base/random.h"
#include "tests/unit/text/fixture.h"

using namespace shoal;
using namespace shoal::text;

namespace {

using Merges = std::vector<std::pair<std::string, std::string>>;

std::shared_ptr<const Tokenizer> with_merges(const Merges& merges, bool ignores_merges = false) {
  json tokenizer = tokenizer_json(merges);
  tokenizer["model"]["ignore_merges"] = ignores_merges;
  auto loaded = try_load(tokenizer);
  REQUIRE(loaded);
  return *loaded;
}

std::vector<std::string> encoded(const Tokenizer& tokenizer, std::string_view text) {
  return spelled(tokenizer, *tokenizer.encode(text, Parse::plain));
}

// The definition, word for word: join the pair of the lowest rank, the leftmost of equals, until none has a rank.
std::vector<std::string> by_definition(const Merges& merges, std::string_view text) {
  std::map<std::pair<std::string, std::string>, std::size_t> ranks;
  for (std::size_t rank = 0; rank < merges.size(); ++rank) ranks[merges[rank]] = rank;
  std::vector<std::string> parts;
  for (const char byte : text) parts.emplace_back(1, byte);
  while (true) {
    std::size_t best = std::numeric_limits<std::size_t>::max();
    std::size_t at = 0;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      const auto rank = ranks.find({parts[i], parts[i + 1]});
      if (rank == ranks.end() || rank->second >= best) continue;
      best = rank->second;
      at = i;
    }
    if (best == std::numeric_limits<std::size_t>::max()) return parts;
    parts[at] += parts[at + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
}

}  // namespace

TEST_CASE("merges apply by rank, the leftmost of equals first") {
  const auto tokenizer = with_merges({{"b", "c"}, {"a", "b"}, {"a", "bc"}, {"x", "x"}});
  CHECK(encoded(*tokenizer, "abc") == std::vector<std::string>{"abc"});
  CHECK(encoded(*tokenizer, "abab") == std::vector<std::string>{"ab", "ab"});
  CHECK(encoded(*tokenizer, "xxx") == std::vector<std::string>{"xx", "x"});
}

TEST_CASE("a token that merging does not reach is only used where merges are ignored") {
  const Merges merges = {{"b", "c"}, {"a", "b"}, {"ab", "c"}};  // "abc": b and c join first, and a bc has no rank
  CHECK(encoded(*with_merges(merges), "abc") == std::vector<std::string>{"a", "bc"});
  CHECK(encoded(*with_merges(merges, true), "abc") == std::vector<std::string>{"abc"});
}

TEST_CASE("short and long pieces are merged as the definition says") {
  Random random(3);
  for (int run = 0; run < 60; ++run) {
    std::vector<std::string> known = {"a", "b", "c"};
    Merges merges;
    for (int i = 0; i < 25; ++i) {
      const std::pair merge(known[random.below(known.size())], known[random.below(known.size())]);
      if (merge.first.size() + merge.second.size() > 9) continue;
      bool is_new = true;
      for (const auto& other : merges) is_new = is_new && other != merge;
      if (!is_new) continue;
      merges.push_back(merge);
      known.push_back(merge.first + merge.second);
    }
    const auto tokenizer = with_merges(merges);
    for (const std::size_t length : {5u, 30u, 48u, 49u, 200u}) {
      std::string text;
      while (text.size() < length) text += static_cast<char>('a' + random.below(3));
      REQUIRE(encoded(*tokenizer, text) == by_definition(merges, text));
    }
  }
}

TEST_CASE("merges may be written as pairs") {
  json tokenizer = tokenizer_json({{"a", "b"}});
  tokenizer["model"]["merges"] = json::array({json::array({"a", "b"})});
  const auto loaded = try_load(tokenizer);
  REQUIRE(loaded);
  CHECK(encoded(**loaded, "ab") == std::vector<std::string>{"ab"});
}

TEST_CASE("a megabyte in one piece is encoded") {
  const auto tokenizer = with_merges({{" ", " "}, {"  ", "  "}, {"\xE4", "\xB8"}, {"\xE4\xB8", "\xAD"}});
  CHECK(tokenizer->encode(std::string(1u << 20, ' '), Parse::plain)->size() == (1u << 20) / 4);
  std::string chinese;
  for (int i = 0; i < 350'000; ++i) chinese += "中";
  CHECK(tokenizer->encode(chinese, Parse::plain)->size() == 350'000);
}
