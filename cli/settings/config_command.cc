// `shoal config`: every key there is, with its default, what it is now, and what made it so. Checks a file for scripts.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/settings/mesh_config.h"
#include "cli/settings/prefixed_options.h"
#include "cli/status/processes.h"

namespace shoal::cli {
namespace {

using config::expectation;
using config::text_of;

struct ConfigArguments {
  std::string kind;
  std::string file;
  Given given;
  bool json = false;
};

std::string source_of(const Settings::Setting& setting) { return setting.source.empty() ? "default" : setting.source; }

std::string shown(const std::string& value) { return value.empty() ? "\"\"" : value; }

void print_section(const std::string& kind, const Settings& settings) {
  std::vector<std::vector<std::string>> rows = {{"KEY", "VALUE", "FROM", "DEFAULT", "MEANING"}};
  for (const Settings::Setting& setting : settings.list()) {
    rows.push_back({setting.key, shown(text_of(setting.member)), source_of(setting), shown(setting.fallback),
                    setting.help + " (" + expectation(setting.member) + ')'});
  }
  std::printf("[%s]\n%s\n", kind.c_str(), make_table(rows).c_str());
}

Json json_of(const Settings& settings) {
  Json keys = Json::object();
  for (const Settings::Setting& setting : settings.list()) {
    keys[setting.key] = {{"value", text_of(setting.member)},
                         {"default", setting.fallback},
                         {"from", source_of(setting)},
                         {"expected", expectation(setting.member)},
                         {"meaning", setting.help}};
  }
  return keys;
}

Result<void> read(MeshSettings& settings, const ConfigArguments& arguments) {
  SHOAL_TRY(settings.read(arguments.file, arguments.given, "up"));
  for (const char* const kind : kinds) SHOAL_TRY(settings.check(kind, false));
  return {};
}

int run_config(const ConfigArguments& arguments) {
  MeshConfig config;
  MeshSettings settings(config);
  if (const auto ready = read(settings, arguments); !ready) return usage_error("config", ready.error().text);
  Json sections = Json::object();
  bool found = false;
  for (const Section& section : settings.sections()) {
    if (section.name.empty() || (!arguments.kind.empty() && section.name != arguments.kind)) continue;
    found = true;
    if (arguments.json) {
      sections[section.name] = json_of(*section.settings);
    } else {
      print_section(section.name, *section.settings);
    }
  }
  if (!found) {
    return usage_error("config", "\"" + arguments.kind +
                                     "\" is no table: gateway, preprocess, router, inference, postprocess and up are");
  }
  if (arguments.json) print_json(sections);
  return exit_code::ok;
}

}  // namespace

void add_config(Application application) {
  const auto arguments = std::make_shared<ConfigArguments>();
  CLI::App* const command = add_command(application, "config", "Show every key of the settings, or check a file",
                                        [arguments] { return run_config(*arguments); });
  command->group(group::look);
  command->add_option("kind", arguments->kind, "Only this table: a kind of process, or `up`");
  command->add_option("--config", arguments->file, "TOML file to read and check");
  command->add_flag("--json", arguments->json, "Print JSON instead of tables");
  const std::shared_ptr<Given> given(arguments, &arguments->given);
  MeshConfig defaults;
  MeshSettings settings(defaults);
  add_prefixed_options(*command, settings, given);
  set_examples(
      *command,
      {{"shoal config gateway", "what a gateway can be told"},
       {"shoal config --config=shoal.toml", "is the file right? Which line says what?"},
       {"shoal config --config=shoal.toml router --router.node=left", "with a key of the command line above it"}},
      "FROM is what gave the value: `default`, FILE:LINE or `command line`. In a file, keys that all kinds have\n"
      "may stand at the top; the others belong into the table of their kind. Exit code 2: something is wrong.");
}

}  // namespace shoal::cli
