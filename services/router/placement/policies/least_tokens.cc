// Where the fewest ids wait to be computed: a long prompt counts for what it is, which slots do not show. Of equals,
// where the smaller part of the slots is taken.
#include "services/router/placement/policies/policy.h"

namespace shoal::router {
namespace {

Decision decide_least_tokens(const Question& question) {
  return lowest(question, [](const Candidate& candidate) {
    const auto tokens = static_cast<double>(candidate.tokens);
    const double taken = candidate.slots == 0 ? 0 : static_cast<double>(candidate.taken()) / candidate.slots;
    return Score{tokens + taken, {tokens, taken, 0}};  // somebody who is able has a free slot, so taken < 1
  });
}

}  // namespace

extern const Policy least_tokens_policy = {
    .name = "least_tokens",
    .score = "ids that wait, and the share of slots taken; the lowest wins",
    .parts = {"tokens", "taken", {}},
    .decide = decide_least_tokens,
};

}  // namespace shoal::router
