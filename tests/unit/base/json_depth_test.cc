#include "base/json_depth.h"

#include <string>

#include <doctest/doctest.h>

using namespace shoal;

TEST_CASE("arrays and objects count while they are open") {
  CHECK(depth_of_json("") == 0);
  CHECK(depth_of_json("5") == 0);
  CHECK(depth_of_json("[]") == 1);
  CHECK(depth_of_json(R"({"a": [1, {"b": 2}], "c": [3]})") == 3);
  CHECK(depth_of_json(std::string(1000, '[')) == 1000);
  CHECK(depth_of_json("]]][") == 1);
}

TEST_CASE("brackets inside strings do not count") {
  CHECK(depth_of_json(R"(["[[[", "\"[[", "{\\"])") == 1);
  CHECK(depth_of_json(R"("no end [[[)") == 0);
}
