#include "actors/host/repeats.h"

#include <doctest/doctest.h>

using namespace shoal;
using namespace shoal::actors;

TEST_CASE("a line that comes four times a second for an hour is written five times, with how often it came") {
  Repeats repeats;
  int written = 0;
  std::uint64_t counted = 0;
  Time now{};
  for (int i = 0; i < 4 * 3600; ++i, now += milliseconds(250)) {
    const auto withheld = repeats.admit("peer=a reset", now);
    if (!withheld) continue;
    ++written;
    counted += *withheld;
  }
  CHECK(written == 5);  // at 0 s, 1 s, 11 s, 111 s and 1111 s
  CHECK(counted == 4 * 1111);
}

TEST_CASE("different lines do not hold each other back") {
  Repeats repeats;
  CHECK(repeats.admit("a", Time{}) == 0);
  CHECK(repeats.admit("b", Time{}) == 0);
  CHECK_FALSE(repeats.admit("a", Time{}).has_value());
}

TEST_CASE("a line that did not come for long is news") {
  Repeats repeats;
  CHECK(repeats.admit("a", Time{}) == 0);
  CHECK(repeats.admit("a", Time(seconds(60))) == 0);
}

TEST_CASE("what is remembered is bounded") {
  Repeats repeats;
  for (std::size_t i = 0; i < 10 * Repeats::lines_max; ++i) CHECK(repeats.admit(std::to_string(i), Time{}) == 0);
}
