#include "cli/address.h"

#include "config/settings.h"

namespace shoal::cli {

std::vector<std::string> read_addresses(const std::string& list) {
  std::vector<std::string> addresses = config::split_list(list);
  for (std::string& address : addresses) {
    if (address.find("://") != std::string::npos) continue;
    const bool is_port = address.find_first_not_of("0123456789") == std::string::npos;
    address = (is_port ? "tcp://127.0.0.1:" : "tcp://") + address;
  }
  return addresses;
}

}  // namespace shoal::cli
