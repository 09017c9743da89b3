#include "services/gateway/gateway.h"

#include <memory>

#include "services/gateway/gateway_core.h"
#include "services/gateway/publish_addresses.h"
#include "services/run.h"

namespace shoal::services {

int run_gateway(const GatewayConfig& config) {
  const auto pipeline = gateway::make_pipeline(config.pipeline, config.on_down);
  if (!pipeline) return refuse_to_start("gateway", config, pipeline.error());
  const auto ports = gateway::publish_addresses(config.client_bind, config.publish_bind, config.answers_bind);
  if (!ports) return refuse_to_start("gateway", config, ports.error());
  auto service = service_config("gateway", config);
  service.client_bind = config.client_bind;
  service.client_advertise = config.client_advertise;
  service.publish_bind = ports->requests;
  service.answers_bind = ports->answers;
  service.client_stalled_ms = config.client_stalled_ms;
  return actors::run_service(service, [&](actors::ServiceHandle& handle) {
    return actors::Service{.core = std::make_unique<gateway::GatewayCore>(gateway::GatewayCore::Config{
                               .epoch = handle.self.epoch,
                               .seed = handle.seed,
                               .pipeline = pipeline->before,
                               .after = pipeline->after,
                               .stage_wait_ms = config.stage_timeout_ms,
                               .published_max = ports->requests.empty() ? 0 : limits::published_max})};
  });
}

}  // namespace shoal::services
