// How the next token is drawn from logits; one definition for every backend, so that a stream may change device between
// two tokens. Counter-based: the draw depends on (seed, choice, position, token id) alone, not on batch, step or
// attempt.
//
//   bias first, added to the logits of its ids (OpenAI's meaning); then an id that a mask forbids is impossible;
//   then penalties, on the logits, for ids that the sequence holds (SeenIds), in this order:
//                     repetition  l = l > 0 ? l / r : l * r     ids of the prompt and generated ones (Keskar et al.,
//                                                               CTRL, 2019; Hugging Face's meaning; 1: off)
//                     frequency   l = l - f * count             generated ids (OpenAI's meaning; 0: off)
//                     presence    l = l - p                     generated ids (OpenAI's meaning; 0: off)
//                   (l is kept within +-1e30, and what is -infinity stays it.)
//   temperature < 1e-5:  the largest logit; among equals the lowest id.
//   otherwise:      p = softmax(logits / temperature);
//                   filters keep a set by threshold (all p >= p*), in this order, each on what the one before left:
//                     min_p   p* = min_p * the largest p
//                     top_k   p* = the k-th largest p                             (0: off)
//                     top_p   p* = the largest one that keeps a share >= top_p    (1: off)
//                   the token is the argmax over the set of logit / temperature - log(min(e, 64)),
//                   e = -log1p(-(x + 0.5) * 2^-32), x = counter_random(seed, choice, position, token).
//
// This is the exponential race (Efraimidis and Spirakis, 2006): the argmax falls on a token with probability p. The
// noise is formed so that its infinity lies at the losing end, and 64 keeps a lone survivor finite.
//
// Log probabilities are those of the model itself: log softmax of the logits before all of the above.
// So they compare between requests, tell a forced repetition from a likely one, and are the same for a greedy and for a
// sampled stream (vLLM's default too). Pure; any thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/ids.h"

namespace shoal::kernels {

// Added to the logit of one id.
struct LogitBias {
  TokenId id = 0;
  float bias = 0;
};

struct SamplingParams {
  float temperature = 1;    // >= 0; 0 is greedy
  float top_p = 1;          // (0, 1]
  std::uint32_t top_k = 0;  // 0: off
  float min_p = 0;          // [0, 1]
  std::uint64_t seed = 0;
  float frequency_penalty = 0;     // [-2, 2]; 0: off
  float presence_penalty = 0;      // [-2, 2]; 0: off
  float repetition_penalty = 1;    // (0, 2]; 1: off
  bool logprobs = false;           // IdLogprobs are wanted
  std::uint32_t top_logprobs = 0;  // with so many of the likeliest ids

  bool penalizes() const { return frequency_penalty != 0 || presence_penalty != 0 || repetition_penalty != 1; }
};

// A temperature below it is greedy: logits divided by less would overflow.
inline constexpr float temperature_min = 1e-5f;

// The ids of one sequence as far as its penalties ask for them, counted as they arrive: a step costs as much as there
// are different ids. A function of (parameters, prompt ids, generated ids), so a resumed stream builds the same again.
// Empty and free of cost without penalties; else one entry a different id.
class SeenIds {
public:
  SeenIds() = default;
  SeenIds(const SamplingParams& params, std::span<const TokenId> prompt, std::span<const TokenId> generated);

  void add_generated(TokenId id) {
    if (counts_) ++generated_[id];
  }

  // Applies the penalties to logits [vocab]; every id is below the vocabulary.
  void penalize(std::span<float> logits, const SamplingParams& params) const;

private:
  bool counts_ = false;
  std::unordered_map<TokenId, std::uint32_t> generated_;  // how often; 0: in the prompt alone
};

// How likely the drawn id was to the model, and the likeliest ids: most likely first, among equals the lowest id.
struct IdLogprobs {
  float logprob = 0;
  std::vector<TokenId> top_ids{};
  std::vector<float> top_logprobs{};

  bool operator==(const IdLogprobs&) const = default;
};

// Never below it, so that every one is a number: OpenAI's word for "very unlikely".
inline constexpr float logprob_min = -9999;

// log softmax of logits [vocab] at `drawn` and at the `top` largest ones; fewer if the vocabulary is smaller. Computed
// in double.
IdLogprobs log_probabilities(std::span<const float> logits, TokenId drawn, std::uint32_t top);

// What a token scores in the race, given its 32 random bits. The uniform is formed in double, where 1 - u is exact.
inline float race_score(float logit, float temperature, std::uint32_t random_bits) {
  const double uniform = (static_cast<double>(random_bits) + 0.5) * 0x1.0p-32;
  const double exponential = std::min(-std::log1p(-uniform), 64.0);
  return logit / temperature - static_cast<float>(std::log(exponential));
}

// No noise is larger: -log(-log1p(-0.5 * 2^-32)) = 33 ln 2.
inline constexpr float race_noise_max = 22.8739f;

// Draws tokens; keeps its scratch memory between calls. Not thread-safe.
class Sampler {
public:
  // logits [vocab], not empty. `position` is the index of the id being generated. `seen` are the sequence's ids;
  // without them penalties have nothing to act on.
  TokenId sample(std::span<const float> logits, const SamplingParams& params, Choice choice, Position position,
                 const SeenIds* seen = nullptr);

private:
  // The smallest logit that survives the filters.
  float threshold(std::span<const float> logits, const SamplingParams& params, float largest);

  TokenId draw(std::span<const float> logits, const SamplingParams& params, Choice choice, Position position);

  std::vector<float> sorted_;
  std::vector<float> penalized_;
};

// The largest logit; among equals the lowest id.
TokenId greedy(std::span<const float> logits);

}  // namespace shoal::kernels
