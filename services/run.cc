#include "services/run.h"

#include "actors/host/log.h"
#include "config/checks.h"

namespace shoal::services {

actors::ServiceConfig service_config(const std::string& kind, const CommonConfig& config) {
  actors::ServiceConfig service;
  service.kind = kind;
  service.node = config.node;
  service.routers = config::with_transports(config.routers);
  service.bind = config.bind;
  service.advertise = config.advertise;
  service.insecure = config.insecure;
  service.drain_ms = config.drain_ms;
  service.log_format = config.log_format;
  service.log_level = config.log_level;
  return service;
}

int refuse_to_start(const std::string& kind, const CommonConfig& config, const Error& error) {
  actors::log_refusal({.format = config.log_format, .level = config.log_level, .kind = kind}, error);
  return 78;
}

}  // namespace shoal::services
