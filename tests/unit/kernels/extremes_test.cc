// Finite numbers at their ends, through every module: what comes out is finite and right, because one NaN or infinity
// would spread to all that follows.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/page.h"
#include "kernels/finite.h"
#include "kernels/host/modules.h"
#include "kernels/host/ref/ref.h"
#include "kernels/host/weights.h"
#include "kernels/sampling.h"
#include "tests/unit/kernels/oracle.h"
#include "tests/unit/kernels/random_model.h"

using namespace shoal;
using namespace shoal::kernels;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float largest = std::numeric_limits<float>::max();

std::vector<Module> all_modules() {
  std::vector<Module> modules;
  for (const std::string& name : modules_here()) modules.push_back(find_module(name).value());
  return modules;
}

}  // namespace

TEST_CASE("a number that is none is found wherever it stands, and the largest finite ones are none such") {
  for (const std::size_t size : {1u, 7u, 8u, 4096u, 9001u}) {
    const std::vector<float> clean(size, -largest);
    CHECK(all_finite(clean));
    CHECK_FALSE(first_not_finite(std::span(clean)));
    const std::vector<std::uint16_t> clean_bf16(size, 0x7f7f);
    CHECK_FALSE(first_not_finite(std::span(clean_bf16)));
    for (const std::size_t at : {std::size_t{0}, size / 2, size - 1}) {
      for (const float bad : {not_a_number, -not_a_number, infinity, -infinity}) {
        std::vector<float> values = clean;
        values[at] = bad;
        CHECK_FALSE(all_finite(values));
        CHECK(first_not_finite(std::span<const float>(values)) == at);
      }
      for (const std::uint16_t bad : {0x7f80, 0xff80, 0x7fc0, 0xffff, 0x7f81}) {
        std::vector<std::uint16_t> values = clean_bf16;
        values[at] = bad;
        CHECK(first_not_finite(std::span<const std::uint16_t>(values)) == at);
      }
    }
  }
}

TEST_CASE("rms_norm of a row of zeros, of tiny and of huge numbers is finite in every module") {
  for (const Module& module : all_modules()) {
    CAPTURE(module.name);
    const std::vector<float> weight(19, 2);
    for (const float size : {0.0f, 1e-38f, 1e-20f, 1e15f, 1e18f}) {
      CAPTURE(size);
      Matrix x{1, 19};
      std::fill(x.values.begin(), x.values.end(), size);
      Matrix out{1, 19};
      constexpr float eps = 1e-6f;
      module.ops.rms_norm({.x = x.mat(), .delta = {}, .weight = weight.data(), .eps = eps, .out = out.mat()});
      const double exact = 2.0 * size / std::sqrt(double(size) * size + eps);
      for (const float value : out.values) REQUIRE(value == doctest::Approx(exact).epsilon(1e-5));
    }
  }
}

TEST_CASE("silu of huge numbers neither overflows nor divides infinity by infinity, in every module") {
  for (const Module& module : all_modules()) {
    CAPTURE(module.name);
    Matrix gate{1, 10};
    gate.values = {-1e30f, -1e10f, -1000, -88.5f, -0.0f, 0, 88.5f, 1000, 1e10f, 1e30f};
    const Matrix before = gate;
    Matrix up{1, 10};
    std::fill(up.values.begin(), up.values.end(), 0.5f);
    module.ops.silu_mul({.gate = gate.mat(), .up = up.mat()});
    for (std::uint32_t c = 0; c < 10; ++c) {
      const double x = before.at(0, c);
      REQUIRE(gate.at(0, c) == doctest::Approx(0.5 * x / (1 + std::exp(-x))).epsilon(1e-6).scale(1));
    }
  }
}

TEST_CASE("attention over scores as far apart as floats go is the value of the best key, in every module") {
  constexpr std::uint32_t cache = 12, latent = 8, keys = 3 * page_tokens;
  for (const Module& module : all_modules()) {
    CAPTURE(module.name);
    for (const float size : {1e3f, 1e30f, 1e38f}) {
      for (const std::uint32_t best : {0u, 70u, keys - 1}) {
        // Each key scores -size but one, which scores +size: exp of everything else is that of -infinity.
        Matrix kv = Matrix::random(keys, cache, best);
        for (std::uint32_t k = 0; k < keys; ++k) {
          std::fill_n(kv.mat().row(k) + latent, cache - latent, 0.0f);
          kv.mat().row(k)[latent] = k == best ? size : -size;
        }
        Matrix q{1, cache};
        q.values[latent] = 1;
        const std::vector<std::uint32_t> pages = {0, 1, 2};
        const std::vector<SeqRows> rows = {{.first_row = 0, .rows = 1, .first_index = keys - 1, .pages = pages}};
        Matrix out{1, latent};
        module.ops.attention_mla({.q = q.mat(),
                                  .kv = kv.values.data(),
                                  .sequences = rows,
                                  .heads = 1,
                                  .latent_dim = latent,
                                  .cache_dim = cache,
                                  .scale = 1,
                                  .out = out.mat()});
        for (std::uint32_t c = 0; c < latent; ++c) REQUIRE(out.at(0, c) == kv.at(best, c));
      }
    }
  }
}

