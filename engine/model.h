// Opens a model directory (Hugging Face layout) into a backend that is ready to step, with what the rest of the mesh
// must know about it. The name `bytes` opens the byte model, which has no directory.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "engine/step_core.h"
#include "kernels/backend.h"
#include "kernels/spec.h"

namespace shoal::engine {

struct ModelOptions {
  std::size_t kv_bytes = std::size_t{256} << 20;  // memory for KV pages; used as streams need it. 0: a share of free
  std::uint32_t streams = 32;                     // that may run at once: no more KV than they could use
  std::uint32_t sharers = 1;                      // processes that divide the machine's free memory, this one counted
  std::string module = "auto";                    // of kernels/backends.h
  std::uint32_t threads = 0;                      // that compute; 0: all cores of this process
};

struct Model {
  std::unique_ptr<kernels::Backend> backend;  // loaded, KV reserved
  kernels::Spec spec;
  kernels::KvShape kv;
  std::uint64_t weight_bytes = 0;  // in memory
  std::uint32_t stream_tokens =
      0;                         // that one stream can hold, prompt and answer: the context, or what kv has pages for
  std::string name;              // the directory's last part, or "bytes"
  std::vector<TokenId> eos_ids;  // of generation_config.json, else config.json
  std::string model_digest;      // checkpoint and tokenizer, 32 hexadecimal digits: what a resume must match
  std::string numerics;          // how the backend rounds: what a resume prefers
};

// Code::bad_checkpoint names file, tensor and what was expected; bad_config a module that this machine cannot run;
// too_large, with what the model wants and what is free, when memory or address space does not suffice.
Result<Model> open_model(const std::filesystem::path& path, const ModelOptions& options = {});

struct ModelSummary {
  kernels::Spec spec;
  std::string architecture;         // as config.json names it in short: "deepseek_v2"
  std::uint64_t weight_bytes = 0;   // as stored
  std::uint64_t context_bytes = 0;  // of KV pages, for one stream that fills the context
};

// Whether open_model would take the directory, without loading or hashing the weights: reads the JSON files and the
// headers of the shards and asks for every tensor by name, shape and dtype. Errors as open_model's.
Result<ModelSummary> check_model(const std::filesystem::path& path);

// The engine's configuration for this model: vocabulary, context and pages are the model's.
StepCore::Config step_config(const Model& model);

}  // namespace shoal::engine
