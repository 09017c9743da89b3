// The functions of all policies; policies.cc gives them their names.
#pragma once

#include <algorithm>

#include "services/router/policies/policy.h"

namespace shoal::router {

Decision round_robin(const Question& question);
Decision weighted(const Question& question);
Decision least_tokens(const Question& question);
Decision p2c(const Question& question);
Decision score(const Question& question);

}  // namespace shoal::router
