#include "cli/status/processes.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

#include "base/tier_names.h"
#include "cli/screen.h"
#include "config/settings.h"

namespace shoal::cli {
namespace {

std::size_t rank(const std::string& kind) {
  return static_cast<std::size_t>(std::find(std::begin(kinds), std::end(kinds), kind) - std::begin(kinds));
}

auto order(const Json& process) {
  const std::string kind = text_field(process, "kind");
  return std::tuple(rank(kind), kind, text_field(process, "node"), text_field(process, "address"));
}

std::uint64_t sum_field(const Json& load, const char* key) {
  const auto found = load.find(key);
  if (found == load.end() || !found->is_array()) return number_field(load, key);
  std::uint64_t sum = 0;
  for (const Json& entry : *found) sum += entry.is_number() ? entry.get<std::uint64_t>() : 0;
  return sum;
}

// What processes of a kind report of one tier under `key`, together.
std::uint64_t tier_sum(const Json& processes, const std::string& kind, const char* key, std::size_t tier) {
  std::uint64_t sum = 0;
  for (const Json& process : processes) {
    if (text_field(process, "kind") != kind) continue;
    const auto load = process.find("load");
    if (load == process.end() || !load->is_object()) continue;
    const auto found = load->find(key);
    if (found == load->end() || !found->is_array()) continue;
    if (tier < found->size() && (*found)[tier].is_number()) sum += (*found)[tier].get<std::uint64_t>();
  }
  return sum;
}

std::string rate_text(const std::optional<double>& rate) {
  if (!rate) return "-";
  char text[32];
  std::snprintf(text, sizeof text, *rate < 10 && *rate > 0 ? "%.1f" : "%.0f", *rate);
  return text;
}

std::string cpu_text(const Json& load) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f%%", static_cast<double>(number_field(load, "cpu_permille")) / 10.0);
  return text;
}

std::string memory_text(const Json& load) {
  return std::to_string((number_field(load, "rss_bytes") + (1u << 19)) >> 20) + " MiB";
}

// Streams that an inference process could still take; slots_free is only the share of the router that was asked.
std::string free_text(const Json& load) {
  const std::uint64_t slots = number_field(load, "slots");
  return slots == 0 ? "-" : std::to_string(slots - std::min(slots, number_field(load, "streams")));
}

std::string slots_text(const Json& load) {
  const std::uint64_t slots = number_field(load, "slots");
  return slots == 0 ? "-" : std::to_string(slots);
}

const Json& object_field(const Json& map, const char* key) {
  static const Json none = Json::object();
  const auto found = map.find(key);
  return found != map.end() && found->is_object() ? *found : none;
}

// Addresses of the usual transport without its name, where room is dear.
std::string address_text(const std::string& address, bool brief) {
  return brief && address.starts_with("tcp://") ? address.substr(6) : address;
}

// A column, and how early it is given up when there is no room for all: the higher, the earlier.
struct Column {
  const char* name;
  int dispensable;
};
constexpr Column columns[] = {{"KIND", 0},    {"NODE", 12},   {"EPOCH", 15},   {"ADDRESS", 7},
                              {"CLIENT", 1},  {"MODEL", 5},   {"STREAMS", 13}, {"RUNNING", 2},
                              {"WAITING", 3}, {"SLOTS", 14},  {"FREE", 8},     {"CPU", 4},
                              {"MEMORY", 9},  {"TOKENS", 10}, {"AGE", 11},     {"TOKENS/S", 6}};

std::vector<std::string> process_row(const Json& process, const Rates* rates, bool brief) {
  const Json& load = object_field(process, "load");
  return {text_field(process, "kind"),
          text_field(process, "node"),
          text_field(process, "epoch"),
          address_text(text_field(process, "address"), brief),
          address_text(text_field(process, "client"), brief),
          text_field(object_field(process, "labels"), "model"),
          std::to_string(number_field(load, "streams")),
          std::to_string(sum_field(load, "running")),
          std::to_string(sum_field(load, "waiting")),
          slots_text(load),
          free_text(load),
          cpu_text(load),
          memory_text(load),
          std::to_string(number_field(load, "tokens_total")),
          std::to_string(number_field(process, "age_ms")) + " ms",
          rates == nullptr ? "" : rate_text(rates->of(process))};
}

// What clients of a gateway serve is known to it and to nobody else.
void add_served(const Json& gateway, bool brief, std::vector<std::vector<std::string>>& rows) {
  for (const std::string& kind : config::split_list(text_field(object_field(gateway, "labels"), "serves"))) {
    std::vector<std::string> row(std::size(columns), "-");
    row[0] = kind;
    row[1] = text_field(gateway, "node");
    row[3] = "a client";
    row[4] = address_text(text_field(gateway, "client"), brief);
    rows.push_back(std::move(row));
  }
}

// Which columns to show: of them all the most telling ones, each that still fits.
std::vector<bool> chosen_columns(const std::vector<std::vector<std::string>>& rows, bool with_rates,
                                 std::size_t width) {
  std::vector<std::size_t> by_worth(std::size(columns));
  std::iota(by_worth.begin(), by_worth.end(), std::size_t{0});
  std::sort(by_worth.begin(), by_worth.end(),
            [](std::size_t a, std::size_t b) { return columns[a].dispensable < columns[b].dispensable; });
  std::vector<bool> chosen(std::size(columns));
  std::size_t used = 0;
  for (const std::size_t i : by_worth) {
    if (columns[i].name == std::string("TOKENS/S") && !with_rates) continue;
    std::size_t wide = 0;
    for (const auto& row : rows) wide = std::max(wide, columns_of(row[i]));
    const std::size_t after = used + wide + (used > 0 ? 2 : 0);
    if (width != 0 && after > width) continue;
    chosen[i] = true;
    used = after;
  }
  return chosen;
}

}  // namespace

