// One after another, in the order of their epochs: exactly equal shares, whatever they do.
#include "services/router/placement/policies/policy.h"

namespace shoal::router {
namespace {

Decision decide_round_robin(const Question& question) {
  Decision decision = choose(question, question.able.front());
  double turns_away = 0;
  for (const std::size_t index : question.able) decision.verdicts[index].score = turns_away++;
  return decision;
}

}  // namespace

extern const Policy round_robin_policy = {
    .name = "round_robin",
    .score = "turns until it is next; the lowest wins",
    .parts = {},
    .decide = decide_round_robin,
};

}  // namespace shoal::router
