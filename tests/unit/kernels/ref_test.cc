#include "kernels/host/ref/ref.h"

#include <cmath>
#include <limits>
#include <numeric>

#include <doctest/doctest.h>

#include "base/page.h"
#include "kernels/host/ref/exp.h"
#include "tests/unit/kernels/oracle.h"

using namespace shoal;
using namespace shoal::kernels;

namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("exp is within two units of the last place, and zero far below") {
  for (float x = -86.9f; x < 88; x += 0.0137f) {
    const double exact = std::exp(double(x));
    REQUIRE(std::abs(ref::exp_fp32(x) - exact) <= 2.4e-7 * exact);
  }
  CHECK(ref::exp_fp32(0) == 1);
  CHECK(ref::exp_fp32(-88) == 0);
  CHECK(ref::exp_fp32(-INFINITY) == 0);
  CHECK(std::isnan(ref::exp_fp32(NAN)));
}

TEST_CASE("matmul agrees with double sums at every width and row count, in both stored types") {
  for (const Format format : {Format::f32, Format::bf16}) {
    for (const std::uint32_t k : {1u, 7u, 8u, 13u, 64u, 257u}) {
      for (const std::uint32_t n : {1u, 2u, 5u}) {
        for (const std::uint32_t rows : {1u, 2u, 3u, 8u}) {
          const StoredWeight w{Matrix::random(n, k, k + n), format};
          Matrix x = Matrix::random(rows, k, rows);
          Matrix y{rows, n};
          ref::matmul({.x = x.mat(), .w = w.weight(), .y = y.mat()});
          for (std::uint32_t r = 0; r < rows; ++r) {
            for (std::uint32_t c = 0; c < n; ++c) {
              const double exact = dot(x.row(r), w.exact.row(c), k);
              REQUIRE(y.at(r, c) == doctest::Approx(exact).epsilon(1e-5).scale(1));
            }
          }
        }
      }
    }
  }
}

TEST_CASE("a row of matmul has the same bits in every batch") {
  const StoredWeight w{Matrix::random(33, 100, 1), Format::bf16};
  Matrix x = Matrix::random(9, 100, 2);
  Matrix together{9, 33};
  ref::matmul({.x = x.mat(), .w = w.weight(), .y = together.mat()});
  for (std::uint32_t r = 0; r < 9; ++r) {
    Matrix alone{1, 33};
    ref::matmul({.x = {x.mat().row(r), 1, 100, 100}, .w = w.weight(), .y = alone.mat()});
    CHECK(std::equal(alone.values.begin(), alone.values.end(), together.row(r)));
  }
}

TEST_CASE("embed copies the rows of its ids exactly") {
  for (const Format format : {Format::f32, Format::bf16}) {
    const StoredWeight table{Matrix::random(5, 11, 3), format};
    Matrix out{3, 11};
    const std::vector<TokenId> ids = {4, 0, 4};
    ref::embed({.table = table.weight(), .ids = ids, .out = out.mat()});
    for (std::uint32_t r = 0; r < 3; ++r) CHECK(std::equal(out.row(r), out.row(r) + 11, table.exact.row(ids[r])));
  }
}

TEST_CASE("rms_norm adds the delta into the stream, then normalises") {
  Matrix x = Matrix::random(2, 19, 4);
  Matrix delta = Matrix::random(2, 19, 5);
  Matrix weight = Matrix::random(1, 19, 6);
  const Matrix before = x;
  Matrix out{2, 19};
  ref::rms_norm({.x = x.mat(), .delta = delta.mat(), .weight = weight.row(0), .eps = 1e-2f, .out = out.mat()});
  for (std::uint32_t r = 0; r < 2; ++r) {
    double squares = 0;
    for (std::uint32_t c = 0; c < 19; ++c) {
      CHECK(x.at(r, c) == before.at(r, c) + delta.at(r, c));
      squares += double(x.at(r, c)) * x.at(r, c);
    }
    for (std::uint32_t c = 0; c < 19; ++c) {
      const double exact = x.at(r, c) * weight.at(0, c) / std::sqrt(squares / 19 + 1e-2);
      CHECK(out.at(r, c) == doctest::Approx(exact).epsilon(1e-5));
    }
  }
}

