// y = x * w^T. One or two rows of x (decode) read the weights once, widening them in registers: bound by memory. More
// rows share a panel of a few weight rows that is widened once into the first cache.
#include "base/check.h"
#include "kernels/host/cpu/dot.h"
#include "kernels/host/cpu/module.h"

namespace shoal::kernels::SHOAL_CPU_MODULE {
namespace {

constexpr std::uint32_t panel_columns = 1024;             // 16 KiB of a panel, half of the smallest first cache
constexpr std::size_t panel_stride = panel_columns + 16;  // rows a power of two apart would share a cache set
constexpr std::uint32_t slab_rows = 64;                   // rows of x that pass a panel; in the second cache
constexpr std::uint32_t direct_rows_max = 2;              // widening in registers costs less than a panel up to here

// The sums of a panel's columns so far, for each row of x. Summing goes on where it stopped, so the order is the same.
struct Carry {
  Lanes sums[slab_rows][tile_rows];
};

template <int T>
SHOAL_INLINE void panel_tile(const float* panel, std::uint32_t width, const float* x, std::size_t x_stride,
                             Lanes (*carry)[tile_rows], bool first, bool last, float* y, std::size_t y_stride) {
  Lanes all[tile_rows][T] = {};
  if (!first) {
#pragma GCC unroll 4
    for (int r = 0; r < tile_rows; ++r) {
#pragma GCC unroll 4
      for (int t = 0; t < T; ++t) all[r][t] = carry[t][r];
    }
  }
  accumulate(all, panel, panel_stride, x, x_stride, width);
  if (last) {
    finish(all, y, y_stride);
    return;
  }
#pragma GCC unroll 4
  for (int r = 0; r < tile_rows; ++r) {
#pragma GCC unroll 4
    for (int t = 0; t < T; ++t) carry[t][r] = all[r][t];
  }
}

// Asks for the weights of the next panel while this one is used. Behind the last one it asks for nothing that matters.
SHOAL_INLINE void prefetch(const std::uint16_t* from, std::uint32_t count) {
  for (std::uint32_t at = 0; at < count; at += 32) __builtin_prefetch(from + at);
}

SHOAL_INLINE void widen(const std::uint16_t* from, std::uint32_t count, float* to) {
  std::uint32_t at = 0;
  for (; at + lanes <= count; at += lanes) store(to + at, load(from + at));
  if (at < count) store_tail(to + at, load_tail(from + at, count - at), count - at);
}

// tile_rows rows of w for a slab of x.
void panel_rows(const std::uint16_t* w, std::uint32_t k, const float* x, std::size_t x_stride, std::uint32_t x_rows,
                float* y, std::size_t y_stride) {
  alignas(64) float panel[tile_rows * panel_stride];
  Carry carry;
  for (std::uint32_t from = 0; from < k; from += panel_columns) {
    const std::uint32_t width = k - from < panel_columns ? k - from : panel_columns;
    for (int r = 0; r < tile_rows; ++r) widen(w + r * std::size_t{k} + from, width, panel + r * panel_stride);
    for (int r = 0; r < tile_rows; ++r) prefetch(w + (r + tile_rows) * std::size_t{k} + from, width);
    const bool first = from == 0;
    const bool last = from + width == k;
    std::uint32_t t = 0;
    for (; t + tile_columns <= x_rows; t += tile_columns) {
      panel_tile<tile_columns>(panel, width, x + t * x_stride + from, x_stride, carry.sums + t, first, last,
                               y + t * y_stride, y_stride);
    }
    for (; t < x_rows; ++t) {
      panel_tile<1>(panel, width, x + t * x_stride + from, x_stride, carry.sums + t, first, last, y + t * y_stride,
                    y_stride);
    }
  }
}

void matmul_bf16(const Matmul& op, const std::uint16_t* w) {
  const std::uint32_t k = op.x.cols;
  if (op.x.rows <= direct_rows_max) {
    dot_block(w, k, op.w.rows, op.x.data, op.x.stride, op.x.rows, k, op.y.data, op.y.stride);
    return;
  }
  for (std::uint32_t t = 0; t < op.x.rows; t += slab_rows) {
    const std::uint32_t rows = op.x.rows - t < slab_rows ? op.x.rows - t : slab_rows;
    const float* x = op.x.data + t * op.x.stride;
    float* y = op.y.data + t * op.y.stride;
    std::uint32_t r = 0;
    for (; r + tile_rows <= op.w.rows; r += tile_rows) {
      panel_rows(w + r * std::size_t{k}, k, x, op.x.stride, rows, y + r, op.y.stride);
    }
    dot_block(w + r * std::size_t{k}, k, op.w.rows - r, x, op.x.stride, rows, k, y + r, op.y.stride);
  }
}

}  // namespace

void matmul(const Matmul& op) {
  SHOAL_CHECK(op.x.cols == op.w.cols && op.y.cols == op.w.rows && op.y.rows == op.x.rows);
  if (op.w.format == Format::bf16) {
    matmul_bf16(op, reinterpret_cast<const std::uint16_t*>(op.w.data));
  } else {
    const auto* w = reinterpret_cast<const float*>(op.w.data);
    dot_block(w, op.w.cols, op.w.rows, op.x.data, op.x.stride, op.x.rows, op.x.cols, op.y.data, op.y.stride);
  }
}

}  // namespace shoal::kernels::SHOAL_CPU_MODULE
