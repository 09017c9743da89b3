// How products are cut: what a module prepares of x, and where weights may be cut.
#include "kernels/host/compute.h"

#include <array>
#include <atomic>
#include <cstring>

#include <doctest/doctest.h>

#include "kernels/host/modules.h"
#include "kernels/host/ref/ref.h"
#include "tests/unit/kernels/oracle.h"

using namespace shoal;
using namespace shoal::kernels;

namespace {

std::atomic<std::uint32_t> rows_prepared;
std::atomic<std::uint32_t> cut_inside_a_tile;

// A module that multiplies twice x: it prepares a copy of each row, doubled.
Ops doubling_ops() {
  Ops ops = ref::ops();
  ops.prepared_row_bytes = [](std::uint32_t cols, Format) { return cols * sizeof(float); };
  ops.prepare = [](const Prepare& op) {
    for (std::uint32_t r = 0; r < op.x.rows; ++r) {
      ++rows_prepared;
      for (std::uint32_t c = 0; c < op.x.cols; ++c) {
        const float doubled = 2 * op.x.row(r)[c];
        std::memcpy(op.out + r * op.row_bytes + c * sizeof(float), &doubled, sizeof(float));
      }
    }
  };
  ops.matmul = [](const Matmul& op) {
    REQUIRE(op.prepared != nullptr);
    if (op.w.rows % op.w.tile_rows != 0) ++cut_inside_a_tile;
    std::vector<float> x(std::size_t{op.x.rows} * op.x.cols);
    std::memcpy(x.data(), op.prepared, x.size() * sizeof(float));
    Matmul plain = op;
    plain.x = {x.data(), op.x.rows, op.x.cols, op.x.cols};
    ref::matmul(plain);
  };
  return ops;
}

}  // namespace

TEST_CASE("a module's activations are prepared once for a product, however many pieces it is cut into") {
  for (const std::uint32_t threads : {1u, 3u}) {
    Compute compute{doubling_ops(), threads};
    Matrix x = Matrix::random(5, 64, 1);
    const StoredWeight w{Matrix::random(1024, 64, 2), Format::f32};
    const StoredWeight other{Matrix::random(512, 64, 3), Format::f32};
    Matrix y{5, 1024}, z{5, 512};
    rows_prepared = 0;
    compute.matmuls(std::array{Matmul{.x = x.mat(), .w = w.weight(), .y = y.mat()},
                               Matmul{.x = x.mat(), .w = other.weight(), .y = z.mat()}});
    CHECK(rows_prepared == 5);  // both multiply the same x
    Matrix expected{5, 512};
    ref::matmul({.x = x.mat(), .w = other.weight(), .y = expected.mat()});
    for (std::size_t i = 0; i < z.values.size(); ++i) REQUIRE(z.values[i] == doctest::Approx(2 * expected.values[i]));

    rows_prepared = 0;
    Matrix scratch{5, 512}, out{5, 512};
    const Gated gated{
        .x = x.mat(), .gate = other.weight(), .up = other.weight(), .scratch = scratch.mat(), .out = out.mat()};
    compute.gated({&gated, 1});
    CHECK(rows_prepared == 5);
  }
}

TEST_CASE("a weight is cut between its tiles") {
  Compute compute{doubling_ops(), 3};
  Matrix x = Matrix::random(2, 64, 1);
  const StoredWeight w{Matrix::random(960, 64, 2), Format::f32};
  for (const std::uint32_t tile_rows : {8u, 24u, 80u}) {
    PackedWeight weight = w.weight();
    weight.tile_rows = tile_rows;
    Matrix y{2, 960};
    cut_inside_a_tile = 0;
    compute.matmul({.x = x.mat(), .w = weight, .y = y.mat()});
    CHECK(cut_inside_a_tile == 0);
  }
}
