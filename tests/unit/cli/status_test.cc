#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "cli/screen.h"
#include "cli/status/processes.h"
#include "cli/status/rates.h"

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

TEST_CASE("the table keeps to a width by leaving out what tells least") {
  Json processes = Json::array();
  for (const char* const kind : {"gateway", "inference"}) {
    processes.push_back(process(kind, 123'456'789, 250));
    processes.back().update({{"node", "a-host-with-a-long-name"},
                             {"address", "tcp://127.0.0.1:45678"},
                             {"labels", {{"model", "shoal-tiny"}, {"serves", "count,sort"}}}});
  }
  const Rates rates;
  for (const std::size_t width : {20u, 40u, 80u, 120u}) {
    const std::string table = process_table(processes, &rates, width);
    CHECK(table.starts_with("KIND"));
    CHECK((table.find("MODEL") != std::string::npos) == (width >= 80));
    std::size_t longest = 0;
    for (std::size_t at = 0; at < table.size();) {
      const std::size_t end = table.find('\n', at);
      longest = std::max(longest, end - at);
      at = end + 1;
    }
    CHECK(longest <= width);
  }
  CHECK(process_table(processes).find("tcp://127.0.0.1:45678") != std::string::npos);
}

TEST_CASE("a kind that clients serve has a line") {
  Json gateway = process("gateway", 0, 0);
  gateway.update({{"client", "tcp://g:5555"}, {"labels", {{"serves", "count,sort"}}}});
  const std::string table = process_table(Json::array({gateway}));
  CHECK(table.find("\ncount") != std::string::npos);
  CHECK(table.find("\nsort") != std::string::npos);
}

TEST_CASE("a screen is drawn from its corner, within its size, and never scrolled") {
  CHECK(drawing({"one", "two"}, {.rows = 24, .columns = 80}) == "\033[Hone\033[K\r\ntwo\033[K\033[J");
  CHECK(drawing({"größer", "two"}, {.rows = 1, .columns = 4}) == "\033[Hgröß\033[K\033[J");
}

}  // namespace
}  // namespace shoal::cli
