#include "base/nearest.h"

#include <array>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace shoal {

TEST_CASE("the edit distance counts insertions, deletions, substitutions and swapped neighbours") {
  CHECK(edit_distance("", "", 3) == 0);
  CHECK(edit_distance("tier", "tier", 3) == 0);
  CHECK(edit_distance("tier", "tie", 3) == 1);
  CHECK(edit_distance("tier", "tiler", 3) == 1);
  CHECK(edit_distance("tier", "tyer", 3) == 1);
  CHECK(edit_distance("tier", "tire", 3) == 1);
  CHECK(edit_distance("kitten", "sitting", 3) == 3);
  CHECK(edit_distance("SUBMIT", "submit", 3) == 0);
}

TEST_CASE("the edit distance stops counting at its limit") {
  CHECK(edit_distance("abcdef", "uvwxyz", 3) == 4);
  CHECK(edit_distance("a", std::string(100'000, 'a'), 3) == 4);
}

TEST_CASE("the nearest name is at most three edits away, and the first of equals") {
  constexpr std::array<std::string_view, 4> known = {"temperature", "top_p", "top_k", "id"};
  CHECK(nearest("temprature", known) == "temperature");
  CHECK(nearest("top_", known) == "top_p");
  CHECK(nearest("tpo_k", known) == "top_k");
  CHECK(nearest("logit_bias", known).empty());
  CHECK(nearest("xy", known).empty());  // two edits of a name of two letters are another name
  CHECK(nearest("", known).empty());
  CHECK(did_you_mean("top_q", known) == " (did you mean top_p?)");
  CHECK(did_you_mean("top_p", known).find("top_p") == std::string::npos);
  CHECK(did_you_mean("logit_bias", known).empty());
}

}  // namespace shoal
