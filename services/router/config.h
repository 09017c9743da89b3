// The settings of a router. Plain values.
#pragma once

#include <string>

#include "services/common_config.h"

namespace shoal::services {

struct RouterConfig : CommonConfig {
  std::string tiers;  // empty: the defaults of every tier

  // The others look for routers at this port.
  RouterConfig() { bind = "tcp://127.0.0.1:5570"; }

  template <class Self, class Visitor>
  static void keys(Self& self, Visitor&& visit) {
    CommonConfig::keys(self, visit);
    visit("tiers", self.tiers, "file of the tiers' limits and timeouts, JSON or TOML (default: no limits)");
  }
};

}  // namespace shoal::services
