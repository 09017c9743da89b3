// What addresses in a configuration must be like. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace shoal::config {

// Whether an address can be reached from this host alone: ipc, or TCP on a loopback address or name.
bool is_loopback(std::string_view address);

// With its transport: what has none is TCP ("localhost:6100"), and what is nothing but a port is one of this machine.
std::string with_transport(const std::string& address);
std::vector<std::string> with_transports(std::vector<std::string> addresses);

// Fails with bad_config when there is no router, too many, or one that is no address, and when `bind` is neither
// loopback nor ipc without `insecure`. `key` is the name of the setting that `bind` is.
Result<void> check_routers(const std::vector<std::string>& routers);
Result<void> check_bind(std::string_view key, const std::string& bind, bool insecure);

}  // namespace shoal::config
