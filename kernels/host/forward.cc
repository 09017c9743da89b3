#include <cmath>

#include "kernels/host/blocks.h"

namespace shoal::kernels {

StepOutput forward(Blocks& blocks, const Spec& spec, const Step& step, const std::function<void()>& progress) {
  Stream stream;
  StepOutput output;
  blocks.embed(stream, step);
  for (std::uint32_t layer = 0; layer < spec.layers; ++layer) {
    blocks.attention(stream, layer, step);
    if (spec.is_moe(layer)) {
      blocks.moe(stream, layer, step);
    } else {
      blocks.mlp(stream, layer, step);
    }
    if (progress) progress();
  }
  blocks.head(stream, step, output);
  return output;
}

Step lay_out(std::span<const SeqStep> sequences, const Spec& spec, std::span<const double> frequencies,
             const Slots& slots) {
  Step step;
  step.sequences = sequences;
  const double magnitude = rope_magnitude(spec.rope);
  for (const SeqStep& sequence : sequences) {
    const std::uint32_t count = sequence.tokens();
    // A sequence that drew no id computes something, and its next draw is none either.
    const TokenId fed = slots.drawn(sequence.slot) == no_token ? 0 : slots.drawn(sequence.slot);
    step.rows.push_back(
        {.first_row = step.tokens(), .rows = count, .first_index = sequence.first, .pages = sequence.pages});
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t index = sequence.first + i;
      if (!sequence.logits.empty() || (sequence.draws && i + 1 == count)) step.head_rows.push_back(step.tokens());
      step.ids.push_back(sequence.feeds_drawn ? fed : sequence.ids[i]);
      step.slots.push_back(sequence.pages[index / page_tokens] * page_tokens + index % page_tokens);
      for (const double frequency : frequencies) {
        step.cos.push_back(static_cast<float>(std::cos(index * frequency) * magnitude));
        step.sin.push_back(static_cast<float>(std::sin(index * frequency) * magnitude));
      }
    }
  }
  return step;
}

}  // namespace shoal::kernels
