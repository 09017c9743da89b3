// `shoal up`: a whole mesh on this machine. What it was told is read and checked here; up_run does the rest.
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/settings/mesh_config.h"
#include "cli/settings/prefixed_options.h"
#include "cli/status/processes.h"
#include "cli/up/detach.h"
#include "cli/up/run_folder.h"
#include "cli/up/up_run.h"

namespace shoal::cli {
namespace {

using config::add_setting_options;
using config::text_of;

// What the command line says.
struct UpArguments {
  Given given;
  std::string file;
  bool once = false;
  bool detach = false;
  bool json = false;
};

// The option of `shoal up` that decides what this key of a process is; empty if the process may be told.
std::string decided_by(const std::string& kind, const std::string& key) {
  if ((kind != "up" && key == "routers") || (kind == "router" && key == "bind")) return "--router_port";
  return kind == "gateway" && key == "client_bind" ? "--client_port" : "";
}

// Defaults, file and command line, in this order; everything in them is checked here, before a process starts.
Result<void> read(MeshConfig& config, MeshSettings& settings, const UpArguments& arguments) {
  SHOAL_TRY(settings.read(arguments.file, arguments.given, "up"));
  for (const auto& [name, value] : arguments.given) {
    const auto [kind, key] = section_and_key(name, "up");
    if (const std::string option = decided_by(kind, key); !option.empty()) {
      return Error{Code::bad_config, name + ": `shoal up` chooses it for each process; see " + option};
    }
    const std::string argument = "--" + key + '=' + value;
    if (kind != "up") config.up.kinds[kind].arguments.push_back(argument);
    // How it shall be logged holds for all, unless a kind is told otherwise.
    if (kind != "up" || !key.starts_with("log_")) continue;
    for (const char* const each : kinds) {
      auto& others = config.up.kinds[each].arguments;
      others.insert(others.begin(), argument);
      if (settings.of(each).find(key)->source != "command line") SHOAL_TRY(settings.of(each).assign(key, value));
    }
  }
  for (const char* const kind : kinds) {
    SHOAL_TRY(settings.check(kind, false));
    UpOptions::Kind& own = config.up.kinds[kind];
    own.json_log = text_of(settings.of(kind).find("log_format")->member) == "json";
    own.has_threads = kind == std::string("inference") && !settings.of(kind).find("threads")->source.empty();
    own.has_sharers = kind == std::string("inference") && !settings.of(kind).find("sharers")->source.empty();
    own.has_model = text_of(settings.of(kind).find("model")->member) != config.common.model;
    if (!arguments.file.empty()) {
      own.arguments.insert(own.arguments.begin(), "--config=" + std::filesystem::absolute(arguments.file).string());
    }
  }
  return {};
}

int run_up(const UpArguments& arguments) {
  MeshConfig config;
  MeshSettings settings(config);
  const auto ready = read(config, settings, arguments);
  const UpVoice voice(arguments.json || config.up.log_format == "json");
  if (!ready) return voice.refuse(ready.error());
  if (arguments.once && arguments.detach) {
    return usage_error("up", "--once ends after the first answer, and --detach goes on: choose one");
  }
  auto plan = make_plan(config.up);
  if (!plan) return voice.refuse(plan.error());
  const auto lock = RunLock::take(plan->run_dir);
  if (!lock) return voice.refuse(lock.error());
  const Manner manner{.once = arguments.once, .detached = arguments.detach};
  if (!arguments.detach) return run_mesh(config.up, *std::move(plan), manner, voice);
  return run_detached(
      plan->run_dir + "/up.log",
      [&](const std::function<void()>& is_up) {
        lock->name_this_process();
        return run_mesh(config.up, *std::move(plan), manner, voice, is_up);
      },
      [&](int pid) {
        voice.say("detached", {{"pid", pid}}, "It goes on in the background as process " + std::to_string(pid) + '.');
      });
}

}  // namespace

void add_up(Application application) {
  const auto arguments = std::make_shared<UpArguments>();
  CLI::App* const command =
      add_command(application, "up", "Start a whole mesh on this machine", [arguments] { return run_up(*arguments); });
  command->group(group::run);
  command->add_option("--config", arguments->file,
                      "TOML file: [up] holds the keys below, other tables those of a kind");
  command->add_flag("--once", arguments->once, "End after the first answer; the exit code says whether one came");
  command->add_flag("-d,--detach", arguments->detach,
                    "Return once the mesh is up, and let it run on; `shoal stop` ends it");
  command->add_flag("--json", arguments->json, "Say what happens as JSON, an object a line, for programs");
  const std::shared_ptr<Given> given(arguments, &arguments->given);
  MeshConfig defaults;
  MeshSettings settings(defaults);
  add_setting_options(*command, settings.of("up"), given);
  add_prefixed_options(*command, settings, given);
  set_examples(*command,
               {{"shoal up", "two processes of each kind, with the bundled model; Ctrl-C ends them"},
                {"shoal up -d", "in the background; `shoal logs` shows its logs, `shoal stop` ends it"},
                {"shoal up --model=bytes --once", "does everything work here? Without a model, for a moment"},
                {"shoal up --config=shoal.toml --inference.log_level=debug", "a file, and a key for all of a kind"}},
               "--KIND.KEY=VALUE gives a key to all processes of a kind; `shoal config` lists all keys.\n"
               "Every process is a child of this one: what dies is started again, and all end with it.");
}

}  // namespace shoal::cli
