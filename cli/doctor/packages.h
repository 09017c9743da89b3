// The Debian packages and tools that Shoal can make use of. The list is scripts/packages.txt, compiled in, so that an
// installed binary knows it too.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/doctor/finding.h"

namespace shoal::cli {

// scripts/packages.txt as it was when this binary was built.
const char* packages_list();

// Its groups: name to packages.
std::map<std::string, std::vector<std::string>> package_groups(std::string_view list);

// One finding a group. What runs a mesh is here already, or this would not run: so a missing package is never more than
// a warning. `path` is the search path for commands: who has npm from elsewhere does not need Debian's.
Findings check_packages(const std::filesystem::path& root, std::string_view list, const std::string& path);

// Docker's engine and compose, for containers.
Findings check_docker(const std::filesystem::path& root, const std::string& path);

}  // namespace shoal::cli
