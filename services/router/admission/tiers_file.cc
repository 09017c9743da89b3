#include "services/router/admission/tiers_file.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <toml.hpp>

#include "base/json_depth.h"
#include "base/nearest.h"
#include "base/tier_names.h"
#include "base/utf8.h"
#include "config/depth.h"

namespace shoal::router {
namespace {

using nlohmann::json;

constexpr std::size_t file_bytes_max = 1u << 20;
constexpr std::size_t depth_max = 16;

// A key that holds a number: the whole ones and those of a rate.
struct Whole {
  std::string_view key;
  std::uint32_t TierRules::*member;
  std::uint32_t least;
  std::uint32_t most;
  std::string_view unit;
};
struct Rate {
  std::string_view key;
  double TierRules::*member;
  double least;
  double most;
  std::string_view unit;
};
constexpr std::array wholes = {
    Whole{"max_concurrency", &TierRules::max_concurrency, 1, concurrency_max, "requests"},
    Whole{"timeout", &TierRules::timeout_ms, 1, timeout_ms_max, "milliseconds"},
    Whole{"queue_max", &TierRules::queue_max, 0, limits::queued_max, "requests"},
};
constexpr std::array rates = {
    Rate{"reserve", &TierRules::reserve, 0, 0.5, "slots, as a part of each executor's,"},
    Rate{"tokens_per_second", &TierRules::tokens_per_second, 0.001, 1e9, "tokens"},
    Rate{"burst_tokens", &TierRules::burst_tokens, 1, 1e9, "tokens"},
    Rate{"requests_per_second", &TierRules::requests_per_second, 0.001, 1e6, "requests"},
    Rate{"burst_requests", &TierRules::burst_requests, 1, 1e6, "requests"},
};

Error bad(std::string text) { return {Code::bad_config, std::move(text)}; }

std::string shown(const json& value) {
  return printable(value.dump(-1, ' ', false, json::error_handler_t::replace), 64);
}

std::string shown(double number) {
  std::ostringstream text;
  text.precision(10);
  text << number;
  return text.str();
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// The first line of what a library said, without its own prefix.
std::string reason_of(const std::exception& error) {
  std::string text = error.what();
  if (const auto prefix = text.find("] "); text.starts_with("[") && prefix != std::string::npos)
    text.erase(0, prefix + 2);
  return printable(text.substr(0, text.find('\n')), 256);
}

// Refuses a key that stands twice in one object, of which the library would keep the last.
Result<json> read_json(std::string_view text) {
  std::vector<std::set<std::string>> open;
  std::string twice;
  const auto watch = [&](int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) open.emplace_back();
    if (event == json::parse_event_t::object_end) open.pop_back();
    if (event == json::parse_event_t::key && !open.back().insert(parsed.get<std::string>()).second) {
      twice = parsed.get<std::string>();
    }
    return true;
  };
  try {
    json value = json::parse(text, watch);
    if (!twice.empty()) return bad("the key " + printable(twice, 64) + " stands twice in one object");
    return value;
  } catch (const std::exception& error) {
    return bad("is not JSON: " + reason_of(error));
  }
}

// What the libraries must not be given: they recurse, and that of TOML looks outside of a text that is not UTF-8.
Result<void> check_text(std::string_view text, bool is_json) {
  if ((is_json ? depth_of_json(text) : config::depth_of_toml(text)) > depth_max) {
    return bad("is nested too deep for a list of levels");
  }
  if (const std::size_t line = config::foreign_line(text)) return bad("line " + std::to_string(line) + " is not UTF-8");
  return {};
}

json json_of(const toml::value& value) {
  if (value.is_table()) {
    json object = json::object();
    for (const auto& [key, entry] : value.as_table()) object[key] = json_of(entry);
    return object;
  }
  if (value.is_array()) {
    json array = json::array();
    for (const toml::value& entry : value.as_array()) array.push_back(json_of(entry));
    return array;
  }
  if (value.is_string()) return value.as_string().str;
  if (value.is_integer()) return value.as_integer();
  if (value.is_floating()) return value.as_floating();
  if (value.is_boolean()) return value.as_boolean();
  return nullptr;  // dates
}

Result<json> read_toml(std::string_view text, const std::string& file) {
  std::istringstream stream{std::string(text)};
  try {
    return json_of(toml::parse(stream, file));
  } catch (const std::exception& error) {
    return bad("is not TOML: " + reason_of(error));
  }
}

Result<std::size_t> tier_of(const json& level) {
  const auto found = level.find("name");
  if (found == level.end()) return bad("name is missing: expected vip, realtime, async or batch");
  if (!found->is_string()) return bad("name: expected vip, realtime, async or batch, got " + shown(*found));
  const std::string given = lower(found->get<std::string>());
  const auto known = std::find(tier_names.begin(), tier_names.end(), given);
  if (known == tier_names.end()) {
    return bad("name: expected vip, realtime, async or batch, got " + shown(*found) + did_you_mean(given, tier_names));
  }
  return static_cast<std::size_t>(known - tier_names.begin());
}

Result<void> read_whole(const Whole& whole, const json& value, TierRules& rules) {
  const std::string range = std::to_string(whole.least) + " to " + std::to_string(whole.most);
  const std::string expected =
      std::string(whole.key) + ": expected a whole number of " + std::string(whole.unit) + " from " + range;
  if (!value.is_number_integer()) return bad(expected + ", got " + shown(value));
  const bool fits = value.is_number_unsigned() ? value.get<std::uint64_t>() <= whole.most
                                               : value.get<std::int64_t>() <= std::int64_t{whole.most};
  const bool reaches = value.is_number_unsigned() ? value.get<std::uint64_t>() >= whole.least
                                                  : value.get<std::int64_t>() >= std::int64_t{whole.least};
  if (!fits || !reaches) return bad(expected + ", got " + shown(value));
  rules.*whole.member = value.get<std::uint32_t>();
  return {};
}

Result<void> read_rate(const Rate& rate, const json& value, TierRules& rules) {
  const std::string expected = std::string(rate.key) + ": expected a number of " + std::string(rate.unit) + " from " +
                               shown(rate.least) + " to " + shown(rate.most);
  if (!value.is_number()) return bad(expected + ", got " + shown(value));
  const double number = value.get<double>();
  if (!(number >= rate.least && number <= rate.most)) return bad(expected + ", got " + shown(value));
  rules.*rate.member = number;
  return {};
}

Result<void> read_key(const std::string& key, const json& value, TierRules& rules) {
  std::vector<std::string_view> known = {"name"};
  for (const Whole& whole : wholes) {
    if (whole.key == key) return read_whole(whole, value, rules);
    known.push_back(whole.key);
  }
  for (const Rate& rate : rates) {
    if (rate.key == key) return read_rate(rate, value, rules);
    known.push_back(rate.key);
  }
  return key == "name" ? Result<void>{} : bad("unknown key " + printable(key, 64) + did_you_mean(key, known));
}

// A burst that is not given is what the rate brings in a second, and at least one request or a prompt of some length.
Result<void> settle_burst(std::string_view rate_key, double rate, std::string_view burst_key, double& burst) {
  if (rate == 0 && burst != 0) return bad(std::string(burst_key) + " needs " + std::string(rate_key));
  if (rate != 0 && burst == 0) burst = std::max(rate, 1.0);
  return {};
}

Result<TierRules> read_level(const json& level) {
  TierRules rules;
  for (const auto& [key, value] : level.items()) {
    SHOAL_TRY(read_key(key, value, rules));
  }
  SHOAL_TRY(settle_burst("tokens_per_second", rules.tokens_per_second, "burst_tokens", rules.burst_tokens));
  SHOAL_TRY(settle_burst("requests_per_second", rules.requests_per_second, "burst_requests", rules.burst_requests));
  return rules;
}

Result<Tiers> read_levels(const json& file) {
  constexpr std::array<std::string_view, 1> keys = {"priority_levels"};
  if (!file.is_object()) return bad("expected an object with priority_levels, got " + shown(file));
  for (const auto& [key, value] : file.items()) {
    if (key != keys[0]) return bad("unknown key " + printable(key, 64) + did_you_mean(key, keys));
  }
  const auto levels = file.find(keys[0]);
  if (levels == file.end()) return bad("priority_levels is missing: expected a list of levels");
  if (!levels->is_array()) return bad("priority_levels: expected a list of levels, got " + shown(*levels));
  Tiers tiers{};
  std::array<std::optional<std::size_t>, tier_count> given;
  for (std::size_t i = 0; i < levels->size(); ++i) {
    const json& level = (*levels)[i];
    const std::string where = "priority_levels[" + std::to_string(i) + "]: ";
    if (!level.is_object()) return bad(where + "expected a level with a name, got " + shown(level));
    const auto tier = tier_of(level);
    if (!tier) return bad(where + tier.error().text);
    if (given[*tier]) {
      return bad(where + "name: " + std::string(tier_names[*tier]) + " is given twice, first in priority_levels[" +
                 std::to_string(*given[*tier]) + "]");
    }
    given[*tier] = i;
    const auto rules = read_level(level);
    if (!rules) return bad(where + rules.error().text);
    tiers[*tier] = *rules;
    if (*tier == 0 && !level.contains("reserve")) tiers[*tier].reserve = vip_reserve;
  }
  return tiers;
}

}  // namespace

Result<Tiers> parse_tiers(std::string_view text, const std::string& file) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool is_json = first != std::string_view::npos && text[first] == '{';  // with which no TOML begins
  if (const auto checked = check_text(text, is_json); !checked) return bad(file + ": " + checked.error().text);
  const auto document = is_json ? read_json(text) : read_toml(text, file);
  if (!document) return bad(file + ": " + document.error().text);
  auto tiers = read_levels(*document);
  if (!tiers) return bad(file + ": " + tiers.error().text);
  return tiers;
}

Result<Tiers> read_tiers(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return bad(path + ": cannot be read: " + std::strerror(errno));
  std::string text(file_bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return bad(path + ": cannot be read: " + std::strerror(errno));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > file_bytes_max) return bad(path + ": is larger than a megabyte, which is no list of four levels");
  return parse_tiers(text, path);
}

}  // namespace shoal::router
