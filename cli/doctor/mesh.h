// A running mesh, as STATUS lists it.
#pragma once

#include <string>
#include <vector>

#include "cli/client.h"
#include "cli/doctor/finding.h"

namespace shoal::cli {

// Asks the first gateway that answers.
Findings check_mesh(const std::vector<std::string>& addresses);

// Whether somebody of each kind is there, and whether all keep reporting.
Findings check_processes(const Json& processes);

}  // namespace shoal::cli
