#include "services/router/admission/tiers_file.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace shoal;
using namespace shoal::router;

namespace {

constexpr std::string_view four_levels =
    R"({"priority_levels": [{"name": "VIP", "max_concurrency": 32, "timeout": 500}, )"
    R"({"name": "Realtime", "max_concurrency": 64, "timeout": 2000}, )"
    R"({"name": "Async", "max_concurrency": 128, "timeout": 30000}, )"
    R"({"name": "Batch", "max_concurrency": 256, "timeout": 600000}]})";

const Tiers four_tiers = {{{.max_concurrency = 32, .timeout_ms = 500, .reserve = vip_reserve},
                           {.max_concurrency = 64, .timeout_ms = 2000},
                           {.max_concurrency = 128, .timeout_ms = 30'000},
                           {.max_concurrency = 256, .timeout_ms = 600'000}}};

// What is said about a file of one level, or of whatever is given.
std::string error_of(const std::string& text) {
  const auto tiers = parse_tiers(text, "t.json");
  REQUIRE_FALSE(tiers.has_value());
  CHECK(tiers.error().code == Code::bad_config);
  return tiers.error().text;
}
std::string error_of_level(const std::string& level) { return error_of(R"({"priority_levels": [)" + level + "]}"); }

}  // namespace

TEST_CASE("the usual four levels load as they stand") {
  const auto tiers = parse_tiers(four_levels, "t.json");
  REQUIRE(tiers.has_value());
  CHECK(*tiers == four_tiers);
}

TEST_CASE("the same levels load from TOML") {
  const auto tiers = parse_tiers(R"(# the house's tiers
[[priority_levels]]
name = "VIP"
max_concurrency = 32
timeout = 500

[[priority_levels]]
name = "Realtime"
max_concurrency = 64
timeout = 2_000

[[priority_levels]]
name = "Async"
max_concurrency = 128
timeout = 30_000

[[priority_levels]]
name = "Batch"
max_concurrency = 256
timeout = 600_000
)",
                                 "t.toml");
  REQUIRE_MESSAGE(tiers.has_value(), tiers.error().text);
  CHECK(*tiers == four_tiers);
}

TEST_CASE(
    "names of levels are those of tiers in upper and lower case, in any order, and who is left out has defaults") {
  const auto tiers = parse_tiers(
      R"({"priority_levels": [{"name": "bATCH", "queue_max": 7}, {"name": "vip", "timeout": 5}]})", "t.json");
  REQUIRE(tiers.has_value());
  CHECK((*tiers)[0] == TierRules{.timeout_ms = 5, .reserve = vip_reserve});
  CHECK((*tiers)[1] == TierRules{});
  CHECK((*tiers)[2] == TierRules{});
  CHECK((*tiers)[3] == TierRules{.queue_max = 7});
}

TEST_CASE("rates may be fractions, and a burst that is left out is what the rate brings in a second") {
  const auto tiers = parse_tiers(
      R"({"priority_levels": [{"name": "vip", "tokens_per_second": 2000.5, "requests_per_second": 0.5},
          {"name": "async", "tokens_per_second": 10, "burst_tokens": 500, "requests_per_second": 3,
           "burst_requests": 9}]})",
      "t.json");
  REQUIRE(tiers.has_value());
  CHECK((*tiers)[0].burst_tokens == 2000.5);
  CHECK((*tiers)[0].burst_requests == 1);
  CHECK((*tiers)[2].burst_tokens == 500);
  CHECK((*tiers)[2].burst_requests == 9);
}

TEST_CASE("a mistake is named with its file, its place, what was expected and the nearest known name") {
  CHECK(error_of_level(R"({"name": "vip", "max_concurency": 3})") ==
        "t.json: priority_levels[0]: unknown key max_concurency (did you mean max_concurrency?)");
  CHECK(
      error_of_level(R"({"name": "vip", "timeout": "fast"})") ==
      "t.json: priority_levels[0]: timeout: expected a whole number of milliseconds from 1 to 86400000, got \"fast\"");
  CHECK(error_of_level(R"({"name": "vip"}, {"name": "realtme"})") ==
        "t.json: priority_levels[1]: name: expected vip, realtime, async or batch, got \"realtme\" (did you mean "
        "realtime?)");
  CHECK(error_of(R"({"priority_level": []})") == "t.json: unknown key priority_level (did you mean priority_levels?)");
}

