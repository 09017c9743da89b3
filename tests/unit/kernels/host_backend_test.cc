#include "kernels/host/host_backend.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include <doctest/doctest.h>

#include "kernels/host/modules.h"
#include "tests/unit/kernels/random_model.h"

using namespace shoal;
using namespace shoal::kernels;

namespace {

struct Model {
  explicit Model(MlaForm form = MlaForm::absorbed)
      : backend(make_host_backend({.module = "ref", .threads = 1, .form = form}).value()) {
    RandomSource source{3};
    REQUIRE(backend->load(small_spec(), source, {}, {}));
    REQUIRE(backend->reserve_kv(std::size_t{1} << 20, 4));
  }

  // Feeds `ids` in chunks of the given sizes (the last one repeats) and returns all logits.
  std::vector<float> logits(std::span<const TokenId> ids, std::span<const PageId> pages,
                            std::vector<std::size_t> sizes) {
    const std::uint32_t vocab = small_spec().vocab;
    std::vector<float> all(ids.size() * vocab);
    for (std::size_t at = 0, next = 0; at < ids.size(); ++next) {
      const std::size_t count = std::min(sizes[std::min(next, sizes.size() - 1)], ids.size() - at);
      const SeqStep step{.pages = pages,
                         .first = static_cast<std::uint32_t>(at),
                         .ids = ids.subspan(at, count),
                         .logits = std::span(all).subspan(at * vocab, count * vocab)};
      REQUIRE(backend->wait(backend->submit({&step, 1})));
      at += count;
    }
    return all;
  }

  std::unique_ptr<HostBackend> backend;
};

std::vector<TokenId> some_ids(std::size_t count, std::uint64_t seed) {
  Random random{seed};
  std::vector<TokenId> ids(count);
  for (TokenId& id : ids) id = static_cast<TokenId>(random.below(small_spec().vocab));
  return ids;
}

const std::vector<PageId> pages = {9, 2, 5, 0};

}  // namespace

TEST_CASE("chunked prefill has the bits of one shot, however it is cut") {
  Model model;
  const auto ids = some_ids(200, 1);
  const auto one_shot = model.logits(ids, pages, {200});
  CHECK(model.logits(ids, pages, {1}) == one_shot);
  CHECK(model.logits(ids, pages, {7}) == one_shot);
  CHECK(model.logits(ids, pages, {64}) == one_shot);
  CHECK(model.logits(ids, pages, {1, 7, 64, 200}) == one_shot);
}

TEST_CASE("a sequence has the same bits alone and among others") {
  Model model;
  const std::uint32_t vocab = small_spec().vocab;
  const std::vector<std::vector<TokenId>> ids = {some_ids(70, 1), some_ids(1, 2), some_ids(33, 3)};
  const std::vector<std::vector<PageId>> own_pages = {{9, 2}, {5}, {0}};
  std::vector<std::vector<float>> together;
  for (const auto& sequence : ids) together.emplace_back(sequence.size() * vocab);
  std::vector<SeqStep> steps;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    steps.push_back({.pages = own_pages[i], .first = 0, .ids = ids[i], .logits = together[i]});
  }
  REQUIRE(model.backend->wait(model.backend->submit(steps)));
  for (std::size_t i = 0; i < ids.size(); ++i) CHECK(model.logits(ids[i], pages, {ids[i].size()}) == together[i]);
}

TEST_CASE("the absorbed and the expanded form give the same logits but for rounding") {
  Model absorbed{MlaForm::absorbed};
  Model expanded{MlaForm::expanded};
  const auto ids = some_ids(150, 4);
  const auto a = absorbed.logits(ids, pages, {64});
  const auto b = expanded.logits(ids, pages, {64});
  REQUIRE(a.size() == b.size());
  float largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i] == doctest::Approx(b[i]).epsilon(1e-4).scale(1));
    largest = std::max(largest, std::abs(a[i]));
  }
  CHECK(largest > 0.5f);  // not all zeros
  CHECK(expanded.logits(ids, pages, {7}) == b);
}

TEST_CASE("what lies in pages of others and behind a sequence's end does not leak, were it NaN") {
  Model model;
  const auto ids = some_ids(130, 5);
  const auto clean = model.logits(ids, pages, {200});
  Model poisoned;
  std::fill(poisoned.backend->kv().begin(), poisoned.backend->kv().end(), std::numeric_limits<float>::quiet_NaN());
  CHECK(poisoned.logits(ids, pages, {13}) == clean);
}

