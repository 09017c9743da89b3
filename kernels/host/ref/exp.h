// e^x in fp32 from additions and multiplications alone, so that softmax and SiLU give the same bits on every machine,
// which the C library does not promise. Within 2 ulp; 0 below -87, where results would leave the normal range; not a
// number where x is none.
#pragma once

#include <bit>
#include <cstdint>

namespace shoal::kernels::ref {

inline float exp_fp32(float x) {
  // x = n ln 2 + r with |r| <= ln 2 / 2; n by adding and taking away 1.5 * 2^23, which rounds to an integer.
  const float clamped = x > 88.0f ? 88.0f : x > -87.0f ? x : -87.0f;  // also of what is no number
  const float shifted = clamped * 1.44269504f + 12582912.0f;
  const float n = shifted - 12582912.0f;
  const float r = (clamped - n * 0.693359375f) - n * -2.12194440e-4f;  // ln 2 in two parts: the first product is exact
  // Taylor's series to r^7: the next term is below 1e-8.
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r * r + r + 1.0f;
  const float power = std::bit_cast<float>((static_cast<std::int32_t>(n) + 127) << 23);
  return x != x ? x : x < -87.0f ? 0.0f : p * power;
}

}  // namespace shoal::kernels::ref
