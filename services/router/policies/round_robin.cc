// One after another, in the order of their epochs: exactly equal shares, whatever they do.
#include "services/router/policies/registered.h"

namespace shoal::router {

Decision round_robin(const Question& question) {
  Decision decision = choose(question, question.able.front());
  double turns_away = 0;
  for (const std::size_t index : question.able) decision.verdicts[index].score = turns_away++;
  return decision;
}

}  // namespace shoal::router
