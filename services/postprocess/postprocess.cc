#include "services/postprocess/postprocess.h"

#include <memory>

#include "services/model_name.h"
#include "services/postprocess/postprocess_core.h"
#include "services/run.h"

namespace shoal::services {

int run_postprocess(const PostprocessConfig& config) {
  const auto tokenizer = text::Tokenizer::open(config.model);
  if (!tokenizer) return refuse_to_start("postprocess", config, tokenizer.error());
  auto service = service_config("postprocess", config);
  service.labels = {{"model", model_name(config.model)}, {"tokenizer_digest", (*tokenizer)->digest()}};
  return actors::run_service(service, [tokenizer = *tokenizer](actors::ServiceHandle& handle) {
    return actors::Service{
        .core = std::make_unique<postprocess::PostprocessCore>(
            postprocess::PostprocessCore::Config{.tokenizer_digest = tokenizer->digest(),
                                                 .first_handle = static_cast<std::uint32_t>(handle.self.epoch)},
            tokenizer)};
  });
}

}  // namespace shoal::services
