// `shoal replay`: decides the decisions of a log again, by the policy that made them or by another one.
#include "services/router/decisions/replay.h"

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "cli/client.h"
#include "cli/command.h"

namespace shoal::cli {
namespace {

using router::Replay;

struct ReplayOptions {
  std::string log;
  std::string policy;
  bool json = false;
};

int fail(const std::string& text, int code) {
  std::fprintf(stderr, "shoal replay: %s.\n", text.c_str());
  return code;
}

bool is_own(const Replay::Report& report) { return report.policy == report.logged_policy; }

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 100 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

void print_json(const Replay::Report& report) {
  Json shares = Json::array();
  for (const auto& [epoch, share] : report.shares) {
    shares.push_back(
        {{"epoch", to_hex(epoch)}, {"node", share.node}, {"logged", share.logged}, {"replayed", share.replayed}});
  }
  const Json json = {{"policy", report.policy}, {"logged_policy", report.logged_policy},
                     {"events", report.events}, {"decisions", report.decisions},
                     {"same", report.same},     {"missing", report.missing},
                     {"executors", shares},     {"differences", report.differences}};
  std::printf("%s\n", json.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
}

void print_text(const Replay::Report& report) {
  const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  if (is_own(report)) {
    std::printf("reproduced %llu of %llu decisions by %s (%.2f %%)\n", number(report.same), number(report.decisions),
                report.policy.c_str(), percent(report.same, report.decisions));
  } else {
    const std::uint64_t other = report.decisions - report.same;
    std::printf("%s would have decided %llu of %llu otherwise than %s (%.2f %%), at the loads of the log\n",
                report.policy.c_str(), number(other), number(report.decisions), report.logged_policy.c_str(),
                percent(other, report.decisions));
  }
  if (report.missing > 0) std::printf("%llu decisions are missing in the log\n", number(report.missing));
  std::printf("\n%-16s  %-24s  %10s  %10s\n", "EXECUTOR", "NODE", "LOGGED", "REPLAYED");
  for (const auto& [epoch, share] : report.shares) {
    std::printf("%-16s  %-24s  %10llu  %10llu\n", epoch == 0 ? "nobody" : to_hex(epoch).c_str(), share.node.c_str(),
                number(share.logged), number(share.replayed));
  }
  if (!is_own(report) || report.differences.empty()) return;
  std::printf("\n");
  for (const std::string& difference : report.differences) std::printf("%s\n", difference.c_str());
}

int run_replay(const ReplayOptions& options) {
  auto replay = Replay::make({options.policy});
  if (!replay) return usage_error("replay", replay.error().text);
  std::ifstream file(options.log);
  if (!file) return fail("cannot read " + options.log, exit_code::failed);
  std::string line;
  while (std::getline(file, line)) {
    if (file.eof()) {
      std::fprintf(stderr, "shoal replay: the last line of %s is cut off and was left out.\n", options.log.c_str());
      break;
    }
    if (const auto taken = replay->on_line(line); !taken) {
      return fail(options.log + ": " + taken.error().text, exit_code::failed);
    }
  }
  const Replay::Report& report = replay->report();
  if (report.policy.empty()) return fail(options.log + ": expected a log of a router's decisions", exit_code::failed);
  options.json ? print_json(report) : print_text(report);
  const bool reproduced = report.same == report.decisions && report.differences.empty();
  return is_own(report) && !reproduced ? exit_code::failed : exit_code::ok;
}

}  // namespace

void add_replay(Application application) {
  const auto options = std::make_shared<ReplayOptions>();
  CLI::App* const command = add_command(application, "replay", "Decide a router's logged decisions again",
                                        [options] { return run_replay(*options); });
  command->add_option("LOG", options->log, "A router's log of decisions (its event_log)")->required();
  command->add_option("--policy", options->policy, "Decide by this policy instead of the log's own");
  command->add_flag("--json", options->json, "Print JSON");
  command->group(group::look);
  set_examples(
      *command,
      {{"shoal replay decisions.log", "does every decision come out the same?"},
       {"shoal replay decisions.log --policy=p2c", "what would another policy have done?"}},
      "By the log's own policy every decision must come out the same, score by score; the exit code is 1 if not. By\n"
      "another one it shows how many would have gone elsewhere, with the requests and loads of the log.");
}

}  // namespace shoal::cli
