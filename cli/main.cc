// `shoal`: the one binary. Every process of a mesh and every tool for people is a subcommand of it.
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/nearest.h"
#include "cli/command.h"
#include "cli/help.h"

namespace {

// Whether the first word is a command; says so if it is none, with the nearest.
bool is_command(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == word) return true;
    if (!command->get_group().empty()) names.push_back(command->get_name());
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  std::fprintf(stderr, "shoal: there is no command \"%s\"%s\n`shoal --help` lists them.\n", word.c_str(),
               shoal::did_you_mean(word, known).c_str());
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  namespace cli = shoal::cli;
  CLI::App app{
      "Shoal: a mesh of small processes that serves DeepSeek-family language models.\n"
      "New here? `shoal up` starts a whole mesh on this machine."};
  app.name("shoal");
  app.set_version_flag("--version", "shoal " SHOAL_VERSION);
  app.require_subcommand(1);
  app.formatter(std::make_shared<cli::Help>());
  int exit_code = cli::exit_code::ok;
  const cli::Application application{app, exit_code};
  cli::add_up(application);
  cli::add_stop(application);
  cli::add_chat(application);
  cli::add_status(application);
  cli::add_logs(application);
  cli::add_explain(application);
  cli::add_replay(application);
  cli::add_doctor(application);
  cli::add_config(application);
  cli::add_services(application);
  cli::add_bench(application);
  cli::add_completion(application);
  // After the commands, which would inherit it.
  cli::set_examples(app,
                    {{"shoal up", "a mesh on this machine, until Ctrl-C"},
                     {"shoal chat \"What is 17 + 25?\"", "asks it, from another terminal"},
                     {"shoal doctor", "what this machine lacks, if something does not work"}},
                    "`shoal COMMAND --help` explains a command.");
  if (argc == 1) {
    std::fputs(cli::overview, stdout);
    return cli::exit_code::ok;
  }
  if (argc > 1 && argv[1][0] != '-' && !is_command(app, argv[1])) return cli::exit_code::usage;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? cli::exit_code::ok : cli::exit_code::usage;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "shoal: %s\n", error.what());
    return cli::exit_code::failed;
  }
  return exit_code;
}