TEST_CASE("silu_mul agrees with doubles, also where silu vanishes or is the identity") {
  Matrix gate{1, 6};
  gate.values = {-200, -20, -0.5f, 0, 3, 200};
  Matrix up = Matrix::random(1, 6, 7);
  const Matrix before = gate;
  ref::silu_mul({.gate = gate.mat(), .up = up.mat()});
  for (std::uint32_t c = 0; c < 6; ++c) {
    const double x = before.at(0, c);
    CHECK(gate.at(0, c) == doctest::Approx(x / (1 + std::exp(-x)) * up.at(0, c)).epsilon(1e-5).scale(1e-6));
  }
}

TEST_CASE("rope turns pair i by its angle, in either layout, and leaves other columns alone") {
  const std::vector<float> cos = {std::cos(0.3f), std::cos(1.1f)};
  const std::vector<float> sin = {std::sin(0.3f), std::sin(1.1f)};
  for (const bool interleaved : {true, false}) {
    Matrix x = Matrix::random(1, 14, 8);  // two heads of 3 + 4
    const Matrix before = x;
    ref::rope({.x = x.mat().columns(3, 11),
               .heads = 2,
               .head_stride = 7,
               .dim = 4,
               .interleaved = interleaved,
               .cos = cos.data(),
               .sin = sin.data()});
    for (std::uint32_t h = 0; h < 2; ++h) {
      for (std::uint32_t c = 0; c < 3; ++c) CHECK(x.at(0, 7 * h + c) == before.at(0, 7 * h + c));
      for (std::uint32_t i = 0; i < 2; ++i) {
        const std::uint32_t a = 7 * h + 3 + (interleaved ? 2 * i : i);
        const std::uint32_t b = interleaved ? a + 1 : a + 2;
        CHECK(x.at(0, a) == doctest::Approx(before.at(0, a) * cos[i] - before.at(0, b) * sin[i]));
        CHECK(x.at(0, b) == doctest::Approx(before.at(0, a) * sin[i] + before.at(0, b) * cos[i]));
      }
    }
  }
}

TEST_CASE("store_kv writes each row to its slot only") {
  Matrix rows = Matrix::random(2, 5, 9);
  Matrix kv{2 * page_tokens, 5};
  const std::vector<std::uint32_t> slots = {page_tokens + 3, 1};
  ref::store_kv({.rows = rows.mat(), .slots = slots, .kv = kv.values.data()});
  CHECK(std::equal(rows.row(0), rows.row(0) + 5, kv.row(slots[0])));
  CHECK(std::equal(rows.row(1), rows.row(1) + 5, kv.row(slots[1])));
  CHECK(std::count(kv.values.begin(), kv.values.end(), 0.0f) == 5 * (2 * page_tokens - 2));
}

TEST_CASE("add_scaled adds to the named rows") {
  Matrix x = Matrix::random(2, 4, 10);
  Matrix y = Matrix::random(3, 4, 11);
  const Matrix before = y;
  const std::vector<std::uint32_t> row_of = {2, 0};
  const std::vector<float> weights = {0.5f, -2.0f};
  ref::add_scaled({.x = x.mat(), .row_of = row_of, .weights = weights.data(), .y = y.mat()});
  for (std::uint32_t c = 0; c < 4; ++c) {
    CHECK(y.at(2, c) == doctest::Approx(before.at(2, c) + 0.5 * x.at(0, c)));
    CHECK(y.at(0, c) == doctest::Approx(before.at(0, c) - 2.0 * x.at(1, c)));
    CHECK(y.at(1, c) == before.at(1, c));
  }
}

namespace {

// Two sequences over scattered pages; everything that no query may read is NaN.
struct AttentionCase {
  static constexpr std::uint32_t latent = 20;
  static constexpr std::uint32_t rope_dim = 6;
  static constexpr std::uint32_t cache = latent + rope_dim;
  static constexpr std::uint32_t heads = 3;
  static constexpr float scale = 0.31f;

