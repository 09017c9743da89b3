// The settings of a gateway. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/limits.h"
#include "services/common_config.h"

namespace shoal::services {

struct GatewayConfig : CommonConfig {
  std::string client_bind = "tcp://127.0.0.1:5555";
  std::string client_advertise;  // empty: what was bound
  std::string publish_bind;      // empty: one port above client_bind; "none": no publish port
  std::string answers_bind;      // empty: two ports above client_bind
  std::vector<std::string> pipeline = {"preprocess"};
  std::vector<std::string> on_down = {"refuse"};
  std::uint32_t stage_timeout_ms = limits::stage_wait_ms;
  std::uint32_t client_stalled_ms = limits::client_stalled_ms;

  template <class Self, class Visitor>
  static void keys(Self& self, Visitor&& visit) {
    CommonConfig::keys(self, visit);
    visit("client_bind", self.client_bind, "where this process listens to clients");
    visit("client_advertise", self.client_advertise, "the address of `client_bind` as clients reach it");
    visit("publish_bind", self.publish_bind,
          "where this process takes published requests (default: one port above `client_bind`), or `none`");
    visit("answers_bind", self.answers_bind,
          "where answers of published requests go out (default: two ports above `client_bind`)");
    visit("pipeline", self.pipeline,
          "the kinds that a request passes in this order; those after preprocess see its answer");
    visit("on_down", self.on_down,
          "what becomes of a request if a stage is down: `refuse` or `skip`, or STAGE=skip for single stages");
    visit("stage_timeout_ms", self.stage_timeout_ms,
          "how long a stage may take for its verdict; one that takes longer is down", 1, limits::deadline_default_ms);
    visit("client_stalled_ms", self.client_stalled_ms,
          "how long a client that does not read may take nothing until its streams end", 1,
          limits::deadline_default_ms);
  }
};

}  // namespace shoal::services
