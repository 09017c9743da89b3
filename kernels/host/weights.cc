#include "kernels/host/weights.h"

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include "base/check.h"
#include "kernels/finite.h"
#include "kernels/weight_table.h"

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
  Packer(TensorSource& source, Weights& weights, bool keep, Packing packing)
      : source_(source), weights_(weights), keep_(keep), packing_(std::move(packing)) {}

  const WeightBytes& bytes() const { return bytes_; }

  bool failed() const { return failed_; }
  Error failure() { return std::move(error_); }

  PackedWeight matrix(WeightId id, std::uint32_t rows, std::uint32_t cols) {
    const auto tensor = read(id, rows, cols);
    if (!tensor) return {};
    const std::size_t count = std::size_t{rows} * cols;
    const bool widens = tensor->dtype == DType::f16;
    const Format format = tensor->dtype == DType::bf16 ? Format::bf16 : Format::f32;
    bytes_.packed += count * bytes_of(format);
    if (!keep_) return {.format = format, .rows = rows, .cols = cols};
    std::byte* memory = allocate(count * bytes_of(format));
    if (widens) {
      widen(*tensor, count, memory);
    } else {
      std::memcpy(memory, tensor->data, count * bytes_of(format));
    }
    const auto bad = format == Format::f32
                         ? first_not_finite(std::span(reinterpret_cast<const float*>(memory), count))
                         : first_not_finite(std::span(reinterpret_cast<const std::uint16_t*>(memory), count));
    if (bad) refuse(id, rows, cols, *bad);
    return {.format = format, .rows = rows, .cols = cols, .tile_rows = packing_.tile_rows, .data = memory};
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
  PackedWeight absorb(const PackedWeight& kv_b, const MlaSpec& mla) {
    if (failed_) return {};
    const std::size_t size = bytes_of(kv_b.format);
    PackedWeight result{.format = kv_b.format,
                        .rows = mla.heads * mla.kv_lora_rank,
                        .cols = mla.nope_dim,
                        .tile_rows = packing_.tile_rows};
    bytes_.packed += std::size_t{result.rows} * result.cols * size;
    if (!keep_) return {};
    std::byte* memory = allocate(std::size_t{result.rows} * result.cols * size);
    for (std::uint32_t h = 0; h < mla.heads; ++h) {
      const PackedWeight head = kv_b.slice(h * (mla.nope_dim + mla.v_dim), mla.nope_dim);
      std::byte* to = memory + std::size_t{h} * mla.kv_lora_rank * mla.nope_dim * size;
      for (std::size_t i = 0; i < mla.nope_dim; ++i) {
        for (std::size_t c = 0; c < mla.kv_lora_rank; ++c) {
          std::memcpy(to + (c * mla.nope_dim + i) * size, head.data + (i * mla.kv_lora_rank + c) * size, size);
        }
      }
    }
    result.data = memory;
    return result;
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
    if (packing_.progress) packing_.progress();
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
  Packing packing_;
  Tensor tensor_;
  WeightBytes bytes_;
  bool failed_ = false;
  Error error_;
};

// Where a weight goes: one of the two.
struct Place {
  PackedWeight* matrix = nullptr;
  const float** vector = nullptr;
};

Place of(PackedWeight& matrix) { return {.matrix = &matrix}; }
Place of(const float*& vector) { return {.vector = &vector}; }

Place place_of(Weights& weights, const WeightId& id) {
  if (id.part == Part::embed) return of(weights.embed);
  if (id.part == Part::head) return of(weights.head);
  if (id.part == Part::final_norm) return of(weights.final_norm);
  LayerWeights& layer = weights.layers.at(id.layer);
  switch (id.part) {
    case Part::attn_norm:
      return of(layer.attn_norm);
    case Part::mlp_norm:
      return of(layer.mlp_norm);
    case Part::q:
      return of(layer.q);
    case Part::q_a:
      return of(layer.q_a);
    case Part::q_a_norm:
      return of(layer.q_a_norm);
    case Part::q_b:
      return of(layer.q_b);
    case Part::kv_a:
      return of(layer.kv_a);
    case Part::kv_a_norm:
      return of(layer.kv_a_norm);
    case Part::kv_b:
      return of(layer.kv_b);
    case Part::o:
      return of(layer.o);
    case Part::gate:
      return of(layer.mlp.gate);
    case Part::up:
      return of(layer.mlp.up);
    case Part::down:
      return of(layer.mlp.down);
    case Part::router:
      return of(layer.router);
    case Part::expert_gate:
      return of(layer.experts.at(id.expert).gate);
    case Part::expert_up:
      return of(layer.experts.at(id.expert).up);
    case Part::expert_down:
      return of(layer.experts.at(id.expert).down);
    case Part::shared_gate:
      return of(layer.shared.gate);
    case Part::shared_up:
      return of(layer.shared.up);
    case Part::shared_down:
      return of(layer.shared.down);
    default:
      check_failed("a weight that the host backend runs", __FILE__, __LINE__);
  }
}

// `spec` is one that the backend runs.
void pack(Packer& packer, const Spec& spec, Weights& weights) {
  weights.layers.resize(spec.layers);
  for (std::uint32_t i = 0; i < spec.layers; ++i) {
    if (spec.is_moe(i)) weights.layers[i].experts.resize(spec.moe->experts);
  }
  each_weight(spec, [&](WeightId id, std::uint32_t rows, std::uint32_t cols, const Split&) {
    const Place place = place_of(weights, id);
    if (place.matrix != nullptr) {
      *place.matrix = packer.matrix(id, rows, cols);
    } else {
      *place.vector = packer.vector(id, cols);
    }
  });
  if (spec.tied_embeddings) weights.head = weights.embed;
  for (LayerWeights& layer : weights.layers) layer.absorb = packer.absorb(layer.kv_b, spec.mla());
}

}  // namespace

Result<Weights> load_weights(const Spec& spec, TensorSource& source, const Packing& packing) {
  Weights weights;
  Packer packer{source, weights, true, packing};
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
