#include "services/router/router.h"

#include <memory>

#include "services/router/router_core.h"
#include "services/router/tiers_file.h"
#include "services/run.h"

namespace shoal::services {

int run_router(const RouterConfig& config) {
  const auto tiers = config.tiers.empty() ? Result<router::Tiers>(router::Tiers{}) : router::read_tiers(config.tiers);
  if (!tiers) return refuse_to_start("router", tiers.error());
  return actors::run_service(service_config("router", config), [&tiers](actors::ServiceHandle& handle) {
    return actors::Service{
        .core = std::make_unique<router::RouterCore>(router::RouterCore::Config{.self = handle.self, .tiers = *tiers})};
  });
}

}  // namespace shoal::services
