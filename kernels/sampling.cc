#include "kernels/sampling.h"

#include <functional>

#include "base/check.h"
#include "base/random.h"

namespace shoal::kernels {

TokenId greedy(std::span<const float> logits) {
  return static_cast<TokenId>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

SeenIds::SeenIds(const SamplingParams& params, std::span<const TokenId> prompt, std::span<const TokenId> generated)
    : counts_(params.penalizes()) {
  if (params.repetition_penalty != 1) {
    for (const TokenId id : prompt) generated_.try_emplace(id, 0);
  }
  for (const TokenId id : generated) add_generated(id);
}

void SeenIds::penalize(std::span<float> logits, const SamplingParams& params) const {
  constexpr float logit_max = 1e30f;
  const float repetition = params.repetition_penalty;
  for (const auto& [id, count] : generated_) {
    float& logit = logits[id];
    if (!std::isfinite(logit)) continue;
    if (repetition != 1) logit = logit > 0 ? logit / repetition : logit * repetition;
    if (count > 0) {
      logit -= params.frequency_penalty * static_cast<float>(count);
      logit -= params.presence_penalty;
    }
    logit = std::clamp(logit, -logit_max, logit_max);
  }
}

IdLogprobs log_probabilities(std::span<const float> logits, TokenId drawn, std::uint32_t top) {
  const double largest = logits[greedy(logits)];
  double sum = 0;
  for (const float logit : logits) sum += std::exp(double(logit) - largest);
  const double log_sum = largest + std::log(sum);
  const auto logprob_of = [&](TokenId id) {
    return std::max(static_cast<float>(double(logits[id]) - log_sum), logprob_min);
  };

  IdLogprobs out;
  out.logprob = logprob_of(drawn);
  std::vector<TokenId>& best = out.top_ids;
  const auto likelier = [&](TokenId a, TokenId b) { return logits[a] > logits[b]; };
  for (TokenId id = 0; top > 0 && id < logits.size(); ++id) {
    if (best.size() == top) {
      if (!likelier(id, best.back())) continue;
      best.pop_back();
    }
    best.insert(std::upper_bound(best.begin(), best.end(), id, likelier), id);
  }
  for (const TokenId id : best) out.top_logprobs.push_back(logprob_of(id));
  return out;
}

TokenId Sampler::sample(std::span<const float> logits, const SamplingParams& params, Choice choice, Position position,
                        const SeenIds* seen) {
  SHOAL_CHECK(!logits.empty());
  if (seen == nullptr || !params.penalizes()) return draw(logits, params, choice, position);
  penalized_.assign(logits.begin(), logits.end());
  seen->penalize(penalized_, params);
  return draw(penalized_, params, choice, position);
}

TokenId Sampler::draw(std::span<const float> logits, const SamplingParams& params, Choice choice, Position position) {
  const TokenId best = greedy(logits);
  if (!(params.temperature >= temperature_min)) return best;

  // The likeliest token runs first: what could not beat it even with the best noise needs no random bits.
  const auto score_of = [&](TokenId token) {
    return race_score(logits[token], params.temperature, counter_random(params.seed, choice, position, token));
  };
  const float smallest = threshold(logits, params, logits[best]);
  TokenId winner = best;
  float winning = score_of(best);
  for (TokenId token = 0; token < logits.size(); ++token) {
    if (logits[token] < smallest || logits[token] / params.temperature + race_noise_max < winning) continue;
    const float score = score_of(token);
    if (score > winning || (score == winning && token < winner)) {
      winning = score;
      winner = token;
    }
  }
  return winner;
}

float Sampler::threshold(std::span<const float> logits, const SamplingParams& params, float largest) {
  float smallest = -INFINITY;
  if (params.min_p > 0) smallest = largest + params.temperature * std::log(params.min_p);
  const bool by_count = params.top_k > 0 && params.top_k < logits.size();
  const bool by_mass = params.top_p < 1;
  if (!by_count && !by_mass) return smallest;

  sorted_.clear();
  for (const float logit : logits) {
    if (logit >= smallest) sorted_.push_back(logit);
  }
  if (by_count && params.top_k < sorted_.size()) {
    std::nth_element(sorted_.begin(), sorted_.begin() + (params.top_k - 1), sorted_.end(), std::greater<>{});
    smallest = sorted_[params.top_k - 1];
    std::erase_if(sorted_, [&](float logit) { return logit < smallest; });
  }
  if (!by_mass) return smallest;

  // From the largest down until the share is reached. A heap, because the share is usually reached early.
  const auto weight = [&](float logit) { return std::exp(double(logit - largest) / double(params.temperature)); };
  double total = 0;
  for (const float logit : logits) {
    if (logit >= smallest) total += weight(logit);
  }
  std::make_heap(sorted_.begin(), sorted_.end());
  double reached = 0;
  for (auto end = sorted_.end(); end != sorted_.begin(); --end) {
    std::pop_heap(sorted_.begin(), end);
    smallest = *(end - 1);
    reached += weight(smallest);
    if (reached >= double(params.top_p) * total) break;
  }
  return smallest;
}

}  // namespace shoal::kernels
