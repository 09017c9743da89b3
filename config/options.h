// Settings as options of a command: --key=value for each, also spelled with dashes. Used while the command line is
// built and read.
#pragma once

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "config/settings.h"

namespace shoal::config {

// An option for each setting, which adds to `given` and says nothing about whether the value is right. With a prefix
// ("gateway.") its name and its key in `given` begin with that, and the help does not list it.
void add_setting_options(CLI::App& command, const Settings& settings, const std::shared_ptr<Given>& given,
                         const std::string& prefix = "");

}  // namespace shoal::config
