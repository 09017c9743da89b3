#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "base/cores.h"
#include "base/limits.h"
#include "cli/bench/bench.h"
#include "cli/bench/crew.h"
#include "cli/bench/generator.h"
#include "cli/status/processes.h"

namespace shoal::cli::bench {
namespace {

constexpr milliseconds mesh_wait{30'000};
constexpr std::uint32_t idle_requests = 500;
constexpr std::uint32_t step_tokens_min = 1024;  // beside those of the running streams, for prompts
constexpr std::uint64_t seed = 1;

// From SUBMIT to the first DELTA: client, gateway, preprocess, gateway, router, gateway, inference, postprocess,
// gateway, client. ATTACH runs beside PLACE.
constexpr std::uint32_t hops_to_first_token = 9;

std::string address(const Crew& crew, const std::string& transport, const std::string& name) {
  return transport == "ipc" ? "ipc://" + crew.directory() + "/" + name : "tcp://127.0.0.1:*";
}

// One process of each kind; returns the client address of its gateway.
Result<std::string> start_mesh(Crew& crew, const EndToEndOptions& options) {
  const auto bind = [&](const std::string& name) { return "--bind=" + address(crew, options.transport, name); };
  const auto router = crew.start("router", {bind("router")});
  if (!router) return router.error();
  const std::string routers = "--routers=" + (*router)->ready().at("address");
  // So many that a router never waits for the news of a free one.
  const std::uint32_t slots = std::clamp(4 * options.concurrency, 64u, limits::slots_max);
  const std::vector<std::string> engine = {
      "--slots=" + std::to_string(slots),
      "--step_tokens=" + std::to_string(slots + std::max(options.prompt_tokens, step_tokens_min))};
  for (const std::string kind : {"preprocess", "inference", "postprocess"}) {
    std::vector<std::string> arguments = {bind(kind), routers, "--model=" + options.model};
    if (kind == "inference") arguments.insert(arguments.end(), engine.begin(), engine.end());
    const auto child = crew.start(kind, arguments);
    if (!child) return child.error();
  }
  const auto gateway =
      crew.start("gateway", {bind("gateway"), routers, "--client_bind=" + address(crew, options.transport, "client")});
  if (!gateway) return gateway.error();
  return (*gateway)->ready().at("client");
}

// Until the gateway's router lists every kind and the gateway itself answers.
Result<void> wait_for_mesh(const std::string& gateway) {
  auto client = Client::connect(gateway, seconds(5));
  if (!client) return client.error();
  const auto deadline = std::chrono::steady_clock::now() + mesh_wait;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto processes = client->status(seconds(5));
    if (!processes) return processes.error();
    const bool complete = std::all_of(std::begin(kinds), std::end(kinds),
                                      [&](const char* kind) { return count_kind(*processes, kind) > 0; });
    if (complete) return {};
  }
  return Error{Code::timeout, "the mesh is not complete in time"};
}

// Each process's share of all processor time that the mesh and the generator took.
Json shares(const std::map<std::string, double>& before, const std::map<std::string, double>& after, double generator) {
  double all = generator;
  for (const auto& [kind, used] : after) all += used - before.at(kind);
  Json shares = {{"generator", generator / all}};
  for (const auto& [kind, used] : after) shares[kind] = (used - before.at(kind)) / all;
  return shares;
}

double sum(const std::map<std::string, double>& used) {
  double all = 0;
  for (const auto& [kind, seconds] : used) all += seconds;
  return all;
}

Json load_of(double load, Outcome& outcome, double mesh_cpu_seconds) {
  return {{"load", load},
          {"cores_busy", (mesh_cpu_seconds + outcome.cpu_seconds) / outcome.seconds},
          {"requests_per_s", static_cast<double>(outcome.done) / outcome.seconds},
          {"ttft_p50_ms", outcome.ttft.us(0.5) / 1000},
          {"ttft_p99_ms", outcome.ttft.us(0.99) / 1000},
          {"total_p50_ms", outcome.total.us(0.5) / 1000}};
}

}  // namespace

Result<Json> measure_end_to_end(const EndToEndOptions& options) {
  auto floor = measure_hop({.transport = options.transport, .messages = 5000});
  if (!floor) return floor;
  const double floor_hop_us = (*floor)[options.transport]["zeromq"]["p50_us"];
  auto crew = Crew::make();
  if (!crew) return crew.error();
  const auto gateway = start_mesh(*crew, options);
  if (!gateway) return gateway.error();
  SHOAL_TRY(wait_for_mesh(*gateway));
  std::string text;
  while (text.size() < options.prompt_tokens) text += "abcdefghijklmnopqrstuvwxyz ";
  text.resize(options.prompt_tokens);
  Generator generator(*gateway, {text, options.tokens}, seed);
  SHOAL_TRY(generator.sequential(50));  // links, caches and allocators warm up

  const auto before = crew->cpu_seconds();
  auto highest = generator.closed_loop(options.concurrency, options.seconds);
  if (!highest) return highest.error();
  const auto after = crew->cpu_seconds();
  const double rate = static_cast<double>(highest->done) / highest->seconds;
  Json report = {{"bench", "e2e"},
                 {"transport", options.transport},
                 {"model", options.model},
                 {"prompt_tokens", options.prompt_tokens},
                 {"tokens", options.tokens},
                 {"concurrency", options.concurrency},
                 {"requests_per_s", rate},
                 {"tokens_per_s", rate * options.tokens},
                 {"deltas_per_request", static_cast<double>(highest->deltas) / static_cast<double>(highest->done)},
                 {"cpu_share", shares(before, after, highest->cpu_seconds)},
                 {"cores", usable_cores()},
                 {"cores_busy", (sum(after) - sum(before) + highest->cpu_seconds) / highest->seconds},
                 {"floor_hops", hops_to_first_token},
                 {"floor_hop_us", floor_hop_us},
                 {"floor_ttft_ms", hops_to_first_token * floor_hop_us / 1000}};
  for (const double load : {0.0, 0.5, 0.8}) {
    const double cpu_before = sum(crew->cpu_seconds());
    auto outcome = load == 0 ? generator.sequential(idle_requests) : generator.open_loop(load * rate, options.seconds);
    if (!outcome) return outcome.error();
    report["loads"].push_back(load_of(load, *outcome, sum(crew->cpu_seconds()) - cpu_before));
  }
  return report;
}

}  // namespace shoal::cli::bench
