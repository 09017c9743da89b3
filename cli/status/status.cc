// `shoal status`: every process of the mesh, as a gateway's router knows it, once or again and again.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <poll.h>
#include <sstream>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include "cli/client.h"
#include "cli/command.h"
#include "cli/report.h"
#include "cli/screen.h"
#include "cli/signals.h"
#include "cli/status/processes.h"
#include "cli/status/rates.h"

namespace shoal::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* columns =
    "A terminal gets the columns that fit; a pipe, and --json, get all.\n"
    "EPOCH is one life of a process: after a restart it is another. CLIENT is where\n"
    "clients connect; a kind that one of them serves has a line with the gateway it\n"
    "serves at. STREAMS are requests that the process holds in any role, RUNNING and\n"
    "WAITING those at an inference process (WAITING at a router: in its queue), SLOTS\n"
    "the streams that it may run at once, FREE those that it could still take. CPU is\n"
    "of one core, TOKENS counts since the process began, AGE is the time since its\n"
    "last report. TIER: what waits in the routers' queues, and what runs or waits at\n"
    "inference.";

struct StatusOptions {
  std::vector<std::string> connect;
  bool json = false;
  std::optional<double> watch_s;
};

// Somebody who does not answer in time is nobody.
int fail(const Error& error, bool json) {
  return error.code == Code::timeout ? report("status", {Code::no_gateway, error.text}, json)
                                     : report("status", error, json);
}

std::string tables(const Json& processes, const Rates* rates, std::size_t width) {
  return process_table(processes, rates, width) + '\n' + tier_table(processes);
}

bool on_terminal() { return isatty(STDOUT_FILENO) == 1; }

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// The whole screen: when it was, or what is wrong; the processes, of which the last are left out where it is too low
// for all; the tiers.
std::vector<std::string> screen_lines(const std::string& head, const Json& processes, const Rates& rates,
                                      ScreenSize size) {
  std::vector<std::string> lines = {head};
  std::vector<std::string> table = lines_of(process_table(processes, &rates, size.columns));
  const std::vector<std::string> tiers = lines_of(tier_table(processes));
  const std::size_t others = 2 + tiers.size();  // the head and an empty line
  const std::size_t room = size.rows > others ? size.rows - others : 0;
  if (table.size() > room && room > 1) {
    const std::size_t hidden = table.size() - (room - 1);
    table.resize(room - 1);
    table.push_back("... and " + std::to_string(hidden) + " more; a taller window shows them");
  }
  lines.insert(lines.end(), table.begin(), table.end());
  lines.emplace_back();
  lines.insert(lines.end(), tiers.begin(), tiers.end());
  return lines;
}

// One connection, made again when it broke.
class Looks {
public:
  explicit Looks(const std::vector<std::string>& addresses) : addresses_(addresses) {}

  Result<Json> next() {
    if (!client_) {
      auto client = Client::connect_any(addresses_, seconds(2));
      if (!client) return std::move(client).error();
      client_.emplace(*std::move(client));
    }
    auto processes = client_->status(seconds(5));
    if (!processes) client_.reset();
    return processes;
  }

private:
  const std::vector<std::string>& addresses_;
  std::optional<Client> client_;
};

// The processes with their rates, for programs.
Json with_rates(Json processes, const Rates& rates) {
  for (Json& process : processes) {
    if (!process.is_object()) continue;
    const auto rate = rates.of(process);
    process["tokens_per_second"] = rate ? Json(*rate) : Json();
  }
  return {{"time", utc_now()}, {"processes", std::move(processes)}};
}

// What is shown while watching: tables one after another, objects, or one screen that is drawn again and again.
class View {
public:
  explicit View(const StatusOptions& options) : options_(options) {}

  void show(const Json& processes, const Rates& rates) {
    if (options_.json) return print_json(with_rates(processes, rates));
    processes_ = processes;
    rates_ = rates;
    if (on_terminal()) return draw(utc_now() + "  every " + interval() + " s; Ctrl-C ends");
    std::printf("%s  (Ctrl-C ends)\n%s\n", utc_now().c_str(), tables(processes, &rates, 0).c_str());
    std::fflush(stdout);
  }

  // A mesh that went away is waited for. Returns the exit code for one that never was there.
  int fail(const Error& error) {
    if (!screen_) return cli::fail(error, options_.json);
    draw(utc_now() + "  " + error.text + "; trying on");
    return exit_code::no_connection;
  }

  void resize() {
    if (screen_) draw(head_);
  }

private:
  void draw(const std::string& head) {
    if (!screen_) screen_.emplace();
    head_ = head;
    screen_->draw(screen_lines(head, processes_, rates_, screen_size()));
  }

  std::string interval() const {
    char text[32];
    std::snprintf(text, sizeof text, "%g", *options_.watch_s);
    return text;
  }

  const StatusOptions& options_;
  std::optional<Screen> screen_;
  std::string head_;
  Json processes_;
  Rates rates_;
};

// Until Ctrl-C, or until nobody reads on.
int watch(const StatusOptions& options) {
  Signals signals{SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGWINCH};
  Looks looks(options.connect);
  Rates rates;
  View view(options);
  const auto start = Clock::now();
  const auto interval = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(*options.watch_s));
  bool shown = false;
  for (auto next = start;; next = std::max(next + interval, Clock::now())) {
    do {  // also when it is time already: signals are heeded however long a look takes
      pollfd item{signals.descriptor(), POLLIN, 0};
      const auto left = std::chrono::ceil<milliseconds>(next - Clock::now());
      poll(&item, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
      const int number = signals.next();
      if (number == SIGWINCH) view.resize();
      if (number != 0 && number != SIGWINCH) return exit_code::ok;
    } while (Clock::now() < next);
    const auto processes = looks.next();
    if (processes) {
      rates.look(*processes, std::chrono::duration_cast<milliseconds>(Clock::now() - start));
      view.show(*processes, rates);
      shown = true;
    } else if (const int code = view.fail(processes.error()); !shown) {
      return code;
    }
  }
}

int run_status(const StatusOptions& options) {
  if (options.watch_s) return watch(options);
  const auto processes = Looks(options.connect).next();
  if (!processes) return fail(processes.error(), options.json);
  const std::string text = options.json ? processes->dump(2, ' ', false, Json::error_handler_t::replace) + '\n'
                                        : tables(*processes, nullptr, on_terminal() ? screen_size().columns : 0);
  std::fputs(text.c_str(), stdout);
  return exit_code::ok;
}

}  // namespace

void add_status(Application application) {
  const auto options = std::make_shared<StatusOptions>();
  CLI::App* const command = add_command(application, "status", "Show every process of the mesh and its load",
                                        [options] { return run_status(*options); });
  command->group(group::look);
  add_connect_option(*command, options->connect);
  command->add_flag("--json", options->json, "Print JSON; with --watch one line each time");
  command->add_option("--watch", options->watch_s, "Look again and again, every so many seconds")
      ->expected(0, 1)
      ->default_str("2")
      ->check(CLI::Range(0.1, 3600.0));
  set_examples(*command,
               {{"shoal status", "once"},
                {"shoal status --watch", "every two seconds, with tokens per second"},
                {"shoal status --watch=10 --json", "a line of JSON every ten seconds, for programs"}},
               columns);
}

}  // namespace shoal::cli
