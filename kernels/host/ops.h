// About a dozen plain functions over fp32 activations in host memory: what the default Blocks are made of, the unit of
// oracle tests and of bringing a module up. A module fills an Ops table; entries that it leaves empty run on `ref`.
//
// Every function treats its rows alone: a row's result never depends on which rows are computed with it, nor on how a
// prompt was cut into steps. Sums have one fixed order. That is what makes batches, chunks and recomputes bitwise
// equal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/ids.h"
#include "kernels/spec.h"
#include "kernels/tensor.h"

namespace shoal::kernels {

// fp32 [rows, cols], row r at data + r * stride. Not owned.
struct Mat {
  float* data = nullptr;
  std::uint32_t rows = 0;
  std::uint32_t cols = 0;
  std::size_t stride = 0;

  float* row(std::size_t r) const { return data + r * stride; }
  // Columns [from, from + count) of all rows.
  Mat columns(std::uint32_t from, std::uint32_t count) const { return {data + from, rows, count, stride}; }
  // Rows [from, from + count).
  Mat range(std::uint32_t from, std::uint32_t count) const { return {row(from), count, cols, stride}; }
};

// How the numbers of a packed weight lie.
enum class Format : std::uint8_t {
  f32,   // rows back to back
  bf16,  // rows back to back
};

constexpr std::size_t bytes_of(Format format) { return format == Format::f32 ? 4 : 2; }

// A matrix [rows, cols] = [out, in] as a module wants it. Not owned.
struct PackedWeight {
  Format format = Format::f32;
  std::uint32_t rows = 0;
  std::uint32_t cols = 0;
  std::uint32_t tile_rows = 1;  // rows that kernels take together: a cut elsewhere costs time, never bits
  const std::byte* data = nullptr;
  const float* scales = nullptr;  // of formats whose numbers are multiples of some; null for those above

  // Rows [from, from + count).
  PackedWeight slice(std::uint32_t from, std::uint32_t count) const {
    return {format, count, cols, tile_rows, data + std::size_t{from} * cols * bytes_of(format), scales};
  }
};

// Where one sequence's rows lie in a step, and its pages.
struct SeqRows {
  std::uint32_t first_row = 0;  // of the step's rows
  std::uint32_t rows = 0;
  std::uint32_t first_index = 0;  // place of the first row in its own sequence
  std::span<const std::uint32_t> pages;
};

// out [ids, hidden] = rows of table [vocab, hidden].
struct Embed {
  PackedWeight table;
  std::span<const TokenId> ids;
  Mat out;
};

// x += delta (when delta.data is set), then out = x * weight / rms(x); rms(x) = sqrt(mean(x^2) + eps). out may be x.
struct RmsNorm {
  Mat x;
  Mat delta;
  const float* weight = nullptr;  // [cols]
  float eps = 0;                  // above 0: a row of zeros has no rms to divide by
  Mat out;
};

// What a module that multiplies something else than fp32 makes of x for weights of a format: row r at out + r *
// row_bytes. Done once for a product, however many pieces it is cut into.
struct Prepare {
  Mat x;
  Format format = Format::f32;
  std::byte* out = nullptr;
  std::size_t row_bytes = 0;  // prepared_row_bytes(x.cols, format)
};

// y [rows, w.rows] = x [rows, w.cols] * w^T.
struct Matmul {
  Mat x;
  PackedWeight w;
  Mat y;
  const std::byte* prepared = nullptr;  // x, by the module's prepare; null for a module without one
};

// gate = silu(gate) * up, both [rows, width].
struct SiluMul {
  Mat gate;
  Mat up;
};

// Turns the pairs of `heads` vectors of `dim` in each row: head h at row + h * head_stride. Row r uses cosines and
// sines [r, dim / 2].
struct Rope {
  Mat x;
  std::uint32_t heads = 1;
  std::size_t head_stride = 0;
  std::uint32_t dim = 0;
  bool interleaved = true;
  const float* cos = nullptr;
  const float* sin = nullptr;
};

// kv[slot of row] = row, for rows [rows, cache_dim]; slot = page * page_tokens + offset.
struct StoreKv {
  Mat rows;
  std::span<const std::uint32_t> slots;
  float* kv = nullptr;  // of one layer, [pages, page_tokens, cache_dim]
};

// Causal attention over the latent itself, one key row for all heads (absorbed MLA; DeepSeek-V2, section 2.1.2):
//   out[t, h] = sum_j softmax_j(scale * q[t, h] . kv_j) * latent_j over keys j <= index of t.
struct AttentionMla {
  Mat q;                      // [rows, heads * cache_dim], head-major
  const float* kv = nullptr;  // of one layer, [pages, page_tokens, cache_dim]
  std::span<const SeqRows> sequences;
  std::uint32_t heads = 0;
  std::uint32_t latent_dim = 0;  // the first ones of cache_dim
  std::uint32_t cache_dim = 0;
  float scale = 1;
  Mat out;  // [rows, heads * latent_dim]
};

// The same function with keys and values expanded from the latent (MLA as multi-head attention):
//   k[j, h] = kv_b_k[h] * latent_j | rope key j,  v[j, h] = kv_b_v[h] * latent_j.
struct AttentionExpanded {
  Mat q;  // [rows, heads * (nope_dim + rope_dim)]
  const float* kv = nullptr;
  std::span<const SeqRows> sequences;
  MlaSpec mla;
  PackedWeight kv_b;  // [heads * (nope_dim + v_dim), kv_lora_rank]
  float scale = 1;
  Mat out;  // [rows, heads * v_dim]
};

// Chooses experts: from router logits [rows, experts] to ids and weights [rows, per_token], best first. Among equal
// scores the lower expert wins. DeepSeek-V2, section 2.2.
struct Route {
  Mat logits;
  MoeSpec moe;
  std::uint32_t* experts = nullptr;
  float* weights = nullptr;
};

// y[row_of[i]] += weights[i] * x[i].
struct AddScaled {
  Mat x;
  std::span<const std::uint32_t> row_of;
  const float* weights = nullptr;
  Mat y;
};

struct Ops {
  void (*embed)(const Embed&) = nullptr;
  void (*rms_norm)(const RmsNorm&) = nullptr;
  void (*matmul)(const Matmul&) = nullptr;
  void (*silu_mul)(const SiluMul&) = nullptr;
  void (*rope)(const Rope&) = nullptr;
  void (*store_kv)(const StoreKv&) = nullptr;
  void (*attention_mla)(const AttentionMla&) = nullptr;
  void (*attention_expanded)(const AttentionExpanded&) = nullptr;
  void (*route)(const Route&) = nullptr;
  void (*add_scaled)(const AddScaled&) = nullptr;

  // Both or neither: a module without them multiplies x as it is.
  std::size_t (*prepared_row_bytes)(std::uint32_t cols, Format format) = nullptr;  // 0: not for this format
  void (*prepare)(const Prepare&) = nullptr;
};

// Ops for one instruction set or one way to round, by the name that a person asks for.
struct Module {
  std::string name;
  std::string numerics;         // how it rounds: modules that share the word give the same bits
  std::uint32_t tile_rows = 1;  // of the weights that are packed for it
  Ops ops;                      // all that must be there, once find_module has filled what the module leaves to `ref`
};

}  // namespace shoal::kernels
