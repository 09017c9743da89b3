#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/config.h"
#include "kernels/host/modules.h"

using namespace shoal;
using namespace shoal::engine;
namespace fs = std::filesystem;

namespace {

const fs::path root = SHOAL_ROOT;

struct Prompt {
  std::vector<TokenId> ids;
  std::vector<std::uint32_t> positions;
  std::vector<std::size_t> rows;
};

struct Golden {
  fs::path model;
  std::uint32_t vocab = 0;
  std::vector<Prompt> prompts;
  std::vector<float> logits;  // [rows, vocab]
};

Golden read_golden(const fs::path& json_path) {
  std::ifstream text(json_path);
  const auto json = nlohmann::json::parse(text);
  Golden golden{.model = root / json["model"].get<std::string>(), .vocab = json["vocab"], .prompts = {}, .logits = {}};
  for (const auto& prompt : json["prompts"]) {
    golden.prompts.push_back({prompt["ids"], prompt["positions"], prompt["rows"]});
  }
  fs::path numbers = json_path;
  numbers.replace_extension(".f32");
  golden.logits.resize(fs::file_size(numbers) / sizeof(float));
  std::ifstream(numbers, std::ios::binary)
      .read(reinterpret_cast<char*>(golden.logits.data()),
            static_cast<std::streamsize>(golden.logits.size() * sizeof(float)));
  return golden;
}

struct Loaded {
  kernels::Spec spec;
  std::unique_ptr<kernels::HostBackend> backend;
};

Loaded load(const fs::path& directory, const kernels::HostOptions& options) {
  auto spec = read_spec(directory / "config.json");
  REQUIRE_MESSAGE(spec, (spec ? "" : spec.error().text));
  auto checkpoint = Checkpoint::open(directory);
  REQUIRE_MESSAGE(checkpoint, (checkpoint ? "" : checkpoint.error().text));
  Loaded loaded{*spec, kernels::make_host_backend(options).value()};
  const auto done = loaded.backend->load(*spec, *checkpoint, {}, {});
  REQUIRE_MESSAGE(done, (done ? "" : done.error().text));
  REQUIRE(loaded.backend->reserve_kv(std::size_t{32} << 20, 1));
  return loaded;
}

// The largest |difference| / max(1, rms of the row) over all golden rows.
double worst_difference(const Golden& golden, const kernels::HostOptions& options) {
  const Loaded model = load(golden.model, options);
  CHECK(model.spec.vocab == golden.vocab);
  double worst = 0;
  for (const Prompt& prompt : golden.prompts) {
    std::vector<kernels::PageId> pages(prompt.ids.size() / page_tokens + 1);
    std::iota(pages.rbegin(), pages.rend(), 1);
    std::vector<float> logits(prompt.ids.size() * golden.vocab);
    const kernels::SeqStep step{.pages = pages, .first = 0, .ids = prompt.ids, .logits = logits};
    REQUIRE(model.backend->wait(model.backend->submit({&step, 1})));
    for (std::size_t i = 0; i < prompt.positions.size(); ++i) {
      const float* want = golden.logits.data() + prompt.rows[i] * golden.vocab;
      const float* got = logits.data() + std::size_t{prompt.positions[i]} * golden.vocab;
      double squares = 0;
      double difference = 0;
      for (std::uint32_t t = 0; t < golden.vocab; ++t) {
        squares += double(want[t]) * want[t];
        difference = std::max(difference, std::abs(double(want[t]) - got[t]));
        if (std::isnan(got[t])) return NAN;
      }
      worst = std::max(worst, difference / std::max(1.0, std::sqrt(squares / golden.vocab)));
    }
  }
  return worst;
}

}  // namespace

TEST_CASE("every branch of deepseek_v2 gives the oracle's logits, in both forms of MLA") {
  int models = 0;
  for (const auto& entry : fs::directory_iterator(root / "tests/golden/tiny")) {
    if (!entry.is_directory()) continue;
    CAPTURE(entry.path().filename().string());
    const Golden golden = read_golden(entry.path() / "logits.json");
    REQUIRE(!golden.prompts.empty());
    for (const auto form : {kernels::MlaForm::absorbed, kernels::MlaForm::expanded}) {
      CHECK(worst_difference(golden, {.module = "ref", .threads = 1, .form = form}) <= 1e-4);
    }
    for (const std::string& module : kernels::modules_here()) {
      CAPTURE(module);
      CHECK(worst_difference(golden, {.module = module, .threads = 2}) <= 1e-4);
    }
    ++models;
  }
  CHECK(models >= 7);
}

// Positions where a gate's margin is below 1e-4 were counted and left out when these were made
// (tools/goldens/logits.py).
TEST_CASE("trained models give their stored logits") {
  if (!fs::exists(root / "tests/golden/logits")) return;
  for (const auto& entry : fs::directory_iterator(root / "tests/golden/logits")) {
    if (entry.path().extension() != ".json") continue;
    CAPTURE(entry.path().filename().string());
    for (const std::string module : {"ref", "auto"}) {
      CAPTURE(module);
      CHECK(worst_difference(read_golden(entry.path()), {.module = module, .threads = 2}) <= 1e-4);
    }
  }
}
