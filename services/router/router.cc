#include "services/router/router.h"

#include <chrono>
#include <cstdlib>
#include <memory>
#include <utility>

#include "actors/net/clock.h"
#include "services/router/admission/tiers_file.h"
#include "services/router/decisions/log_file.h"
#include "services/router/router_core.h"
#include "services/run.h"

namespace shoal::services {
namespace {

Result<router::PolicyConfig> policy_of(const RouterConfig& config) {
  router::PolicyConfig policy;
  policy.policy = config.policy;
  policy.latency_ref_ms = config.latency_ref_ms;
  policy.seed = config.seed;
  if (config.score_weights.size() != policy.score_weights.size()) {
    return Error{Code::bad_config, "score_weights: expected three numbers, for GPU, CPU and latency: 0.6,0.3,0.1"};
  }
  for (std::size_t i = 0; i < policy.score_weights.size(); ++i) {
    const std::string& text = config.score_weights[i];
    char* end = nullptr;
    policy.score_weights[i] = std::strtod(text.c_str(), &end);
    if (text.empty() || end != text.c_str() + text.size()) {
      return Error{Code::bad_config, "score_weights: \"" + text + "\" is no number"};
    }
  }
  SHOAL_TRY(router::find_policy(policy));
  return policy;
}

std::uint64_t unix_ms() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(since).count());
}

}  // namespace

int run_router(const RouterConfig& config) {
  const auto tiers = config.tiers.empty() ? Result<router::Tiers>(router::Tiers{}) : router::read_tiers(config.tiers);
  if (!tiers) return refuse_to_start("router", config, tiers.error());
  const auto policy = policy_of(config);
  if (!policy) return refuse_to_start("router", config, policy.error());
  std::shared_ptr<router::LogFile> log;
  if (!config.event_log.empty()) {
    auto opened = router::LogFile::open(config.event_log, {actors::monotonic_now, unix_ms});
    if (!opened) return refuse_to_start("router", config, opened.error());
    log = *std::move(opened);
  }
  return actors::run_service(service_config("router", config), [&](actors::ServiceHandle& handle) {
    router::RouterCore::Config core{.self = handle.self, .tiers = *tiers, .policy = *policy, .log = {}};
    if (core.policy.seed == 0) core.policy.seed = handle.seed;
    if (log != nullptr) {
      log->begin({handle.self.epoch, handle.self.node, core.policy});
      core.log = [log](const std::vector<router::EventPtr>& events) { log->write(events); };
    }
    return actors::Service{.core = std::make_unique<router::RouterCore>(std::move(core))};
  });
}

}  // namespace shoal::services