std::size_t count_kind(const Json& processes, const std::string& kind) {
  return static_cast<std::size_t>(std::count_if(
      processes.begin(), processes.end(), [&](const Json& process) { return text_field(process, "kind") == kind; }));
}

std::string process_table(const Json& processes, const Rates* rates, std::size_t width) {
  std::vector<Json> sorted(processes.begin(), processes.end());
  std::sort(sorted.begin(), sorted.end(), [](const Json& a, const Json& b) { return order(a) < order(b); });
  const bool brief = width != 0;
  std::vector<std::vector<std::string>> rows(1);
  for (const Column& column : columns) rows.front().emplace_back(column.name);
  std::vector<std::vector<std::string>> served;
  for (const Json& process : sorted) {
    rows.push_back(process_row(process, rates, brief));
    add_served(process, brief, served);
  }
  rows.insert(rows.end(), served.begin(), served.end());
  const std::vector<bool> chosen = chosen_columns(rows, rates != nullptr, width);
  for (auto& row : rows) {
    std::vector<std::string> cells;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (chosen[i]) cells.push_back(std::move(row[i]));
    }
    row = std::move(cells);
  }
  return make_table(rows);
}

std::string tier_table(const Json& processes) {
  std::vector<std::vector<std::string>> rows = {{"TIER", "QUEUED", "RUNNING", "WAITING"}};
  for (std::size_t tier = 0; tier < tier_count; ++tier) {
    rows.push_back({std::string(tier_names[tier]), std::to_string(tier_sum(processes, "router", "waiting", tier)),
                    std::to_string(tier_sum(processes, "inference", "running", tier)),
                    std::to_string(tier_sum(processes, "inference", "waiting", tier))});
  }
  return make_table(rows);
}

std::string make_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  std::string table;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += row[i] + std::string(widths[i] - columns_of(row[i]) + 2, ' ');
    table += line.erase(line.find_last_not_of(' ') + 1) + '\n';
  }
  return table;
}

}  // namespace shoal::cli
