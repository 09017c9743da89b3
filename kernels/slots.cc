#include "kernels/slots.h"

#include <cmath>

#include "base/check.h"
#include "kernels/finite.h"

namespace shoal::kernels {

void Slots::set_sampling(Slot slot, const SlotSampling& sampling) {
  slots_.at(slot) = {.params = sampling.params,
                     .choice = sampling.choice,
                     .seen = {sampling.params, sampling.prompt, sampling.generated},
                     .bias = {sampling.bias.begin(), sampling.bias.end()},
                     .allowed = {},
                     .drawn = no_token};
}

void Slots::set_mask(Slot slot, std::span<const std::uint32_t> allowed) {
  slots_.at(slot).allowed.assign(allowed.begin(), allowed.end());
}

bool Slots::wants_logits(Slot slot) const {
  const State& state = slots_.at(slot);
  return state.params.penalizes() || state.params.logprobs || !state.bias.empty() || !state.allowed.empty();
}

void Slots::draw(Slot slot, std::span<const float> logits, Position position, StepOutput& output) {
  State& state = slots_.at(slot);
  if (!all_finite(logits)) return record(slot, no_token, output);
  std::span<const float> adjusted = logits;
  if (!state.bias.empty() || !state.allowed.empty()) {
    if (!adjust(state, logits)) return record(slot, no_token, output);
    adjusted = adjusted_;
  }
  const TokenId drawn = sampler_.sample(adjusted, state.params, state.choice, position, &state.seen);
  if (state.params.logprobs) output.logprobs.push_back(log_probabilities(logits, drawn, state.params.top_logprobs));
  record(slot, drawn, output);
}

void Slots::record(Slot slot, TokenId drawn, StepOutput& output) {
  State& state = slots_.at(slot);
  state.drawn = drawn;
  if (drawn != no_token) state.seen.add_generated(drawn);
  output.ids.push_back(drawn);
}

// Bias and mask into adjusted_; false if no id is left.
bool Slots::adjust(const State& state, std::span<const float> logits) {
  adjusted_.assign(logits.begin(), logits.end());
  for (const LogitBias& one : state.bias) adjusted_.at(one.id) += one.bias;
  if (state.allowed.empty()) return true;
  SHOAL_CHECK(state.allowed.size() * 32 >= logits.size());
  bool left = false;
  for (std::size_t id = 0; id < logits.size(); ++id) {
    if ((state.allowed[id / 32] >> id % 32 & 1u) != 0) {
      left = true;
    } else {
      adjusted_[id] = -INFINITY;
    }
  }
  return left;
}

}  // namespace shoal::kernels
