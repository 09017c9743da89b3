// `shoal stop`: ends a mesh that `shoal up` started, wherever that was.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <thread>

#include "cli/command.h"
#include "cli/report.h"
#include "cli/up/run_folder.h"

namespace shoal::cli {
namespace {

// Longer than a mesh takes to end by itself, kills included.
constexpr std::chrono::seconds patience{60};

int run_stop(const Choice& choice) {
  const auto folder = running_folder(choice);
  if (!folder && folder.error().code == Code::bad_config) return usage_error("stop", folder.error().text);
  if (!folder && folder.error().code == Code::no_gateway) {  // no address leads to what does not run
    std::fprintf(stderr, "shoal stop: %s\n", folder.error().text.c_str());
    return exit_code::no_connection;
  }
  if (!folder) return report("stop", folder.error(), false);
  const pid_t pid = holder_of(*folder);
  if (pid != 0 && kill(pid, SIGTERM) != 0) {
    return report("stop", {Code::io, "process " + std::to_string(pid) + " cannot be asked to end"}, false);
  }
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (holder_of(*folder) != 0) {
    if (std::chrono::steady_clock::now() > deadline) {
      return report("stop", {Code::timeout, "process " + std::to_string(pid) + " still runs"}, false);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  std::printf("The mesh of process %d has ended.\n", static_cast<int>(pid));
  return exit_code::ok;
}

}  // namespace

void add_mesh_choice(CLI::App& command, Choice& choice) {
  command
      .add_option("--client_port,--client-port", choice.client_port, "The mesh that `shoal up` started with this port")
      ->type_name("PORT");
  command.add_option("--run_dir,--run-dir", choice.run_dir, "The mesh that `shoal up` started with this directory")
      ->type_name("DIR");
}

void add_stop(Application application) {
  const auto choice = std::make_shared<Choice>();
  CLI::App* const command =
      add_command(application, "stop", "End a mesh that `shoal up` started", [choice] { return run_stop(*choice); });
  command->group(group::run);
  add_mesh_choice(*command, *choice);
  set_examples(*command,
               {{"shoal stop", "the mesh of this machine"},
                {"shoal stop --client_port=6555", "of several, the one with this port"}},
               "Returns once all its processes have ended. Exit code 3: none runs.");
}

}  // namespace shoal::cli
