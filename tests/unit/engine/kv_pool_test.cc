#include "engine/kv_pool.h"

#include <set>

#include <doctest/doctest.h>

using namespace shoal;
using namespace shoal::engine;

TEST_CASE("a token past a full page takes another page") {
  CHECK(pages_for(0) == 0);
  CHECK(pages_for(1) == 1);
  CHECK(pages_for(64) == 1);
  CHECK(pages_for(65) == 2);
  CHECK(pages_for(UINT32_MAX) == 67'108'864);
}

TEST_CASE("no page is held twice, and a reservation that does not fit changes nothing") {
  KvPool pool{4};
  std::vector<PageId> first;
  std::vector<PageId> second;
  REQUIRE(pool.reserve(first, 128));
  REQUIRE(pool.reserve(second, 64));
  CHECK_FALSE(pool.reserve(second, 64 * 3));
  CHECK(second.size() == 1);
  CHECK(pool.free_pages() == 1);
  REQUIRE(pool.reserve(second, 65));
  std::set<PageId> distinct(first.begin(), first.end());
  distinct.insert(second.begin(), second.end());
  CHECK(distinct.size() == 4);
}

TEST_CASE("truncating gives back whole pages only, releasing gives back all") {
  KvPool pool{4};
  std::vector<PageId> held;
  REQUIRE(pool.reserve(held, 200));
  const auto before = held;
  pool.truncate(held, 65);
  CHECK(held == std::vector<PageId>{before[0], before[1]});
  CHECK(pool.free_pages() == 2);
  pool.release(held);
  CHECK(held.empty());
  CHECK(pool.free_pages() == 4);
}

TEST_CASE("a shared page is free only when its last holder lets go of it") {
  KvPool pool{4};
  std::vector<PageId> first, second;
  REQUIRE(pool.reserve(first, 128));
  pool.share(second, std::span(first).first(1));
  REQUIRE(pool.reserve(second, 128));
  CHECK(second[0] == first[0]);
  CHECK(second[1] != first[1]);
  pool.release(first);
  CHECK(pool.free_pages() == 2);
  pool.release(second);
  CHECK(pool.free_pages() == 4);
}

TEST_CASE("what eviction frees are the pages that nobody else holds") {
  KvPool pool{6};
  std::vector<PageId> running, parked, waiting;
  REQUIRE(pool.reserve(running, 128));
  pool.share(parked, running);
  REQUIRE(pool.reserve(parked, 192));
  pool.share(waiting, std::span(parked).subspan(2));
  using Holders = std::vector<const std::vector<PageId>*>;
  CHECK(pool.freed_by(Holders{&parked}) == 0);
  CHECK(pool.freed_by(Holders{&parked, &waiting}) == 1);
  CHECK(pool.freed_by(Holders{&parked, &waiting, &running}) == 3);
  CHECK(pool.free_pages() == 3);  // nothing was taken
}
