// Eight fp32 lanes in the compilers' own vector type: the same additions in the same order on every machine, whatever
// the instruction set, so vector code and its results are fixed by this text. Element k of a sum goes to lane k % 8;
// lanes are added in one order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace shoal::kernels::ref {

inline constexpr std::uint32_t lanes = 8;

using Quad = float __attribute__((vector_size(16)));
using Halves = std::uint16_t __attribute__((vector_size(16)));

struct Lanes {
  Quad low;
  Quad high;

  void add_product(const Lanes& a, const Lanes& b) {
    low += a.low * b.low;
    high += a.high * b.high;
  }
  float sum() const {
    const Quad both = low + high;
    return (both[0] + both[2]) + (both[1] + both[3]);
  }
};

inline Lanes load(const float* from) {
  Lanes result;
  std::memcpy(&result.low, from, sizeof(Quad));
  std::memcpy(&result.high, from + 4, sizeof(Quad));
  return result;
}

// bf16 is the upper half of an fp32.
inline Lanes load(const std::uint16_t* from) {
  Halves halves;
  std::memcpy(&halves, from, sizeof(halves));
  const Halves zero{};
  const Halves low = __builtin_shufflevector(zero, halves, 0, 8, 1, 9, 2, 10, 3, 11);
  const Halves high = __builtin_shufflevector(zero, halves, 4, 12, 5, 13, 6, 14, 7, 15);
  Lanes result;
  std::memcpy(&result.low, &low, sizeof(low));
  std::memcpy(&result.high, &high, sizeof(high));
  return result;
}

// The last count < 8 elements, zeros after them.
template <class Element>
Lanes load_tail(const Element* from, std::uint32_t count) {
  Element padded[lanes] = {};
  std::memcpy(padded, from, count * sizeof(Element));
  return load(padded);
}

inline void store(float* to, const Lanes& from) {
  std::memcpy(to, &from.low, sizeof(Quad));
  std::memcpy(to + 4, &from.high, sizeof(Quad));
}

}  // namespace shoal::kernels::ref
