#include "services/inference/inference.h"

#include <atomic>
#include <memory>
#include <new>
#include <signal.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "actors/host/log.h"
#include "actors/net/clock.h"
#include "base/key_values.h"
#include "base/memory.h"
#include "engine/model.h"
#include "services/inference/engine_loop.h"
#include "services/inference/inference_core.h"
#include "services/run.h"
#include "text/tokenizer.h"

namespace shoal::services {

namespace {

constexpr int exit_device_lost = 71;  // EX_OSERR of sysexits.h

actors::LogConfig log_config(const InferenceConfig& config) {
  return {.format = config.log_format, .level = config.log_level, .kind = "inference"};
}

// What streams have of this process's memory; a warning when one that fills the context would not fit.
void say_memory(const InferenceConfig& config, const engine::Model& model) {
  const actors::LogConfig log = log_config(config);
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

engine::StepCoreConfig step_config_of(const InferenceConfig& config, const engine::Model& model) {
  auto step_config = engine::step_config(model);
  // Beside those that run: those without credit, and those that are being cancelled while others come.
  step_config.streams_max = (2 + limits::parked_a_slot) * config.slots;
  step_config.scheduler = {.sequences_max = config.slots, .tokens_max = config.step_tokens};
  return step_config;
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
  std::shared_ptr<engine::Model> model;
  const auto open = [&]() -> Result<inference::EngineLoop::Core> {
    auto opened = open_model(config);
    if (!opened) return std::move(opened).error();
    struct Engine {
      Engine(engine::Model loaded, const engine::StepCoreConfig& step_config)
          : model(std::move(loaded)), core(step_config, *model.backend) {}
      engine::Model model;
      engine::StepCore core;
    };
    const auto step_config = step_config_of(config, *opened);
    const auto engine = std::make_shared<Engine>(std::move(*opened), step_config);
    model = {engine, &engine->model};
    return inference::EngineLoop::Core(engine, &engine->core);
  };
  std::shared_ptr<inference::EngineLoop> loop;
  try {
    loop = std::make_shared<inference::EngineLoop>(open, actors::monotonic_now);
  } catch (const std::system_error& error) {
    return refuse_to_start("inference", config,
                           {Code::too_large, "the engine's thread could not be started (" + std::string(error.what()) +
                                                 "): free some memory, or allow more threads (ulimit -u)"});
  }
  if (const auto opened = loop->opened(); !opened) return refuse_to_start("inference", config, opened.error());
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
  model.reset();  // from here on it is the engine's alone
  std::atomic<bool> lost{false};
  const auto end = [&](const Error& error) {
    actors::log_now(log_config(config), "error", "event=device_lost text=" + quoted_value(error.text));
    lost = true;
    ::kill(::getpid(), SIGINT);  // at once: whoever still waits is told, and goes on elsewhere
  };
  const int code = actors::run_service(service, [&](actors::ServiceHandle& handle) {
    loop->start(handle.report, end);
    const inference::InferenceCore::Config core{.slots = config.slots};
    return actors::Service{.core = std::make_unique<inference::InferenceCore>(core),
                           .engine_command = [loop](std::any command) { loop->post(std::move(command)); },
                           .stop = [loop] { loop->stop(); }};
  });
  return lost ? exit_device_lost : code;
}

}  // namespace shoal::services
