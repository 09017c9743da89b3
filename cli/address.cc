#include "cli/address.h"

#include "config/checks.h"
#include "config/settings.h"

namespace shoal::cli {

std::vector<std::string> read_addresses(const std::string& list) {
  return config::with_transports(config::split_list(list));
}

}  // namespace shoal::cli
