#include "kernels/spec.h"

#include <cmath>

#include <doctest/doctest.h>

using namespace shoal::kernels;

namespace {

Spec v2_lite() {
  Spec spec;
  spec.attention = MlaSpec{.heads = 16, .kv_lora_rank = 512, .nope_dim = 128, .rope_dim = 64, .v_dim = 128};
  spec.rope.yarn = YarnSpec{.factor = 40, .original_context = 4096, .mscale = 0.707, .mscale_all_dim = 0.707};
  return spec;
}

}  // namespace

TEST_CASE("the softmax scale of DeepSeek-V2-Lite carries YaRN's correction squared") {
  CHECK(softmax_scale(v2_lite()) == doctest::Approx(0.114721).epsilon(1e-5));
  Spec plain = v2_lite();
  plain.rope.yarn.reset();
  CHECK(softmax_scale(plain) == doctest::Approx(1 / std::sqrt(192.0)));
}

TEST_CASE("YaRN keeps fast dimensions, divides slow ones by the factor and blends between 10 and 23") {
  const Spec spec = v2_lite();
  const auto scaled = rope_frequencies(spec.rope, 64);
  const auto plain = rope_frequencies({}, 64);
  REQUIRE(scaled.size() == 32);
  for (std::size_t i = 0; i <= 10; ++i) CHECK(scaled[i] == doctest::Approx(plain[i]));
  for (std::size_t i = 23; i < 32; ++i) CHECK(scaled[i] == doctest::Approx(plain[i] / 40));
  CHECK(scaled[16] == doctest::Approx(plain[16] * (6.0 / 13 / 40 + 7.0 / 13)));
}

TEST_CASE("a degenerate YaRN ramp stays finite") {
  Spec spec = v2_lite();
  spec.rope.yarn->original_context = 4;
  for (const double f : rope_frequencies(spec.rope, 8)) CHECK(std::isfinite(f));
}

TEST_CASE("cosine and sine are scaled by the ratio of the two magnitudes") {
  Spec spec = v2_lite();
  CHECK(rope_magnitude(spec.rope) == doctest::Approx(1));
  spec.rope.yarn->mscale = 1;
  spec.rope.yarn->mscale_all_dim = 0;
  CHECK(rope_magnitude(spec.rope) == doctest::Approx(0.1 * std::log(40.0) + 1));
  spec.rope.yarn->magnitude = 3;
  CHECK(rope_magnitude(spec.rope) == 3);
}

TEST_CASE("dense layers come before the first layer with experts") {
  Spec spec;
  CHECK_FALSE(spec.is_moe(3));
  spec.moe = MoeSpec{.first_layer = 1, .every = 1};
  CHECK_FALSE(spec.is_moe(0));
  CHECK(spec.is_moe(1));
  spec.moe->every = 2;
  CHECK_FALSE(spec.is_moe(1));
  CHECK(spec.is_moe(2));
}
