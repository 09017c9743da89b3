// The gate of DeepSeek-V2.
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/host/ref/exp.h"
#include "kernels/host/ref/ref.h"

namespace shoal::kernels::ref {
namespace {

// The index of the largest score; among equals the lowest. Taken ones are below every score.
std::uint32_t best(const std::vector<float>& scores) {
  return static_cast<std::uint32_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

constexpr float taken = -1;  // scores are probabilities

// Leaves only the experts of the groups whose best one scores highest.
void keep_top_groups(std::vector<float>& scores, const MoeSpec& moe) {
  const std::uint32_t size = moe.experts / moe.groups;
  std::vector<float> group_best(moe.groups);
  for (std::uint32_t g = 0; g < moe.groups; ++g) {
    group_best[g] = *std::max_element(scores.begin() + g * size, scores.begin() + (g + 1) * size);
  }
  for (std::uint32_t kept = 0; kept < moe.top_groups; ++kept) group_best[best(group_best)] = taken;
  for (std::uint32_t e = 0; e < moe.experts; ++e) {
    if (group_best[e / size] != taken) scores[e] = 0;
  }
}

void route_row(const float* logits, const MoeSpec& moe, std::uint32_t* experts, float* weights) {
  std::vector<float> scores(logits, logits + moe.experts);
  const float largest = *std::max_element(scores.begin(), scores.end());
  float total = 0;
  for (float& score : scores) total += score = exp_fp32(score - largest);
  for (float& score : scores) score /= total;
  if (moe.gating == Gating::group_limited_greedy) keep_top_groups(scores, moe);

  float chosen = 0;
  for (std::uint32_t i = 0; i < moe.per_token; ++i) {
    experts[i] = best(scores);
    weights[i] = scores[experts[i]];
    scores[experts[i]] = taken;
    chosen += weights[i];
  }
  const bool normalise = moe.norm_topk && moe.per_token > 1;
  for (std::uint32_t i = 0; i < moe.per_token; ++i) {
    weights[i] = normalise ? weights[i] / (chosen + 1e-20f) : weights[i] * static_cast<float>(moe.routed_scale);
  }
}

}  // namespace

void route(const Route& op) {
  for (std::uint32_t r = 0; r < op.logits.rows; ++r) {
    const std::size_t at = std::size_t{r} * op.moe.per_token;
    route_row(op.logits.row(r), op.moe, op.experts + at, op.weights + at);
  }
}

}  // namespace shoal::kernels::ref
