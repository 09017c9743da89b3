#include "text/tokenizer/expression.h"

#include <doctest/doctest.h>

#include "text/tokenizer/regex.h"

using namespace shoal;
using namespace shoal::text;

namespace {

// The first match in `text`, as text.
std::string first(std::string_view expression, std::string_view text) {
  const auto translated = translate_expression(expression);
  REQUIRE(translated);
  const auto regex = Regex::compile(*translated);
  REQUIRE(regex);
  const auto match = regex->next(text, 0, regex->make_scratch());
  REQUIRE(match);
  if (!match->has_value()) return "none";
  return std::string(text.substr((*match)->begin, (*match)->end - (*match)->begin));
}

std::string refusal(std::string_view expression) {
  const auto translated = translate_expression(expression);
  return translated ? "" : translated.error().text;
}

}  // namespace

TEST_CASE("a space is White_Space, which U+180E is not and U+0085 is") {
  CHECK(first("\\s", "\u180E") == "none");
  CHECK(first("[\\s]", "\u180E") == "none");
  CHECK(first("\\S", "\u180E") == "\u180E");
  CHECK(first("[\\Sx]", "\u180E") == "\u180E");
  for (const char* space : {"\t", "\r", "\u0085", "\u00A0", "\u1680", "\u2028", "\u202F", "\u3000"}) {
    CHECK(first("\\s", space) == space);
    CHECK(first("\\S", space) == "none");
    CHECK(first("[\\S]", space) == "none");
  }
}

TEST_CASE("options, look-ahead, categories and code points mean what they say") {
  CHECK(first("(?i:'s)", "'ſ") == "'ſ");
  CHECK(first("\\s+(?!\\S)", "   x") == "  ");
  CHECK(first("\\p{N}{1,3}", "a12345") == "123");
  CHECK(first("[\\u4e00-\\u9fa5]+", "a一龥b") == "一龥");
  CHECK(first("b$", "ab\nc") == "b");             // a line's end, as in Ruby
  CHECK(first("\\p{Han}+", "、漢字") == "漢字");  // the comma has Han among its script extensions only
}

TEST_CASE("what the two libraries read differently is refused by name") {
  CHECK(refusal("\\w+").find("\\w") != std::string::npos);
  CHECK(refusal("\\h").find("\\h") != std::string::npos);
  CHECK(refusal("[a&&b]").find("intersection") != std::string::npos);
  CHECK(refusal("[a[b]]").find("a set inside a class") != std::string::npos);
  CHECK(refusal("(?m:.)").find("(?m:") != std::string::npos);
  CHECK(refusal("a{1,3}+").find("a + after {n,m}") != std::string::npos);
  CHECK(refusal("a{,3}") != "");
  CHECK(refusal("[a") != "");
}

TEST_CASE("an expression that is wrong, or could match nothing, does not compile") {
  CHECK(Regex::compile("(a").error().text.find("not valid at byte 2") != std::string::npos);
  CHECK(Regex::compile("a*").error().text.find("empty") != std::string::npos);
}

TEST_CASE("quoted text matches itself") {
  CHECK(first(quote_expression("a.b[c]\\E中"), "xa.b[c]\\E中") == "a.b[c]\\E中");
}
