// Any bytes as a configuration file: read or refused with a sentence that names the file, and every value that was
// read is taken again as it is printed.
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/check.h"
#include "cli/mesh_config.h"
#include "config/file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  cli::MeshConfig config;
  cli::MeshSettings settings(config);
  const auto taken = config::read_config_text(text, "shoal.toml", settings.sections());
  if (!taken) {
    SHOAL_CHECK(taken.error().code == Code::bad_config);
    SHOAL_CHECK(taken.error().text.starts_with("shoal.toml:"));
    return 0;
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
  return 0;
}
