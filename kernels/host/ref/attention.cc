// Attention page by page in order, with a running softmax (Milakov and Gimelshein, arXiv 1805.02867): a query's result
// is fixed by its keys' pages, wherever they lie and whatever else runs.
#include <algorithm>
#include <cmath>
#include <vector>

#include "base/page.h"
#include "kernels/host/ref/dot.h"
#include "kernels/host/ref/exp.h"
#include "kernels/host/ref/ref.h"

namespace shoal::kernels::ref {
namespace {

// The softmax so far of one query row, all heads. The sums live in the output row.
struct Running {
  explicit Running(std::uint32_t heads) : largest(heads, -INFINITY), total(heads) {}
  std::vector<float> largest;
  std::vector<float> total;
};

// Turns scores [count] into weights relative to the new maximum and rescales what is there.
void reweigh(float* scores, std::uint32_t count, float scale, float& largest, float& total, float* out,
             std::uint32_t dim) {
  float page_largest = largest;
  for (std::uint32_t j = 0; j < count; ++j) {
    scores[j] *= scale;
    page_largest = std::max(page_largest, scores[j]);
  }
  const float correction = exp_fp32(largest - page_largest);
  largest = page_largest;
  total *= correction;
  for (std::uint32_t c = 0; c < dim; ++c) out[c] *= correction;
  for (std::uint32_t j = 0; j < count; ++j) scores[j] = exp_fp32(scores[j] - page_largest);
  for (std::uint32_t j = 0; j < count; ++j) total += scores[j];
}

// out[h][c] += sum_j weights[h][j] * values[j][c] for H heads that share the values.
template <int H>
void add_values(const float* weights, const float* values, std::size_t value_stride, std::uint32_t count,
                std::uint32_t dim, float* out, std::size_t out_stride) {
  std::uint32_t c = 0;
  for (; c + lanes <= dim; c += lanes) {
    Lanes sums[H];
#pragma GCC unroll 4
    for (int h = 0; h < H; ++h) sums[h] = load(out + h * out_stride + c);
    for (std::uint32_t j = 0; j < count; ++j) {
      const Lanes value = load(values + j * value_stride + c);
#pragma GCC unroll 4
      for (int h = 0; h < H; ++h) {
        const float w = weights[h * page_tokens + j];
        const Quad quad = {w, w, w, w};
        sums[h].add_product({quad, quad}, value);
      }
    }
#pragma GCC unroll 4
    for (int h = 0; h < H; ++h) store(out + h * out_stride + c, sums[h]);
  }
  for (; c < dim; ++c) {
    for (int h = 0; h < H; ++h) {
      float sum = out[h * out_stride + c];
      for (std::uint32_t j = 0; j < count; ++j) sum += weights[h * page_tokens + j] * values[j * value_stride + c];
      out[h * out_stride + c] = sum;
    }
  }
}

void divide(float* out, std::uint32_t heads, std::uint32_t dim, const Running& running) {
  for (std::uint32_t h = 0; h < heads; ++h) {
    const float inverse = 1.0f / running.total[h];
    for (std::uint32_t c = 0; c < dim; ++c) out[h * dim + c] *= inverse;
  }
}

// Keys of this page that a query at `index` may see.
std::uint32_t visible(std::uint32_t index, std::uint32_t page) {
  return std::min(index + 1 - page * page_tokens, page_tokens);
}

// One query row over one page whose keys and values serve all heads.
void attend_shared(const AttentionMla& op, const float* q, const float* keys, std::uint32_t count, Running& running,
                   float* out, float* scores) {
  dot_block(keys, op.cache_dim, count, q, op.cache_dim, op.heads, op.cache_dim, scores, page_tokens);
  for (std::uint32_t h = 0; h < op.heads; ++h) {
    reweigh(scores + h * page_tokens, count, op.scale, running.largest[h], running.total[h], out + h * op.latent_dim,
            op.latent_dim);
  }
  const auto mix = [&](auto add, std::uint32_t h) {
    add(scores + h * page_tokens, keys, op.cache_dim, count, op.latent_dim, out + h * op.latent_dim, op.latent_dim);
  };
  std::uint32_t h = 0;
  for (; h + 2 <= op.heads; h += 2) mix(add_values<2>, h);
  for (; h < op.heads; ++h) mix(add_values<1>, h);
}

// A page's keys [page_tokens, heads, qk_dim] and values [page_tokens, heads, v_dim], made from its latent rows.
struct ExpandedPage {
  ExpandedPage(const MlaSpec& mla)
      : mixed(std::size_t{page_tokens} * mla.heads * (mla.nope_dim + mla.v_dim)),
        keys(std::size_t{page_tokens} * mla.heads * mla.qk_dim()) {}

