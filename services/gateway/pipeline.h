// The stages that a request passes before it is prepared, and its answer on the way back, as configured. Plain values.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace shoal::gateway {

struct Stage {
  std::string kind;
  bool skip_when_down = false;  // a request goes on without it if nobody of the kind answers
  bool operator==(const Stage&) const = default;
};

struct Pipeline {
  std::vector<Stage> before;  // they see requests
  std::vector<Stage> after;   // they see answers
  bool operator==(const Pipeline&) const = default;
};

// From the settings `pipeline` (kinds in the order of execution; those that see answers stand after `preprocess`, which
// is last if it is left out) and `on_down` (for each stage "moderate=skip" or "moderate=refuse", or one word for all).
// A kind may stand on both sides. Errors: bad_config.
Result<Pipeline> make_pipeline(const std::vector<std::string>& order, const std::vector<std::string>& on_down);

}  // namespace shoal::gateway
