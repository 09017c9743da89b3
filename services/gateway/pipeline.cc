#include "services/gateway/pipeline.h"

#include <algorithm>

#include "base/limits.h"
#include "base/nearest.h"
#include "services/gateway/servers.h"

namespace shoal::gateway {
namespace {

Error bad(const std::string& text) { return {Code::bad_config, text}; }

bool is_name(const std::string& kind) {
  const bool plain = kind.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
  return plain && !kind.empty() && kind.size() <= limits::kind_bytes_max;
}

Result<void> apply(const std::string& setting, Pipeline& pipeline) {
  const std::size_t equals = setting.find('=');
  const std::string kind = equals == std::string::npos ? "" : setting.substr(0, equals);
  const std::string word = equals == std::string::npos ? setting : setting.substr(equals + 1);
  if (word != "skip" && word != "refuse") {
    return bad("on_down: expected skip, refuse, or STAGE=skip, got \"" + setting + "\"");
  }
  bool found = kind.empty();
  std::vector<std::string_view> names;
  for (std::vector<Stage>* const stages : {&pipeline.before, &pipeline.after}) {
    for (Stage& stage : *stages) {
      names.push_back(stage.kind);
      if (!kind.empty() && stage.kind != kind) continue;
      stage.skip_when_down = word == "skip";
      found = true;
    }
  }
  if (found) return {};
  return bad("on_down: \"" + kind + "\" is no stage of the pipeline" + did_you_mean(kind, names));
}

}  // namespace

Result<Pipeline> make_pipeline(const std::vector<std::string>& order, const std::vector<std::string>& on_down) {
  Pipeline pipeline;
  bool prepared = false;
  for (const std::string& kind : order) {
    std::vector<Stage>& stages = prepared ? pipeline.after : pipeline.before;
    const bool again = kind == "preprocess"
                           ? prepared
                           : std::any_of(stages.begin(), stages.end(), [&](const Stage& s) { return s.kind == kind; });
    if (again) {
      return bad("pipeline: \"" + kind + "\" stands there twice" +
                 (kind == "preprocess" ? "" : " on the same side of preprocess"));
    }
    if (kind == "preprocess") {
      prepared = true;
      continue;
    }
    if (is_mesh_kind(kind)) {
      return bad("pipeline: \"" + kind + "\" is no stage; name the kinds of services that look at requests or answers");
    }
    if (!is_name(kind)) {
      return bad("pipeline: \"" + kind + "\" is no name of a kind: expected 1 to 64 of a to z, 0 to 9, _ and -");
    }
    stages.push_back({kind});
  }
  const std::size_t count = pipeline.before.size() + pipeline.after.size();
  if (count > limits::stages_max) {
    return bad("pipeline: " + std::to_string(count) + " stages, at most " + std::to_string(limits::stages_max));
  }
  for (const std::string& setting : on_down) SHOAL_TRY(apply(setting, pipeline));
  return pipeline;
}

}  // namespace shoal::gateway
