// `shoal gateway`, `preprocess`, `router`, `inference` and `postprocess`: one process of the mesh each. The settings
// are read, checked and printed here; run_<kind>() does the rest.
#include <memory>
#include <string>

#include "actors/host/log.h"
#include "cli/command.h"
#include "cli/settings/mesh_config.h"
#include "config/options.h"
#include "services/gateway/gateway.h"
#include "services/inference/inference.h"
#include "services/postprocess/postprocess.h"
#include "services/preprocess/preprocess.h"
#include "services/router/router.h"

namespace shoal::cli {
namespace {

using config::add_setting_options;
using config::Given;

Result<void> read(MeshSettings& settings, const std::string& kind, const Given& given, const std::string& file) {
  SHOAL_TRY(settings.read(file, given, kind));
  return settings.check(kind, true);
}

template <class Config>
void add_service(Application application, const std::string& kind, const std::string& description,
                 Config MeshConfig::*member, int (*run)(const Config&)) {
  const auto given = std::make_shared<Given>();
  const auto file = std::make_shared<std::string>();
  CLI::App* const command = add_command(application, kind, description, [kind, given, file, member, run] {
    MeshConfig config;
    MeshSettings settings(config);
    const auto ready = read(settings, kind, *given, *file);
    if (!ready) return usage_error(kind, ready.error().text);
    const Config& chosen = config.*member;
    actors::log_now({.format = chosen.log_format, .level = chosen.log_level, .kind = kind}, "info",
                    "event=configuration " + settings.of(kind).print());
    return run(chosen);
  });
  command->group(group::process);
  command->add_option("--config", *file, "TOML file with keys of all kinds; --key=value stands above it");
  Config defaults;
  add_setting_options(*command, Settings(defaults), given);
  const bool needs_model = kind != "gateway" && kind != "router";
  const std::string routers = kind == "router" ? " --bind=tcp://127.0.0.1:5572" : "";
  const std::string client = kind == "gateway" ? " --client_bind=tcp://127.0.0.1:5575" : "";
  const std::string model = needs_model ? " --model=models/shoal-tiny" : "";
  set_examples(*command, {{"shoal " + kind + " --routers=tcp://127.0.0.1:5570" + routers + client + model,
                           needs_model ? "one more for the mesh of `shoal up`; all in a mesh have the same model"
                                       : "one more for the mesh of `shoal up`"},
                          {"shoal config " + kind, "every key with its default"}});
}

}  // namespace

void add_services(Application application) {
  add_service(application, "gateway", "The clients' edge: owns their requests", &MeshConfig::gateway,
              services::run_gateway);
  add_service(application, "preprocess", "Renders chat templates and tokenizes", &MeshConfig::preprocess,
              services::run_preprocess);
  add_service(application, "router", "Knows who is alive and places requests", &MeshConfig::router,
              services::run_router);
  add_service(application, "inference", "Runs the model", &MeshConfig::inference, services::run_inference);
  add_service(application, "postprocess", "Turns ids into text", &MeshConfig::postprocess, services::run_postprocess);
}

}  // namespace shoal::cli
