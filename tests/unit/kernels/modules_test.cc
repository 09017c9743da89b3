// Every module of this machine against `ref`, bit by bit.
#include "kernels/host/modules.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include <doctest/doctest.h>

#include "base/page.h"
#include "kernels/host/ref/ref.h"
#include "tests/unit/kernels/oracle.h"
#include "tests/unit/kernels/random_model.h"

using namespace shoal;
using namespace shoal::kernels;

namespace {

// Not ==, for which -0 is 0 and NaN is not itself.
bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

std::vector<Module> fast_modules() {
  std::vector<Module> modules;
  for (const std::string& name : modules_here()) {
    if (name != "ref") modules.push_back(find_module(name).value());
  }
  REQUIRE(!modules.empty());
  return modules;
}

// Numbers of very different sizes, so that another order of additions shows.
Matrix spread(std::uint32_t rows, std::uint32_t cols, std::uint64_t seed) {
  Matrix matrix = Matrix::random(rows, cols, seed);
  Random random{seed + 1};
  for (float& value : matrix.values) value *= static_cast<float>(1u << random.below(12));
  return matrix;
}

}  // namespace

TEST_CASE("matmul of every module has ref's bits at every width and row count, in both stored types") {
  for (const Module& module : fast_modules()) {
    CAPTURE(module.name);
    for (const Format format : {Format::f32, Format::bf16}) {
      for (const std::uint32_t k : {1u, 7u, 8u, 13u, 64u, 257u, 1024u, 1030u, 2100u}) {
        for (const std::uint32_t n : {1u, 2u, 3u, 4u, 5u, 9u, 17u}) {
          const StoredWeight w{spread(n, k, k + n), format};
          for (const std::uint32_t rows : {1u, 2u, 3u, 4u, 5u, 8u, 63u, 67u, 130u}) {
            Matrix x = spread(rows, k + 3, rows);  // rows lie apart
            Matrix expected = spread(rows, n + 2, 1);
            Matrix y = expected;
            ref::matmul({.x = x.mat().columns(1, k), .w = w.weight(), .y = expected.mat().columns(1, n)});
            module.ops.matmul({.x = x.mat().columns(1, k), .w = w.weight(), .y = y.mat().columns(1, n)});
            REQUIRE(same_bits(y.values, expected.values));
          }
        }
      }
    }
  }
}

TEST_CASE("the ops on rows of every module have ref's bits at every width") {
  for (const Module& module : fast_modules()) {
    CAPTURE(module.name);
    for (const std::uint32_t cols : {1u, 6u, 8u, 19u, 64u, 257u}) {
      Matrix x = spread(3, cols, cols);
      x.values[0] = -200;
      x.values[x.values.size() - 1] = 200;
      Matrix expected = x;
      Matrix delta = spread(3, cols, cols + 1);
      const Matrix weight = spread(1, cols, cols + 2);
      for (const bool adds : {false, true}) {
        RmsNorm norm{.x = expected.mat(), .delta = {}, .weight = weight.row(0), .eps = 1e-6f, .out = {}};
        if (adds) norm.delta = delta.mat();
        Matrix expected_out{3, cols};
        norm.out = expected_out.mat();
        ref::rms_norm(norm);
        Matrix out{3, cols};
        norm.x = x.mat();
        norm.out = out.mat();
        module.ops.rms_norm(norm);
        REQUIRE(same_bits(out.values, expected_out.values));
        REQUIRE(same_bits(x.values, expected.values));
      }
      Matrix up = spread(3, cols, cols + 3);
      const float edges[] = {0.0f, -0.0f, -87.0f, -88.0f, 88.0f, 1e-30f};
      for (std::uint32_t c = 0; c < std::min(cols, 6u); ++c) x.values[c] = expected.values[c] = edges[c];
      ref::silu_mul({.gate = expected.mat(), .up = up.mat()});
      module.ops.silu_mul({.gate = x.mat(), .up = up.mat()});
      REQUIRE(same_bits(x.values, expected.values));

      const std::vector<std::uint32_t> row_of = {2, 0, 2};
      const std::vector<float> weights = {0.3f, -2.0f, 7.1f};
      ref::add_scaled({.x = up.mat(), .row_of = row_of, .weights = weights.data(), .y = expected.mat()});
      module.ops.add_scaled({.x = up.mat(), .row_of = row_of, .weights = weights.data(), .y = x.mat()});
      REQUIRE(same_bits(x.values, expected.values));
    }
  }
}

