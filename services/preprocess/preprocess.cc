#include "services/preprocess/preprocess.h"

#include <ctime>
#include <memory>

#include "actors/host/log.h"
#include "base/key_values.h"
#include "services/preprocess/preparer.h"
#include "services/run.h"

namespace shoal::services {
namespace {

std::tm local_time() {
  const std::time_t now = std::time(nullptr);
  std::tm out{};
  localtime_r(&now, &out);
  return out;
}

}  // namespace

int run_preprocess(const PreprocessConfig& config) {
  const auto preparer = preprocess::Preparer::open(config.model, local_time);
  if (!preparer) return refuse_to_start("preprocess", config, preparer.error());
  if (const std::string flaw = (*preparer)->chat_flaw(); !flaw.empty()) {
    actors::log_now({.format = config.log_format, .level = config.log_level, .kind = "preprocess"}, "warning",
                    "event=no_chat text=" + quoted_value(flaw));
  }
  auto service = service_config("preprocess", config);
  service.labels = {{"model", (*preparer)->model()}, {"tokenizer_digest", (*preparer)->tokenizer().digest()}};
  return actors::run_service(service, [preparer = *preparer](actors::ServiceHandle&) {
    return actors::Service{.core = std::make_unique<preprocess::PreprocessCore>(
                               preprocess::PreprocessCore::Config{},
                               [preparer](const protocol::Prepare& request) { return preparer->prepare(request); })};
  });
}

}  // namespace shoal::services
