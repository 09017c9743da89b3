#include "cli/settings/mesh_config.h"

#include <algorithm>

#include "base/check.h"
#include "config/checks.h"

namespace shoal::cli {
namespace {

using config::check_bind;
using config::check_routers;

Result<void> check_common(const services::CommonConfig& config, bool needs_model) {
  SHOAL_TRY(check_routers(config.routers));
  SHOAL_TRY(check_bind("bind", config.bind, config.insecure));
  if (!needs_model || !config.model.empty()) return {};
  return Error{Code::bad_config, "model: expected a directory, or `bytes` for an echo without a model"};
}

}  // namespace

MeshSettings::MeshSettings(MeshConfig& config) : config_(config) {
  settings_ = {Settings(config.common), Settings(config.gateway),   Settings(config.preprocess),
               Settings(config.router), Settings(config.inference), Settings(config.postprocess),
               Settings(config.up)};
  const char* const names[] = {"", "gateway", "preprocess", "router", "inference", "postprocess", "up"};
  for (std::size_t i = 0; i < settings_.size(); ++i) sections_.push_back({names[i], &settings_[i]});
}

Settings& MeshSettings::of(const std::string& section) {
  const auto found = std::find_if(sections_.begin(), sections_.end(),
                                  [&](const Section& candidate) { return candidate.name == section; });
  SHOAL_CHECK(found != sections_.end());
  return *found->settings;
}

std::pair<std::string, std::string> section_and_key(const std::string& name, const std::string& section) {
  const std::size_t dot = name.find('.');
  return dot == std::string::npos ? std::pair(section, name) : std::pair(name.substr(0, dot), name.substr(dot + 1));
}

Result<void> MeshSettings::read(const std::string& path, const Given& given, const std::string& section) {
  if (!path.empty()) SHOAL_TRY(config::read_config_file(path, sections_));
  for (const auto& [name, value] : given) {
    const auto [owner, key] = section_and_key(name, section);
    SHOAL_TRY(of(owner).assign(key, value));
  }
  return {};
}

Result<void> MeshSettings::check(const std::string& kind, bool complete) const {
  if (kind == "gateway") {
    SHOAL_TRY(check_common(config_.gateway, false));
    return check_bind("client_bind", config_.gateway.client_bind, config_.gateway.insecure);
  }
  // Neither gateways nor routers look into prompts; the others need the model, or at least its tokenizer.
  if (kind == "router") return check_common(config_.router, false);
  if (kind == "preprocess") return check_common(config_.preprocess, complete);
  if (kind == "inference") return check_common(config_.inference, complete);
  if (kind == "postprocess") return check_common(config_.postprocess, complete);
  return {};
}

}  // namespace shoal::cli
