// The weights of a model as one table: which there are, how large, and how the ranks of tensor parallelism divide them.
// What checks a checkpoint, packs, quantises or slices weights reads this one. Pure; any thread.
#pragma once

#include <cstdint>
#include <functional>

#include "base/result.h"
#include "kernels/backend.h"
#include "kernels/spec.h"
#include "kernels/tensor.h"

namespace shoal::kernels {

// How a weight [rows, cols] is divided among ranks (Shoeybi et al., Megatron-LM, arXiv 1909.08053): what makes heads or
// hidden numbers by rows, what consumes them by columns, and everything that is of no head or is small not at all.
struct Split {
  enum class By : std::uint8_t { nothing, rows, cols };
  By by = By::nothing;
  std::uint32_t unit = 1;  // so many rows or columns stay together: a head
};

using VisitWeight = std::function<void(WeightId id, std::uint32_t rows, std::uint32_t cols, Split split)>;

// Visits every weight that `spec` has, once, layer by layer. Vectors have one row.
void each_weight(const Spec& spec, const VisitWeight& visit);

// Rows, or columns, of one rank.
struct Share {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

// The rank's share of a side of `size`, in whole units; the shares of all ranks tile it, and any two differ by one unit
// at most. bad_config when there are fewer units than ranks.
Result<Share> share_of(std::uint32_t size, const Split& split, const Shard& shard);

}  // namespace shoal::kernels