TEST_CASE("a layer without shared experts is one whose shared experts add nothing") {
  class NoShared : public RandomSource {
  public:
    using RandomSource::RandomSource;
    Result<Tensor> tensor(WeightId id, std::uint32_t rows, std::uint32_t cols) override {
      static const std::vector<std::byte> zeros(1 << 16);
      if (id.part == Part::shared_down) return Tensor{DType::bf16, rows, cols, zeros.data()};
      return RandomSource::tensor(id, rows, cols);
    }
  };
  const auto ids = some_ids(20, 9);
  std::vector<std::vector<float>> logits;
  for (const std::uint32_t shared : {0u, 1u}) {
    Spec spec = small_spec();
    spec.moe->shared = shared;
    NoShared source{3};
    auto backend = make_host_backend({.module = "ref", .threads = 1}).value();
    REQUIRE(backend->load(spec, source, {}, {}));
    REQUIRE(backend->reserve_kv(std::size_t{1} << 20, 4));
    auto& rows = logits.emplace_back(ids.size() * spec.vocab);
    const SeqStep step{.pages = pages, .first = 0, .ids = ids, .logits = rows};
    REQUIRE(backend->wait(backend->submit({&step, 1})));
  }
  CHECK(logits[0] == logits[1]);
}

TEST_CASE("a copied page continues like the original") {
  Model model;
  const auto ids = some_ids(64, 6);
  const std::vector<PageId> copy = {4, 6};
  const auto original = model.logits(some_ids(70, 6), pages, {64});
  model.logits(ids, pages, {64});
  const PageCopy pair{.from = pages[0], .to = copy[0]};
  model.backend->copy_pages({&pair, 1});
  const auto all = some_ids(70, 6);
  std::vector<float> logits(6 * small_spec().vocab);
  const SeqStep step{.pages = copy, .first = 64, .ids = std::span(all).subspan(64), .logits = logits};
  REQUIRE(model.backend->wait(model.backend->submit({&step, 1})));
  CHECK(std::equal(logits.begin(), logits.end(), original.begin() + 64 * small_spec().vocab));
}

TEST_CASE("a step draws only for the sequences that ask for it") {
  Model model;
  const auto ids = some_ids(10, 7);
  const std::vector<PageId> first = {1};
  const std::vector<PageId> second = {2};
  model.backend->set_sampling(1, {.params = {.temperature = 0}});
  const std::vector<SeqStep> steps = {{.slot = 0, .pages = first, .first = 0, .ids = ids},
                                      {.slot = 1, .pages = second, .first = 0, .ids = ids, .draws = 0}};
  const auto drawn = model.backend->wait(model.backend->submit(steps)).value().ids;
  const auto logits = model.logits(ids, pages, {10});
  REQUIRE(drawn.size() == 2);
  CHECK(drawn[0] == no_token);
  CHECK(drawn[1] == greedy(std::span(logits).last(small_spec().vocab)));
}

TEST_CASE("a sequence whose logits are not finite draws nothing, and the others of its step draw as they would alone") {
  const auto run = [](bool poisoned) {
    Model model;
    const std::vector<TokenId> ids = some_ids(5, 8);
    const std::vector<PageId> first = {0}, second = {1};
    for (const Slot slot : {0u, 1u}) {
      model.backend->set_sampling(slot, {.params = {.temperature = 0, .logprobs = true}});
    }
    std::vector<SeqStep> steps = {{.slot = 0, .pages = first, .first = 0, .ids = std::span(ids).first(4)},
                                  {.slot = 1, .pages = second, .first = 0, .ids = std::span(ids).first(4)}};
    REQUIRE(model.backend->wait(model.backend->submit(steps)));
    if (poisoned) model.backend->kv()[0] = std::numeric_limits<float>::quiet_NaN();  // of page 0, in the first layer
    for (SeqStep& step : steps) {
      step.first = 4;
      step.ids = std::span(ids).last(1);
      step.draws = 0;
    }
    return model.backend->wait(model.backend->submit(steps)).value();
  };
  const StepOutput clean = run(false), poisoned = run(true);
  REQUIRE(clean.ids[0] == clean.ids[1]);
  CHECK(poisoned.ids == std::vector<TokenId>{no_token, clean.ids[1]});
  CHECK(poisoned.logprobs == std::vector<IdLogprobs>{clean.logprobs[1]});
}

