// `shoal status`: every process of the mesh, as a gateway's router knows it, once or again and again.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <poll.h>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include "cli/client.h"
#include "cli/command.h"
#include "cli/processes.h"
#include "cli/rates.h"
#include "cli/report.h"
#include "cli/signals.h"

namespace shoal::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* columns =
    "EPOCH is one life of a process: after a restart it is another. STREAMS are requests that the process holds in "
    "any\n"
    "role, RUNNING and WAITING those at an inference process (WAITING at a router: in its queue), SLOTS the streams "
    "that\n"
    "it may run at once, FREE those that it could still take, CPU is of one core, TOKENS counts since the process "
    "began,\n"
    "AGE is the time since its last report. TIER: what waits in the routers' queues, and what runs or waits at "
    "inference.";

struct StatusOptions {
  std::vector<std::string> connect;
  bool json = false;
  std::optional<double> watch_s;
};

// Somebody who does not answer in time is nobody.
int fail(const Error& error, bool json) {
  return error.code == Code::timeout ? report("status", {Code::peer_lost, error.text}, json)
                                     : report("status", error, json);
}

std::string tables(const Json& processes, const Rates* rates) {
  return process_table(processes, rates) + '\n' + tier_table(processes);
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

void show(const StatusOptions& options, const Json& processes, const Rates& rates) {
  if (options.json) return print_json(with_rates(processes, rates));
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  // From the upper left corner over what stands there, so that nothing flickers; then the rest is cleared.
  std::string text = terminal ? "\033[H\033[2J" : "";
  text += utc_now() + "  (Ctrl-C ends)\n" + tables(processes, &rates) + (terminal ? "" : "\n");
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

// Until Ctrl-C, or until nobody reads on. A mesh that goes away meanwhile is waited for.
int watch(const StatusOptions& options) {
  Signals signals{SIGINT, SIGTERM, SIGPIPE};
  Looks looks(options.connect);
  Rates rates;
  const auto start = Clock::now();
  const auto interval = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(*options.watch_s));
  bool shown = false;
  for (auto next = start;; next = std::max(next + interval, Clock::now())) {
    pollfd item{signals.descriptor(), POLLIN, 0};
    const auto wait = std::chrono::ceil<milliseconds>(next - Clock::now());
    poll(&item, 1, static_cast<int>(std::max<std::int64_t>(wait.count(), 0)));
    if (signals.next() != 0) return exit_code::ok;
    const auto processes = looks.next();
    if (processes) {
      rates.look(*processes, std::chrono::duration_cast<milliseconds>(Clock::now() - start));
      show(options, *processes, rates);
      shown = true;
    } else if (const int code = fail(processes.error(), options.json); !shown) {
      return code;
    }
  }
}

int run_status(const StatusOptions& options) {
  if (options.watch_s) return watch(options);
  const auto processes = Looks(options.connect).next();
  if (!processes) return fail(processes.error(), options.json);
  const std::string text = options.json ? processes->dump(2, ' ', false, Json::error_handler_t::replace) + '\n'
                                        : tables(*processes, nullptr);
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
  command->add_option("--watch", options->watch_s, "Look again and again, every so many seconds (2 unless given)")
      ->expected(0, 1)
      ->default_str("2")
      ->type_name("")
      ->check(CLI::Range(0.1, 3600.0));
  set_examples(*command,
               {{"shoal status", "once"},
                {"shoal status --watch", "every two seconds, with tokens per second"},
                {"shoal status --watch=10 --json", "a line of JSON every ten seconds, for programs"}},
               columns);
}

}  // namespace shoal::cli
