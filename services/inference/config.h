// The settings of an inference process. Plain values.
#pragma once

#include <cstdint>
#include <string>

#include "base/limits.h"
#include "kernels/backends.h"
#include "services/common_config.h"

namespace shoal::services {

struct InferenceConfig : CommonConfig {
  std::uint32_t slots = 32;
  std::uint32_t threads = 0;
  std::string module = "auto";
  std::uint64_t kv_bytes = 0;
  std::uint32_t sharers = 1;
  std::uint32_t step_tokens = 128;
  std::uint32_t weight = 0;

  template <class Self, class Visitor>
  static void keys(Self& self, Visitor&& visit) {
    CommonConfig::keys(self, visit);
    visit("slots", self.slots, "streams that may be here at once", 1, limits::slots_max);
    visit("threads", self.threads, "threads that compute; 0: all cores of this process", 0, limits::engine_threads_max);
    visit("module", self.module, "instructions to compute with; `auto`: the best of this processor",
          kernels::module_names());
    visit("kv_bytes", self.kv_bytes,
          "memory for the keys of running streams, used as they need it; 0: half of what is free beside the weights, "
          "and no more than slots and context could use",
          0, limits::kv_bytes_max);
    visit("sharers", self.sharers,
          "inference processes of this machine among which kv_bytes = 0 divides what is free; `shoal up` sets it", 1,
          limits::sharers_max);
    visit(
        "step_tokens", self.step_tokens,
        "tokens of one step: more let prompts pass faster, fewer let running streams go on sooner; at least slots + 8",
        limits::step_tokens_min, limits::step_tokens_max);
    visit("weight", self.weight, "its share of the requests by the routers' policy `weighted`; 0: its slots", 0,
          limits::weight_max);
  }
};

}  // namespace shoal::services
