// Addresses of gateways as people type them. Pure.
#pragma once

#include <string>
#include <vector>

namespace shoal::cli {

// Where --connect and SHOAL_CONNECT lead unless they are given.
inline constexpr const char* first_gateway = "tcp://127.0.0.1:5555";

// A comma separated list, each entry with its transport: what has none is TCP ("localhost:6100"), and what is nothing
// but a port is one of this machine.
std::vector<std::string> read_addresses(const std::string& list);

}  // namespace shoal::cli
