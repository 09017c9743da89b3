#include "cli/command.h"

#include <cstdio>
#include <string_view>
#include <utility>

#include "base/nearest.h"
#include "cli/address.h"
#include "cli/help.h"
#include "config/settings.h"

namespace shoal::cli {
namespace {

// "client-bind" and "client_bind" are the same key; "--key=value" is asked about by its key.
std::string key_of(const std::string& argument) {
  std::string key = argument.substr(0, argument.find('='));
  key.erase(0, key.find_first_not_of('-'));
  for (char& c : key) c = c == '-' ? '_' : c;
  return key;
}

std::vector<std::string> known_keys(const CLI::App& command) {
  std::vector<std::string> keys;
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_lnames().empty()) keys.push_back(option->get_lnames().front());  // the others are its spellings
  }
  return keys;
}

// "bench hop": as it is called, without the program's name.
std::string name_of(const CLI::App& command) {
  const CLI::App* const parent = command.get_parent();
  if (parent == nullptr) return "";
  const std::string before = name_of(*parent);
  return before.empty() ? command.get_name() : before + " " + command.get_name();
}

int unknown_argument(const CLI::App& command, const std::string& argument) {
  if (argument.empty() || argument.front() != '-') {
    return usage_error(name_of(command), "unexpected argument \"" + argument + "\"");
  }
  const std::vector<std::string> keys = known_keys(command);
  const std::vector<std::string_view> known(keys.begin(), keys.end());
  const std::string key = key_of(argument);
  return usage_error(name_of(command), "unknown option --" + key + did_you_mean(key, known));
}

}  // namespace

CLI::App* add_command(Application application, const std::string& name, const std::string& description,
                      std::function<int()> run) {
  CLI::App* const command = application.app.add_subcommand(name, description);
  command->allow_extras();
  int& exit_code = application.exit_code;
  command->callback([command, &exit_code, run = std::move(run)] {
    const std::vector<std::string> extras = command->remaining();
    exit_code = extras.empty() ? run() : unknown_argument(*command, extras.front());
  });
  return command;
}

void set_examples(CLI::App& command, const std::vector<Example>& examples, const std::string& text) {
  std::string footer = text.empty() ? "Examples:" : wrapped(text, 80) + "\n\nExamples:";
  for (const Example& example : examples) footer += "\n  " + example.line + "\n      " + example.what;
  command.footer(footer + "\n");
}

int usage_error(const std::string& command, const std::string& text) {
  std::fprintf(stderr, "shoal %s: %s\n`shoal %s --help` lists what there is.\n", command.c_str(), text.c_str(),
               command.c_str());
  return exit_code::usage;
}

void add_connect_option(CLI::App& command, std::vector<std::string>& addresses) {
  addresses = {first_gateway};
  command
      .add_option_function<std::string>(
          "--connect", [&addresses](const std::string& list) { addresses = read_addresses(list); },
          std::string("Client address of a gateway; of several, comma separated, the first that answers (default: the "
                      "variable SHOAL_CONNECT, or ") +
              first_gateway + ')')
      ->type_name("ADDRESS")
      ->envname("SHOAL_CONNECT");
}

}  // namespace shoal::cli
