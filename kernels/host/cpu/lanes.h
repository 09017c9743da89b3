// Eight fp32 lanes with the instructions that this module is compiled for, and the same additions in the same order as
// ref/lanes.h: element k of a sum goes to lane k % 8, lanes are added in one order, nothing is contracted. That makes
// every module's results the same bits.
//
// This folder is compiled once per instruction set, each time into a namespace of its own. Inline functions of other
// headers could be emitted with instructions that another machine lacks and then be chosen by the linker for everybody:
// only what is always inlined may be used here (tests/unit/kernels/leaks_test.py looks at what was emitted).
#pragma once

#include <cstddef>
#include <cstdint>

#ifndef SHOAL_CPU_MODULE
#define SHOAL_CPU_MODULE cpu_base
#endif
#define SHOAL_INLINE [[gnu::always_inline]] inline

namespace shoal::kernels::SHOAL_CPU_MODULE {

inline constexpr std::uint32_t lanes = 8;

using Quad = float __attribute__((vector_size(16)));
using Halves = std::uint16_t __attribute__((vector_size(16)));
#if defined(__AVX2__)
inline constexpr int parts = 1;
using Part = float __attribute__((vector_size(32)));
using PartBits = std::int32_t __attribute__((vector_size(32)));
using Words = std::uint32_t __attribute__((vector_size(32)));
#else
inline constexpr int parts = 2;
using Part = Quad;
using PartBits = std::int32_t __attribute__((vector_size(16)));
#endif

struct Lanes {
  Part part[parts];

  SHOAL_INLINE void add_product(const Lanes& a, const Lanes& b) {
    for (int i = 0; i < parts; ++i) part[i] += a.part[i] * b.part[i];
  }
};

// f(part of a) for all of them.
template <class F, class... L>
SHOAL_INLINE Lanes each(F f, const L&... a) {
  Lanes result;
  for (int i = 0; i < parts; ++i) result.part[i] = f(a.part[i]...);
  return result;
}

SHOAL_INLINE Lanes operator+(const Lanes& a, const Lanes& b) {
  return each([](Part x, Part y) { return x + y; }, a, b);
}
SHOAL_INLINE Lanes operator*(const Lanes& a, const Lanes& b) {
  return each([](Part x, Part y) { return x * y; }, a, b);
}
SHOAL_INLINE Lanes operator/(const Lanes& a, const Lanes& b) {
  return each([](Part x, Part y) { return x / y; }, a, b);
}

SHOAL_INLINE Lanes broadcast(float value) {
  Lanes result;
  for (int i = 0; i < parts; ++i) result.part[i] = value - Part{};
  return result;
}

SHOAL_INLINE Lanes load(const float* from) {
  Lanes result;
  __builtin_memcpy(&result, from, sizeof(result));
  return result;
}

// bf16 is the upper half of an fp32.
SHOAL_INLINE Lanes load(const std::uint16_t* from) {
  Halves halves;
  __builtin_memcpy(&halves, from, sizeof(halves));
  Lanes result;
#if defined(__AVX2__)
  const Words words = __builtin_convertvector(halves, Words) << 16;
  __builtin_memcpy(&result, &words, sizeof(words));
#else
  const Halves zero{};
  const Halves low = __builtin_shufflevector(zero, halves, 0, 8, 1, 9, 2, 10, 3, 11);
  const Halves high = __builtin_shufflevector(zero, halves, 4, 12, 5, 13, 6, 14, 7, 15);
  __builtin_memcpy(&result.part[0], &low, sizeof(low));
  __builtin_memcpy(&result.part[1], &high, sizeof(high));
#endif
  return result;
}

// The last count < 8 elements, zeros after them.
template <class Element>
SHOAL_INLINE Lanes load_tail(const Element* from, std::uint32_t count) {
  Element padded[lanes] = {};
  for (std::uint32_t i = 0; i < count; ++i) padded[i] = from[i];
  return load(padded);
}

SHOAL_INLINE void store(float* to, const Lanes& from) { __builtin_memcpy(to, &from, sizeof(from)); }

SHOAL_INLINE void store_tail(float* to, const Lanes& from, std::uint32_t count) {
  float padded[lanes];
  store(padded, from);
  for (std::uint32_t i = 0; i < count; ++i) to[i] = padded[i];
}

// Lane i plus lane i + 4.
SHOAL_INLINE Quad fold(const Lanes& a) {
  Quad low;
  Quad high;
  __builtin_memcpy(&low, &a, sizeof(Quad));
  __builtin_memcpy(&high, reinterpret_cast<const char*>(&a) + sizeof(Quad), sizeof(Quad));
  return low + high;
}

// The sums over the lanes of four, each as ref adds them: (0 + 4 + (2 + 6)) + (1 + 5 + (3 + 7)).
SHOAL_INLINE Quad sums(const Lanes& a, const Lanes& b, const Lanes& c, const Lanes& d) {
  const Quad fa = fold(a);
  const Quad fb = fold(b);
  const Quad fc = fold(c);
  const Quad fd = fold(d);
  const Quad ab = __builtin_shufflevector(fa, fb, 0, 4, 1, 5) + __builtin_shufflevector(fa, fb, 2, 6, 3, 7);
  const Quad cd = __builtin_shufflevector(fc, fd, 0, 4, 1, 5) + __builtin_shufflevector(fc, fd, 2, 6, 3, 7);
  return __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
}

SHOAL_INLINE float sum(const Lanes& a) {
  const Quad folded = fold(a);
  return (folded[0] + folded[2]) + (folded[1] + folded[3]);
}

// ref/exp.h, lane by lane.
SHOAL_INLINE Lanes exp_fp32(const Lanes& x) {
  return each(
      [](Part value) {
        const Part zero{};
        const Part high = 88.0f - zero;
        const Part low = -87.0f - zero;
        const Part clamped = value > high ? high : value < low ? low : value;
        const Part shifted = clamped * 1.44269504f + 12582912.0f;
        const Part n = shifted - 12582912.0f;
        const Part r = (clamped - n * 0.693359375f) - n * -2.12194440e-4f;
        Part p = 1.0f / 5040 - zero;
        p = p * r + 1.0f / 720;
        p = p * r + 1.0f / 120;
        p = p * r + 1.0f / 24;
        p = p * r + 1.0f / 6;
        p = p * r + 0.5f;
        p = p * r * r + r + 1.0f;
        const PartBits bits = (__builtin_convertvector(n, PartBits) + 127) << 23;
        Part power;
        __builtin_memcpy(&power, &bits, sizeof(bits));
        return value < low ? zero : p * power;
      },
      x);
}

}  // namespace shoal::kernels::SHOAL_CPU_MODULE
