// A weighted sum of what is free: of the GPU (slots or KV pages, whichever is scarcer), of the processors, and of the
// latency up to a reference.
#include <algorithm>

#include "services/router/placement/policies/policy.h"

namespace shoal::router {
namespace {

double share(std::uint64_t part, std::uint64_t whole) {
  return std::min(1.0, static_cast<double>(part) / static_cast<double>(whole));
}

Decision decide_score(const Question& question) {
  const auto& weights = question.config.score_weights;
  const double latency_ref_us = question.config.latency_ref_ms * 1000.0;
  return highest(question, [&](const Candidate& candidate) {
    const double slots = candidate.slots == 0 ? 1 : share(candidate.slots_free, candidate.slots);
    const double pages = candidate.pages == 0 ? 1 : share(candidate.pages_free, candidate.pages);
    const double gpu = weights[0] * std::min(slots, pages);
    const double cpu = weights[1] * (1 - std::min(1.0, candidate.cpu_permille / 1000.0));
    const double latency = weights[2] * (1 - std::min(1.0, candidate.latency_us / latency_ref_us));
    return Score{gpu + cpu + latency, {gpu, cpu, latency}};
  });
}

}  // namespace

extern const Policy score_policy = {
    .name = "score",
    .score = "what is free, weighted; the highest wins",
    .parts = {"gpu", "cpu", "latency"},
    .decide = decide_score,
};

}  // namespace shoal::router
