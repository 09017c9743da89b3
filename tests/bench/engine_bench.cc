// Tokens per second of the engine on this machine, beside the floor that memory and arithmetic set in the same run.
// engine_bench [--model=DIR | --large] [--module=NAME] [--threads=N] [--repeats=N] [--json]
// Without a directory: random weights of the bundled model's shape, or of one that fits no cache (--large).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/cores.h"
#include "engine/model.h"
#include "engine/step_core.h"
#include "kernels/host/modules.h"
#include "tests/bench/floor.h"
#include "tests/unit/kernels/random_model.h"

using namespace shoal;

namespace {

struct Options {
  std::string model;
  bool large = false;
  std::string module = "auto";
  std::uint32_t threads = 0;
  int repeats = 2;
  bool json = false;
};

// About a gigabyte in bf16, half of it read for each token.
kernels::Spec large_spec() {
  kernels::Spec spec = kernels::tiny_spec();
  spec.vocab = 32'000;
  spec.hidden = 1024;
  spec.layers = 12;
  spec.dense_width = 4096;
  spec.mla().heads = 8;
  spec.moe = kernels::MoeSpec{.experts = 16, .per_token = 4, .shared = 1, .width = 768, .first_layer = 1};
  return spec;
}

// One block of random numbers for all weights: what they are does not change how long they take.
class BlockSource : public kernels::TensorSource {
public:
  Result<kernels::Tensor> tensor(kernels::WeightId id, std::uint32_t rows, std::uint32_t cols) override {
    const std::size_t count = std::size_t{rows} * cols;
    if (block_.size() < count) {
      Random random{1};
      block_.resize(count);
      for (std::uint16_t& half : block_) half = static_cast<std::uint16_t>((random.next() & 0x807f) | 0x3c80);
    }
    if (rows == 1) ones_.assign(count, 0x3f80);
    const auto* data = rows == 1 ? ones_.data() : block_.data();
    static_cast<void>(id);
    return kernels::Tensor{kernels::DType::bf16, rows, cols, reinterpret_cast<const std::byte*>(data)};
  }

private:
  std::vector<std::uint16_t> block_, ones_;
};

Result<engine::Model> open(const Options& options) {
  if (!options.model.empty()) {
    return engine::open_model(options.model, {.module = options.module, .threads = options.threads});
  }
  engine::Model model;
  model.spec = options.large ? large_spec() : kernels::tiny_spec();
  model.name = options.large ? "random, large" : "random, bundled shape";
  auto backend = kernels::make_host_backend({.module = options.module, .threads = options.threads});
  if (!backend) return std::move(backend).error();
  BlockSource source;
  SHOAL_TRY((*backend)->load(model.spec, source, {}, {}));
  auto kv = (*backend)->reserve_kv(std::size_t{1} << 30, 32);
  if (!kv) return std::move(kv).error();
  model.kv = *kv;
  model.backend = std::move(*backend);
  return model;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct Run {
  std::string what;
  double tokens_per_s = 0;
  double floor_tokens_per_s = 0;
  const char* bound = "";
};

struct Seconds {
  double prefill = 0;  // until every stream has drawn an id
  double decode = 0;   // of one step; a tenth of the steps took less, so that a busy machine shows little
};

Seconds measure(const engine::Model& model, std::uint32_t streams, std::uint32_t prompt, std::uint32_t tokens) {
  engine::StepCoreConfig config = engine::step_config(model);
  config.scheduler.tokens_max = 512 + engine::tile_tokens;
  engine::StepCore core{config, *model.backend};
  for (std::uint32_t i = 0; i < streams; ++i) {
    engine::Work work;
    work.stream.choice = static_cast<Choice>(i);
    for (std::uint32_t t = 0; t < prompt; ++t) work.prompt.push_back((t * 37 + i * 11) % model.spec.vocab);
    work.sampling.temperature = 0;
    work.max_tokens = tokens;
    work.credit_until = UINT32_MAX;
    if (!core.add(std::move(work), Time{})) std::abort();
  }
  const auto prefill_start = std::chrono::steady_clock::now();
  while (core.load().generated_tokens < streams) core.step(Time{});
  Seconds seconds{.prefill = seconds_since(prefill_start)};
  std::vector<double> steps;
  while (core.has_work()) {
    const auto start = std::chrono::steady_clock::now();
    const auto before = core.load().generated_tokens;
    core.step(Time{});
    if (core.load().generated_tokens - before == streams) steps.push_back(seconds_since(start));
  }
  std::sort(steps.begin(), steps.end());
  if (!steps.empty()) seconds.decode = steps[steps.size() / 10];
  return seconds;
}

class Bench {
public:
  Bench(const engine::Model& model, const Options& options, std::uint32_t threads)
      : model_(model), options_(options), pool_(threads) {
    read_ = bench::read_bytes_per_s(pool_, static_cast<std::size_t>(bench::weight_bytes(model.spec)));
    products_ = bench::products_per_s(pool_, model.backend->describe().name == "cpu_avx2");
  }

  double read() const { return read_; }
  double products() const { return products_; }

  Run prefill(std::uint32_t prompt) {
    double best = INFINITY;
    for (int i = 0; i < options_.repeats; ++i) best = std::min(best, measure(model_, 1, prompt, 1).prefill);
    return held("prefill " + std::to_string(prompt), prompt / best,
                bench::need_of(model_.spec, prompt, 1, prompt / 2.0), prompt);
  }

  Run decode(std::uint32_t streams) {
    const std::uint32_t prompt = options_.large ? 4 : 32;
    const std::uint32_t tokens = options_.large ? 12 : 40;
    double best = INFINITY;
    for (int i = 0; i < options_.repeats; ++i) best = std::min(best, measure(model_, streams, prompt, tokens).decode);
    return held("decode, batch " + std::to_string(streams), streams / best,
                bench::need_of(model_.spec, streams, streams, prompt + tokens / 2.0), streams);
  }

private:
  Run held(std::string what, double tokens_per_s, const bench::Need& need, double tokens) const {
    const double memory = need.bytes / read_;
    const double arithmetic = need.products / products_;
    return {std::move(what), tokens_per_s, tokens / std::max(memory, arithmetic),
            memory > arithmetic ? "memory" : "arithmetic"};
  }

  const engine::Model& model_;
  const Options& options_;
  kernels::Pool pool_;
  double read_ = 0;
  double products_ = 0;
};

bool parse(int count, char** arguments, Options& options) {
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    const std::size_t equals = argument.find('=');
    const std::string key = argument.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : argument.substr(equals + 1);
    if (key == "--model") {
      options.model = value;
    } else if (key == "--module") {
      options.module = value;
    } else if (key == "--threads") {
      options.threads = static_cast<std::uint32_t>(std::atoi(value.c_str()));
    } else if (key == "--repeats") {
      options.repeats = std::max(1, std::atoi(value.c_str()));
    } else if (key == "--large") {
      options.large = true;
    } else if (key == "--json") {
      options.json = true;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  Options options;
  if (!parse(count, arguments, options)) {
    std::fprintf(stderr,
                 "usage: engine_bench [--model=DIR | --large] [--module=NAME] [--threads=N] [--repeats=N] "
                 "[--json]\n");
    return 2;
  }
  const auto model = open(options);
  if (!model) {
    std::fprintf(stderr, "%s\n", model.error().text.c_str());
    return 1;
  }
  const std::uint32_t threads = options.threads > 0 ? options.threads : usable_cores();
  const std::string module = model->backend->describe().name;
  Bench bench(*model, options, threads);
  std::printf("model=\"%s\" weights_mb=%.1f module=%s threads=%u read_gb_per_s=%.1f products_g_per_s=%.1f\n",
              model->name.c_str(), bench::weight_bytes(model->spec) / 1e6, module.c_str(), threads, bench.read() / 1e9,
              bench.products() / 1e9);
  const std::vector<Run> runs = {bench.decode(1), bench.decode(8), bench.decode(32), bench.prefill(512)};
  std::string json;
  for (const Run& run : runs) {
    std::printf("%-18s tokens_per_s=%-8.0f floor_tokens_per_s=%-8.0f reached=%.0f%% bound=%s\n", run.what.c_str(),
                run.tokens_per_s, run.floor_tokens_per_s, 100 * run.tokens_per_s / run.floor_tokens_per_s, run.bound);
    char text[256];
    std::snprintf(text, sizeof text,
                  "%s{\"what\": \"%s\", \"tokens_per_s\": %.1f, \"floor_tokens_per_s\": %.1f, \"bound\": \"%s\"}",
                  json.empty() ? "" : ", ", run.what.c_str(), run.tokens_per_s, run.floor_tokens_per_s, run.bound);
    json += text;
  }
  if (options.json) {
    std::printf(
        "{\"model\": \"%s\", \"module\": \"%s\", \"threads\": %u, \"read_bytes_per_s\": %.0f, "
        "\"products_per_s\": %.0f, \"runs\": [%s]}\n",
        model->name.c_str(), module.c_str(), threads, bench.read(), bench.products(), json.c_str());
  }
  return 0;
}
