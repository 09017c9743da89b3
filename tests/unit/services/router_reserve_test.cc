// The slots that lower tiers leave to higher ones.
#include <doctest/doctest.h>

#include "router_bench.h"
#include "services/router/admission/reserve.h"

using namespace shoal;
using namespace shoal::test;

namespace {

using Numbers = std::vector<std::uint8_t>;

const router::Tiers vip_keeps_an_eighth{{{.reserve = 0.125}, {}, {}, {}}};

// An executor of 8 slots reports what runs of each tier.
void report(Router& router, std::vector<std::uint32_t> running, std::uint64_t consumed = 0) {
  protocol::LoadReport report;
  report.sequence = ++router.sequence;
  report.slots = 8;
  std::uint32_t held = 0;
  for (const std::uint32_t each : running) held += each;
  report.slots_free = 8 - held;
  report.grants_consumed = consumed;
  report.running = std::move(running);
  router.bench.receive(executor, protocol::Load{report});
}

}  // namespace

TEST_CASE("lower tiers never take the slots that vip keeps, and vip does") {
  Router router(vip_keeps_an_eighth);
  router.start_executor(executor, 8);
  report(router, {0, 6, 0, 0});
  router.ask(1, {});
  CHECK(router.placed());
  router.ask(2, {});
  CHECK(router.queued());
  router.ask(3, {.tier = Tier::batch});
  CHECK(router.queued());
  router.ask(4, {.tier = Tier::vip});
  CHECK(router.placed());
}

TEST_CASE("what vip has running takes nothing from the slots of the others") {
  Router router(vip_keeps_an_eighth);
  router.start_executor(executor, 8);
  report(router, {1, 6, 0, 0});
  router.ask(1, {});
  CHECK(router.placed());
}

TEST_CASE("without a reserve every tier may take every slot") {
  Router router;
  router.start_executor(executor, 8);
  report(router, {0, 7, 0, 0});
  router.ask(1, {.tier = Tier::batch});
  CHECK(router.placed());
}

TEST_CASE("an executor keeps the sum of what higher tiers reserve, rounded up, at most half, of one slot none") {
  const router::Tiers tiers{{{.reserve = 0.125}, {.reserve = 0.25}, {}, {}}};
  CHECK(router::kept_from(Tier::vip, tiers, 32) == 0);
  CHECK(router::kept_from(Tier::realtime, tiers, 32) == 4);
  CHECK(router::kept_from(Tier::realtime, tiers, 9) == 2);
  CHECK(router::kept_from(Tier::batch, tiers, 32) == 12);
  CHECK(router::kept_from(Tier::batch, {{{.reserve = 0.5}, {.reserve = 0.5}, {}, {}}}, 32) == 16);
  CHECK(router::kept_from(Tier::batch, tiers, 1) == 0);
}

TEST_CASE("several routers split what is left for lower tiers, and the remainder goes round with the reports") {
  router::Row row;
  row.load.slots = 8;
  row.load.running = {0, 6, 0, 0};
  const auto may = [&](std::size_t index, std::uint64_t sequence) {
    row.load.sequence = sequence;
    return router::leaves_reserve(row, Tier::realtime, vip_keeps_an_eighth, {index, 2}, Time());
  };
  for (std::uint64_t sequence = 1; sequence < 5; ++sequence) CHECK(may(0, sequence) != may(1, sequence));
  CHECK(may(0, 1) != may(0, 2));
}
