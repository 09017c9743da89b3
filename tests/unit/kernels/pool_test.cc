#include "kernels/host/pool.h"

#include <atomic>
#include <numeric>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace shoal::kernels;

TEST_CASE("every piece runs once, for any number of threads and pieces") {
  for (const std::uint32_t threads : {1u, 2u, 3u, 8u}) {
    Pool pool{threads};
    CHECK(pool.threads() == threads);
    for (const std::uint32_t pieces : {0u, 1u, 2u, 7u, 100u}) {
      std::vector<std::atomic<int>> runs(pieces);
      pool.run(pieces, [&](std::uint32_t i) { ++runs[i]; });
      for (const auto& count : runs) REQUIRE(count == 1);
    }
  }
}

TEST_CASE("what pieces wrote is there when run returns, job after job") {
  Pool pool{4};
  std::vector<std::uint64_t> values(64, 1);
  for (int job = 0; job < 5000; ++job) {
    const auto pieces = static_cast<std::uint32_t>(1 + job % 64);
    pool.run(pieces, [&](std::uint32_t i) { values[i] += values[i] % 7; });  // plain memory, written by whoever came
  }
  std::vector<std::uint64_t> expected(64, 1);
  for (int job = 0; job < 5000; ++job) {
    for (int i = 0; i <= job % 64; ++i) expected[i] += expected[i] % 7;
  }
  CHECK(values == expected);
}

TEST_CASE("a job needs no thread but the caller's") {
  // The pool's only other thread is held inside a piece; the caller takes all the others meanwhile.
  Pool pool{2};
  const auto caller = std::this_thread::get_id();
  std::atomic<bool> held{false};
  std::atomic<std::uint32_t> by_caller{0};
  pool.run(1000, [&](std::uint32_t) {
    if (std::this_thread::get_id() == caller) {
      while (!held) std::this_thread::yield();  // until the other thread has its piece
      ++by_caller;
    } else {
      held = true;
      held.notify_all();
      while (by_caller < 999) std::this_thread::yield();
    }
  });
  CHECK(by_caller == 999);
}

TEST_CASE("threads that have gone to sleep are woken for the next job") {
  Pool pool{2};
  const auto caller = std::this_thread::get_id();
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20'000; ++i) std::this_thread::yield();  // mostly long enough to fall asleep; both must work
    std::atomic<bool> met{false};
    pool.run(2, [&](std::uint32_t) {
      if (std::this_thread::get_id() != caller) {
        met = true;
        met.notify_all();
      } else {
        met.wait(false);
      }
    });
    CHECK(met);
  }
}