TEST_CASE("attention of every module has ref's bits for every number of heads, over scattered and poisoned pages") {
  constexpr std::uint32_t pages = 9;
  for (const Module& module : fast_modules()) {
    CAPTURE(module.name);
    for (const auto& shape : {std::array{1u, 8u, 2u},
                              {2u, 16u, 8u},
                              {3u, 28u, 8u},
                              {4u, 64u, 6u},
                              {5u, 21u, 3u},
                              {16u, 40u, 8u},
                              {17u, 8u, 8u},
                              {35u, 16u, 4u}}) {
      const std::uint32_t heads = shape[0];
      const std::uint32_t latent = shape[1];
      const std::uint32_t rope = shape[2];
      CAPTURE(heads);
      const std::uint32_t width = latent + rope;
      Matrix kv = Matrix::random(pages * page_tokens, width, heads);
      const std::vector<PageId> first = {7, 2, 5};
      const std::vector<PageId> second = {0};
      for (std::uint32_t j = 1 + 50; j < page_tokens; ++j) {  // behind the second sequence's end
        std::fill_n(kv.values.begin() + j * width, width, std::numeric_limits<float>::quiet_NaN());
      }
      const std::vector<SeqRows> sequences = {{.first_row = 0, .rows = 30, .first_index = 101, .pages = first},
                                              {.first_row = 30, .rows = 1, .first_index = 50, .pages = second},
                                              {.first_row = 31, .rows = 7, .first_index = 0, .pages = first}};
      Matrix q = Matrix::random(38, heads * width, heads + 1);
      Matrix expected{38, heads * latent};
      AttentionMla op{.q = q.mat(),
                      .kv = kv.values.data(),
                      .sequences = sequences,
                      .heads = heads,
                      .latent_dim = latent,
                      .cache_dim = width,
                      .scale = 0.3f,
                      .out = expected.mat()};
      ref::attention_mla(op);
      Matrix out{38, heads * latent};
      op.out = out.mat();
      module.ops.attention_mla(op);
      REQUIRE(same_bits(out.values, expected.values));
    }
  }
}

namespace {

std::vector<TokenId> some_ids(std::size_t count, std::uint32_t vocab, std::uint64_t seed) {
  Random random{seed};
  std::vector<TokenId> ids(count);
  for (TokenId& id : ids) id = static_cast<TokenId>(random.below(vocab));
  return ids;
}

// All logits of three sequences in one step, after another step that filled part of the first.
std::vector<float> logits_of(const Spec& spec, const HostOptions& options) {
  auto backend = make_host_backend(options).value();
  RandomSource source{3};
  REQUIRE(backend->load(spec, source, {}, {}));
  REQUIRE(backend->reserve_kv(std::size_t{8} << 20, 1));
  const auto ids = some_ids(150, spec.vocab, 1);
  const std::vector<PageId> first = {4, 2, 3};
  const std::vector<PageId> second = {1};
  const SeqStep before{.pages = first, .first = 0, .ids = std::span(ids).first(70)};
  REQUIRE(backend->wait(backend->submit({&before, 1})));
  std::vector<float> logits((80 + 1 + 40) * spec.vocab);
  std::span<float> rest = logits;
  const auto take = [&](std::size_t rows) {
    const auto taken = rest.first(rows * spec.vocab);
    rest = rest.subspan(rows * spec.vocab);
    return taken;
  };
  const std::vector<PageId> third = {0};
  const std::vector<SeqStep> steps = {
      {.pages = first, .first = 70, .ids = std::span(ids).subspan(70), .logits = take(80)},
      {.pages = second, .first = 0, .ids = std::span(ids).first(1), .logits = take(1)},
      {.pages = third, .first = 0, .ids = std::span(ids).first(40), .logits = take(40)}};
  REQUIRE(backend->wait(backend->submit(steps)));
  return logits;
}

}  // namespace

TEST_CASE("a forward pass has the same bits in every module and with any number of threads") {
  Spec spec = small_spec();
  for (const auto form : {MlaForm::absorbed, MlaForm::expanded}) {
    const auto expected = logits_of(spec, {.module = "ref", .threads = 1, .form = form});
    for (const std::string& module : modules_here()) {
      for (const std::uint32_t threads : {1u, 2u, 5u}) {
        CAPTURE(module);
        CAPTURE(threads);
        CHECK(same_bits(logits_of(spec, {.module = module, .threads = threads, .form = form}), expected));
      }
    }
  }
  spec = tiny_spec();
  const auto expected = logits_of(spec, {.module = "ref", .threads = 1});
  for (const std::string& module : modules_here()) {
    CAPTURE(module);
    CHECK(same_bits(logits_of(spec, {.module = module, .threads = 3}), expected));
  }
}

TEST_CASE("a module is found by its name, auto is the best here, and others are refused with what would do") {
  const auto here = modules_here();
  CHECK(find_module("auto")->name == here.front());
  CHECK(here.back() == "ref");
  for (const std::string& name : here) CHECK(find_module(name)->name == name);
  const auto unknown = find_module("cpu_avx3");
  REQUIRE(!unknown);
  CHECK(unknown.error().code == Code::bad_config);
  CHECK(unknown.error().text.find("cpu_avx3; this machine can run auto, " + here.front()) != std::string::npos);
}

TEST_CASE("on a processor without AVX2 its module is refused with what would do, and auto is the best without it") {
  const Processor old{.avx2 = false};
  CHECK(modules_of(old) == std::vector<std::string>{"cpu_base", "ref"});
  CHECK(find_module("auto", old)->name == "cpu_base");
  const auto lacking = find_module("cpu_avx2", old);
  REQUIRE(!lacking);
  CHECK(lacking.error().code == Code::bad_config);
  CHECK(lacking.error().text ==
        "module: this machine's processor lacks the instructions of cpu_avx2; it can run auto, cpu_base, ref");
}

TEST_CASE("modules round alike and say so; another form of attention is another rounding") {
  for (const std::string& name : modules_here()) {
    const DeviceInfo info = make_host_backend({.module = name, .threads = 1}).value()->describe();
    CHECK(info.name == name);
    CHECK(info.numerics == "ref fp32");
  }
  CHECK(make_host_backend({.module = "ref", .threads = 1, .form = MlaForm::expanded}).value()->describe().numerics !=
        "ref fp32");
}
