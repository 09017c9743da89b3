// Penalties and log probabilities against computations of the test's own, in double and by scanning all ids.
#include <algorithm>

#include <doctest/doctest.h>

#include "base/random.h"
#include "kernels/sampling.h"

using namespace shoal;
using namespace shoal::kernels;

namespace {

std::vector<float> random_logits(std::size_t vocab, std::uint64_t seed, double spread = 10) {
  Random random{seed};
  std::vector<float> logits(vocab);
  for (float& logit : logits) logit = static_cast<float>(spread * (random.unit() - 0.5));
  return logits;
}

// What the penalties make of one logit, by their definitions.
double penalized(double logit, TokenId id, const SamplingParams& params, const std::vector<TokenId>& prompt,
                 const std::vector<TokenId>& generated) {
  const auto in_prompt = std::count(prompt.begin(), prompt.end(), id);
  const auto times = std::count(generated.begin(), generated.end(), id);
  if (in_prompt + times > 0) {
    logit = logit < 0 ? logit * double(params.repetition_penalty) : logit / double(params.repetition_penalty);
  }
  return logit - double(times) * double(params.frequency_penalty) - (times > 0 ? double(params.presence_penalty) : 0);
}

// The ids that follow, drawn from logits that are a function of the position alone.
std::vector<TokenId> go_on(const SamplingParams& params, const std::vector<TokenId>& prompt,
                           std::vector<TokenId> generated, std::size_t until) {
  Sampler sampler;
  SeenIds seen(params, prompt, generated);
  while (generated.size() < until) {
    const auto position = static_cast<Position>(generated.size());
    generated.push_back(sampler.sample(random_logits(40, position, 6), params, 0, position, &seen));
    seen.add_generated(generated.back());
  }
  return generated;
}

const std::vector<TokenId> prompt = {3, 3, 7, 12, 3};
const std::vector<TokenId> answer = {7, 20, 20, 21, 20, 0};

// 99.99 % quantiles of the chi-square distribution by degrees of freedom.
constexpr double quantile[] = {0, 15.14, 18.42, 21.11, 23.51};

}  // namespace

TEST_CASE("each penalty changes the logits of its ids by its formula, and no others") {
  const SamplingParams all[] = {{.frequency_penalty = 0.7f},
                                {.presence_penalty = -1.1f},
                                {.repetition_penalty = 1.3f},
                                {.repetition_penalty = 0.6f},
                                {.frequency_penalty = -2, .presence_penalty = 2, .repetition_penalty = 2}};
  for (const SamplingParams& params : all) {
    const auto logits = random_logits(24, 5);
    auto changed = logits;
    SeenIds(params, prompt, answer).penalize(changed, params);
    for (TokenId id = 0; id < logits.size(); ++id) {
      CAPTURE(id);
      CHECK(changed[id] == doctest::Approx(penalized(logits[id], id, params, prompt, answer)).epsilon(1e-6));
    }
  }
}

TEST_CASE("ids of the prompt count for repetition_penalty alone") {
  std::vector<float> logits(30, 1);
  const SamplingParams openai{.frequency_penalty = 1, .presence_penalty = 1};
  SeenIds(openai, prompt, {}).penalize(logits, openai);
  CHECK(logits == std::vector<float>(30, 1));
  const SamplingParams repetition{.repetition_penalty = 2};
  SeenIds(repetition, prompt, {}).penalize(logits, repetition);
  CHECK(logits[3] == 0.5f);  // once, however often it is there
  CHECK(logits[4] == 1);
}

