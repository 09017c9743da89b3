#include "text/utf8.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "base/utf8.h"

using namespace shoal;
using namespace shoal::text;

namespace {

std::string decoded(const std::string& bytes) {
  std::string out;
  Utf8Stream stream;
  for (const char byte : bytes) stream.push(static_cast<std::uint8_t>(byte), out);
  stream.flush(out);
  return out;
}

}  // namespace

TEST_CASE("well-formed text is told from ill-formed at the first wrong byte") {
  CHECK(is_utf8("plain ASCII that is longer than eight bytes"));
  CHECK(is_utf8("\xF0\x9F\x98\x80 \xEF\xBF\xBD \xC2\x80"));
  CHECK(valid_utf8_bytes("ab\xC3") == 2);                // cut short
  CHECK(valid_utf8_bytes("\xC0\x80") == 0);              // overlong
  CHECK(valid_utf8_bytes("12345678\xE0\x80\x80") == 8);  // overlong
  CHECK(valid_utf8_bytes("\xED\xA0\x80") == 0);          // a surrogate
  CHECK(valid_utf8_bytes("\xF4\x90\x80\x80") == 0);      // above U+10FFFF
  CHECK(valid_utf8_bytes("\x80") == 0);
}

TEST_CASE("each maximal ill-formed part becomes one replacement character") {
  CHECK(decoded("a\xF0\x9F\x98z") == "a\xEF\xBF\xBDz");
  CHECK(decoded("\xED\xA0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(decoded("\xE2\x82\xE2\x82\xAC") == "\xEF\xBF\xBD\xE2\x82\xAC");
  CHECK(decoded("\xEF\xBF\xBD") == "\xEF\xBF\xBD");  // a genuine one passes
}

TEST_CASE("a stream of random bytes is well formed at every moment and holds three bytes at most") {
  Random random(7);
  for (int run = 0; run < 2000; ++run) {
    Utf8Stream stream;
    std::string out;
    for (int i = 0; i < 40; ++i) {
      const bool lead = random.below(2) == 0;
      stream.push(static_cast<std::uint8_t>(lead ? 0xC0 + random.below(0x40) : random.below(256)), out);
      REQUIRE(stream.held_bytes() <= 3);
      REQUIRE(is_utf8(out));
    }
  }
}
