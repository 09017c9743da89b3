// `shoal up`: a whole mesh on this machine, watched over until Ctrl-C.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <unistd.h>

#include "cli/client.h"
#include "cli/command.h"
#include "cli/mesh_config.h"
#include "cli/processes.h"
#include "cli/question.h"
#include "cli/supervisor.h"
#include "cli/up_plan.h"
#include "config/options.h"

namespace shoal::cli {
namespace {

using config::add_setting_options;
using config::Given;
using config::text_of;

using Clock = Supervisor::Clock;

// Until every process is up and known to a router. Long enough to read a large checkpoint from a slow disk.
constexpr seconds start_wait{600};
constexpr seconds still_waiting_interval{5};
constexpr milliseconds poll_interval{50};
constexpr std::uint32_t first_answer_ms_max = 120'000;
// What children get to end by themselves.
constexpr seconds end_patience{5};

void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

std::string value_of(const std::map<std::string, std::string>& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? "" : found->second;
}

class Up {
public:
  Up(const UpOptions& options, bool once, UpPlan plan)
      : options_(options),
        once_(once),
        plan_(std::move(plan)),
        supervisor_(plan_.children, [](const std::string& line) { say(line); }) {}

  int run() {
    const auto answered = start_and_ask();
    if (!answered) report(answered.error());
    if (answered && !once_) {
      print_next_steps();
      while (!supervisor_.asked_to_end()) supervisor_.step(seconds(60));
    }
    if (!once_) say("Ending.");
    supervisor_.end(end_patience);
    if (!answered && supervisor_.asked_to_end()) return exit_code::ok;
    return answered ? exit_code::ok : exit_code::failed;
  }

private:
  Result<void> start_and_ask() {
    say("Starting " + std::to_string(plan_.children.size()) + " processes with model " + plan_.model + "; logs in " +
        plan_.run_dir);
    for (const ChildSpec& child : plan_.children) std::ofstream(child.log, std::ios::trunc);
    SHOAL_TRY(supervisor_.start());
    const auto deadline = Clock::now() + start_wait;
    SHOAL_TRY(wait_until(deadline, [this] { return supervisor_.all_ready(); }));
    print_processes();
    SHOAL_TRY(wait_until(deadline, [this] { return everybody_is_known(); }));
    return ask_first();
  }

  // Lets the supervisor work until `reached`.
  template <class Condition>
  Result<void> wait_until(Clock::time_point deadline, Condition reached) {
    auto remark = Clock::now() + still_waiting_interval;
    while (!reached()) {
      if (supervisor_.asked_to_end()) return Error{Code::cancelled, "ended before the mesh was ready"};
      SHOAL_TRY(supervisor_.hopeful());
      const auto now = Clock::now();
      if (now >= deadline) return Error{Code::timeout, "the mesh is not ready in time; " + waiting_for()};
      if (now >= remark) {
        say(waiting_for());
        remark = now + still_waiting_interval;
      }
      supervisor_.step(poll_interval);
    }
    return {};
  }

  std::string waiting_for() const {
    std::string names;
    for (const Child* child : supervisor_.children()) {
      if (child->ready().empty()) names += (names.empty() ? "" : ", ") + child->spec().name;
    }
    return names.empty() ? "waiting until every process is known to the routers" : "waiting for " + names;
  }

  // Whether every gateway lists every process.
  bool everybody_is_known() const {
    return std::all_of(plan_.client_addresses.begin(), plan_.client_addresses.end(),
                       [this](const std::string& address) {
                         auto client = Client::connect(address, milliseconds(200));
                         if (!client) return false;
                         const auto processes = client->status(milliseconds(500));
                         return processes && std::all_of(std::begin(kinds), std::end(kinds), [&](const char* kind) {
                                  return count_kind(*processes, kind) >= options_.count(kind);
                                });
                       });
  }

  void print_processes() const {
    std::vector<std::vector<std::string>> rows = {{"KIND", "PID", "ADDRESS", "CLIENT"}};
    for (const Child* child : supervisor_.children()) {
      rows.push_back({child->spec().kind, std::to_string(child->pid()), value_of(child->ready(), "address"),
                      value_of(child->ready(), "client")});
    }
    std::fputs(make_table(rows).c_str(), stdout);
    std::fflush(stdout);
  }

  std::string first_prompt() const { return plan_.model == "bytes" ? "Hello, Shoal!" : "What is 17 + 25?"; }

  Result<void> ask_first() {
    auto client = Client::connect_any(plan_.client_addresses, seconds(5));
    if (!client) return client.error();
    say("\n> " + first_prompt());
    AnswerPrinter printer(stdout, true);
    const Json messages = {{{"role", "user"}, {"content", first_prompt()}}};
    const auto answer = ask(*client, {{"messages", messages}, {"temperature", 0}, {"deadline_ms", first_answer_ms_max}},
                            printer, [this] {
                              supervisor_.step(milliseconds(0));
                              return !supervisor_.asked_to_end();
                            });
    printer.end();
    if (answer) return {};
    if (answer.error().code != Code::no_service || once_) return answer.error();
    say(answer.error().text + ".\nStages that are services of their own join a mesh that is up: start them now.");
    return {};
  }