TEST_CASE("a sequence goes on with the id that an open step draws as it does with ids that are known") {
  const auto ids = some_ids(9, 11);
  const std::vector<PageId> own = {2};
  const SlotSampling sampling{.params = {.temperature = 0.8f, .seed = 5, .frequency_penalty = 1.5f}, .prompt = ids};
  const auto step_of = [&](std::uint32_t first, std::span<const TokenId> fed, Position position) {
    return SeqStep{.slot = 3, .pages = own, .first = first, .ids = fed, .feeds_drawn = fed.empty(), .draws = position};
  };
  std::vector<TokenId> one_by_one, ahead;
  Model alone;
  alone.backend->set_sampling(3, sampling);
  for (Position position = 0; position < 20; ++position) {
    const auto fed = position == 0 ? std::span(ids) : std::span(one_by_one).last(1);
    const SeqStep step = step_of(position == 0 ? 0 : 8 + position, fed, position);
    one_by_one.push_back(alone.backend->wait(alone.backend->submit({&step, 1})).value().ids[0]);
  }
  Model model;
  model.backend->set_sampling(3, sampling);
  std::vector<Ticket> open;
  for (Position position = 0; position < 20; ++position) {
    const SeqStep step =
        step_of(position == 0 ? 0 : 8 + position, position == 0 ? std::span(ids) : std::span<TokenId>(), position);
    open.push_back(model.backend->submit({&step, 1}));
    if (open.size() < 2) continue;
    ahead.push_back(model.backend->wait(open.front()).value().ids[0]);
    open.erase(open.begin());
  }
  ahead.push_back(model.backend->wait(open.front()).value().ids[0]);
  CHECK(ahead == one_by_one);
}

TEST_CASE("a backend of this machine refuses a rank of several and numerics that it does not have") {
  RandomSource source{3};
  const auto code = [&](Shard shard, std::string_view numerics) {
    const auto loaded =
        make_host_backend({.module = "ref", .threads = 1}).value()->load(small_spec(), source, shard, numerics);
    return loaded ? Code::ok : loaded.error().code;
  };
  CHECK(code({}, "ref fp32") == Code::ok);
  CHECK(code({}, "int8") == Code::bad_config);
  CHECK(code({.rank = 1, .ranks = 2}, {}) == Code::bad_config);
}

TEST_CASE("progress is told once a weight while weights are read") {
  RandomSource source{3};
  auto backend = make_host_backend({.module = "ref", .threads = 1}).value();
  int told = 0;
  backend->on_progress([&] { ++told; });
  REQUIRE(backend->load(small_spec(), source, {}, {}));
  CHECK(told == 3 + 3 * 9 + 3 + 2 * (1 + 6 * 3 + 3));  // ends, attention, the dense layer, two layers of experts
}

TEST_CASE("progress is told once a layer") {
  Model model;
  int told = 0;
  model.backend->on_progress([&] { ++told; });
  model.logits(some_ids(5, 8), pages, {5});
  CHECK(told == 3);
}

TEST_CASE("KV memory too small for one page is refused") {
  auto backend = make_host_backend({.module = "ref", .threads = 1}).value();
  RandomSource source{3};
  REQUIRE(backend->load(small_spec(), source, {}, {}));
  CHECK(backend->reserve_kv(1000, 1).error().code == Code::too_large);
}

TEST_CASE("half-precision weights are widened exactly, subnormals and the largest among them") {
  class HalfSource : public RandomSource {
  public:
    using RandomSource::RandomSource;
    Result<Tensor> tensor(WeightId id, std::uint32_t rows, std::uint32_t cols) override {
      if (id.part != Part::final_norm) return RandomSource::tensor(id, rows, cols);
      static const std::uint16_t halves[44] = {0x3c00, 0xc000, 0x0001, 0x03ff, 0x7bff, 0x8000, 0x3555};
      return Tensor{DType::f16, rows, cols, reinterpret_cast<const std::byte*>(halves)};
    }
  };
  HalfSource source{1};
  const auto weights = load_weights(small_spec(), source);
  REQUIRE(weights);
  const float* norm = weights->final_norm;
  CHECK(norm[0] == 1.0f);
  CHECK(norm[1] == -2.0f);
  CHECK(norm[2] == 0x1p-24f);
  CHECK(norm[3] == 1023 * 0x1p-24f);
  CHECK(norm[4] == 65504.0f);
  CHECK(std::signbit(norm[5]));
  CHECK(norm[6] == 0.333251953125f);
}
