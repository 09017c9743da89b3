// Plain double-precision loops for what the ops compute in fp32, and random matrices to feed both.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "kernels/host/ops.h"

namespace shoal::kernels {

struct Matrix {
  Matrix(std::uint32_t rows_in, std::uint32_t cols_in)
      : rows(rows_in), cols(cols_in), values(std::size_t{rows} * cols) {}

  // Uniform in [-1, 1).
  static Matrix random(std::uint32_t rows, std::uint32_t cols, std::uint64_t seed) {
    Matrix matrix{rows, cols};
    Random random{seed};
    for (float& value : matrix.values) value = static_cast<float>(2 * random.unit() - 1);
    return matrix;
  }

  Mat mat() { return {values.data(), rows, cols, cols}; }
  float at(std::uint32_t r, std::uint32_t c) const { return values[std::size_t{r} * cols + c]; }
  const float* row(std::uint32_t r) const { return values.data() + std::size_t{r} * cols; }

  std::uint32_t rows;
  std::uint32_t cols;
  std::vector<float> values;
};

// A stored weight, with the values that it really holds.
struct StoredWeight {
  StoredWeight(Matrix matrix, Format format_in) : exact(std::move(matrix)), format(format_in) {
    if (format == Format::f32) {
      bytes.resize(exact.values.size() * 4);
      std::memcpy(bytes.data(), exact.values.data(), bytes.size());
      return;
    }
    bytes.resize(exact.values.size() * 2);
    for (std::size_t i = 0; i < exact.values.size(); ++i) {
      const auto bits = std::bit_cast<std::uint32_t>(exact.values[i]) & 0xffff0000u;
      const auto half = static_cast<std::uint16_t>(bits >> 16);
      std::memcpy(bytes.data() + 2 * i, &half, 2);
      exact.values[i] = std::bit_cast<float>(bits);
    }
  }

  PackedWeight weight() const {
    return {.format = format, .rows = exact.rows, .cols = exact.cols, .data = bytes.data()};
  }

  Matrix exact;
  Format format;
  std::vector<std::byte> bytes;
};

inline double dot(const float* a, const float* b, std::uint32_t count) {
  double sum = 0;
  for (std::uint32_t k = 0; k < count; ++k) sum += double(a[k]) * b[k];
  return sum;
}

// softmax(scores) * values for rows of doubles.
inline std::vector<double> attend(const std::vector<double>& scores, const std::vector<std::vector<double>>& values) {
  const double largest = *std::max_element(scores.begin(), scores.end());
  std::vector<double> result(values.front().size());
  double total = 0;
  for (const double score : scores) total += std::exp(score - largest);
  for (std::size_t j = 0; j < scores.size(); ++j) {
    for (std::size_t c = 0; c < result.size(); ++c) result[c] += std::exp(scores[j] - largest) / total * values[j][c];
  }
  return result;
}

}  // namespace shoal::kernels
