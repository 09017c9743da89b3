// The ops of a module, run by all threads of a pool: each call is cut into pieces that compute different elements of
// its result, so the number of threads never changes a bit. Lives on the engine's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/host/ops.h"
#include "kernels/host/pool.h"

namespace shoal::kernels {

// out = silu(x * gate^T) * (x * up^T); `scratch` is as large as `out`.
struct Gated {
  Mat x;
  PackedWeight gate;
  PackedWeight up;
  Mat scratch;
  Mat out;
};

class Compute {
public:
  // `threads` counts the caller. No op is empty.
  Compute(const Ops& ops, std::uint32_t threads);

  // For what is too small to be worth a piece.
  const Ops& ops() const { return ops_; }
  std::uint32_t threads() const { return pool_.threads(); }

  // All of them at once: they read nothing that another one writes.
  void matmuls(std::span<const Matmul> all);
  void gated(std::span<const Gated> all);

  void matmul(const Matmul& op) { matmuls({&op, 1}); }
  void rms_norm(const RmsNorm& op);
  void add_scaled(const AddScaled& op);
  void attention_mla(const AttentionMla& op);

private:
  // Rows [first, first + rows) of a weight, or of a matrix.
  struct Piece {
    std::uint32_t op = 0;
    std::uint32_t first = 0;
    std::uint32_t rows = 0;
  };
  // One row group of a sequence, some heads.
  struct AttentionPiece {
    SeqRows rows;
    std::uint32_t first_head = 0;
    std::uint32_t heads = 0;
  };

  // Cuts `rows` of `row_cost` multiplications each into pieces_ of at least `least`, between tiles of `tile` rows.
  void cut(std::uint32_t op, std::uint32_t rows, std::uint64_t row_cost, std::uint64_t least, std::uint32_t tile);
  template <class Op>
  void prepare(std::span<const Op> all);
  const std::byte* prepared_x(std::uint32_t op) const { return prepared_of_.empty() ? nullptr : prepared_of_[op]; }
  std::uint64_t least_cost(std::uint64_t total) const;
  void cut_attention(const AttentionMla& op);

  Ops ops_;
  Pool pool_;
  std::vector<Piece> pieces_;  // of the call in progress
  std::vector<AttentionPiece> attention_pieces_;
  std::vector<const std::byte*> prepared_of_;  // each op's x; empty for a module that does not prepare
  std::vector<std::byte> prepared_;
};

}  // namespace shoal::kernels
