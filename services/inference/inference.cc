#include "services/inference/inference.h"

#include <memory>
#include <new>
#include <utility>

#include "actors/host/log.h"
#include "actors/net/clock.h"
#include "base/memory.h"
#include "engine/model.h"
#include "services/inference/engine_loop.h"
#include "services/inference/inference_core.h"
#include "services/run.h"
#include "text/tokenizer.h"

namespace shoal::services {

namespace {

// What streams have of this process's memory; a warning when one that fills the context would not fit.
void say_memory(const InferenceConfig& config, const engine::Model& model) {
  const actors::LogConfig log{.format = config.log_format, .level = config.log_level, .kind = "inference"};
  actors::log_now(log, "info",
                  "event=memory weight_bytes=" + std::to_string(model.weight_bytes) +
                      " kv_bytes=" + std::to_string(model.kv.pages * model.kv.page_bytes) +
                      " kv_tokens=" + std::to_string(std::uint64_t{model.kv.pages} * page_tokens) +
                      " stream_tokens=" + std::to_string(model.stream_tokens));
  if (model.stream_tokens >= model.spec.context) return;
  const std::uint64_t needed = std::uint64_t{engine::pages_for(model.spec.context)} * model.kv.page_bytes;
  actors::log_now(log, "warning",
                  "event=context_not_held context_tokens=" + std::to_string(model.spec.context) +
                      " stream_tokens=" + std::to_string(model.stream_tokens) +
                      " a stream that fills the context would take kv_bytes=" + std::to_string(needed));
}

Result<engine::Model> open_model(const InferenceConfig& config) {
  if (config.kv_bytes > 0 && config.kv_bytes < limits::kv_bytes_min) {
    return Error{Code::bad_config, "kv_bytes: expected 0 or at least " + std::to_string(limits::kv_bytes_min) +
                                       ", got " + std::to_string(config.kv_bytes)};
  }
  try {
    return engine::open_model(config.model, {.kv_bytes = config.kv_bytes,
                                             .streams = config.slots,
                                             .sharers = config.sharers,
                                             .module = config.module,
                                             .threads = config.threads});
  } catch (const std::bad_alloc&) {
    return Error{Code::too_large, "memory ran out while " + config.model + " was read; " +
                                      in_mebibytes(memory_headroom().bytes) + " are left to it by " +
                                      std::string(memory_headroom().bound)};
  }
}

}  // namespace

int run_inference(const InferenceConfig& config) {
  if (config.step_tokens < config.slots + engine::tile_tokens) {
    return refuse_to_start(
        "inference", config,
        {Code::bad_config, "step_tokens: expected at least slots + " + std::to_string(engine::tile_tokens) + " (" +
                               std::to_string(config.slots + engine::tile_tokens) + "), got " +
                               std::to_string(config.step_tokens)});
  }
  auto model = open_model(config);
  if (!model) return refuse_to_start("inference", config, model.error());
  // The engine needs no tokenizer; its digest tells which prompts this executor understands.
  const auto tokenizer = text::Tokenizer::open(config.model);
  if (!tokenizer) return refuse_to_start("inference", config, tokenizer.error());

  auto service = service_config("inference", config);
  service.labels = {{"model", model->name},
                    {"model_digest", model->model_digest},
                    {"tokenizer_digest", (*tokenizer)->digest()},
                    {"numerics", model->numerics},
                    {"module", model->backend->describe().name},
                    {"context_tokens", std::to_string(model->spec.context)},
                    {"stream_tokens", std::to_string(model->stream_tokens)}};
  say_memory(config, *model);
  if (config.weight > 0) service.labels.push_back({"weight", std::to_string(config.weight)});
  auto step_config = engine::step_config(*model);
  // Beside those that run: those without credit, and those that are being cancelled while others come.
  step_config.streams_max = (2 + limits::parked_a_slot) * config.slots;
  step_config.scheduler = {.sequences_max = config.slots, .tokens_max = config.step_tokens};
  engine::StepCore step_core(step_config, *model->backend);
  return actors::run_service(service, [&](actors::ServiceHandle& handle) {
    auto loop = std::make_shared<inference::EngineLoop>(step_core, handle.report, actors::monotonic_now);
    const inference::InferenceCore::Config core{.slots = config.slots};
    return actors::Service{.core = std::make_unique<inference::InferenceCore>(core),
                           .engine_command = [loop](std::any command) { loop->post(std::move(command)); },
                           .stop = [loop] { loop->stop(); }};
  });
}

}  // namespace shoal::services
