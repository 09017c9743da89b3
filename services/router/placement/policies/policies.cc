#include <cmath>
#include <string>

#include "base/nearest.h"
#include "services/router/placement/policies/policy.h"

// Every policy, a line each.
#define SHOAL_POLICIES(registered) \
  registered(round_robin) registered(weighted) registered(least_tokens) registered(p2c) registered(score)

namespace shoal::router {

#define SHOAL_DECLARE_POLICY(name) extern const Policy name##_policy;
SHOAL_POLICIES(SHOAL_DECLARE_POLICY)

namespace {

#define SHOAL_LIST_POLICY(name) &name##_policy,
constexpr const Policy* all[] = {SHOAL_POLICIES(SHOAL_LIST_POLICY)};

double rounded(double number) { return std::round(number * 1e6) / 1e6; }

// The first of equals wins: `better(a, b)` is strict.
template <class Better>
Decision best(const Question& question, const std::function<Score(const Candidate&)>& score, Better better) {
  Decision decision = choose(question, question.able.front());
  const Verdict* winner = nullptr;
  for (const std::size_t index : question.able) {
    const Score given = score(question.candidate(index));
    Verdict& verdict = decision.verdicts[index];
    verdict.score = rounded(given.score);
    for (std::size_t part = 0; part < given.parts.size(); ++part) verdict.parts[part] = rounded(given.parts[part]);
    if (winner != nullptr && !better(verdict.score, winner->score)) continue;
    winner = &verdict;
    decision.chosen = question.candidate(index).epoch;
  }
  return decision;
}

}  // namespace

std::span<const Policy* const> policies() { return all; }

Result<const Policy*> find_policy(const PolicyConfig& config) {
  double total = 0;
  for (const double weight : config.score_weights) {
    if (!std::isfinite(weight) || weight < 0) {
      return Error{Code::bad_config, "score_weights: expected numbers of 0 or more, one each for GPU, CPU and latency"};
    }
    total += weight;
  }
  if (total <= 0) return Error{Code::bad_config, "score_weights: expected at least one number above 0"};
  if (config.latency_ref_ms == 0) return Error{Code::bad_config, "latency_ref_ms: expected 1 or more"};
  std::vector<std::string_view> names;
  std::string list;
  for (const Policy* policy : all) {
    if (policy->name == config.policy) return policy;
    names.push_back(policy->name);
    list += (list.empty() ? "" : ", ") + std::string(policy->name);
  }
  return Error{Code::bad_config, "policy: there is no policy \"" + config.policy + "\"" +
                                     did_you_mean(config.policy, names) + "; expected one of " + list};
}

Decision decide(const Policy& policy, const Snapshot& snapshot, const PolicyConfig& config) {
  Question question{snapshot, config, {}};
  std::vector<std::size_t> before;
  for (std::size_t index = 0; index < snapshot.candidates.size(); ++index) {
    const Candidate& candidate = snapshot.candidates[index];
    if (candidate.standing != Standing::able || candidate.slots_free == 0) continue;
    (candidate.epoch > snapshot.last ? question.able : before).push_back(index);
  }
  question.able.insert(question.able.end(), before.begin(), before.end());
  if (!question.able.empty()) return policy.decide(question);
  return choose(question, snapshot.candidates.size());
}

Decision highest(const Question& question, const std::function<Score(const Candidate&)>& score) {
  return best(question, score, std::greater<>());
}

Decision lowest(const Question& question, const std::function<Score(const Candidate&)>& score) {
  return best(question, score, std::less<>());
}

Decision choose(const Question& question, std::size_t index) {
  Decision decision;
  for (const Candidate& candidate : question.snapshot.candidates) {
    const bool full = candidate.standing == Standing::able && candidate.slots_free == 0;
    decision.verdicts.push_back({full ? Standing::full : candidate.standing, 0, {}});
  }
  if (index < question.snapshot.candidates.size()) decision.chosen = question.candidate(index).epoch;
  return decision;
}

}  // namespace shoal::router
