#include "cli/doctor/mesh.h"

#include "cli/status/processes.h"

namespace shoal::cli {
namespace {

constexpr std::uint64_t age_ms_max = 2000;

}  // namespace

Findings check_processes(const Json& processes) {
  Findings findings;
  std::string absent;
  for (const char* const kind : kinds) {
    if (count_kind(processes, kind) == 0) absent += (absent.empty() ? "" : ", ") + std::string(kind);
  }
  const std::string count = std::to_string(processes.size()) + " processes";
  if (absent.empty()) {
    findings.push_back({"mesh", State::ok, count + ", at least one of each kind"});
  } else {
    findings.push_back(
        {"mesh", State::missing, count + ", but nobody of kind " + absent,
         "shoal " + absent.substr(0, absent.find(',')) + " --help   # starts one; `shoal up` starts all"});
  }
  for (const Json& process : processes) {
    if (number_field(process, "age_ms") <= age_ms_max) continue;
    findings.push_back({"mesh", State::warning,
                        text_field(process, "kind") + " at " + text_field(process, "address") +
                            " has not reported for " + std::to_string(number_field(process, "age_ms")) + " ms",
                        "shoal status --watch"});
  }
  return findings;
}

Findings check_mesh(const std::vector<std::string>& addresses) {
  const auto refuse = [](const Error& error) -> Findings {
    return {{"mesh", State::missing, error.text, "shoal up   # or name another gateway: --connect=tcp://HOST:PORT"}};
  };
  auto client = Client::connect_any(addresses, seconds(2));
  if (!client) return refuse(client.error());
  const auto processes = client->status(seconds(5));
  return processes ? check_processes(*processes) : refuse(processes.error());
}

}  // namespace shoal::cli
