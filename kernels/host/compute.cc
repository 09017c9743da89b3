#include "kernels/host/compute.h"

#include <algorithm>

#include "base/page.h"

namespace shoal::kernels {
namespace {

// A piece of fewer multiplications is not worth a claim: a few microseconds of one core.
constexpr std::uint64_t piece_cost_min = 16'384;
// Pieces a thread would get of one job: what one thread is late by, the others take over.
constexpr std::uint32_t pieces_per_thread = 4;
// Rows, or columns, of activations that go together.
constexpr std::uint32_t grain = 8;

std::uint32_t size_of(auto all) { return static_cast<std::uint32_t>(all.size()); }

std::uint64_t cost_of(const Matmul& op) { return std::uint64_t{op.x.rows} * op.x.cols * op.w.rows; }
std::uint64_t cost_of(const Gated& op) { return 2 * std::uint64_t{op.x.rows} * op.x.cols * op.gate.rows; }

Matmul slice(const Matmul& op, const std::byte* prepared, std::uint32_t first, std::uint32_t rows) {
  return {.x = op.x, .w = op.w.slice(first, rows), .y = op.y.columns(first, rows), .prepared = prepared};
}

const PackedWeight& weight_of(const Matmul& op) { return op.w; }
const PackedWeight& weight_of(const Gated& op) { return op.gate; }

}  // namespace

Compute::Compute(const Ops& ops, std::uint32_t threads) : ops_(ops), pool_(threads) {}

std::uint64_t Compute::least_cost(std::uint64_t total) const {
  return std::max(piece_cost_min, total / (std::uint64_t{threads()} * pieces_per_thread));
}

void Compute::cut(std::uint32_t op, std::uint32_t rows, std::uint64_t row_cost, std::uint64_t least,
                  std::uint32_t tile) {
  const std::uint64_t wanted = threads() == 1 ? rows : (least + row_cost - 1) / std::max<std::uint64_t>(row_cost, 1);
  const std::uint64_t step = std::max<std::uint64_t>((wanted + tile - 1) / tile * tile, tile);
  for (std::uint64_t first = 0; first < rows; first += step) {
    pieces_.push_back({op, static_cast<std::uint32_t>(first),
                       static_cast<std::uint32_t>(std::min<std::uint64_t>(step, rows - first))});
  }
}

// An x that stands in several ops in a row is prepared once.
template <class Op>
void Compute::prepare(std::span<const Op> all) {
  prepared_of_.clear();
  if (ops_.prepare == nullptr) return;
  std::vector<Prepare> wanted;
  std::vector<std::size_t> at;  // of each op's x in prepared_; the last one's end
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Mat& x = all[i].x;
    const Format format = weight_of(all[i]).format;
    const bool again = i > 0 && x.data == all[i - 1].x.data && x.rows == all[i - 1].x.rows &&
                       x.cols == all[i - 1].x.cols && format == weight_of(all[i - 1]).format;
    at.push_back(again ? at.back() : bytes);
    if (again) continue;
    const std::size_t row_bytes = ops_.prepared_row_bytes(x.cols, format);
    wanted.push_back({.x = x, .format = format, .row_bytes = row_bytes});
    bytes += row_bytes * x.rows;
  }
  prepared_.resize(std::max(prepared_.size(), bytes));
  pieces_.clear();
  std::size_t next = 0;
  for (std::uint32_t i = 0; i < wanted.size(); ++i) {
    Prepare& op = wanted[i];
    op.out = prepared_.data() + next;
    next += op.row_bytes * op.x.rows;
    if (op.row_bytes > 0) cut(i, op.x.rows, op.x.cols, least_cost(std::uint64_t{op.x.cols} * op.x.rows), 1);
  }
  pool_.run(size_of(pieces_), [&](std::uint32_t i) {
    const Piece& piece = pieces_[i];
    const Prepare& op = wanted[piece.op];
    ops_.prepare({.x = op.x.range(piece.first, piece.rows),
                  .format = op.format,
                  .out = op.out + op.row_bytes * piece.first,
                  .row_bytes = op.row_bytes});
  });
  for (const std::size_t place : at) prepared_of_.push_back(prepared_.data() + place);
}

void Compute::matmuls(std::span<const Matmul> all) {
  prepare(all);
  std::uint64_t total = 0;
  for (const Matmul& op : all) total += cost_of(op);
  pieces_.clear();
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    const Matmul& op = all[i];
    if (op.x.rows > 0) cut(i, op.w.rows, std::uint64_t{op.x.rows} * op.x.cols, least_cost(total), op.w.tile_rows);
  }
  pool_.run(size_of(pieces_), [&](std::uint32_t i) {
    const Piece& piece = pieces_[i];
    ops_.matmul(slice(all[piece.op], prepared_x(piece.op), piece.first, piece.rows));
  });
}

