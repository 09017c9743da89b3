// Whether a model directory can be served, found out without loading it: for `shoal doctor`. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace shoal::services {

struct ModelCheck {
  std::string architecture;  // "deepseek_v2"
  std::uint64_t weight_bytes = 0;
  std::uint64_t context_bytes = 0;  // KV pages of one stream that fills the context
  std::uint32_t context_tokens = 0;
};

// Reads every JSON file, the headers of all shards and the tokenizer; asks for every tensor by name, shape and dtype as
// the engine would. bad_checkpoint names file, tensor and what was expected.
Result<ModelCheck> check_model(const std::string& path);

// The modules that an inference process could compute with here, best first: `auto` takes the first.
std::vector<std::string> modules_here();

}  // namespace shoal::services