TEST_CASE("penalties at their ends leave finite logits, and what is impossible stays so") {
  const SamplingParams params{.frequency_penalty = 2, .presence_penalty = 2, .repetition_penalty = 1e-30f};
  std::vector<float> logits = {20, -20, 0, -INFINITY};
  SeenIds(params, std::vector<TokenId>{0, 1, 2, 3}, std::vector<TokenId>(100'000, 1)).penalize(logits, params);
  for (TokenId id = 0; id < 3; ++id) CHECK(std::isfinite(logits[id]));
  CHECK(logits[3] == -INFINITY);
  Sampler sampler;
  SamplingParams extreme = params;
  for (const float temperature : {1e-38f, 1e-5f, 1.0f}) {
    extreme.temperature = temperature;
    CHECK(sampler.sample(logits, extreme, 0, 0) == 0);
  }
}

TEST_CASE("a sampled token falls where the softmax of the penalised logits says") {
  const std::vector<float> logits = {1, 0.5f, 0, -0.5f, 0.25f};
  const std::vector<TokenId> before = {0, 1};
  const std::vector<TokenId> drawn = {1, 2, 1, 3};
  constexpr Position draws = 40'000;
  for (const float temperature : {0.7f, 1.5f}) {
    const SamplingParams params{.temperature = temperature,
                                .seed = 3,
                                .frequency_penalty = 0.4f,
                                .presence_penalty = 0.3f,
                                .repetition_penalty = 1.5f};
    const SeenIds seen(params, before, drawn);
    Sampler sampler;
    std::vector<double> counts(logits.size());
    for (Position p = 0; p < draws; ++p) ++counts[sampler.sample(logits, params, 0, p, &seen)];

    std::vector<double> weights;
    double total = 0;
    for (TokenId id = 0; id < logits.size(); ++id) {
      weights.push_back(std::exp(penalized(logits[id], id, params, before, drawn) / double(temperature)));
      total += weights.back();
    }
    double statistic = 0;
    for (TokenId id = 0; id < logits.size(); ++id) {
      const double expected = draws * weights[id] / total;
      statistic += (counts[id] - expected) * (counts[id] - expected) / expected;
    }
    CHECK(statistic < quantile[4]);
  }
}

TEST_CASE("greedy honours penalties: the largest logit after them") {
  Sampler sampler;
  const std::vector<float> logits = {0, 5, 4.5f, -1};
  const SamplingParams params{.temperature = 0, .presence_penalty = 1};
  SeenIds seen(params, {}, {});
  CHECK(sampler.sample(logits, params, 0, 0, &seen) == 1);
  seen.add_generated(1);
  CHECK(sampler.sample(logits, params, 0, 1, &seen) == 2);
  seen.add_generated(2);
  CHECK(sampler.sample(logits, params, 0, 2, &seen) == 1);  // both once: as without penalties
}

TEST_CASE("filters act on the penalised distribution") {
  Sampler sampler;
  const SamplingParams params{.top_k = 1, .seed = 1, .frequency_penalty = 2};
  const SeenIds seen(params, {}, std::vector<TokenId>{1});
  for (Position p = 0; p < 100; ++p) CHECK(sampler.sample(std::vector<float>{0, 1, 0.5f}, params, 0, p, &seen) == 2);
}

TEST_CASE("a stream that is cut anywhere goes on with the same ids") {
  for (const float temperature : {0.0f, 0.8f}) {
    const SamplingParams params{.temperature = temperature,
                                .top_p = 0.95f,
                                .seed = 17,
                                .frequency_penalty = 0.3f,
                                .presence_penalty = 0.5f,
                                .repetition_penalty = 1.2f};
    const auto whole = go_on(params, prompt, {}, 60);
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
      const std::vector<TokenId> so_far(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut));
      REQUIRE(go_on(params, prompt, so_far, 60) == whole);
    }
    SamplingParams off = params;
    off.frequency_penalty = off.presence_penalty = 0;
    off.repetition_penalty = 1;
    CHECK(go_on(off, prompt, {}, 60) != whole);
  }
}

TEST_CASE("a log probability is the model's own log softmax in double precision") {
  for (const double spread : {1.0, 30.0, 2000.0}) {
    const auto logits = random_logits(5000, 8, spread);
    double sum = 0;
    const double largest = double(*std::max_element(logits.begin(), logits.end()));
    for (const float logit : logits) sum += std::exp(double(logit) - largest);
    for (const TokenId id : {TokenId{0}, TokenId{77}, greedy(logits)}) {
      const double expected = double(logits[id]) - largest - std::log(sum);
      CHECK(log_probabilities(logits, id, 0).logprob == doctest::Approx(expected).epsilon(1e-6));
    }
  }
}

TEST_CASE("all log probabilities of a vocabulary add up to one") {
  const auto logits = random_logits(300, 9);
  const IdLogprobs all = log_probabilities(logits, 0, 300);
  double sum = 0;
  for (const float logprob : all.top_logprobs) sum += std::exp(double(logprob));
  CHECK(sum == doctest::Approx(1).epsilon(1e-5));
}

TEST_CASE("the likeliest ids come first, among equals the lowest, as a full sort has them") {
  auto logits = random_logits(1000, 10);
  for (float& logit : logits) logit = std::round(logit);  // many ties
  std::vector<TokenId> sorted(logits.size());
  for (TokenId id = 0; id < sorted.size(); ++id) sorted[id] = id;
  std::stable_sort(sorted.begin(), sorted.end(), [&](TokenId a, TokenId b) { return logits[a] > logits[b]; });
  for (const std::uint32_t top : {1u, 5u, 20u}) {
    const IdLogprobs some = log_probabilities(logits, 500, top);
    CHECK(std::equal(some.top_ids.begin(), some.top_ids.end(), sorted.begin(), sorted.begin() + top));
    CHECK(some.top_logprobs.size() == top);
    CHECK(some.top_ids[0] == greedy(logits));
    CHECK(some.logprob == log_probabilities(logits, 500, 0).logprob);
  }
}

TEST_CASE("a vocabulary smaller than top_logprobs is listed whole") {
  CHECK(log_probabilities(std::vector<float>{1, 2}, 0, 20).top_ids == std::vector<TokenId>{1, 0});
}

TEST_CASE("the log probability of what is impossible is a number too") {
  CHECK(log_probabilities(std::vector<float>{-INFINITY, 0}, 0, 0).logprob == logprob_min);
}

TEST_CASE("a temperature too small to divide by is greedy") {
  Sampler sampler;
  const std::vector<float> logits = {90, 91, 89};
  for (const float temperature : {1e-44f, 1e-30f, 9e-6f}) {
    for (Position p = 0; p < 50; ++p) CHECK(sampler.sample(logits, {.temperature = temperature}, 0, p) == 1);
  }
}