  void report(const Error& error) const {
    if (supervisor_.asked_to_end()) return;
    std::fprintf(stderr, "shoal up: %s: %s\n", std::string(name(error.code)).c_str(), error.text.c_str());
    std::fprintf(stderr, "The logs are in %s.\n", plan_.run_dir.c_str());
  }

  void print_next_steps() const {
    std::error_code error;
    const auto binary = std::filesystem::read_symlink("/proc/self/exe", error);
    const auto here = std::filesystem::current_path(error);
    std::string shoal = std::filesystem::proximate(binary, here, error).string();
    if (shoal.find('/') == std::string::npos) shoal = "./" + shoal;
    const std::string& address = plan_.client_addresses.front();
    const std::string connect = options_.client_port == 5555 ? "" : " --connect=" + address;
    say("\nThe mesh is up: clients talk to " + address + ". From another terminal:");
    say("  " + shoal + " chat" + connect + " \"" + first_prompt() + "\"");
    say("  " + shoal + " chat" + connect + "   (a conversation)");
    say("  " + shoal + " status" + connect);
    if (std::filesystem::is_regular_file("clients/python/examples/ten_lines.py", error)) {
      say("  /usr/bin/python3 clients/python/examples/ten_lines.py" +
          (options_.client_port == 5555 ? "" : " " + address));
    }
    say("Ctrl-C ends it and all its processes.");
  }

  const UpOptions& options_;
  const bool once_;
  UpPlan plan_;
  Supervisor supervisor_;
};

// What the command line says.
struct UpArguments {
  Given given;
  std::string file;
  bool once = false;
};

// The option of `shoal up` that decides what this key of a process is; empty if the process may be told.
std::string decided_by(const std::string& kind, const std::string& key) {
  if ((kind != "up" && key == "routers") || (kind == "router" && key == "bind")) return "--router_port";
  return kind == "gateway" && key == "client_bind" ? "--client_port" : "";
}

// Defaults, file and command line, in this order; everything in them is checked here, before a process starts.
Result<void> read(MeshConfig& config, const UpArguments& arguments) {
  MeshSettings settings(config);
  if (!arguments.file.empty()) SHOAL_TRY(settings.read_file(arguments.file));
  for (const auto& [name, value] : arguments.given) {
    const std::size_t dot = name.find('.');
    const std::string kind = dot == std::string::npos ? "up" : name.substr(0, dot);
    const std::string key = name.substr(dot + 1);
    if (const std::string option = decided_by(kind, key); !option.empty()) {
      return Error{Code::bad_config, name + ": `shoal up` chooses it for each process; see " + option};
    }
    SHOAL_TRY(settings.of(kind).assign(key, value));
    if (kind != "up") config.up.kinds[kind].arguments.push_back("--" + key + '=' + value);
  }
  for (const char* const kind : kinds) {
    SHOAL_TRY(settings.check(kind, false));
    UpOptions::Kind& own = config.up.kinds[kind];
    own.has_model = text_of(settings.of(kind).find("model")->member) != config.common.model;
    if (!arguments.file.empty()) {
      own.arguments.insert(own.arguments.begin(), "--config=" + std::filesystem::absolute(arguments.file).string());
    }
  }
  return {};
}

int run_up(const UpArguments& arguments) {
  MeshConfig config;
  if (const auto ready = read(config, arguments); !ready) return usage_error("up", ready.error().text);
  auto plan = make_plan(config.up);
  if (!plan) {
    if (plan.error().code == Code::bad_config) return usage_error("up", plan.error().text);
    std::fprintf(stderr, "shoal up: %s\n", plan.error().text.c_str());
    return exit_code::failed;
  }
  return Up(config.up, arguments.once, *std::move(plan)).run();
}

}  // namespace

void add_up(Application application) {
  const auto arguments = std::make_shared<UpArguments>();
  CLI::App* const command =
      add_command(application, "up", "Start a whole mesh on this machine", [arguments] { return run_up(*arguments); });
  command->add_option("--config", arguments->file,
                      "TOML file: [up] holds the keys below, other tables those of a kind");
  command->add_flag("--once", arguments->once, "End after the first answer; the exit code says whether one came");
  const std::shared_ptr<Given> given(arguments, &arguments->given);
  MeshConfig defaults;
  MeshSettings settings(defaults);
  add_setting_options(*command, settings.of("up"), given);
  for (const char* const kind : kinds) add_setting_options(*command, settings.of(kind), given, kind + std::string("."));
  command->footer(
      "--KIND.KEY=VALUE gives a key to all processes of a kind, as in --router.node=left.\n"
      "Every process is a child of this one: what dies is started again, and all end with it.");
}

}  // namespace shoal::cli
