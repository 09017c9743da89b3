// The sampling state of the slots of a device that draws on the host: what set_sampling() and set_mask() said, the ids
// that penalties count, and what was drawn last. Owned by a backend, on its thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.h"
#include "kernels/backend.h"
#include "kernels/sampling.h"

namespace shoal::kernels {

class Slots {
public:
  // [0, count) exist from here on.
  void reserve(std::uint32_t count) { slots_.resize(count); }

  void set_sampling(Slot slot, const SlotSampling& sampling);
  void set_mask(Slot slot, std::span<const std::uint32_t> allowed);

  const SamplingParams& params(Slot slot) const { return slots_.at(slot).params; }

  // Whether what comes out depends on more than the one likeliest id.
  bool wants_logits(Slot slot) const;

  // What the slot drew last; no_token if nothing since it was set.
  TokenId drawn(Slot slot) const { return slots_.at(slot).drawn; }

  // Draws from logits [vocab] and adds to `output` what StepOutput says.
  void draw(Slot slot, std::span<const float> logits, Position position, StepOutput& output);

  // The same for an id that is known without logits, or for no_token.
  void record(Slot slot, TokenId drawn, StepOutput& output);

private:
  struct State {
    SamplingParams params{};
    Choice choice = 0;
    SeenIds seen{};
    std::vector<LogitBias> bias{};
    std::vector<std::uint32_t> allowed{};
    TokenId drawn = no_token;
  };

  bool adjust(const State& state, std::span<const float> logits);

  std::vector<State> slots_;
  Sampler sampler_;
  std::vector<float> adjusted_;
};

}  // namespace shoal::kernels
