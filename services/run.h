// From a service's settings to its process: what the five kinds share. Used by run_<kind>() only.
#pragma once

#include <string>
#include <utility>

#include "actors/host/service.h"
#include "services/common_config.h"

namespace shoal::services {

// The part of the process's configuration that every kind has.
actors::ServiceConfig service_config(const std::string& kind, const CommonConfig& config);

// Says on stderr why the process does not start, as log_refusal does, and returns the exit code for it: 78 (EX_CONFIG
// of sysexits.h).
int refuse_to_start(const std::string& kind, const CommonConfig& config, const Error& error);

}  // namespace shoal::services
