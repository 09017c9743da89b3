#include "services/preprocess/preprocess.h"

#include <memory>

#include "services/preprocess/preparer.h"
#include "services/run.h"

namespace shoal::services {

int run_preprocess(const PreprocessConfig& config) {
  const auto preparer = preprocess::Preparer::open(config.model);
  if (!preparer) return refuse_to_start("preprocess", config, preparer.error());
  auto service = service_config("preprocess", config);
  service.labels = {{"model", (*preparer)->model()}, {"tokenizer_digest", (*preparer)->tokenizer().digest()}};
  return actors::run_service(service, [preparer = *preparer](actors::ServiceHandle&) {
    return actors::Service{.core = std::make_unique<preprocess::PreprocessCore>(
                               preprocess::PreprocessCore::Config{},
                               [preparer](const protocol::Prepare& request) { return preparer->prepare(request); })};
  });
}

}  // namespace shoal::services
