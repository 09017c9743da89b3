// Options for the keys of all kinds on one command line, as `shoal up` and `shoal config` have them.
#pragma once

#include <memory>

#include <CLI/CLI.hpp>

#include "cli/settings/mesh_config.h"
#include "config/options.h"

namespace shoal::cli {

// --KIND.KEY for every key of every kind.
void add_prefixed_options(CLI::App& command, MeshSettings& settings, const std::shared_ptr<config::Given>& given);

}  // namespace shoal::cli
