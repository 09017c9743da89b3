// The subcommands of `shoal`. Each is one file that adds itself to the application; all are listed in main.cc.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace shoal::cli {

// Exit codes, for scripts.
namespace exit_code {
inline constexpr int ok = 0;
inline constexpr int failed = 1;         // an ERROR came instead of an answer, or a process could not start
inline constexpr int usage = 2;          // the command line or the configuration is wrong
inline constexpr int no_connection = 3;  // nobody answers at the address
}  // namespace exit_code

// What the commands are for: how the help sorts them.
namespace group {
inline constexpr const char* run = "Run a mesh";
inline constexpr const char* use = "Use a mesh";
inline constexpr const char* look = "Look at it";
inline constexpr const char* process = "One process of a mesh";
}  // namespace group

struct Application {
  CLI::App& app;
  int& exit_code;  // of the subcommand that ran
};

// A subcommand that calls `run` once its options are read, unless something is left over that it does not know: then
// the nearest option that it does know is named and the exit code is `usage`.
CLI::App* add_command(Application application, const std::string& name, const std::string& description,
                      std::function<int()> run);

// What the help of a command ends with: command lines to try, each with what it does; `text` stands before them.
struct Example {
  std::string line;
  std::string what;
};
void set_examples(CLI::App& command, const std::vector<Example>& examples, const std::string& text = "");

// Says on stderr what is wrong with the command line and how to get help; returns exit_code::usage.
int usage_error(const std::string& command, const std::string& text);

// --connect of the commands that talk to a gateway.
void add_connect_option(CLI::App& command, std::vector<std::string>& addresses);

// --client_port and --run_dir of the commands that look after a mesh of `shoal up`.
struct Choice;
void add_mesh_choice(CLI::App& command, Choice& choice);

void add_bench(Application application);
void add_completion(Application application);
void add_config(Application application);
void add_doctor(Application application);
void add_logs(Application application);
void add_services(Application application);
void add_up(Application application);
void add_chat(Application application);
void add_stop(Application application);
void add_status(Application application);
void add_explain(Application application);
void add_replay(Application application);

}  // namespace shoal::cli
