// Blocks of dot products: y[t * y_stride + r] = x_t . w_r, the inner loop of matmul and attention.
#pragma once

#include "kernels/host/cpu/lanes.h"

namespace shoal::kernels::SHOAL_CPU_MODULE {

// Rows of w that one tile takes. Registers decide: a tile keeps rows x columns sums, a vector of w, and those of x.
#if defined(__AVX2__)
inline constexpr int tile_rows = 4;
#else
inline constexpr int tile_rows = 2;
#endif
inline constexpr int tile_columns = 2;  // rows of x

// R rows of w and T rows of x, k elements each, added to `sums`.
template <int R, int T, class Element>
SHOAL_INLINE void accumulate(Lanes (&all)[R][T], const Element* w, std::size_t w_stride, const float* x,
                             std::size_t x_stride, std::uint32_t k) {
  std::uint32_t at = 0;
  for (; at + lanes <= k; at += lanes) {
    Lanes xs[T];
#pragma GCC unroll 4
    for (int t = 0; t < T; ++t) xs[t] = load(x + t * x_stride + at);
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
      // Weights that are used once come from memory: ask for the place of the next tile.
      if constexpr (sizeof(Element) == 2) __builtin_prefetch(w + (r + R) * w_stride + at);
      const Lanes ws = load(w + r * w_stride + at);
#pragma GCC unroll 4
      for (int t = 0; t < T; ++t) all[r][t].add_product(ws, xs[t]);
    }
  }
  if (at == k) return;
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r) {
    const Lanes ws = load_tail(w + r * w_stride + at, k - at);
#pragma GCC unroll 4
    for (int t = 0; t < T; ++t) all[r][t].add_product(ws, load_tail(x + t * x_stride + at, k - at));
  }
}

template <int R, int T>
SHOAL_INLINE void finish(const Lanes (&all)[R][T], float* y, std::size_t y_stride) {
#pragma GCC unroll 4
  for (int t = 0; t < T; ++t) {
    if constexpr (R == 4) {
      const Quad four = sums(all[0][t], all[1][t], all[2][t], all[3][t]);
      __builtin_memcpy(y + t * y_stride, &four, sizeof(four));
    } else {
#pragma GCC unroll 4
      for (int r = 0; r < R; ++r) y[t * y_stride + r] = sum(all[r][t]);
    }
  }
}

template <int R, int T, class Element>
SHOAL_INLINE void dot_tile(const Element* w, std::size_t w_stride, const float* x, std::size_t x_stride,
                           std::uint32_t k, float* y, std::size_t y_stride) {
  Lanes all[R][T] = {};
  accumulate(all, w, w_stride, x, x_stride, k);
  finish(all, y, y_stride);
}

// R rows of w against any number of rows of x.
template <int R, class Element>
SHOAL_INLINE void dot_rows(const Element* w, std::size_t w_stride, const float* x, std::size_t x_stride,
                           std::uint32_t x_rows, std::uint32_t k, float* y, std::size_t y_stride) {
  std::uint32_t t = 0;
  for (; t + tile_columns <= x_rows; t += tile_columns) {
    dot_tile<R, tile_columns>(w, w_stride, x + t * x_stride, x_stride, k, y + t * y_stride, y_stride);
  }
  for (; t < x_rows; ++t) dot_tile<R, 1>(w, w_stride, x + t * x_stride, x_stride, k, y + t * y_stride, y_stride);
}

// Any number on both sides. A tile's rows of w stay in the first cache while all of x passes.
template <class Element>
SHOAL_INLINE void dot_block(const Element* w, std::size_t w_stride, std::uint32_t w_rows, const float* x,
                            std::size_t x_stride, std::uint32_t x_rows, std::uint32_t k, float* y,
                            std::size_t y_stride) {
  std::uint32_t r = 0;
  for (; r + tile_rows <= w_rows; r += tile_rows) {
    dot_rows<tile_rows>(w + r * w_stride, w_stride, x, x_stride, x_rows, k, y + r, y_stride);
  }
  for (; r < w_rows; ++r) dot_rows<1>(w + r * w_stride, w_stride, x, x_stride, x_rows, k, y + r, y_stride);
}

}  // namespace shoal::kernels::SHOAL_CPU_MODULE