  AttentionCase() : kv(8 * page_tokens, cache) {
    const Matrix rows = Matrix::random(200, cache, 12);
    std::fill(kv.values.begin(), kv.values.end(), nan);
    for (std::uint32_t s = 0; s < sequences.size(); ++s) {
      const SeqRows& sequence = sequences[s];
      for (std::uint32_t i = 0; i < sequence.first_index + sequence.rows; ++i) {
        std::copy_n(rows.row(i), cache, kv.mat().row(slot(s, i)));
      }
    }
  }

  std::size_t slot(std::uint32_t sequence, std::uint32_t index) const {
    return std::size_t{sequences[sequence].pages[index / page_tokens]} * page_tokens + index % page_tokens;
  }

  std::vector<std::uint32_t> first_pages = {5, 1, 7};
  std::vector<std::uint32_t> second_pages = {0};
  std::vector<SeqRows> sequences = {{.first_row = 0, .rows = 5, .first_index = 126, .pages = first_pages},
                                    {.first_row = 5, .rows = 2, .first_index = 0, .pages = second_pages}};
  Matrix kv;
};

}  // namespace

TEST_CASE("absorbed attention agrees with a plain softmax over the sequence's own keys, and reads nothing else") {
  AttentionCase c;
  Matrix q = Matrix::random(7, c.heads * c.cache, 13);
  Matrix out{7, c.heads * c.latent};
  ref::attention_mla({.q = q.mat(),
                      .kv = c.kv.values.data(),
                      .sequences = c.sequences,
                      .heads = c.heads,
                      .latent_dim = c.latent,
                      .cache_dim = c.cache,
                      .scale = c.scale,
                      .out = out.mat()});
  for (std::uint32_t s = 0; s < 2; ++s) {
    for (std::uint32_t r = 0; r < c.sequences[s].rows; ++r) {
      for (std::uint32_t h = 0; h < c.heads; ++h) {
        const std::uint32_t row = c.sequences[s].first_row + r;
        std::vector<double> scores;
        std::vector<std::vector<double>> values;
        for (std::uint32_t j = 0; j <= c.sequences[s].first_index + r; ++j) {
          const float* key = c.kv.row(static_cast<std::uint32_t>(c.slot(s, j)));
          scores.push_back(c.scale * dot(q.row(row) + h * c.cache, key, c.cache));
          values.emplace_back(key, key + c.latent);
        }
        const auto exact = attend(scores, values);
        for (std::uint32_t i = 0; i < c.latent; ++i) {
          REQUIRE(out.at(row, h * c.latent + i) == doctest::Approx(exact[i]).epsilon(1e-5).scale(1));
        }
      }
    }
  }
}

TEST_CASE("expanded attention agrees with a plain softmax over keys and values made from the latent") {
  AttentionCase c;
  const MlaSpec mla{.heads = c.heads, .kv_lora_rank = c.latent, .nope_dim = 9, .rope_dim = c.rope_dim, .v_dim = 10};
  Matrix q = Matrix::random(7, c.heads * mla.qk_dim(), 14);
  const StoredWeight kv_b{Matrix::random(c.heads * 19, c.latent, 15), Format::bf16};
  Matrix out{7, c.heads * mla.v_dim};
  ref::attention_expanded({.q = q.mat(),
                           .kv = c.kv.values.data(),
                           .sequences = c.sequences,
                           .mla = mla,
                           .kv_b = kv_b.weight(),
                           .scale = c.scale,
                           .out = out.mat()});
  for (std::uint32_t s = 0; s < 2; ++s) {
    for (std::uint32_t r = 0; r < c.sequences[s].rows; ++r) {
      for (std::uint32_t h = 0; h < c.heads; ++h) {
        const std::uint32_t row = c.sequences[s].first_row + r;
        const float* query = q.row(row) + h * mla.qk_dim();
        std::vector<double> scores;
        std::vector<std::vector<double>> values;
        for (std::uint32_t j = 0; j <= c.sequences[s].first_index + r; ++j) {
          const float* latent = c.kv.row(static_cast<std::uint32_t>(c.slot(s, j)));
          double score = dot(query + 9, latent + c.latent, c.rope_dim);
          for (std::uint32_t i = 0; i < 9; ++i) score += query[i] * dot(kv_b.exact.row(h * 19 + i), latent, c.latent);
          scores.push_back(c.scale * score);
          auto& value = values.emplace_back();
          for (std::uint32_t i = 0; i < 10; ++i) value.push_back(dot(kv_b.exact.row(h * 19 + 9 + i), latent, c.latent));
        }
        const auto exact = attend(scores, values);
        for (std::uint32_t i = 0; i < 10; ++i) {
          REQUIRE(out.at(row, h * 10 + i) == doctest::Approx(exact[i]).epsilon(1e-5).scale(1));
        }
      }
    }
  }
}

