// The ops that work on one row at a time.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "kernels/host/ref/dot.h"
#include "kernels/host/ref/exp.h"
#include "kernels/host/ref/ref.h"

namespace shoal::kernels::ref {
namespace {

template <class Element>
void widen(const std::byte* from, std::uint32_t count, float* to) {
  const auto* elements = reinterpret_cast<const Element*>(from);
  std::uint32_t at = 0;
  for (; at + lanes <= count; at += lanes) store(to + at, load(elements + at));
  float tail[lanes];
  store(tail, load_tail(elements + at, count - at));
  std::copy_n(tail, count - at, to + at);
}

float dot(const float* a, const float* b, std::uint32_t k) {
  float result;
  dot_tile<1, 1>(a, 0, b, 0, k, &result, 0);
  return result;
}

}  // namespace

void embed(const Embed& op) {
  for (std::size_t i = 0; i < op.ids.size(); ++i) {
    const PackedWeight row = op.table.slice(op.ids[i], 1);
    (row.format == Format::bf16 ? widen<std::uint16_t> : widen<float>)(row.data, row.cols, op.out.row(i));
  }
}

void rms_norm(const RmsNorm& op) {
  for (std::uint32_t r = 0; r < op.x.rows; ++r) {
    float* x = op.x.row(r);
    float* out = op.out.row(r);
    if (op.delta.data) {
      const float* delta = op.delta.row(r);
      for (std::uint32_t c = 0; c < op.x.cols; ++c) x[c] += delta[c];
    }
    const float mean = dot(x, x, op.x.cols) / static_cast<float>(op.x.cols);
    const float inverse = 1.0f / std::sqrt(mean + op.eps);
    for (std::uint32_t c = 0; c < op.x.cols; ++c) out[c] = op.weight[c] * (x[c] * inverse);
  }
}

void matmul(const Matmul& op) {
  SHOAL_CHECK(op.x.cols == op.w.cols && op.y.cols == op.w.rows && op.y.rows == op.x.rows);
  const auto run = [&](const auto* w) {
    dot_block(w, op.w.cols, op.w.rows, op.x.data, op.x.stride, op.x.rows, op.x.cols, op.y.data, op.y.stride);
  };
  if (op.w.format == Format::bf16) {
    run(reinterpret_cast<const std::uint16_t*>(op.w.data));
  } else {
    run(reinterpret_cast<const float*>(op.w.data));
  }
}

void silu_mul(const SiluMul& op) {
  for (std::uint32_t r = 0; r < op.gate.rows; ++r) {
    float* gate = op.gate.row(r);
    const float* up = op.up.row(r);
    for (std::uint32_t c = 0; c < op.gate.cols; ++c) gate[c] = gate[c] / (1.0f + exp_fp32(-gate[c])) * up[c];
  }
}

void rope(const Rope& op) {
  const std::uint32_t pairs = op.dim / 2;
  const std::size_t step = op.interleaved ? 2 : 1;
  const std::size_t second = op.interleaved ? 1 : pairs;
  for (std::uint32_t r = 0; r < op.x.rows; ++r) {
    const float* cos = op.cos + std::size_t{r} * pairs;
    const float* sin = op.sin + std::size_t{r} * pairs;
    for (std::uint32_t h = 0; h < op.heads; ++h) {
      float* x = op.x.row(r) + h * op.head_stride;
      for (std::uint32_t i = 0; i < pairs; ++i) {
        const float a = x[i * step];
        const float b = x[i * step + second];
        x[i * step] = a * cos[i] - b * sin[i];
        x[i * step + second] = a * sin[i] + b * cos[i];
      }
    }
  }
}

void store_kv(const StoreKv& op) {
  for (std::uint32_t r = 0; r < op.rows.rows; ++r) {
    std::copy_n(op.rows.row(r), op.rows.cols, op.kv + std::size_t{op.slots[r]} * op.rows.cols);
  }
}

void add_scaled(const AddScaled& op) {
  for (std::uint32_t r = 0; r < op.x.rows; ++r) {
    const float* x = op.x.row(r);
    float* y = op.y.row(op.row_of[r]);
    for (std::uint32_t c = 0; c < op.x.cols; ++c) y[c] += op.weights[r] * x[c];
  }
}

}  // namespace shoal::kernels::ref
