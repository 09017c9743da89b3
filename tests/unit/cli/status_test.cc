#include <string>

#include <doctest/doctest.h>

#include "cli/processes.h"
#include "cli/rates.h"

namespace shoal::cli {
namespace {

Json process(const std::string& kind, std::uint64_t tokens, std::uint64_t age_ms) {
  return {{"kind", kind},
          {"epoch", "0a"},
          {"age_ms", age_ms},
          {"load", {{"tokens_total", tokens}, {"running", {0, 3, 0, 1}}, {"waiting", {2, 0, 0, 5}}}}};
}

TEST_CASE("tokens per second are what came between two reports, by the reports' own age") {
  Rates rates;
  rates.look(Json::array({process("inference", 100, 200)}), milliseconds(1000));
  CHECK_FALSE(rates.of(process("inference", 100, 200)));
  rates.look(Json::array({process("inference", 150, 200)}), milliseconds(1500));
  CHECK(*rates.of(process("inference", 150, 200)) == doctest::Approx(100.0));
}

TEST_CASE("a look at the same report changes no rate") {
  Rates rates;
  rates.look(Json::array({process("inference", 100, 0)}), milliseconds(1000));
  rates.look(Json::array({process("inference", 200, 0)}), milliseconds(2000));
  rates.look(Json::array({process("inference", 200, 100)}), milliseconds(2100));
  CHECK(*rates.of(process("inference", 200, 100)) == doctest::Approx(100.0));
}

TEST_CASE("a process in another life has no rate yet") {
  Rates rates;
  rates.look(Json::array({process("inference", 100, 0)}), milliseconds(1000));
  rates.look(Json::array({process("inference", 5, 0)}), milliseconds(2000));
  CHECK_FALSE(rates.of(process("inference", 5, 0)));
}

TEST_CASE("entries of other types have no rate and do no harm") {
  Rates rates;
  rates.look(Json::array({1, {{"load", 2}}}), milliseconds(1000));
  CHECK_FALSE(rates.of(Json(1)));
}

TEST_CASE("the tiers' table adds up the routers' queues and what inference runs and lets wait") {
  const Json processes = {process("router", 0, 0), process("router", 0, 0), process("inference", 0, 0),
                          process("gateway", 0, 0)};
  CHECK(tier_table(processes) ==
        "TIER      QUEUED  RUNNING  WAITING\n"
        "vip       4       0        2\n"
        "realtime  0       3        0\n"
        "async     0       0        0\n"
        "batch     10      1        5\n");
}

TEST_CASE("the table shows tokens per second only between looks") {
  const Rates rates;
  CHECK(process_table(Json::array({process("inference", 1, 0)})).find("TOKENS/S") == std::string::npos);
  CHECK(process_table(Json::array({process("inference", 1, 0)}), &rates).find("TOKENS/S") != std::string::npos);
}

}  // namespace
}  // namespace shoal::cli
