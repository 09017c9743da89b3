#include "cli/status/rates.h"

#include <algorithm>
#include <utility>

namespace shoal::cli {
namespace {

constexpr milliseconds report_gap{5};  // less apart are one report, seen twice

}  // namespace

void Rates::look(const Json& processes, milliseconds now) {
  std::map<std::string, Count> counts;
  for (const Json& process : processes) {
    const auto load = process.is_object() ? process.find("load") : process.end();
    if (load == process.end() || !load->is_object()) continue;
    const std::string epoch = text_field(process, "epoch");
    const std::uint64_t age = std::min<std::uint64_t>(number_field(process, "age_ms"), 3'600'000);
    Count count{.tokens = number_field(*load, "tokens_total"), .at = now - milliseconds(age), .rate = std::nullopt};
    if (const auto before = counts_.find(epoch); before != counts_.end()) {
      const milliseconds passed = count.at - before->second.at;
      if (passed < report_gap) {
        count = before->second;
      } else if (count.tokens >= before->second.tokens) {
        count.rate =
            static_cast<double>(count.tokens - before->second.tokens) * 1000.0 / static_cast<double>(passed.count());
      }
    }
    counts.insert_or_assign(epoch, count);
  }
  counts_ = std::move(counts);
}

std::optional<double> Rates::of(const Json& process) const {
  const auto found = counts_.find(text_field(process, "epoch"));
  return found == counts_.end() ? std::nullopt : found->second.rate;
}

}  // namespace shoal::cli
