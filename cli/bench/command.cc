// `shoal bench hop` and `shoal bench e2e`, and the child processes that the first one starts.
#include "cli/command.h"

#include <cstdio>
#include <memory>
#include <string>

#include "cli/bench/bench.h"
#include "cli/bench/parts.h"

namespace shoal::cli {
namespace {

using namespace bench;

int report(const Result<Json>& measured, bool json, void (*print)(const Json&)) {
  if (!measured) {
    std::fprintf(stderr, "shoal bench: %s\n", measured.error().text.c_str());
    return exit_code::failed;
  }
  if (json) {
    std::printf("%s\n", measured->dump().c_str());
  } else {
    print(*measured);
  }
  return exit_code::ok;
}

void print_hop(const Json& report) {
  std::printf("One hop of %u bytes, core to core, one way\n", report["message_bytes"].get<unsigned>());
  std::printf("%-10s %-8s %9s %9s %16s\n", "TRANSPORT", "", "P50 us", "P99 us", "ECHOES/S");
  for (const char* const transport : {"ipc", "tcp"}) {
    if (!report.contains(transport)) continue;
    const Json& part = report[transport];
    for (const char* const side : {"zeromq", "shoal"}) {
      std::printf("%-10s %-8s %9.1f %9.1f %16.0f\n", transport, side, part[side]["p50_us"].get<double>(),
                  part[side]["p99_us"].get<double>(), part[side]["echoes_per_s"].get<double>());
    }
    std::printf("%-10s %-8s %9.2f %9.2f\n", transport, "ratio", part["ratio"]["p50_us"].get<double>(),
                part["ratio"]["p99_us"].get<double>());
  }
}

void print_end_to_end(const Json& report) {
  std::printf("Requests of %u prompt tokens and %u generated ones through one process of each kind, over %s\n",
              report["prompt_tokens"].get<unsigned>(), report["tokens"].get<unsigned>(),
              report["transport"].get<std::string>().c_str());
  std::printf("Highest rate: %.0f requests/s, %.0f tokens/s\n", report["requests_per_s"].get<double>(),
              report["tokens_per_s"].get<double>());
  std::printf("Floor of the first token: %.3f ms (%u bare hops of %.1f us)\n", report["floor_ttft_ms"].get<double>(),
              report["floor_hops"].get<unsigned>(), report["floor_hop_us"].get<double>());
  std::printf("%-6s %10s %12s %12s %12s %11s\n", "LOAD", "REQUESTS/S", "TTFT P50 ms", "TTFT P99 ms", "TOTAL P50 ms",
              "CORES BUSY");
  for (const Json& load : report["loads"]) {
    std::printf("%3.0f %%  %10.0f %12.3f %12.3f %12.3f %11.2f\n", load["load"].get<double>() * 100,
                load["requests_per_s"].get<double>(), load["ttft_p50_ms"].get<double>(),
                load["ttft_p99_ms"].get<double>(), load["total_p50_ms"].get<double>(),
                load["cores_busy"].get<double>());
  }
  std::printf("Processor time at the highest rate: %.2f of %u cores;", report["cores_busy"].get<double>(),
              report["cores"].get<unsigned>());
  for (const auto& [who, share] : report["cpu_share"].items()) {
    std::printf(" %s %.0f %%", who.c_str(), share.get<double>() * 100);
  }
  std::printf("\n");
}

template <class Options>
CLI::App* add_part(Application bench, const std::string& name, const std::string& description,
                   const std::shared_ptr<Options>& options, Result<Json> (*measure)(const Options&),
                   void (*print)(const Json&)) {
  const auto json = std::make_shared<bool>(false);
  CLI::App* const part = add_command(
      bench, name, description, [options, json, measure, print] { return report(measure(*options), *json, print); });
  part->add_flag("--json", *json, "Print one JSON object instead of a table");
  return part;
}

// Not for people, so they stand in no help.
void add_child(Application application, const std::string& kind, int (*run)(const CallPlan&, const std::string&)) {
  struct Options {
    CallPlan plan;
    std::string bind;
    std::string epoch = "0";
  };
  const auto options = std::make_shared<Options>();
  CLI::App* const command = add_command(application, kind, "A child process of `shoal bench hop`", [options, run] {
    options->plan.epoch = static_cast<Epoch>(std::strtoull(options->epoch.c_str(), nullptr, 16));
    return run(options->plan, options->bind);
  });
  command->group("");
  command->add_option("--bind", options->bind)->required();
  command->add_option("--peer", options->plan.peer);
  command->add_option("--epoch", options->epoch);
  command->add_option("--messages", options->plan.messages);
  command->add_option("--warmup", options->plan.warmup);
  command->add_option("--window", options->plan.window)->check(CLI::PositiveNumber);
  command->add_option("--bytes", options->plan.bytes)->check(CLI::Range(8, 1 << 20));
}

}  // namespace

void add_bench(Application application) {
  CLI::App* const bench = application.app.add_subcommand("bench", "Measure this machine and this build");
  bench->group(group::look);
  bench->allow_extras();
  bench->callback([bench, &exit_code = application.exit_code] {
    if (!bench->get_subcommands().empty()) return;
    const auto extras = bench->remaining();
    const std::string what =
        extras.empty() ? "what shall be measured?" : "nothing is called \"" + extras.front() + "\".";
    exit_code = usage_error("bench", what + " There are hop and e2e");
  });
  set_examples(*bench, {{"shoal bench hop", "one message between two processes, beside bare ZeroMQ"},
                        {"shoal bench e2e", "requests through one process of each kind, beside the floor"}});
  const auto hop = std::make_shared<HopOptions>();
  CLI::App* const hops = add_part({*bench, application.exit_code}, "hop", "One message between two processes", hop,
                                  measure_hop, print_hop);
  hops->add_option("--transport", hop->transport, "ipc, tcp or both")->check(CLI::IsMember({"ipc", "tcp", "both"}));
  hops->add_option("--messages", hop->messages, "How many are counted")->check(CLI::Range(100u, 100'000'000u));
  hops->add_option("--bytes", hop->bytes, "Of one message, all frames")->check(CLI::Range(64u, 1u << 20));
  hops->add_option("--window", hop->window, "Outstanding messages of the throughput part")->check(CLI::Range(2u, 512u));
  set_examples(*hops, {{"shoal bench hop", "over ipc and tcp"},
                       {"shoal bench hop --transport=tcp --bytes=4096 --json", "larger messages, for programs"}});
  const auto whole = std::make_shared<EndToEndOptions>();
  CLI::App* const e2e = add_part({*bench, application.exit_code}, "e2e", "Requests through a mesh of five processes",
                                 whole, measure_end_to_end, print_end_to_end);
  e2e->add_option("--transport", whole->transport, "ipc or tcp")->check(CLI::IsMember({"ipc", "tcp"}));
  e2e->add_option("--model", whole->model, "A directory; `bytes` is an engine that costs nothing");
  e2e->add_option("--prompt-tokens", whole->prompt_tokens, "Of each request")->check(CLI::Range(1u, 4096u));
  e2e->add_option("--tokens", whole->tokens, "Generated per request, one a step")->check(CLI::Range(1u, 4096u));
  e2e->add_option("--concurrency", whole->concurrency, "Requests at once, to find the highest rate")
      ->check(CLI::Range(1u, 4096u));
  e2e->add_option("--seconds", whole->seconds, "Length of each part")->check(CLI::Range(0.1, 3600.0));
  set_examples(*e2e, {{"shoal bench e2e", "with an engine that costs nothing: what the mesh itself costs"},
                      {"shoal bench e2e --model=models/shoal-tiny --concurrency=32", "with a model"}});
  add_child(application, "bench-echo", [](const CallPlan&, const std::string& bind) { return run_echo(bind); });
  add_child(application, "bench-caller", run_caller);
  add_child(application, "bench-bare-echo",
            [](const CallPlan&, const std::string& bind) { return run_bare_echo(bind); });
  add_child(application, "bench-bare-caller",
            [](const CallPlan& plan, const std::string&) { return run_bare_caller(plan); });
}

}  // namespace shoal::cli
