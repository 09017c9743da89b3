// Ports and folders that `shoal up` will want.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "cli/doctor/finding.h"

namespace shoal::cli {

// Whether a listener could be bound to this TCP port of the loopback address; if not, who has it, as far as this user
// may see.
Finding check_port(const std::filesystem::path& root, std::uint32_t port, const std::string& who,
                   const std::string& option);

// Whether files can be written there, and how much fits. `option` names the way to choose another folder.
Finding check_folder(const std::string& name, const std::filesystem::path& folder, const std::string& option);

// Whether a socket's path in this folder is short enough for the kernel (107 bytes).
Finding check_socket_path(const std::filesystem::path& folder);

}  // namespace shoal::cli
