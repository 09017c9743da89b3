// Models with random weights, made in memory: shapes without files.
#pragma once

#include <bit>
#include <cmath>
#include <deque>
#include <vector>

#include "base/random.h"
#include "kernels/spec.h"
#include "kernels/tensor.h"

namespace shoal::kernels {

// Weights in bf16 such that activations keep their size; norms around one. A weight depends on the seed and its id
// alone.
class RandomSource : public TensorSource {
public:
  explicit RandomSource(std::uint64_t seed) : seed_(seed) {}

  Result<Tensor> tensor(WeightId id, std::uint32_t rows, std::uint32_t cols) override {
    const std::uint64_t key = (static_cast<std::uint64_t>(id.part) * 4096 + id.layer) * 4096 + id.expert;
    Random random{seed_ * 1'000'003 + key};
    auto& data = memory_.emplace_back(std::size_t{rows} * cols);
    const double spread = id.part == Part::embed ? 1.7 : std::sqrt(3.0 / cols);
    for (std::uint16_t& half : data) {
      const double unit = 2 * random.unit() - 1;
      const auto value = static_cast<float>(rows == 1 ? 1 + 0.3 * unit : spread * unit);
      half = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
    }
    return Tensor{DType::bf16, rows, cols, reinterpret_cast<const std::byte*>(data.data())};
  }

private:
  std::uint64_t seed_;
  std::deque<std::vector<std::uint16_t>> memory_;
};

// Every branch that a deepseek_v2 model may take, small, with widths that are no multiples of the vector's.
inline Spec small_spec() {
  Spec spec;
  spec.architecture = Architecture::deepseek_v2;
  spec.vocab = 101;
  spec.hidden = 44;
  spec.layers = 3;
  spec.context = 1024;
  spec.dense_width = 52;
  spec.attention =
      MlaSpec{.heads = 3, .q_lora_rank = 20, .kv_lora_rank = 28, .nope_dim = 12, .rope_dim = 8, .v_dim = 10};
  spec.rope.yarn = YarnSpec{.factor = 4, .original_context = 256, .mscale = 0.707, .mscale_all_dim = 0.707};
  spec.moe = MoeSpec{.experts = 6, .per_token = 2, .shared = 1, .width = 20, .first_layer = 1};
  return spec;
}

// The bundled model's shape.
inline Spec tiny_spec() {
  Spec spec;
  spec.architecture = Architecture::deepseek_v2;
  spec.vocab = 1024;
  spec.hidden = 256;
  spec.layers = 6;
  spec.context = 1024;
  spec.dense_width = 768;
  spec.attention =
      MlaSpec{.heads = 4, .q_lora_rank = 0, .kv_lora_rank = 512, .nope_dim = 128, .rope_dim = 64, .v_dim = 128};
  spec.moe = MoeSpec{.experts = 8, .per_token = 2, .shared = 1, .width = 128, .first_layer = 1};
  return spec;
}

}  // namespace shoal::kernels
