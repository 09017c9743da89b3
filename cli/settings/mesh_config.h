// Every setting there is: of each kind, of what they share, and of `shoal up`. What one configuration file may hold.
// Used at the start of a process.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/up/up_plan.h"
#include "config/file.h"
#include "config/settings.h"
#include "services/gateway/config.h"
#include "services/inference/config.h"
#include "services/postprocess/config.h"
#include "services/preprocess/config.h"
#include "services/router/config.h"

namespace shoal::cli {

using config::Given;
using config::Section;
using config::Settings;

struct MeshConfig {
  services::CommonConfig common;
  services::GatewayConfig gateway;
  services::PreprocessConfig preprocess;
  services::RouterConfig router;
  services::InferenceConfig inference;
  services::PostprocessConfig postprocess;
  UpOptions up;
};

// "gateway.node" is key "node" of section "gateway"; without a dot it belongs to `section`.
std::pair<std::string, std::string> section_and_key(const std::string& name, const std::string& section);

// The settings of a MeshConfig, which must live as long.
class MeshSettings {
public:
  explicit MeshSettings(MeshConfig& config);
  MeshSettings(const MeshSettings&) = delete;
  MeshSettings& operator=(const MeshSettings&) = delete;

  // "" for what all share, then the kinds in the order in which a request meets them, then "up".
  std::span<const Section> sections() const { return sections_; }

  // Of one of these sections; a bug otherwise.
  Settings& of(const std::string& section);

  // The file, unless `path` is empty, as read_config_file does; then what stood on the command line above it, where a
  // key without a kind belongs to `section`.
  Result<void> read(const std::string& path, const Given& given, const std::string& section);

  // What no single value shows: addresses that are none, or that others can reach although `insecure` was not said;
  // with `complete` also a model that is missing. Fails with bad_config.
  Result<void> check(const std::string& kind, bool complete) const;

private:
  MeshConfig& config_;
  std::vector<Settings> settings_;
  std::vector<Section> sections_;
};

}  // namespace shoal::cli
