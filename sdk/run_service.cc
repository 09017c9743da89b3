#include "sdk/run_service.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/limits.h"
#include "base/nearest.h"
#include "base/utf8.h"
#include "config/checks.h"
#include "config/file.h"
#include "config/options.h"

namespace shoal::sdk {
namespace {

constexpr int exit_usage = 2;

// The five kinds, and `shoal up`, which has a table in the file too.
constexpr std::array<std::string_view, 6> taken = {"gateway", "preprocess", "router", "inference", "postprocess", "up"};

Error bad_config(std::string text) { return {Code::bad_config, std::move(text)}; }

int usage_error(const std::string& kind, const std::string& text) {
  std::fprintf(stderr, "%s: %s\n`--help` lists what there is.\n", kind.c_str(), text.c_str());
  return exit_usage;
}

Result<void> check_kind(const std::string& kind) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; };
  const bool named = !kind.empty() && kind.size() <= 32 && std::all_of(kind.begin(), kind.end(), fits);
  if (!named || kind.front() < 'a' || kind.front() > 'z') {
    return bad_config("kind \"" + printable(kind) +
                      "\": expected 1 to 32 characters a-z, 0-9, _ and -, the first one a letter");
  }
  if (std::find(taken.begin(), taken.end(), kind) != taken.end()) {
    return bad_config("kind \"" + kind + "\" is one of Shoal's own: a service needs another name");
  }
  return {};
}

Error unknown_argument(const CLI::App& app, const std::string& argument) {
  if (!argument.starts_with("-")) return bad_config("unexpected argument \"" + argument + '"');
  std::string key = argument.substr(0, argument.find('='));
  key.erase(0, key.find_first_not_of('-'));
  std::replace(key.begin(), key.end(), '-', '_');
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back(name);
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  return bad_config("unknown option --" + key + did_you_mean(key, known));
}

// A configuration file holds the settings of a whole mesh; those of others are none of this process's business.
Result<void> read_file(const std::string& path, const std::string& kind, config::Settings& settings) {
  ServiceConfig common;
  config::Settings top(common);
  std::vector<config::Section> sections = {{"", &top}, {"services." + kind, &settings}};
  for (const std::string_view name : taken) sections.push_back({std::string(name), nullptr});
  return config::read_config_file(path, sections);
}

Result<void> take(const std::string& kind, const std::string& file, const config::Given& given,
                  config::Settings& settings, const ServiceConfig& config) {
  if (!file.empty()) SHOAL_TRY(read_file(file, kind, settings));
  for (const auto& [key, value] : given) SHOAL_TRY(settings.assign(key, value));
  SHOAL_TRY(config::check_routers(config.routers));
  return config::check_bind("bind", config.bind, config.insecure);
}

}  // namespace

int run_service_process(const std::string& kind, int argc, const char* const* argv, config::Settings settings,
                        const ServiceConfig& config, const MakeCore& make) {
  if (const auto good = check_kind(kind); !good) return usage_error("shoal", good.error().text);
  CLI::App app{"A service of kind " + kind + " for a Shoal mesh."};
  app.name(kind);
  app.allow_extras();
  std::string file;
  const auto given = std::make_shared<config::Given>();
  app.add_option("--config", file,
                 "TOML file of a mesh; this service's table is [services." + kind + "]; --key=value stands above it");
  config::add_setting_options(app, settings, given);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  if (const auto extras = app.remaining(); !extras.empty()) {
    return usage_error(kind, unknown_argument(app, extras.front()).text);
  }
  if (const auto taken_over = take(kind, file, *given, settings, config); !taken_over) {
    return usage_error(kind, taken_over.error().text);
  }
  std::fprintf(stderr, "configuration kind=%s %s\n", kind.c_str(), settings.print().c_str());
  actors::ServiceConfig process;
  process.kind = kind;
  process.node = config.node;
  process.routers = config::with_transports(config.routers);
  process.bind = config.bind;
  process.advertise = config.advertise;
  process.insecure = config.insecure;
  process.drain_ms = config.drain_ms;
  process.log_format = config.log_format;
  process.log_level = config.log_level;
  return actors::run_service(process,
                             [&make](actors::ServiceHandle& handle) { return actors::Service{.core = make(handle)}; });
}

}  // namespace shoal::sdk
