// A model's weights in host memory, packed once from a TensorSource: f32 and bf16 as stored, f16 widened to f32. Owned
// by a backend; read-only after loading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "kernels/host/ops.h"
#include "kernels/spec.h"
#include "kernels/tensor.h"

namespace shoal::kernels {

struct MlpWeights {
  PackedWeight gate;
  PackedWeight up;
  PackedWeight down;
};

struct LayerWeights {
  const float* attn_norm = nullptr;
  const float* mlp_norm = nullptr;
  PackedWeight q;    // without q_lora
  PackedWeight q_a;  // with it
  const float* q_a_norm = nullptr;
  PackedWeight q_b;
  PackedWeight kv_a;
  const float* kv_a_norm = nullptr;
  PackedWeight kv_b;    // [heads * (nope_dim + v_dim), kv_lora_rank]
  PackedWeight absorb;  // the nope half of kv_b, transposed per head: [heads * kv_lora_rank, nope_dim]
  PackedWeight o;
  MlpWeights mlp;       // dense layers
  PackedWeight router;  // layers with experts
  MlpWeights shared;    // rows 0 when there are none
  std::vector<MlpWeights> experts;
};

struct Weights {
  PackedWeight embed;
  PackedWeight head;
  const float* final_norm = nullptr;
  std::vector<LayerWeights> layers;
  std::vector<std::unique_ptr<std::byte[]>> memory;  // what all of the above points into
};

struct Packing {
  std::uint32_t tile_rows = 1;       // of the module that is packed for
  std::function<void()> progress{};  // called once a weight when it is set
};

// Fails with what `source` fails with, and with bad_checkpoint for the first number that is not finite. `spec` is
// consistent (engine/checkpoint has checked it).
Result<Weights> load_weights(const Spec& spec, TensorSource& source, const Packing& packing = {});

struct WeightBytes {
  std::uint64_t stored = 0;  // in the files
  std::uint64_t packed = 0;  // in memory, once loaded
};

// Asks for every tensor as load_weights does, and keeps none.
Result<WeightBytes> check_weights(const Spec& spec, TensorSource& source);

}  // namespace shoal::kernels