TEST_CASE("attention survives scores far apart and all alike") {
  AttentionCase c;
  for (const float size : {0.0f, 400.0f}) {
    Matrix q = Matrix::random(7, c.heads * c.cache, 16);
    for (float& value : q.values) value *= size;
    Matrix out{7, c.heads * c.latent};
    ref::attention_mla({.q = q.mat(),
                        .kv = c.kv.values.data(),
                        .sequences = c.sequences,
                        .heads = c.heads,
                        .latent_dim = c.latent,
                        .cache_dim = c.cache,
                        .scale = c.scale,
                        .out = out.mat()});
    for (const float value : out.values) REQUIRE(std::abs(value) <= 1.0001f);
  }
}

namespace {

struct Routed {
  std::vector<std::uint32_t> experts;
  std::vector<float> weights;
};

Routed route(std::vector<float> logits, const MoeSpec& moe) {
  Routed routed{std::vector<std::uint32_t>(moe.per_token), std::vector<float>(moe.per_token)};
  ref::route({.logits = {logits.data(), 1, moe.experts, moe.experts},
              .moe = moe,
              .experts = routed.experts.data(),
              .weights = routed.weights.data()});
  return routed;
}

// Probabilities as logits: softmax gives them back.
std::vector<float> logits_of(std::vector<float> probabilities) {
  for (float& p : probabilities) p = std::log(p);
  return probabilities;
}

}  // namespace

TEST_CASE("the greedy gate takes the likeliest experts with their probabilities, times the scale") {
  const Routed routed = route(logits_of({0.1f, 0.4f, 0.2f, 0.3f}), {.experts = 4, .per_token = 2, .routed_scale = 16});
  CHECK(routed.experts == std::vector<std::uint32_t>{1, 3});
  CHECK(routed.weights[0] == doctest::Approx(16 * 0.4));
  CHECK(routed.weights[1] == doctest::Approx(16 * 0.3));
}

TEST_CASE("normalised weights sum to one and are not scaled, but a single expert is scaled and not normalised") {
  MoeSpec moe{.experts = 4, .per_token = 2, .norm_topk = true, .routed_scale = 16};
  const Routed two = route(logits_of({0.1f, 0.4f, 0.2f, 0.3f}), moe);
  CHECK(two.weights[0] == doctest::Approx(0.4 / 0.7));
  CHECK(two.weights[1] == doctest::Approx(0.3 / 0.7));
  moe.per_token = 1;
  CHECK(route(logits_of({0.1f, 0.4f, 0.2f, 0.3f}), moe).weights[0] == doctest::Approx(16 * 0.4));
}

TEST_CASE("the group-limited gate looks only into the groups with the best single expert") {
  const MoeSpec moe{.experts = 6, .per_token = 2, .gating = Gating::group_limited_greedy, .groups = 3, .top_groups = 1};
  const auto logits = logits_of({0.22f, 0.21f, 0.3f, 0.02f, 0.2f, 0.05f});
  CHECK(route(logits, moe).experts == std::vector<std::uint32_t>{2, 3});
  MoeSpec two_groups = moe;
  two_groups.top_groups = 2;
  CHECK(route(logits, two_groups).experts == std::vector<std::uint32_t>{2, 0});
}

TEST_CASE("among equal scores the lower expert wins") {
  const Routed routed = route({1, 1, 1, 1}, {.experts = 4, .per_token = 3});
  CHECK(routed.experts == std::vector<std::uint32_t>{0, 1, 2});
}