  // mixed [page_tokens, heads, nope_dim | v_dim] holds the values in place.
  void fill(const AttentionExpanded& op, const float* latent, std::uint32_t count) {
    const MlaSpec& mla = op.mla;
    const std::uint32_t width = mla.nope_dim + mla.v_dim;
    auto* rows = const_cast<float*>(latent);  // Mat is one type for what is read and what is written
    matmul({.x = {rows, count, mla.kv_lora_rank, mla.cache_dim()},
            .w = op.kv_b,
            .y = {mixed.data(), count, mla.heads * width, std::size_t{mla.heads} * width}});
    for (std::uint32_t j = 0; j < count; ++j) {
      const float* rope_key = latent + std::size_t{j} * mla.cache_dim() + mla.kv_lora_rank;
      for (std::uint32_t h = 0; h < mla.heads; ++h) {
        const std::size_t at = std::size_t{j} * mla.heads + h;
        std::copy_n(mixed.data() + at * width, mla.nope_dim, keys.data() + at * mla.qk_dim());
        std::copy_n(rope_key, mla.rope_dim, keys.data() + at * mla.qk_dim() + mla.nope_dim);
      }
    }
  }

  std::vector<float> mixed;
  std::vector<float> keys;
};

void attend_expanded(const AttentionExpanded& op, const float* q, const ExpandedPage& page, std::uint32_t count,
                     Running& running, float* out) {
  const MlaSpec& mla = op.mla;
  const std::uint32_t width = mla.nope_dim + mla.v_dim;
  float scores[page_tokens];
  for (std::uint32_t h = 0; h < mla.heads; ++h) {
    const std::size_t key_stride = std::size_t{mla.heads} * mla.qk_dim();
    dot_block(page.keys.data() + h * mla.qk_dim(), key_stride, count, q + h * mla.qk_dim(), 0, 1, mla.qk_dim(), scores,
              page_tokens);
    float* row = out + h * mla.v_dim;
    reweigh(scores, count, op.scale, running.largest[h], running.total[h], row, mla.v_dim);
    add_values<1>(scores, page.mixed.data() + h * width + mla.nope_dim, std::size_t{mla.heads} * width, count,
                  mla.v_dim, row, 0);
  }
}

}  // namespace

void attention_mla(const AttentionMla& op) {
  const std::size_t page_size = std::size_t{page_tokens} * op.cache_dim;
  std::vector<float> scores(std::size_t{op.heads} * page_tokens);
  for (const SeqRows& sequence : op.sequences) {
    for (std::uint32_t r = 0; r < sequence.rows; ++r) {
      const std::uint32_t index = sequence.first_index + r;
      const std::uint32_t row = sequence.first_row + r;
      float* out = op.out.row(row);
      std::fill_n(out, op.out.cols, 0.0f);
      Running running{op.heads};
      for (std::uint32_t page = 0; page <= index / page_tokens; ++page) {
        attend_shared(op, op.q.row(row), op.kv + sequence.pages[page] * page_size, visible(index, page), running, out,
                      scores.data());
      }
      divide(out, op.heads, op.latent_dim, running);
    }
  }
}

void attention_expanded(const AttentionExpanded& op) {
  const std::size_t page_size = std::size_t{page_tokens} * op.mla.cache_dim();
  ExpandedPage expanded{op.mla};
  for (const SeqRows& sequence : op.sequences) {
    std::vector<Running> running(sequence.rows, Running{op.mla.heads});
    for (std::uint32_t r = 0; r < sequence.rows; ++r)
      std::fill_n(op.out.row(sequence.first_row + r), op.out.cols, 0.0f);
    const std::uint32_t last = sequence.first_index + sequence.rows - 1;
    for (std::uint32_t page = 0; page <= last / page_tokens; ++page) {
      expanded.fill(op, op.kv + sequence.pages[page] * page_size, visible(last, page));
      for (std::uint32_t r = 0; r < sequence.rows; ++r) {
        const std::uint32_t index = sequence.first_index + r;
        if (index < page * page_tokens) continue;
        const std::uint32_t row = sequence.first_row + r;
        attend_expanded(op, op.q.row(row), expanded, visible(index, page), running[r], op.out.row(row));
      }
    }
    for (std::uint32_t r = 0; r < sequence.rows; ++r) {
      divide(op.out.row(sequence.first_row + r), op.mla.heads, op.mla.v_dim, running[r]);
    }
  }
}

}  // namespace shoal::kernels::ref
