#include "engine/model.h"

#include <algorithm>
#include <utility>

#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/config.h"
#include "kernels/echo.h"
#include "kernels/modules.h"
#include "kernels/weights.h"

namespace shoal::engine {
namespace {

constexpr std::uint32_t bytes_context_tokens = 8192;
constexpr std::size_t bytes_kv_bytes_max = std::size_t{4} << 20;  // a million tokens

Result<Model> open_bytes(const ModelOptions& options) {
  Model model;
  auto backend = std::make_unique<kernels::EchoBackend>();
  auto kv = backend->reserve_kv(std::min(options.kv_bytes, bytes_kv_bytes_max));
  if (!kv) return std::move(kv).error();
  model.kv = *kv;
  model.spec = kernels::echo_spec(bytes_context_tokens);
  model.name = "bytes";
  model.eos_ids = {kernels::echo_eos_id};
  model.model_digest = std::string(32, '0');
  model.numerics = backend->describe().numerics;
  model.backend = std::move(backend);
  return model;
}

Result<Model> open_directory(const std::filesystem::path& path, const ModelOptions& options) {
  Model model;
  auto spec = read_spec(path / "config.json");
  if (!spec) return std::move(spec).error();
  model.spec = *spec;
  auto eos_ids = read_eos_ids(path, spec->vocab);
  if (!eos_ids) return std::move(eos_ids).error();
  model.eos_ids = std::move(*eos_ids);

  auto checkpoint = Checkpoint::open(path);
  if (!checkpoint) return std::move(checkpoint).error();
  auto digest = checkpoint->digest();
  if (!digest) return std::move(digest).error();
  model.model_digest = std::move(*digest);
  auto made = kernels::make_host_backend({.module = options.module, .threads = options.threads});
  if (!made) return std::move(made).error();
  auto backend = std::move(*made);
  SHOAL_TRY(backend->load(model.spec, *checkpoint));
  auto kv = backend->reserve_kv(options.kv_bytes);
  if (!kv) return std::move(kv).error();
  model.kv = *kv;
  model.name = (path.has_filename() ? path : path.parent_path()).filename().string();
  model.numerics = backend->describe().numerics;
  model.backend = std::move(backend);
  return model;
}

}  // namespace

Result<Model> open_model(const std::filesystem::path& path, const ModelOptions& options) {
  if (path == "bytes") return open_bytes(options);
  return open_directory(path, options);
}

Result<ModelSummary> check_model(const std::filesystem::path& path) {
  ModelSummary summary;
  if (path == "bytes") {
    summary.spec = kernels::echo_spec(bytes_context_tokens);
    summary.architecture = "bytes";
    return summary;
  }
  const auto spec = read_spec(path / "config.json");
  if (!spec) return spec.error();
  if (const auto eos_ids = read_eos_ids(path, spec->vocab); !eos_ids) return eos_ids.error();
  auto checkpoint = Checkpoint::open(path);
  if (!checkpoint) return checkpoint.error();
  const auto bytes = kernels::check_weights(*spec, *checkpoint);
  if (!bytes) return bytes.error();
  return ModelSummary{*spec, "deepseek_v2", *bytes};
}

StepCore::Config step_config(const Model& model) {
  StepCore::Config config;
  config.vocab = model.spec.vocab;
  config.context_tokens = model.spec.context;
  config.pages = model.kv.pages;
  return config;
}

}  // namespace shoal::engine
