#include "services/inference/inference.h"

#include <memory>
#include <utility>

#include "actors/net/clock.h"
#include "engine/model.h"
#include "services/inference/engine_loop.h"
#include "services/inference/inference_core.h"
#include "services/run.h"
#include "text/tokenizer.h"

namespace shoal::services {

int run_inference(const InferenceConfig& config) {
  if (config.step_tokens < config.slots + engine::tile_tokens) {
    return refuse_to_start(
        "inference", config,
        {Code::bad_config, "step_tokens: expected at least slots + " + std::to_string(engine::tile_tokens) + " (" +
                               std::to_string(config.slots + engine::tile_tokens) + "), got " +
                               std::to_string(config.step_tokens)});
  }
  auto model = engine::open_model(config.model,
                                  {.kv_bytes = config.kv_bytes, .module = config.module, .threads = config.threads});
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
                    {"context_tokens", std::to_string(model->spec.context)}};
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
                           .engine_command = [loop](const std::any& command) { loop->post(command); },
                           .stop = [loop] { loop->stop(); }};
  });
}

}  // namespace shoal::services
