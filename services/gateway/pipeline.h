// The stages that a request passes before it is prepared, as configured. Plain values.
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

// The stages before `preprocess`, from the settings `pipeline` (kinds in the order of execution; `preprocess` is last,
// or left out) and `on_down` (for each stage "moderate=skip" or "moderate=refuse", or one word for all). Errors:
// bad_config.
Result<std::vector<Stage>> make_pipeline(const std::vector<std::string>& order,
                                         const std::vector<std::string>& on_down);

}  // namespace shoal::gateway
