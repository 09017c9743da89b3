#include "cli/settings/prefixed_options.h"

#include <string>

#include "cli/status/processes.h"

namespace shoal::cli {

void add_prefixed_options(CLI::App& command, MeshSettings& settings, const std::shared_ptr<config::Given>& given) {
  for (const char* const kind : kinds) {
    config::add_setting_options(command, settings.of(kind), given, kind + std::string("."));
  }
}

}  // namespace shoal::cli
