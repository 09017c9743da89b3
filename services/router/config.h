// The settings of a router. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "services/common_config.h"

namespace shoal::services {

struct RouterConfig : CommonConfig {
  std::string tiers;  // empty: the defaults of every tier
  std::string policy = "least_tokens";
  std::vector<std::string> score_weights = {"0.6", "0.3", "0.1"};
  std::uint32_t latency_ref_ms = 1000;
  std::uint64_t seed = 0;  // 0: drawn at start
  std::string event_log;   // empty: none

  // The others look for routers at this port.
  RouterConfig() { bind = "tcp://127.0.0.1:5570"; }

  template <class Self, class Visitor>
  static void keys(Self& self, Visitor&& visit) {
    CommonConfig::keys(self, visit);
    visit("tiers", self.tiers, "file of the tiers' limits and timeouts, JSON or TOML (default: no limits)");
    visit("policy", self.policy, "how executors are chosen: round_robin, weighted, least_tokens, p2c or score");
    visit("score_weights", self.score_weights, "of the policy score: free GPU, idle processors, latency");
    visit("latency_ref_ms", self.latency_ref_ms, "of the policy score: the latency that counts as the worst", 1u,
          600'000u);
    visit("seed", self.seed, "of what policies draw at random (0: another one each time)");
    visit("event_log", self.event_log, "file to which decisions are written, for `shoal explain` and `replay`");
  }
};

}  // namespace shoal::services
