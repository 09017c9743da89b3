#include "base/cores.h"

#include <doctest/doctest.h>

using namespace shoal;

TEST_CASE("a control group's quota is read in cores, rounded up") {
  CHECK(quota_cores("200000 100000") == 2);
  CHECK(quota_cores("150000 100000") == 2);
  CHECK(quota_cores("1000 100000") == 1);
  CHECK(quota_cores("max 100000") == 0);
  CHECK(quota_cores("") == 0);
  CHECK(quota_cores("100000") == 0);
  CHECK(quota_cores("100000 0") == 0);
}

TEST_CASE("there is always a core to run on") { CHECK(usable_cores() >= 1); }