TEST_CASE("numbers out of range or of another kind are refused") {
  for (const char* level :
       {R"("max_concurrency": 0)", R"("max_concurrency": -1)", R"("max_concurrency": 1.5)",
        R"("max_concurrency": 99999999999999999999)", R"("max_concurrency": true)", R"("timeout": 0)",
        R"("timeout": 86400001)", R"("timeout": null)", R"("queue_max": 4097)", R"("queue_max": [])",
        R"("tokens_per_second": 0)", R"("tokens_per_second": -5)", R"("tokens_per_second": 1e10)",
        R"("tokens_per_second": "many")", R"("requests_per_second": 0)", R"("burst_tokens": 10)",
        R"("burst_requests": 10)", R"("requests_per_second": 5, "burst_requests": 0)"}) {
    const std::string text = error_of_level(std::string(R"({"name": "vip", )") + level + "}");
    const std::string whole(level);
    const auto key = whole.substr(whole.rfind(", ") == std::string::npos ? 1 : whole.rfind(", ") + 3);
    CHECK_MESSAGE(text.find(key.substr(0, key.find('"'))) != std::string::npos, text);
  }
}

TEST_CASE("a level given twice is refused, and so is a key given twice") {
  CHECK(error_of_level(R"({"name": "VIP"}, {"name": "batch"}, {"name": "vip"})") ==
        "t.json: priority_levels[2]: name: vip is given twice, first in priority_levels[0]");
  CHECK(error_of_level(R"({"name": "vip", "timeout": 5, "timeout": 6})") ==
        "t.json: the key timeout stands twice in one object");
}

TEST_CASE("a document of another shape is refused") {
  CHECK(error_of("{}") == "t.json: priority_levels is missing: expected a list of levels");
  CHECK(error_of(R"({"priority_levels": {"vip": {}}})").find("expected a list of levels") != std::string::npos);
  CHECK(error_of_level("3").find("priority_levels[0]: expected a level with a name, got 3") != std::string::npos);
  CHECK(error_of_level("{}").find("name is missing") != std::string::npos);
  CHECK(error_of_level(R"({"name": 1})").find("got 1") != std::string::npos);
  CHECK(error_of("{\"priority_levels\": [\n{\"name\": }]}").find("is not JSON: parse error at line 2") !=
        std::string::npos);
  CHECK(error_of("[[priority_levels]\nname = 3").find("is not TOML") != std::string::npos);
  CHECK(error_of(std::string(300'000, '[')).find("nested too deep") != std::string::npos);
  CHECK(error_of("").find("priority_levels is missing") != std::string::npos);
}

TEST_CASE("a file that is not UTF-8 is refused with its line, in both forms") {
  CHECK(error_of("[[priority_levels]]\nname = 'v\xF8p'") == "t.json: line 2 is not UTF-8");
  CHECK(error_of("{\"priority_levels\":\n[{\"name\": \"v\xF8p\"}]}") == "t.json: line 2 is not UTF-8");
}

TEST_CASE("brackets that close what nobody opened, or stand in strings, hide no depth") {
  std::string hidden, dotted = "a";
  for (int i = 0; i < 20; ++i) hidden += R"(["]",)";
  for (int i = 0; i < 20; ++i) dotted += ".a";
  for (const std::string& text : {"# " + std::string(100'000, ']') + "\na = " + std::string(100'000, '['),
                                  "a = " + hidden, R"({"a": )" + hidden, dotted + " = 1"}) {
    CHECK(error_of(text) == "t.json: is nested too deep for a list of levels");
  }
  CHECK(error_of(R"({"[[[[[[[[[[[[[[[[[[[[": 1})").find("unknown key") != std::string::npos);
}

TEST_CASE("a file that cannot be read, or is no list of levels by its size, is refused by its name") {
  const auto missing = read_tiers("/nonexistent/tiers.json");
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().text == "/nonexistent/tiers.json: cannot be read: No such file or directory");
  CHECK_FALSE(read_tiers("/").has_value());
  const auto path = std::filesystem::temp_directory_path() / ("shoal-tiers-" + std::to_string(::getpid()) + ".json");
  std::ofstream(path) << four_levels;
  CHECK(read_tiers(path.string()).has_value());
  std::ofstream(path, std::ios::app) << std::string(1u << 20, ' ');
  CHECK(read_tiers(path.string()).error().text.find("larger than a megabyte") != std::string::npos);
  std::filesystem::remove(path);
}

TEST_CASE("a level says which part of the slots it keeps, vip an eighth unless it says otherwise") {
  const auto tiers =
      parse_tiers(R"({"priority_levels": [{"name": "vip", "reserve": 0.25}, {"name": "async"}]})", "t.json");
  REQUIRE(tiers.has_value());
  CHECK((*tiers)[0].reserve == 0.25);
  CHECK((*tiers)[2].reserve == 0);
  CHECK((*parse_tiers(R"({"priority_levels": [{"name": "batch"}]})", "t.json"))[0].reserve == 0);
  CHECK(error_of_level(R"({"name": "vip", "reserve": 0.75})") ==
        "t.json: priority_levels[0]: reserve: expected a number of slots, as a part of each executor's, from 0 to 0.5, "
        "got 0.75");
}
