#include "kernels/host/weights.h"

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include "kernels/finite.h"

namespace shoal::kernels {
namespace {

// IEEE 754 binary16 to binary32.
float widen_f16(std::uint16_t half) {
  const std::uint32_t sign = std::uint32_t{half} >> 15 << 31;
  const std::uint32_t exponent = half >> 10 & 0x1f;
  const std::uint32_t fraction = half & 0x3ff;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1.0p-24f;
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
  }
  const std::uint32_t widened = exponent == 0x1f ? 0xff : exponent + 112;
  return std::bit_cast<float>(sign | widened << 23 | fraction << 13);
}

// Reads tensors into memory of its own. After the first failure every further read gives nothing; `failure` says why.
class Packer {
public:
  // Without `keep` tensors are asked for and counted, and nothing is copied.
  Packer(TensorSource& source, Weights& weights, bool keep, std::function<void()> progress)
      : source_(source), weights_(weights), keep_(keep), progress_(std::move(progress)) {}

  const WeightBytes& bytes() const { return bytes_; }

  bool failed() const { return failed_; }
  Error failure() { return std::move(error_); }

  Weight matrix(WeightId id, std::uint32_t rows, std::uint32_t cols) {
    const auto tensor = read(id, rows, cols);
    if (!tensor) return {};
    const std::size_t count = std::size_t{rows} * cols;
    const bool widens = tensor->dtype == DType::f16;
    const DType dtype = widens ? DType::f32 : tensor->dtype;
    bytes_.packed += count * bytes_of(dtype);
    if (!keep_) return {dtype, rows, cols, nullptr};
    std::byte* memory = allocate(count * bytes_of(dtype));
    if (widens) {
      widen(*tensor, count, memory);
    } else {
      std::memcpy(memory, tensor->data, count * bytes_of(dtype));
    }
    const auto bad = dtype == DType::f32
                         ? first_not_finite(std::span(reinterpret_cast<const float*>(memory), count))
                         : first_not_finite(std::span(reinterpret_cast<const std::uint16_t*>(memory), count));
    if (bad) refuse(id, rows, cols, *bad);
    return {dtype, rows, cols, memory};
  }

  const float* vector(WeightId id, std::uint32_t size) {
    const auto tensor = read(id, 1, size);
    if (!tensor) return nullptr;
    bytes_.packed += size * sizeof(float);
    if (!keep_) return nullptr;
    std::byte* memory = allocate(size * sizeof(float));
    widen(*tensor, size, memory);
    const auto* numbers = reinterpret_cast<const float*>(memory);
    if (const auto bad = first_not_finite(std::span(numbers, size))) refuse(id, 1, size, *bad);
    return numbers;
  }

  // [heads * (nope + v), rank] to [heads * rank, nope].
  Weight absorb(const Weight& kv_b, const MlaSpec& mla) {
    if (failed_) return {};
    const std::size_t size = bytes_of(kv_b.dtype);
    const Weight result{kv_b.dtype, mla.heads * mla.kv_lora_rank, mla.nope_dim, nullptr};
    bytes_.packed += std::size_t{result.rows} * result.cols * size;
    if (!keep_) return {};
    std::byte* memory = allocate(std::size_t{result.rows} * result.cols * size);
    for (std::uint32_t h = 0; h < mla.heads; ++h) {
      const Weight head = kv_b.slice(h * (mla.nope_dim + mla.v_dim), mla.nope_dim);
      std::byte* to = memory + std::size_t{h} * mla.kv_lora_rank * mla.nope_dim * size;
      for (std::size_t i = 0; i < mla.nope_dim; ++i) {
        for (std::size_t c = 0; c < mla.kv_lora_rank; ++c) {
          std::memcpy(to + (c * mla.nope_dim + i) * size, head.data + (i * mla.kv_lora_rank + c) * size, size);
        }
      }
    }
    return {result.dtype, result.rows, result.cols, memory};
  }

private:
  const Tensor* read(WeightId id, std::uint32_t rows, std::uint32_t cols) {
    if (failed_) return nullptr;
    auto tensor = source_.tensor(id, rows, cols);
    if (!tensor) {
      failed_ = true;
      error_ = std::move(tensor).error();
      return nullptr;
    }
    tensor_ = *tensor;
    if (progress_) progress_();
    bytes_.stored += std::uint64_t{rows} * cols * bytes_of(tensor_.dtype);
    return &tensor_;
  }

  // One such number would spread to every answer, as ids that mean nothing.
  void refuse(WeightId id, std::uint32_t rows, std::uint32_t cols, std::size_t at) {
    const auto row = static_cast<std::uint32_t>(at / cols);
    const auto col = static_cast<std::uint32_t>(at % cols);
    failed_ = true;
    error_ = {Code::bad_checkpoint,
              source_.place_of(id, rows, row, col) + " is not a finite number; fetch or convert the file again"};
  }

