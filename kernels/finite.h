// Where numbers are none: a NaN or an infinity in logits or in a weight. One pass that compilers turn into vector
// instructions, so that it costs little beside what made the numbers. Pure; any thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace shoal::kernels {

inline bool all_finite(std::span<const float> values) {
  std::uint32_t bad = 0;
  for (const float value : values) {
    const auto magnitude = static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(value) & 0x7fffffffu);
    bad |= magnitude > 0x7f7fffff ? 1u : 0u;
  }
  return bad == 0;
}

// The same of bf16 numbers, as they are stored.
inline bool all_finite(std::span<const std::uint16_t> values) {
  unsigned bad = 0;
  for (const std::uint16_t value : values) bad |= (value & 0x7fffu) > 0x7f7fu ? 1u : 0u;
  return bad == 0;
}

// The first of `values` that is not finite.
template <class Element>
std::optional<std::size_t> first_not_finite(std::span<const Element> values) {
  constexpr std::size_t block = 4096;  // in the first cache
  for (std::size_t at = 0; at < values.size(); at += block) {
    const auto some = values.subspan(at, std::min(block, values.size() - at));
    if (all_finite(some)) continue;
    for (std::size_t i = 0;; ++i) {
      if (!all_finite(some.subspan(i, 1))) return at + i;
    }
  }
  return std::nullopt;
}

}  // namespace shoal::kernels
