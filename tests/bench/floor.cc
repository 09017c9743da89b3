#include "tests/bench/floor.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

namespace shoal::bench {
namespace {

using Quad = float __attribute__((vector_size(16)));
using Octet = float __attribute__((vector_size(32)));
using Words = std::uint64_t __attribute__((vector_size(16)));

template <class F>
double best_seconds(int repeats, const F& run) {
  double best = INFINITY;
  for (int i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    run();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

constexpr int chains = 12;
constexpr int rounds = 100'000;

// One product and one sum each; the barrier keeps the product from being made once for all.
// NOLINTBEGIN(bugprone-macro-parentheses): Vector is a type.
#define SHOAL_MULTIPLY_AND_ADD(Vector)                          \
  Vector factor = Vector{} + 1.0f;                              \
  Vector sums[chains] = {};                                     \
  for (int i = 0; i < rounds; ++i) {                            \
    _Pragma("GCC unroll 12") for (int c = 0; c < chains; ++c) { \
      asm volatile("" : "+x"(factor));                          \
      sums[c] += factor * factor;                               \
    }                                                           \
  }                                                             \
  float total = 0;                                              \
  for (int c = 0; c < chains; ++c) total += sums[c][0];         \
  return total
// NOLINTEND(bugprone-macro-parentheses)

float run_quads() { SHOAL_MULTIPLY_AND_ADD(Quad); }
#if defined(__x86_64__)
[[gnu::target("avx2")]] float run_octets() { SHOAL_MULTIPLY_AND_ADD(Octet); }
#endif

}  // namespace

double read_bytes_per_s(kernels::Pool& pool, std::size_t bytes) {
  constexpr std::size_t piece_bytes = std::size_t{256} << 10;
  const std::size_t pieces = std::max<std::size_t>(bytes / piece_bytes, 1);
  std::vector<std::byte> memory(pieces * piece_bytes, std::byte{1});
  std::vector<std::uint64_t> sums(pieces);
  const int passes = std::max<int>(1, static_cast<int>((std::size_t{1} << 28) / memory.size()));
  const double best = best_seconds(8, [&] {
    for (int pass = 0; pass < passes; ++pass) {
      pool.run(static_cast<std::uint32_t>(pieces), [&](std::uint32_t i) {
        const std::byte* from = memory.data() + i * piece_bytes;
        Words all[4] = {};
        for (std::size_t at = 0; at < piece_bytes; at += sizeof(all)) {
          __builtin_prefetch(from + at + 4096);
          Words next[4];
          std::memcpy(next, from + at, sizeof(next));
          for (int w = 0; w < 4; ++w) all[w] ^= next[w];
        }
        sums[i] += (all[0] ^ all[1] ^ all[2] ^ all[3])[0];
      });
    }
  });
  return static_cast<double>(memory.size()) * passes / best;
}

double products_per_s(kernels::Pool& pool, [[maybe_unused]] bool avx2) {
  std::vector<float> results(pool.threads());
  int lanes = 4;
  float (*run)() = run_quads;
#if defined(__x86_64__)
  if (avx2) {
    lanes = 8;
    run = run_octets;
  }
#endif
  const double best = best_seconds(20, [&] { pool.run(pool.threads(), [&](std::uint32_t i) { results[i] = run(); }); });
  return double(chains) * rounds * lanes * pool.threads() / best;
}

Need need_of(const kernels::Spec& spec, double tokens, double drawn, double keys) {
  Need need;
  const auto matrix = [&](double rows, double cols, double uses, double share = 1) {
    need.bytes += 2 * rows * cols * share;
    need.products += rows * cols * uses;
  };
  const kernels::MlaSpec& mla = spec.mla();
  for (std::uint32_t layer = 0; layer < spec.layers; ++layer) {
    const double queries = double(mla.heads) * mla.qk_dim();
    if (mla.q_lora_rank == 0) {
      matrix(queries, spec.hidden, tokens);
    } else {
      matrix(mla.q_lora_rank, spec.hidden, tokens);
      matrix(queries, mla.q_lora_rank, tokens);
    }
    matrix(mla.cache_dim(), spec.hidden, tokens);
    matrix(double(mla.heads) * (mla.nope_dim + mla.v_dim), mla.kv_lora_rank, tokens);
    matrix(spec.hidden, double(mla.heads) * mla.v_dim, tokens);
    need.products += tokens * keys * mla.heads * (mla.cache_dim() + mla.kv_lora_rank);
    if (!spec.is_moe(layer)) {
      matrix(3.0 * spec.dense_width, spec.hidden, tokens);
      continue;
    }
    const kernels::MoeSpec& moe = *spec.moe;
    const double touched = 1 - std::pow(1 - double(moe.per_token) / moe.experts, tokens);
    matrix(moe.experts, spec.hidden, tokens);
    matrix(3.0 * moe.shared * moe.width, spec.hidden, tokens);
    matrix(3.0 * moe.experts * moe.width, spec.hidden, tokens * moe.per_token / moe.experts, touched);
  }
  matrix(spec.vocab, spec.hidden, drawn);
  return need;
}

double weight_bytes(const kernels::Spec& spec) {
  return need_of(spec, 1e9, 1, 0).bytes + (spec.tied_embeddings ? 0 : 2.0 * spec.vocab * spec.hidden);
}

}  // namespace shoal::bench