TEST_CASE("attention over keys that all score the least there is weighs them alike, in every module") {
  constexpr std::uint32_t cache = 12, latent = 8, keys = 5;
  for (const Module& module : all_modules()) {
    CAPTURE(module.name);
    Matrix kv = Matrix::random(page_tokens, cache, 5);
    for (std::uint32_t k = 0; k < keys; ++k) {
      std::fill_n(kv.mat().row(k) + latent, cache - latent, 0.0f);
      kv.mat().row(k)[latent] = -largest;
    }
    Matrix q{1, cache};
    q.values[latent] = 1;
    const std::vector<std::uint32_t> pages = {0};
    const std::vector<SeqRows> rows = {{.first_row = 0, .rows = 1, .first_index = keys - 1, .pages = pages}};
    Matrix out{1, latent};
    module.ops.attention_mla({.q = q.mat(),
                              .kv = kv.values.data(),
                              .sequences = rows,
                              .heads = 1,
                              .latent_dim = latent,
                              .cache_dim = cache,
                              .scale = 1,
                              .out = out.mat()});
    for (std::uint32_t c = 0; c < latent; ++c) {
      double mean = 0;
      for (std::uint32_t k = 0; k < keys; ++k) mean += kv.at(k, c) / double(keys);
      REQUIRE(out.at(0, c) == doctest::Approx(mean).epsilon(1e-5).scale(1));
    }
  }
}

TEST_CASE("gates of huge logits choose experts that exist, with weights that sum to one, in every module") {
  for (const Module& module : all_modules()) {
    CAPTURE(module.name);
    const Module ref = find_module("ref").value();
    const auto route = module.ops.route ? module.ops.route : ref.ops.route;
    for (const Gating gating : {Gating::greedy, Gating::group_limited_greedy}) {
      MoeSpec moe{.experts = 6, .per_token = 2, .gating = gating, .groups = 3, .top_groups = 1, .norm_topk = true};
      for (std::vector<float> logits : {std::vector<float>{-1e38f, -1e38f, 1e38f, -1e38f, 0, 0},
                                        std::vector<float>(6, -largest), std::vector<float>(6, largest)}) {
        std::vector<std::uint32_t> experts(2, 99);
        std::vector<float> weights(2, not_a_number);
        route({.logits = {logits.data(), 1, 6, 6}, .moe = moe, .experts = experts.data(), .weights = weights.data()});
        CHECK(experts[0] != experts[1]);
        CHECK(std::max(experts[0], experts[1]) < 6);
        CHECK(weights[0] + weights[1] == doctest::Approx(1));
      }
    }
  }
}

TEST_CASE("sampling of logits as far apart as floats go, at any temperature, takes the best") {
  const std::vector<float> logits = {-largest, 1e30f, 5, -1e30f};
  for (const float temperature : {0.0f, 1e-30f, temperature_min, 1.0f, 100.0f}) {
    for (const float top_p : {0.1f, 1.0f}) {
      for (const float min_p : {0.0f, 1e-38f, 1.0f}) {
        Sampler sampler;
        const SamplingParams params{.temperature = temperature, .top_p = top_p, .top_k = 3, .min_p = min_p, .seed = 7};
        CHECK(sampler.sample(logits, params, 0, 3) == 1);
      }
    }
  }
  CHECK(log_probabilities(logits, 1, 4).logprob == 0);
  for (const float logprob : log_probabilities(logits, 0, 4).top_logprobs) CHECK(logprob >= logprob_min);
}

TEST_CASE("a weight that is not finite is refused with its place, in every stored type") {
  class Spoiled : public RandomSource {
  public:
    Spoiled(Part part, DType dtype, std::uint32_t bits, std::size_t at)
        : RandomSource(1), part_(part), dtype_(dtype), bits_(bits), at_(at) {}
    Result<Tensor> tensor(WeightId id, std::uint32_t rows, std::uint32_t cols) override {
      if (id.part != part_) return RandomSource::tensor(id, rows, cols);
      const std::size_t size = bytes_of(dtype_);
      bytes_.assign(rows * cols * size, std::byte{0});
      std::memcpy(bytes_.data() + at_ * size, &bits_, size);
      return Tensor{dtype_, rows, cols, bytes_.data()};
    }

  private:
    Part part_;
    DType dtype_;
    std::uint32_t bits_;
    std::size_t at_;
    std::vector<std::byte> bytes_;
  };
  const Spec spec = small_spec();
  const auto refusal = [&](Part part, DType dtype, std::uint32_t bits, std::size_t at) {
    Spoiled source{part, dtype, bits, at};
    const auto weights = load_weights(spec, source);
    if (weights) return std::string();
    CHECK(weights.error().code == Code::bad_checkpoint);
    return weights.error().text;
  };
  const std::string after = " is not a finite number; fetch or convert the file again";
  const std::size_t at = 3 * std::size_t{spec.hidden} + 5;  // row 3, column 5
  const std::string head = "weight " + std::to_string(int(Part::head)) + " of layer 0: [3, 5]" + after;
  CHECK(refusal(Part::head, DType::f32, 0x7fc00000, at) == head);
  CHECK(refusal(Part::head, DType::bf16, 0xff80, at) == head);
  CHECK(refusal(Part::head, DType::f16, 0x7c00, at) == head);
  CHECK(refusal(Part::head, DType::f16, 0xfe00, at) == head);
  CHECK(refusal(Part::final_norm, DType::bf16, 0x7fc0, 7).ends_with("[0, 7]" + after));
  CHECK(refusal(Part::head, DType::f16, 0x7bff, at).empty());
  CHECK(refusal(Part::head, DType::f32, 0x7f7fffff, at).empty());
}
