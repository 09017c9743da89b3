#include "cli/processes.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <optional>
#include <tuple>

#include "base/tier_names.h"

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

std::vector<std::string> process_row(const Json& process) {
  static const Json none = Json::object();
  const auto found = process.find("load");
  const Json& load = found != process.end() && found->is_object() ? *found : none;
  return {text_field(process, "kind"),
          text_field(process, "node"),
          text_field(process, "epoch"),
          text_field(process, "address"),
          text_field(process, "client"),
          std::to_string(number_field(load, "streams")),
          std::to_string(sum_field(load, "running")),
          std::to_string(sum_field(load, "waiting")),
          slots_text(load),
          free_text(load),
          cpu_text(load),
          memory_text(load),
          std::to_string(number_field(load, "tokens_total")),
          std::to_string(number_field(process, "age_ms")) + " ms"};
}

// Code points, which is what a terminal counts for the names and numbers of this table.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

std::size_t count_kind(const Json& processes, const std::string& kind) {
  return static_cast<std::size_t>(std::count_if(
      processes.begin(), processes.end(), [&](const Json& process) { return text_field(process, "kind") == kind; }));
}

std::string process_table(const Json& processes, const Rates* rates) {
  std::vector<Json> sorted(processes.begin(), processes.end());
  std::sort(sorted.begin(), sorted.end(), [](const Json& a, const Json& b) { return order(a) < order(b); });
  std::vector<std::vector<std::string>> rows = {{"KIND", "NODE", "EPOCH", "ADDRESS", "CLIENT", "STREAMS", "RUNNING",
                                                 "WAITING", "SLOTS", "FREE", "CPU", "MEMORY", "TOKENS", "AGE"}};
  if (rates != nullptr) rows.front().push_back("TOKENS/S");
  for (const Json& process : sorted) {
    rows.push_back(process_row(process));
    if (rates != nullptr) rows.back().push_back(rate_text(rates->of(process)));
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
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string table;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += row[i] + std::string(widths[i] - width(row[i]) + 2, ' ');
    table += line.erase(line.find_last_not_of(' ') + 1) + '\n';
  }
  return table;
}

}  // namespace shoal::cli
