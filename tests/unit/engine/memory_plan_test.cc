#include "engine/memory_plan.h"

#include <doctest/doctest.h>

using namespace shoal;
using namespace shoal::engine;

namespace {

constexpr std::uint64_t mib = 1u << 20;

constexpr MemoryNeed need_of(std::uint64_t kv_bytes, std::uint32_t sharers = 1) {
  return {.weight_bytes = 100 * mib,
          .page_bytes = 4 * mib,
          .context_pages = 16,
          .streams = 32,
          .rest_bytes = 60 * mib,
          .kv_bytes = kv_bytes,
          .sharers = sharers};
}

Headroom free_of(std::uint64_t bytes, std::uint64_t address_bytes = UINT64_MAX) {
  return {.bytes = bytes, .bound = "this machine", .address_bytes = address_bytes};
}

}  // namespace

TEST_CASE("without a setting pages get half of what is free beside weights and threads") {
  CHECK(*plan_kv(need_of(0), free_of(960 * mib)) == 400 * mib);
}

TEST_CASE("pages never get more than all streams together could use") {
  CHECK(*plan_kv(need_of(0), free_of(UINT64_MAX)) == 32 * 16 * 4 * mib);
  CHECK(*plan_kv(need_of(std::uint64_t{1} << 40), free_of(UINT64_MAX)) == 32 * 16 * 4 * mib);
}

TEST_CASE("processes that start side by side do not take the same memory twice") {
  const std::uint64_t machine = 1000 * mib;
  for (const std::uint32_t sharers : {2u, 3u, 4u}) {
    const auto one = plan_kv(need_of(0, sharers), free_of(machine));
    REQUIRE(one);
    if (*one > need_of(0).page_bytes) CHECK(sharers * (*one + need_of(0).weight_bytes) <= machine);
  }
}

TEST_CASE("what does not fit is refused with every figure and with what bounds it") {
  const auto refused = plan_kv(need_of(0), free_of(100 * mib));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::too_large);
  CHECK(refused.error().text ==
        "the model takes 164 MiB: 100 MiB of weights, 4 MiB of KV pages, 60 MiB for threads and messages; 100 MiB are "
        "left to it by this machine: free some, or take a smaller model");
}

TEST_CASE("pages as configured need address space at once, and memory only when they are used") {
  CHECK(*plan_kv(need_of(512 * mib), free_of(200 * mib)) == 512 * mib);
  const auto refused = plan_kv(need_of(512 * mib), free_of(200 * mib, 400 * mib));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text.find("512 MiB of KV pages") != std::string::npos);
  CHECK(refused.error().text.find("400 MiB are left to it by the limit of address space (ulimit -v): free some, or set "
                                  "a smaller kv_bytes") != std::string::npos);
}
