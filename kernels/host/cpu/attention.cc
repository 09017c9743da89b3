// Absorbed MLA page by page with a running softmax, as ref/attention.cc adds it up. A few rows of a sequence pass each
// page together, so that it comes out of the second cache once for all of them.
#include "base/page.h"
#include "kernels/host/cpu/dot.h"
#include "kernels/host/cpu/module.h"

namespace shoal::kernels::SHOAL_CPU_MODULE {
namespace {

constexpr std::uint32_t queries_max = 16;  // rows x heads that pass a page together

// One head of one row: its softmax so far. The sums live in `out`.
struct Query {
  const float* q;
  float* out;
  std::uint32_t index;  // of the row in its sequence
  float largest;
  float total;
};

// Turns scores [count] into weights relative to the new maximum and rescales what is there.
SHOAL_INLINE void reweigh(float* scores, std::uint32_t count, float scale, Query& query, std::uint32_t dim) {
  float largest = query.largest;
  for (std::uint32_t j = 0; j < count; ++j) {
    scores[j] *= scale;
    largest = largest < scores[j] ? scores[j] : largest;
  }
  float correction;
  store_tail(&correction, exp_fp32(broadcast(query.largest - largest)), 1);
  query.largest = largest;
  if (correction != 1.0f) {  // a product with 1 is the number itself
    query.total *= correction;
    const Lanes factor = broadcast(correction);
    std::uint32_t c = 0;
    for (; c + lanes <= dim; c += lanes) store(query.out + c, load(query.out + c) * factor);
    for (; c < dim; ++c) query.out[c] *= correction;
  }
  const Lanes offset = broadcast(-largest);
  for (std::uint32_t j = 0; j < count; j += lanes) {  // scores has room for a whole page
    store(scores + j, exp_fp32(load(scores + j) + offset));
  }
  float total = query.total;
  for (std::uint32_t j = 0; j < count; ++j) total += scores[j];
  query.total = total;
}

// out[h][c] += sum_j weights[h][j] * values[j][c] for H queries, j in order.
template <int H>
SHOAL_INLINE void add_values(const float* weights, const float* values, std::size_t value_stride, std::uint32_t count,
                             std::uint32_t dim, const Query* queries) {
  constexpr std::size_t wide = parts == 1 ? 2 : 1;  // vectors of columns that a pass over the page takes
  std::uint32_t c = 0;
  for (; c + wide * lanes <= dim; c += wide * lanes) {
    Lanes all[H][wide];
#pragma GCC unroll 4
    for (int h = 0; h < H; ++h) {
#pragma GCC unroll 2
      for (std::size_t i = 0; i < wide; ++i) all[h][i] = load(queries[h].out + c + i * lanes);
    }
    for (std::uint32_t j = 0; j < count; ++j) {
      Lanes value[wide];
#pragma GCC unroll 2
      for (std::size_t i = 0; i < wide; ++i) value[i] = load(values + j * value_stride + c + i * lanes);
#pragma GCC unroll 4
      for (int h = 0; h < H; ++h) {
        const Lanes weight = broadcast(weights[h * page_tokens + j]);
#pragma GCC unroll 2
        for (std::size_t i = 0; i < wide; ++i) all[h][i].add_product(weight, value[i]);
      }
    }
#pragma GCC unroll 4
    for (int h = 0; h < H; ++h) {
#pragma GCC unroll 2
      for (std::size_t i = 0; i < wide; ++i) store(queries[h].out + c + i * lanes, all[h][i]);
    }
  }
  for (; c < dim; ++c) {
    for (int h = 0; h < H; ++h) {
      float total = queries[h].out[c];
      for (std::uint32_t j = 0; j < count; ++j) total += weights[h * page_tokens + j] * values[j * value_stride + c];
      queries[h].out[c] = total;
    }
  }
}

// Queries of one row over one page.
void attend(const AttentionMla& op, const float* page, std::uint32_t first_key, Query* queries, std::uint32_t count) {
  alignas(64) float scores[queries_max * page_tokens];
  const std::uint32_t unseen = queries[0].index - first_key;
  const std::uint32_t keys = unseen < page_tokens - 1 ? unseen + 1 : page_tokens;
  dot_block(page, op.cache_dim, keys, queries[0].q, op.cache_dim, count, op.cache_dim, scores, page_tokens);
  for (std::size_t h = 0; h < count; ++h) {
    reweigh(scores + h * page_tokens, keys, op.scale, queries[h], op.latent_dim);
  }
  constexpr int together = parts == 1 ? 4 : 2;
  std::size_t h = 0;
  for (; h + together <= count; h += together) {
    add_values<together>(scores + h * page_tokens, page, op.cache_dim, keys, op.latent_dim, queries + h);
  }
  for (; h < count; ++h) {
    add_values<1>(scores + h * page_tokens, page, op.cache_dim, keys, op.latent_dim, queries + h);
  }
}

// Some rows of a sequence, some heads: at most queries_max together.
void attend_rows(const AttentionMla& op, const SeqRows& sequence, std::uint32_t row, std::uint32_t rows,
                 std::uint32_t head, std::uint32_t heads) {
  Query queries[queries_max];
  for (std::uint32_t r = 0; r < rows; ++r) {
    const std::uint32_t at = sequence.first_row + row + r;
    for (std::uint32_t h = 0; h < heads; ++h) {
      Query& query = queries[r * heads + h];
      query = {.q = op.q.data + at * op.q.stride + std::size_t{head + h} * op.cache_dim,
               .out = op.out.data + at * op.out.stride + std::size_t{head + h} * op.latent_dim,
               .index = sequence.first_index + row + r,
               .largest = -__builtin_inff(),
               .total = 0};
      for (std::uint32_t c = 0; c < op.latent_dim; ++c) query.out[c] = 0;
    }
  }
  const std::uint32_t* pages = sequence.pages.data();
  const std::uint32_t last = sequence.first_index + row + rows - 1;
  for (std::uint32_t page = 0; page <= last / page_tokens; ++page) {
    const float* keys = op.kv + pages[page] * std::size_t{page_tokens} * op.cache_dim;
    for (std::uint32_t r = 0; r < rows; ++r) {
      Query* const own = queries + std::size_t{r} * heads;
      if (own->index >= page * page_tokens) attend(op, keys, page * page_tokens, own, heads);
    }
  }
  for (std::uint32_t i = 0; i < rows * heads; ++i) {
    const float inverse = 1.0f / queries[i].total;
    for (std::uint32_t c = 0; c < op.latent_dim; ++c) queries[i].out[c] *= inverse;
  }
}

}  // namespace

void attention_mla(const AttentionMla& op) {
  const std::uint32_t heads_together = op.heads < queries_max ? op.heads : queries_max;
  const std::uint32_t rows_together = queries_max / heads_together;
  const SeqRows* sequences = op.sequences.data();
  for (std::size_t s = 0; s < op.sequences.size(); ++s) {
    const SeqRows& sequence = sequences[s];
    for (std::uint32_t row = 0; row < sequence.rows; row += rows_together) {
      const std::uint32_t left = sequence.rows - row;
      const std::uint32_t rows = left < rows_together ? left : rows_together;
      for (std::uint32_t head = 0; head < op.heads; head += heads_together) {
        const std::uint32_t heads = op.heads - head < heads_together ? op.heads - head : heads_together;
        attend_rows(op, sequence, row, rows, head, heads);
      }
    }
  }
}

}  // namespace shoal::kernels::SHOAL_CPU_MODULE
