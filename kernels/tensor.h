// Weights as a backend asks for them: by what they are in the model, never by a checkpoint's names. engine/checkpoint
// implements TensorSource; a backend reads it once, in load().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace shoal::kernels {

enum class DType : std::uint8_t { f32, bf16, f16 };

constexpr std::size_t bytes_of(DType dtype) { return dtype == DType::f32 ? 4 : 2; }

// Row-major [rows, cols]; matrices are [out, in], vectors [1, n]. Not owned: valid while its source lives. Rows of
// files start anywhere, so `data` may be unaligned.
struct Tensor {
  DType dtype = DType::f32;
  std::uint32_t rows = 0;
  std::uint32_t cols = 0;
  const std::byte* data = nullptr;
};

enum class Part : std::uint8_t {
  embed,        // [vocab, hidden]
  final_norm,   // [1, hidden]
  head,         // [vocab, hidden]; the embedding when tied
  attn_norm,    // [1, hidden]
  mlp_norm,     // [1, hidden]
  q,            // [heads * qk_dim, hidden], without q_lora
  q_a,          // [q_lora_rank, hidden]
  q_a_norm,     // [1, q_lora_rank]
  q_b,          // [heads * qk_dim, q_lora_rank]
  kv_a,         // [kv_lora_rank + rope_dim, hidden]
  kv_a_norm,    // [1, kv_lora_rank]
  kv_b,         // [heads * (nope_dim + v_dim), kv_lora_rank]
  o,            // [hidden, heads * v_dim]
  gate,         // [dense_width, hidden]
  up,           // [dense_width, hidden]
  down,         // [hidden, dense_width]
  router,       // [experts, hidden]
  expert_gate,  // [width, hidden]
  expert_up,    // [width, hidden]
  expert_down,  // [hidden, width]
  shared_gate,  // [shared * width, hidden]
  shared_up,    // [shared * width, hidden]
  shared_down,  // [hidden, shared * width]
  k,            // [kv_heads * head_dim, hidden], of grouped-query attention
  v,            // [kv_heads * head_dim, hidden]
  q_bias,       // [1, heads * head_dim]
  k_bias,       // [1, kv_heads * head_dim]
  v_bias,       // [1, kv_heads * head_dim]
  q_a_bias,     // [1, q_lora_rank]
  kv_a_bias,    // [1, kv_lora_rank + rope_dim]
  o_bias,       // [1, hidden]
  router_bias,  // [1, experts], of sigmoid gates
};

// One weight of the model. `layer` and `expert` count where the part has them.
struct WeightId {
  Part part = Part::embed;
  std::uint32_t layer = 0;
  std::uint32_t expert = 0;
};

class TensorSource {
public:
  virtual ~TensorSource() = default;

  // The weight, which must be [rows, cols]. Code::bad_checkpoint names file, tensor and what was expected.
  virtual Result<Tensor> tensor(WeightId id, std::uint32_t rows, std::uint32_t cols) = 0;

  // How a person finds this number of the weight, which is [rows, cols]: file, tensor and index there.
  virtual std::string place_of(WeightId id, [[maybe_unused]] std::uint32_t rows, std::uint32_t row,
                               std::uint32_t col) const {
    return "weight " + std::to_string(static_cast<unsigned>(id.part)) + " of layer " + std::to_string(id.layer) +
           ": [" + std::to_string(row) + ", " + std::to_string(col) + "]";
  }
};

}  // namespace shoal::kernels
