#include "engine/model.h"

#include <algorithm>
#include <new>
#include <system_error>
#include <utility>

#include "base/cores.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/config.h"
#include "engine/memory_plan.h"
#include "kernels/backends.h"

namespace shoal::engine {
namespace {

constexpr std::uint32_t bytes_context_tokens = 8192;
constexpr std::size_t bytes_kv_bytes_max = std::size_t{4} << 20;  // a million tokens

std::uint32_t stream_tokens(std::uint32_t context, std::uint32_t pages) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(context, std::uint64_t{pages} * page_tokens));
}

// The byte model's.
class NoWeights : public kernels::TensorSource {
  Result<kernels::Tensor> tensor(kernels::WeightId, std::uint32_t, std::uint32_t) override {
    return Error{Code::bad_checkpoint, "the byte model has no weights"};
  }
};

Result<const kernels::BackendKind*> backend_for(kernels::Architecture architecture, const std::string& module) {
  const kernels::BackendKind* kind = kernels::find_backend(architecture, module);
  if (kind == nullptr) return Error{Code::bad_checkpoint, "no backend of this program runs the model's architecture"};
  return kind;
}

MemoryNeed memory_need(const kernels::Spec& spec, const kernels::ModelBytes& bytes, const ModelOptions& options) {
  const std::uint32_t threads = options.threads > 0 ? options.threads : usable_cores();
  return {.weight_bytes = bytes.packed,
          .page_bytes = bytes.page,
          .context_pages = pages_for(spec.context),
          .streams = options.streams,
          .rest_bytes = process_rest_bytes(threads),
          .kv_bytes = options.kv_bytes,
          .sharers = options.sharers};
}

Result<Model> open_bytes(const ModelOptions& options) {
  Model model;
  model.spec = kernels::bytes_spec(bytes_context_tokens);
  const auto kind = backend_for(model.spec.architecture, options.module);
  if (!kind) return kind.error();
  auto made = (*kind)->make({.module = options.module, .threads = options.threads});
  if (!made) return std::move(made).error();
  model.backend = std::move(*made);
  NoWeights none;
  SHOAL_TRY(model.backend->load(model.spec, none, {}, {}));
  auto kv = model.backend->reserve_kv(
      options.kv_bytes == 0 ? bytes_kv_bytes_max : std::min(options.kv_bytes, bytes_kv_bytes_max), options.streams);
  if (!kv) return std::move(kv).error();
  model.kv = *kv;
  model.stream_tokens = stream_tokens(bytes_context_tokens, kv->pages);
  model.name = "bytes";
  model.eos_ids = {kernels::bytes_eos_id};
  model.model_digest = std::string(32, '0');
  model.numerics = model.backend->describe().numerics;
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
  const auto kind = backend_for(spec->architecture, options.module);
  if (!kind) return kind.error();
  const auto bytes = (*kind)->measure(*spec, *checkpoint);
  if (!bytes) return bytes.error();
  model.weight_bytes = bytes->packed;
  const MemoryNeed need = memory_need(*spec, *bytes, options);
  const auto kv_bytes = plan_kv(need, memory_headroom());
  if (!kv_bytes) return kv_bytes.error();
  const auto no_room = [&](const std::string& why) {
    return Error{Code::too_large,
                 describe(need, *kv_bytes) + "; " + why + ": free some memory, or set a smaller kv_bytes"};
  };
  if (!can_map(need.weight_bytes + *kv_bytes + need.rest_bytes)) return no_room("the system does not give as much");
  auto digest = checkpoint->digest();
  if (!digest) return std::move(digest).error();
  model.model_digest = std::move(*digest);
  try {
    auto made = (*kind)->make({.module = options.module, .threads = options.threads});
    if (!made) return std::move(made).error();
    model.backend = std::move(*made);
    SHOAL_TRY(model.backend->load(model.spec, *checkpoint, {}, {}));
    auto kv = model.backend->reserve_kv(*kv_bytes, options.streams);
    if (!kv) return std::move(kv).error();
    model.kv = *kv;
  } catch (const std::bad_alloc&) {
    return no_room("memory ran out while it was loaded");
  } catch (const std::system_error& error) {
    return no_room("a thread could not be started (" + std::string(error.what()) + ")");
  }
  if (!can_map(need.rest_bytes)) return no_room("too little is left beside weights and KV pages");
  model.stream_tokens = stream_tokens(model.spec.context, model.kv.pages);
  model.name = (path.has_filename() ? path : path.parent_path()).filename().string();
  model.numerics = model.backend->describe().numerics;
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
    summary.spec = kernels::bytes_spec(bytes_context_tokens);
    summary.architecture = "bytes";
    return summary;
  }
  const auto spec = read_spec(path / "config.json");
  if (!spec) return spec.error();
  if (const auto eos_ids = read_eos_ids(path, spec->vocab); !eos_ids) return eos_ids.error();
  auto checkpoint = Checkpoint::open(path);
  if (!checkpoint) return checkpoint.error();
  const auto kind = backend_for(spec->architecture, "auto");
  if (!kind) return kind.error();
  const auto bytes = (*kind)->measure(*spec, *checkpoint);
  if (!bytes) return bytes.error();
  return ModelSummary{*spec, "deepseek_v2", bytes->stored, pages_for(spec->context) * bytes->page};
}

StepCore::Config step_config(const Model& model) {
  StepCore::Config config;
  config.vocab = model.spec.vocab;
  config.context_tokens = model.spec.context;
  config.pages = model.kv.pages;
  return config;
}

}  // namespace shoal::engine
