// Blocks of dot products, the inner loop of everything in `ref`.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/host/ref/lanes.h"

namespace shoal::kernels::ref {

// y[t * y_stride + r] = x_t . w_r for R rows of w and T rows of x, k elements each. One tile keeps 2 R T vector
// registers.
template <int R, int T, class Element>
void dot_tile(const Element* w, std::size_t w_stride, const float* x, std::size_t x_stride, std::uint32_t k, float* y,
              std::size_t y_stride) {
  Lanes sums[R][T] = {};
  std::uint32_t at = 0;
  for (; at + lanes <= k; at += lanes) {
    Lanes xs[T];
#pragma GCC unroll 4
    for (int t = 0; t < T; ++t) xs[t] = load(x + t * x_stride + at);
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
      const Lanes ws = load(w + r * w_stride + at);
#pragma GCC unroll 4
      for (int t = 0; t < T; ++t) sums[r][t].add_product(ws, xs[t]);
    }
  }
  if (at < k) {
    for (int r = 0; r < R; ++r) {
      const Lanes ws = load_tail(w + r * w_stride + at, k - at);
      for (int t = 0; t < T; ++t) sums[r][t].add_product(ws, load_tail(x + t * x_stride + at, k - at));
    }
  }
  for (int r = 0; r < R; ++r) {
    for (int t = 0; t < T; ++t) y[t * y_stride + r] = sums[r][t].sum();
  }
}

// The same for any number of rows on both sides. A pair of w's rows stays in the first cache while all of x passes.
template <class Element>
void dot_block(const Element* w, std::size_t w_stride, std::uint32_t w_rows, const float* x, std::size_t x_stride,
               std::uint32_t x_rows, std::uint32_t k, float* y, std::size_t y_stride) {
  for (std::uint32_t r = 0; r < w_rows; r += 2) {
    const Element* rows = w + r * w_stride;
    const bool pair = r + 1 < w_rows;
    for (std::uint32_t t = 0; t < x_rows; t += 2) {
      const float* xs = x + t * x_stride;
      float* out = y + t * y_stride + r;
      const bool two = t + 1 < x_rows;
      if (pair && two) {
        dot_tile<2, 2>(rows, w_stride, xs, x_stride, k, out, y_stride);
      } else if (pair) {
        dot_tile<2, 1>(rows, w_stride, xs, x_stride, k, out, y_stride);
      } else if (two) {
        dot_tile<1, 2>(rows, w_stride, xs, x_stride, k, out, y_stride);
      } else {
        dot_tile<1, 1>(rows, w_stride, xs, x_stride, k, out, y_stride);
      }
    }
  }
}

}  // namespace shoal::kernels::ref