void Compute::gated(std::span<const Gated> all) {
  prepare(all);
  std::uint64_t total = 0;
  for (const Gated& op : all) total += cost_of(op);
  pieces_.clear();
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    const Gated& op = all[i];
    if (op.x.rows > 0)
      cut(i, op.gate.rows, 2 * std::uint64_t{op.x.rows} * op.x.cols, least_cost(total), op.gate.tile_rows);
  }
  pool_.run(size_of(pieces_), [&](std::uint32_t i) {
    const Piece& piece = pieces_[i];
    const Gated& op = all[piece.op];
    const Matmul gate = slice({.x = op.x, .w = op.gate, .y = op.out}, prepared_x(piece.op), piece.first, piece.rows);
    const Matmul up = slice({.x = op.x, .w = op.up, .y = op.scratch}, prepared_x(piece.op), piece.first, piece.rows);
    ops_.matmul(gate);
    ops_.matmul(up);
    ops_.silu_mul({.gate = gate.y, .up = up.y});
  });
}

void Compute::rms_norm(const RmsNorm& op) {
  pieces_.clear();
  cut(0, op.x.rows, 4 * std::uint64_t{op.x.cols}, least_cost(4 * std::uint64_t{op.x.cols} * op.x.rows), grain);
  const auto rows_of = [](Mat all, const Piece& piece) { return all.data ? all.range(piece.first, piece.rows) : all; };
  pool_.run(size_of(pieces_), [&](std::uint32_t i) {
    const Piece& piece = pieces_[i];
    ops_.rms_norm({.x = rows_of(op.x, piece),
                   .delta = rows_of(op.delta, piece),
                   .weight = op.weight,
                   .eps = op.eps,
                   .out = rows_of(op.out, piece)});
  });
}

// By columns: several rows of x may add to one of y, in their order.
void Compute::add_scaled(const AddScaled& op) {
  pieces_.clear();
  cut(0, op.x.cols, op.x.rows, least_cost(std::uint64_t{op.x.cols} * op.x.rows), grain);
  pool_.run(size_of(pieces_), [&](std::uint32_t i) {
    const Piece& piece = pieces_[i];
    ops_.add_scaled({.x = op.x.columns(piece.first, piece.rows),
                     .row_of = op.row_of,
                     .weights = op.weights,
                     .y = op.y.columns(piece.first, piece.rows)});
  });
}

void Compute::attention_mla(const AttentionMla& op) {
  cut_attention(op);
  pool_.run(size_of(attention_pieces_), [&](std::uint32_t i) {
    const AttentionPiece& piece = attention_pieces_[i];
    ops_.attention_mla({.q = op.q.columns(piece.first_head * op.cache_dim, piece.heads * op.cache_dim),
                        .kv = op.kv,
                        .sequences = {&piece.rows, 1},
                        .heads = piece.heads,
                        .latent_dim = op.latent_dim,
                        .cache_dim = op.cache_dim,
                        .scale = op.scale,
                        .out = op.out.columns(piece.first_head * op.latent_dim, piece.heads * op.latent_dim)});
  });
}

// Rows of a prompt in groups, which share each page that they read; where there are few rows, heads apart too. Groups
// that reach further back come first, so that no long one is left for the end.
void Compute::cut_attention(const AttentionMla& op) {
  std::uint64_t total = 0;
  std::uint32_t rows = 0;
  for (const SeqRows& sequence : op.sequences) {
    rows += sequence.rows;
    total += std::uint64_t{sequence.rows} * (sequence.first_index + sequence.rows) * op.heads * op.cache_dim * 2;
  }
  const std::uint32_t wanted = threads() * pieces_per_thread;
  const bool alone = threads() == 1 || total < 2 * piece_cost_min;
  const std::uint32_t group = alone ? rows : std::clamp(rows / wanted, 1u, page_tokens);
  const std::uint32_t head_parts = alone ? 1 : std::clamp((wanted / 2 + rows - 1) / std::max(rows, 1u), 1u, op.heads);
  attention_pieces_.clear();
  for (const SeqRows& sequence : op.sequences) {
    for (std::uint32_t done = 0; done < sequence.rows; done += std::max(group, 1u)) {
      SeqRows part = sequence;
      part.first_row += done;
      part.first_index += done;
      part.rows = std::min(group, sequence.rows - done);
      for (std::uint32_t h = 0; h < head_parts; ++h) {
        const std::uint32_t first = op.heads * h / head_parts;
        attention_pieces_.push_back({part, first, op.heads * (h + 1) / head_parts - first});
      }
    }
  }
  std::sort(attention_pieces_.begin(), attention_pieces_.end(), [](const AttentionPiece& a, const AttentionPiece& b) {
    return a.rows.first_index + a.rows.rows > b.rows.first_index + b.rows.rows;
  });
}

}  // namespace shoal::kernels
