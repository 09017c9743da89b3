// Ports and folders that `shoal up` will want.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "cli/doctor/finding.h"
#include "cli/up/up_plan.h"

namespace shoal::cli {

// Whether a listener could be bound to this port; if not, who has it, as far as this user may see. `client_port` is the
// first gateway's.
Finding check_port(const std::filesystem::path& root, const UpPort& port, std::uint32_t client_port);

// Whether files can be written there, and how much fits. `option` names the way to choose another folder.
Finding check_folder(const std::string& name, const std::filesystem::path& folder, const std::string& option);

// Whether a socket's path in this folder is short enough for the kernel (107 bytes).
Finding check_socket_path(const std::filesystem::path& folder);

}  // namespace shoal::cli
