// The ops that work on one row at a time, element by element, eight at once.
#include "kernels/host/cpu/dot.h"
#include "kernels/host/cpu/module.h"

namespace shoal::kernels::SHOAL_CPU_MODULE {
namespace {

// to[c] = f(a[c], ...) for all columns.
template <class F, class... A>
SHOAL_INLINE void map(std::uint32_t cols, F f, float* to, const A*... a) {
  std::uint32_t c = 0;
  for (; c + lanes <= cols; c += lanes) store(to + c, f(load(a + c)...));
  if (c < cols) store_tail(to + c, f(load_tail(a + c, cols - c)...), cols - c);
}

}  // namespace

void rms_norm(const RmsNorm& op) {
  const std::uint32_t cols = op.x.cols;
  for (std::uint32_t r = 0; r < op.x.rows; ++r) {
    float* x = op.x.data + r * op.x.stride;
    if (op.delta.data) {
      const float* delta = op.delta.data + r * op.delta.stride;
      map(
          cols, [](Lanes a, Lanes b) { return a + b; }, x, x, delta);
    }
    float squares;
    dot_tile<1, 1>(x, 0, x, 0, cols, &squares, 0);
    const Lanes inverse = broadcast(1.0f / __builtin_sqrtf(squares / static_cast<float>(cols) + op.eps));
    map(
        cols, [&](Lanes value, Lanes weight) { return weight * (value * inverse); }, op.out.data + r * op.out.stride, x,
        op.weight);
  }
}

void silu_mul(const SiluMul& op) {
  const Lanes one = broadcast(1);
  const auto negated = [](Part a) { return -a; };
  for (std::uint32_t r = 0; r < op.gate.rows; ++r) {
    float* gate = op.gate.data + r * op.gate.stride;
    map(
        op.gate.cols, [&](Lanes g, Lanes u) { return g / (one + exp_fp32(each(negated, g))) * u; }, gate, gate,
        op.up.data + r * op.up.stride);
  }
}

void add_scaled(const AddScaled& op) {
  const std::uint32_t* row_of = op.row_of.data();
  for (std::uint32_t r = 0; r < op.x.rows; ++r) {
    float* y = op.y.data + row_of[r] * op.y.stride;
    const Lanes weight = broadcast(op.weights[r]);
    map(
        op.x.cols, [&](Lanes sum, Lanes x) { return sum + weight * x; }, y, y, op.x.data + r * op.x.stride);
  }
}

void fill(Ops& ops) {
  ops.matmul = matmul;
  ops.attention_mla = attention_mla;
  ops.rms_norm = rms_norm;
  ops.silu_mul = silu_mul;
  ops.add_scaled = add_scaled;
}

}  // namespace shoal::kernels::SHOAL_CPU_MODULE
