#include <array>
#include <string>
#include <utility>
#include <vector>

#include "cli/bench/bench.h"
#include "cli/bench/crew.h"

namespace shoal::cli::bench {
namespace {

constexpr milliseconds wait_max{120'000};
constexpr std::uint32_t warmup = 1000;

// A bare run beside a service run, in turn, so that both meet the same neighbours on this machine.
struct Side {
  const char* name;
  const char* echo;
  const char* caller;
};
constexpr Side bare{"zeromq", "bench-bare-echo", "bench-bare-caller"};
constexpr Side service{"shoal", "bench-echo", "bench-caller"};

std::string address(const Crew& crew, const std::string& transport, const std::string& name) {
  return transport == "ipc" ? "ipc://" + crew.directory() + "/" + name : "tcp://127.0.0.1:*";
}

Result<Json> run(const Side& side, const std::string& transport, const HopOptions& options, std::uint32_t window) {
  auto crew = Crew::make();
  if (!crew) return crew.error();
  const auto echo = crew->start(side.echo, {"--bind=" + address(*crew, transport, "echo")});
  if (!echo) return echo.error();
  const auto& told = (*echo)->ready();
  const auto caller = crew->start(
      side.caller,
      {"--bind=" + address(*crew, transport, "caller"), "--peer=" + told.at("bind"), "--epoch=" + told.at("epoch"),
       "--messages=" + std::to_string(options.messages * (window > 1 ? 10 : 1)), "--warmup=" + std::to_string(warmup),
       "--window=" + std::to_string(window), "--bytes=" + std::to_string(options.bytes)});
  if (!caller) return caller.error();
  return crew->result_of(**caller, wait_max);
}

}  // namespace

Result<Json> measure_hop(const HopOptions& options) {
  std::vector<std::string> transports = {options.transport};
  if (options.transport == "both") transports = {"ipc", "tcp"};
  Json report = {{"bench", "hop"}, {"message_bytes", options.bytes}, {"window", options.window}};
  for (const std::string& transport : transports) {
    Json& part = report[transport];
    for (const Side& side : {bare, service}) {
      auto alone = run(side, transport, options, 1);
      if (!alone) return alone;
      auto crowded = run(side, transport, options, options.window);
      if (!crowded) return crowded;
      part[side.name] = {
          {"p50_us", (*alone)["p50_us"]}, {"p99_us", (*alone)["p99_us"]}, {"echoes_per_s", (*crowded)["echoes_per_s"]}};
    }
    for (const char* const figure : {"p50_us", "p99_us"}) {
      part["ratio"][figure] = part["shoal"][figure].get<double>() / part["zeromq"][figure].get<double>();
    }
  }
  return report;
}

}  // namespace shoal::cli::bench
