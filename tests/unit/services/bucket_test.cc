// A token bucket and a drain rate on their own; what the router makes of them is in router_admission_test.cc.
#include "services/router/admission/bucket.h"

#include <doctest/doctest.h>

#include "services/drain_rate.h"

using namespace shoal;
using namespace shoal::router;

namespace {

const Time start{};

}  // namespace

TEST_CASE("a bucket starts full and holds its burst, however long it rests") {
  Bucket bucket(10, 50);
  CHECK(bucket.holds(50, start));
  bucket.take(50, start);
  CHECK_FALSE(bucket.holds(1, start));
  const Time rested = start + seconds(3600);
  CHECK(bucket.holds(50, rested));
  bucket.take(50, rested);
  CHECK_FALSE(bucket.holds(1, rested));
}

TEST_CASE("a bucket holds at the time that it names, and not a millisecond before") {
  Bucket bucket(10, 50);
  bucket.take(53, start);
  const Time ready = bucket.ready_at(7, start);
  CHECK(ready - start >= seconds(1));
  CHECK(ready - start <= seconds(1) + milliseconds(1));
  CHECK_FALSE(bucket.holds(7, start + milliseconds(999)));
  CHECK(bucket.holds(7, ready));
  CHECK(bucket.ready_at(7, ready) == ready);
}

TEST_CASE("what is larger than a bucket waits until it is full") {
  Bucket bucket(10, 50);
  bucket.take(1, start);
  CHECK_FALSE(bucket.holds(1000, start));
  CHECK(bucket.holds(1000, start + milliseconds(100)));
}

TEST_CASE("the parts of a bucket keep its rate and its burst together") {
  Bucket bucket(10, 50);
  bucket.split(5, start);
  bucket.take(10, start);
  CHECK_FALSE(bucket.holds(1, start + milliseconds(499)));
  CHECK(bucket.holds(1, start + milliseconds(501)));
  bucket.split(1, start + seconds(100));  // what the others held is not given to it
  CHECK_FALSE(bucket.holds(11, start + seconds(100)));
}

TEST_CASE("a bucket without a rate is no bound") {
  Bucket bucket(0, 0);
  bucket.take(1e12, start);
  CHECK(bucket.holds(1e12, start));
  CHECK(bucket.ready_at(1e12, start) == start);
}

TEST_CASE("a drain rate follows the last half minute in which somebody waited") {
  services::DrainRate drain;
  Time now = start;
  const auto place_each = [&](Duration gap, int count) {
    for (int i = 0; i < count; ++i) {
      drain.pass(true, now += gap);
      drain.placed();
    }
  };
  place_each(milliseconds(1000), 100);
  CHECK(drain.estimate(10) > seconds(9));
  CHECK(drain.estimate(10) < seconds(11));
  place_each(milliseconds(100), 1500);  // two and a half minutes later the slow time is forgotten
  CHECK(drain.estimate(10) > milliseconds(900));
  CHECK(drain.estimate(10) < milliseconds(1100));
  drain.pass(false, now += seconds(600));  // nobody waited
  CHECK(drain.estimate(10) < milliseconds(1100));
}

TEST_CASE("what a bucket is given back pays its debt and never overfills it") {
  Bucket bucket(10, 50);
  bucket.take(70, start);
  bucket.give_back(30, start);
  CHECK(bucket.holds(10, start));
  CHECK_FALSE(bucket.holds(11, start));
  bucket.give_back(1000, start);
  bucket.take(50, start);
  CHECK_FALSE(bucket.holds(1, start));
}
