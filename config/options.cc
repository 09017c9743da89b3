#include "config/options.h"

#include <algorithm>
#include <cstdint>
#include <variant>

namespace shoal::config {
namespace {

// "--run_dir,--run-dir"
std::string names_of(const std::string& name) {
  std::string dashed = name;
  std::replace(dashed.begin(), dashed.end(), '_', '-');
  return "--" + name + (dashed == name ? "" : ",--" + dashed);
}

std::string help_of(const Settings::Setting& setting) {
  std::string help = setting.help;
  const bool free = std::holds_alternative<std::string*>(setting.member) ||
                    std::holds_alternative<Settings::List*>(setting.member) ||
                    std::holds_alternative<bool*>(setting.member);
  return free ? help : help + " (" + expectation(setting.member) + ')';
}

// What to give for a key that has no default.
std::string type_of(const Settings::Setting& setting) {
  return std::holds_alternative<Settings::List*>(setting.member) ? "LIST" : "TEXT";
}

CLI::Option* add_one(CLI::App& command, const Settings::Setting& setting, const std::shared_ptr<Given>& given,
                     const std::string& prefix) {
  const std::string key = prefix + setting.key;
  if (std::holds_alternative<bool*>(setting.member)) {
    return command.add_flag_function(
        names_of(key), [given, key](std::int64_t count) { given->emplace_back(key, count > 0 ? "true" : "false"); },
        help_of(setting));
  }
  return command
      .add_option_function<std::string>(
          names_of(key), [given, key](const std::string& value) { given->emplace_back(key, value); }, help_of(setting))
      ->type_name(type_of(setting))
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
      ->default_str(text_of(setting.member));
}

}  // namespace

void add_setting_options(CLI::App& command, const Settings& settings, const std::shared_ptr<Given>& given,
                         const std::string& prefix) {
  for (const Settings::Setting& setting : settings.list()) {
    CLI::Option* const option = add_one(command, setting, given, prefix);
    if (!prefix.empty()) option->group("");
  }
}

}  // namespace shoal::config
