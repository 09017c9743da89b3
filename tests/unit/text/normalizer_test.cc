#include "text/tokenizer/normalizer.h"

#include <doctest/doctest.h>

#include "tests/unit/text/fixture.h"

using namespace shoal;
using namespace shoal::text;

TEST_CASE("NFC composes letters and marks, orders marks and leaves the rest") {
  CHECK(to_nfc("plain") == "plain");
  CHECK(to_nfc("e\u0301") == "\u00E9");
  CHECK(to_nfc("\u1112\u1161\u11AB") == "한");
  CHECK(to_nfc("\u212B") == "\u00C5");
  CHECK(to_nfc("a\u0315\u0300") == "\u00E0\u0315");  // marks change places
  CHECK(to_nfc("\u0958") == "\u0915\u093C");         // excluded from composition
  CHECK(to_nfc("\uFB01 ½") == "\uFB01 ½");           // compatibility characters stay
}

TEST_CASE("a long run of unordered marks is normalised") {
  std::string marks = "a";
  for (int i = 0; i < 100'000; ++i) marks += i % 2 == 0 ? "\u0315" : "\u0323";
  const std::string normal = to_nfc(marks);
  CHECK(normal.size() == marks.size());  // three bytes of "a" and one U+0323 became three of U+1EA1
  CHECK(normal.substr(0, 3) == "\u1EA1");
}

TEST_CASE("unknown normalizers are refused with their place") {
  const json lower = {{"type", "Sequence"}, {"normalizers", {{{"type", "NFC"}}, {{"type", "Lowercase"}}}}};
  const auto parsed = parse_normalizer(JsonView(lower, "file: normalizer"));
  REQUIRE(!parsed);
  CHECK(parsed.error().text.find("file: normalizer.normalizers[1]: expected null, NFC") == 0);
}
