#include "base/key_values.h"

#include <doctest/doctest.h>

namespace shoal {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST_CASE("a plain value stands as it is, any other in quotes") {
  CHECK(quoted_value("tcp://127.0.0.1:*") == "tcp://127.0.0.1:*");
  CHECK(quoted_value("") == "");
  CHECK(quoted_value("größer") == "größer");
  CHECK(quoted_value("my host") == "\"my host\"");
  CHECK(quoted_value("a\"b\\c\n\x01") == "\"a\\\"b\\\\c\\n\\x01\"");
  CHECK(quoted_value("\xff") == "\"\\xff\"");
}

TEST_CASE("a line gives its keys and values back, whatever they hold") {
  for (const std::string value : {"plain", "two words", "a=b", "quote \" and \\ and \n and \t", "\x1b[2J\xff", ""}) {
    CHECK(key_values("first=1 value=" + quoted_value(value) + " last=x") ==
          Pairs{{"first", "1"}, {"value", value}, {"last", "x"}});
  }
}

TEST_CASE("words without a key are the text") {
  CHECK(key_values("it is =so a=1 here") == Pairs{{"a", "1"}, {"text", "it is =so here"}});
  CHECK(key_values("").empty());
}

TEST_CASE("a quote that never ends is no trouble") {
  CHECK(key_values("a=\"b c\\") == Pairs{{"a", "b c\\"}});
  CHECK(key_values("a=\"\\x4") == Pairs{{"a", "x4"}});
}

}  // namespace
}  // namespace shoal
