#include "base/error.h"

#include <doctest/doctest.h>

using namespace shoal;

TEST_CASE("every code has a name of its own, and the name leads back to the code") {
  for (std::uint16_t number = 0; number <= static_cast<std::uint16_t>(Code::client_stalled); ++number) {
    const auto code = static_cast<Code>(number);
    CHECK(name(code) != "unknown_code");
    CHECK(code_of(name(code)) == code);
  }
}

TEST_CASE("a number that no code has is named as such") {
  CHECK(name(static_cast<Code>(9999)) == "unknown_code");
  CHECK_FALSE(code_of("unknown_code").has_value());
}

TEST_CASE("the names that clients test for are stable") {
  CHECK(name(Code::no_inference) == "no_inference");
  CHECK(name(Code::deadline_exceeded) == "deadline_exceeded");
  CHECK(name(Code::timeout) == "timeout");
}
