// Any bytes as a configuration file, and as the file of the tiers in JSON or TOML: read or refused with a sentence that
// names the file. Every value of a configuration is taken again as it is printed, and every rule of a tier is in
// bounds.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"
#include "cli/settings/mesh_config.h"
#include "config/file.h"
#include "services/router/admission/tiers_file.h"

namespace {

using namespace shoal;

void check_tiers(std::string_view text) {
  const auto tiers = router::parse_tiers(text, "tiers");
  if (!tiers) {
    SHOAL_CHECK(tiers.error().code == Code::bad_config);
    SHOAL_CHECK(tiers.error().text.starts_with("tiers: "));
    return;
  }
  for (const router::TierRules& rules : *tiers) {
    SHOAL_CHECK(rules.max_concurrency >= 1 && rules.max_concurrency <= router::concurrency_max);
    SHOAL_CHECK(rules.timeout_ms >= 1 && rules.timeout_ms <= router::timeout_ms_max);
    SHOAL_CHECK(rules.queue_max <= limits::queued_max);
    for (const auto& [rate, burst] : {std::pair(rules.tokens_per_second, rules.burst_tokens),
                                      std::pair(rules.requests_per_second, rules.burst_requests)}) {
      SHOAL_CHECK(rate >= 0 && rate <= 1e9 && (rate > 0) == (burst >= 1) && burst <= 1e9);
    }
  }
}

void check_config(std::string_view text) {
  cli::MeshConfig config;
  cli::MeshSettings settings(config);
  const auto taken = config::read_config_text(text, "shoal.toml", settings.sections());
  if (!taken) {
    SHOAL_CHECK(taken.error().code == Code::bad_config);
    SHOAL_CHECK(taken.error().text.starts_with("shoal.toml:"));
    return;
  }
  for (const cli::Section& section : settings.sections()) {
    for (const auto& setting : section.settings->list()) {
      const std::string printed = config::text_of(setting.member);
      if (setting.source.empty()) continue;
      SHOAL_CHECK(section.settings->assign(setting.key, printed).has_value());
      const bool is_list = std::holds_alternative<cli::Settings::List*>(setting.member);  // its commas become entries
      SHOAL_CHECK(is_list || config::text_of(setting.member) == printed);
    }
    const auto checked = settings.check(section.name, true);
    SHOAL_CHECK(checked || !checked.error().text.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_config(text);
  check_tiers(text);
  return 0;
}
