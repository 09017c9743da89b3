// `shoal`: the one binary. Every process of a mesh and every tool for people is a subcommand of it.
#include <exception>

#include "cli/command.h"

int main(int argc, char** argv) {
  namespace cli = shoal::cli;
  CLI::App app{
      "Shoal: a mesh of small processes that serves DeepSeek-family language models.\n"
      "New here? `shoal up` starts a whole mesh on this machine and shows a first answer."};
  app.name("shoal");
  app.set_version_flag("--version", "shoal " SHOAL_VERSION);
  app.require_subcommand(1);
  app.footer("`shoal COMMAND --help` explains a command.");
  int exit_code = cli::exit_code::ok;
  const cli::Application application{app, exit_code};
  cli::add_up(application);
  cli::add_chat(application);
  cli::add_status(application);
  cli::add_explain(application);
  cli::add_replay(application);
  cli::add_services(application);
  cli::add_bench(application);
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
