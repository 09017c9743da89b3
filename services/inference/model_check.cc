#include "services/inference/model_check.h"

#include "engine/model.h"
#include "kernels/backends.h"
#include "text/tokenizer.h"

namespace shoal::services {

Result<ModelCheck> check_model(const std::string& path) {
  const auto engine = engine::check_model(path);
  if (!engine) return engine.error();
  const auto tokenizer = text::Tokenizer::open(path);
  if (!tokenizer) return tokenizer.error();
  return ModelCheck{engine->architecture, engine->weight_bytes, engine->context_bytes, engine->spec.context};
}

std::vector<std::string> modules_here() { return kernels::usable_modules(); }

}  // namespace shoal::services
