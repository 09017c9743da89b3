// The list of backends and what is asked of it.
#include "kernels/backends.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "tests/unit/kernels/random_model.h"

using namespace shoal;
using namespace shoal::kernels;

TEST_CASE("every backend of the list makes a device that describes itself and runs what it says it takes") {
  REQUIRE(!backends().empty());
  for (const BackendKind* kind : backends()) {
    CAPTURE(kind->name);
    const auto made = kind->make({.threads = 1});
    REQUIRE(made);
    CHECK(!(*made)->describe().name.empty());
    CHECK(!(*made)->describe().numerics.empty());
    const auto takes = [&](Architecture architecture) { return kind->takes(architecture); };
    CHECK((takes(Architecture::bytes) || takes(Architecture::deepseek_v2)));
  }
}

TEST_CASE("a module is a name of one backend, and each that this machine has is made by it") {
  const auto names = module_names();
  CHECK(names.front() == "auto");
  for (const std::string& name : usable_modules()) {
    CHECK(std::count(names.begin(), names.end(), name) == 1);
    const BackendKind* kind = find_backend(Architecture::deepseek_v2, name);
    REQUIRE(kind != nullptr);
    CHECK(kind->make({.module = name, .threads = 1}).value()->describe().name == name);
  }
}

TEST_CASE("auto makes the best module of this machine, and the byte model is the same under every name") {
  const BackendKind* best = find_backend(Architecture::deepseek_v2, "auto");
  REQUIRE(best != nullptr);
  CHECK(best->make({.threads = 1}).value()->describe().name == usable_modules().front());
  for (const char* const name : {"auto", "ref", "cpu_base"}) {
    CHECK(find_backend(Architecture::bytes, name)->name == "echo");
  }
}

TEST_CASE("the backend of this machine refuses by name what a model has and it lacks") {
  RandomSource source{1};
  const auto refusal = [&](auto change) {
    Spec spec = small_spec();
    change(spec);
    const auto measured = find_backend(Architecture::deepseek_v2, "ref")->measure(spec, source);
    if (measured) return std::string();
    CHECK(measured.error().code == Code::bad_checkpoint);
    return measured.error().text;
  };
  const auto says = [](const std::string& text, const char* what) { return text.find(what) != std::string::npos; };
  CHECK(refusal([](Spec&) {}).empty());
  CHECK(
      says(refusal([](Spec& s) { s.attention = GqaSpec{.heads = 4, .kv_heads = 2, .head_dim = 8}; }), "grouped-query"));
  CHECK(says(refusal([](Spec& s) { s.mla().bias = true; }), "biases"));
  CHECK(says(refusal([](Spec& s) { s.moe->scoring = Scoring::sigmoid; }), "sigmoid"));
  CHECK(says(refusal([](Spec& s) { s.moe->correction_bias = true; }), "correction bias"));
  CHECK(says(refusal([](Spec& s) { s.moe->gating = Gating::group_limited_pairs; }), "two best"));
  CHECK(says(refusal([](Spec& s) { s.moe->scales_normed = true; }), "scaled"));
}

TEST_CASE("a backend refuses a model that it cannot run instead of stopping the process") {
  class Nothing : public TensorSource {
    Result<Tensor> tensor(WeightId, std::uint32_t, std::uint32_t) override {
      return Error{Code::bad_checkpoint, "there are no weights"};
    }
  };
  Nothing nothing;
  const BackendKind* host = find_backend(Architecture::deepseek_v2, "ref");
  CHECK(host->measure(bytes_spec(64), nothing).error().code == Code::bad_checkpoint);
  CHECK(host->make({.module = "ref", .threads = 1}).value()->load(bytes_spec(64), nothing, {}, {}).error().code ==
        Code::bad_checkpoint);
}
