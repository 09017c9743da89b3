#include "kernels/slots.h"

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

using namespace shoal;
using namespace shoal::kernels;

namespace {

const std::vector<float> logits = {1, 5, 4, 3, 0};

TokenId draw(Slots& slots, Slot slot, std::span<const float> row = logits) {
  StepOutput output;
  slots.draw(slot, row, 0, output);
  REQUIRE(output.ids.size() == 1);
  CHECK(slots.drawn(slot) == output.ids[0]);
  return output.ids[0];
}

}  // namespace

TEST_CASE("a bias is added to the logits of its ids, and the log probability stays the model's") {
  Slots slots;
  slots.reserve(1);
  const std::vector<LogitBias> bias = {{3, 2.5f}, {1, -100}};
  slots.set_sampling(0, {.params = {.temperature = 0, .logprobs = true}, .bias = bias});
  StepOutput output;
  slots.draw(0, logits, 0, output);
  CHECK(output.ids[0] == 3);
  CHECK(output.logprobs[0] == log_probabilities(logits, 3, 0));
}

TEST_CASE("only what the mask allows is drawn, at any temperature, and nothing where it allows nothing") {
  Slots slots;
  slots.reserve(2);
  const std::vector<std::uint32_t> allowed = {1u << 0 | 1u << 4};
  for (const float temperature : {0.0f, 1.0f, 50.0f}) {
    slots.set_sampling(1, {.params = {.temperature = temperature, .seed = 9}});
    slots.set_mask(1, allowed);
    for (int i = 0; i < 50; ++i) {
      const TokenId drawn = draw(slots, 1);
      CHECK((drawn == 0 || drawn == 4));
    }
  }
  slots.set_mask(1, std::vector<std::uint32_t>{0});
  CHECK(draw(slots, 1) == no_token);
  slots.set_mask(1, {});
  slots.set_sampling(0, {.params = {.temperature = 0}});
  CHECK(draw(slots, 0) == 1);  // the other slot was never masked
}

TEST_CASE("what a slot draws counts for its penalties from then on") {
  Slots slots;
  slots.reserve(1);
  const std::vector<TokenId> generated = {1};
  slots.set_sampling(0, {.params = {.temperature = 0, .presence_penalty = 1.5f}, .generated = generated});
  CHECK(draw(slots, 0) == 2);  // 3.5 for 1, 4 for 2
  CHECK(draw(slots, 0) == 1);  // 2.5 for 2
  CHECK(draw(slots, 0) == 1);  // both once, 3 has 3 and 1 has 3.5
}

TEST_CASE("setting a slot anew leaves nothing of the sequence that had it before") {
  Slots slots;
  slots.reserve(1);
  const std::vector<TokenId> generated = {1, 1, 1};
  const std::vector<LogitBias> bias = {{4, 100}};
  slots.set_sampling(0, {.params = {.temperature = 0, .frequency_penalty = 2}, .generated = generated, .bias = bias});
  slots.set_mask(0, std::vector<std::uint32_t>{1u << 4});
  CHECK(draw(slots, 0) == 4);
  slots.set_sampling(0, {.params = {.temperature = 0}});
  CHECK(slots.drawn(0) == no_token);
  CHECK(draw(slots, 0) == 1);
}

TEST_CASE("logits that are not finite draw nothing and count nothing") {
  Slots slots;
  slots.reserve(1);
  slots.set_sampling(0, {.params = {.temperature = 0, .logprobs = true}});
  StepOutput output;
  slots.draw(0, std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()}, 0, output);
  CHECK(output.ids == std::vector<TokenId>{no_token});
  CHECK(output.logprobs.empty());
}