  std::byte* allocate(std::size_t bytes) {
    weights_.memory.push_back(std::make_unique_for_overwrite<std::byte[]>(bytes));
    return weights_.memory.back().get();
  }

  static void widen(const Tensor& tensor, std::size_t count, std::byte* to) {
    for (std::size_t i = 0; i < count; ++i) {
      float value;
      if (tensor.dtype == DType::f32) {
        std::memcpy(&value, tensor.data + i * 4, 4);
      } else {
        std::uint16_t half;
        std::memcpy(&half, tensor.data + i * 2, 2);
        value = tensor.dtype == DType::f16 ? widen_f16(half) : std::bit_cast<float>(std::uint32_t{half} << 16);
      }
      std::memcpy(to + i * 4, &value, 4);
    }
  }

  TensorSource& source_;
  Weights& weights_;
  bool keep_;
  std::function<void()> progress_;
  Tensor tensor_;
  WeightBytes bytes_;
  bool failed_ = false;
  Error error_;
};

void pack_attention(Packer& packer, const Spec& spec, std::uint32_t i, LayerWeights& layer) {
  const MlaSpec& mla = spec.mla;
  const std::uint32_t queries = mla.heads * mla.qk_dim();
  if (mla.q_lora_rank == 0) {
    layer.q = packer.matrix({Part::q, i}, queries, spec.hidden);
  } else {
    layer.q_a = packer.matrix({Part::q_a, i}, mla.q_lora_rank, spec.hidden);
    layer.q_a_norm = packer.vector({Part::q_a_norm, i}, mla.q_lora_rank);
    layer.q_b = packer.matrix({Part::q_b, i}, queries, mla.q_lora_rank);
  }
  layer.kv_a = packer.matrix({Part::kv_a, i}, mla.cache_dim(), spec.hidden);
  layer.kv_a_norm = packer.vector({Part::kv_a_norm, i}, mla.kv_lora_rank);
  layer.kv_b = packer.matrix({Part::kv_b, i}, mla.heads * (mla.nope_dim + mla.v_dim), mla.kv_lora_rank);
  layer.absorb = packer.absorb(layer.kv_b, mla);
  layer.o = packer.matrix({Part::o, i}, spec.hidden, mla.heads * mla.v_dim);
}

void pack_moe(Packer& packer, const Spec& spec, std::uint32_t i, LayerWeights& layer) {
  const MoeSpec& moe = *spec.moe;
  layer.router = packer.matrix({Part::router, i}, moe.experts, spec.hidden);
  for (std::uint32_t e = 0; e < moe.experts; ++e) {
    layer.experts.push_back({packer.matrix({Part::expert_gate, i, e}, moe.width, spec.hidden),
                             packer.matrix({Part::expert_up, i, e}, moe.width, spec.hidden),
                             packer.matrix({Part::expert_down, i, e}, spec.hidden, moe.width)});
  }
  if (moe.shared == 0) return;
  const std::uint32_t width = moe.shared * moe.width;
  layer.shared = {packer.matrix({Part::shared_gate, i}, width, spec.hidden),
                  packer.matrix({Part::shared_up, i}, width, spec.hidden),
                  packer.matrix({Part::shared_down, i}, spec.hidden, width)};
}

void pack(Packer& packer, const Spec& spec, Weights& weights) {
  weights.embed = packer.matrix({Part::embed}, spec.vocab, spec.hidden);
  weights.head = spec.tied_embeddings ? weights.embed : packer.matrix({Part::head}, spec.vocab, spec.hidden);
  weights.final_norm = packer.vector({Part::final_norm}, spec.hidden);
  for (std::uint32_t i = 0; i < spec.layers && !packer.failed(); ++i) {
    LayerWeights& layer = weights.layers.emplace_back();
    layer.attn_norm = packer.vector({Part::attn_norm, i}, spec.hidden);
    layer.mlp_norm = packer.vector({Part::mlp_norm, i}, spec.hidden);
    pack_attention(packer, spec, i, layer);
    if (spec.is_moe(i)) {
      pack_moe(packer, spec, i, layer);
    } else {
      layer.mlp = {packer.matrix({Part::gate, i}, spec.dense_width, spec.hidden),
                   packer.matrix({Part::up, i}, spec.dense_width, spec.hidden),
                   packer.matrix({Part::down, i}, spec.hidden, spec.dense_width)};
    }
  }
}

}  // namespace

Result<Weights> load_weights(const Spec& spec, TensorSource& source, const std::function<void()>& progress) {
  Weights weights;
  Packer packer{source, weights, true, progress};
  pack(packer, spec, weights);
  if (packer.failed()) return packer.failure();
  return weights;
}

Result<WeightBytes> check_weights(const Spec& spec, TensorSource& source) {
  Weights weights;
  Packer packer{source, weights, false, {}};
  pack(packer, spec, weights);
  if (packer.failed()) return packer.failure();
  return packer.bytes();
}

}  // namespace shoal::kernels
