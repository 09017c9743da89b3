// What `shoal up` is going to start: options to child processes, ports and directories. No process is started here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/up/child.h"

namespace shoal::cli {

struct UpOptions {
  std::string model = {};  // empty: the bundled one
  std::uint32_t gateways = 2;
  std::uint32_t preprocesses = 2;
  std::uint32_t routers = 2;
  std::uint32_t inferences = 2;
  std::uint32_t postprocesses = 2;
  std::uint32_t client_port = 5555;        // gateway i listens at client_port + 10 i
  std::uint32_t router_port = 5570;        // router i at router_port + i
  std::string run_dir = {};                // empty: a directory of this user, by client port
  std::vector<std::string> services = {};  // commands of services of somebody's own
  std::string log_format = "text";         // json: what it says itself, too
  std::string log_level = "info";

  // What the processes of a kind get beside the plan's own arguments.
  struct Kind {
    bool has_model = false;    // of its own, by file: the plan leaves it alone
    bool has_threads = false;  // likewise
    bool has_sharers = false;  // likewise
    bool json_log = false;
    std::vector<std::string> arguments = {};
  };
  std::map<std::string, Kind> kinds = {};

  std::uint32_t count(const std::string& kind) const;

  // The settings of the table [up], as everywhere (config/common.h).
  template <class Self, class Visitor>
  static void keys(Self& self, Visitor&& visit) {
    constexpr std::uint32_t most = 64, port_max = 65'535;
    visit("model", self.model, "directory of the model, or `bytes` for an echo (default: the bundled one)");
    visit("gateways", self.gateways, "how many gateways", 1, most);
    visit("preprocesses", self.preprocesses, "how many preprocess processes", 1, most);
    visit("routers", self.routers, "how many routers", 1, most);
    visit("inferences", self.inferences, "how many inference processes", 1, most);
    visit("postprocesses", self.postprocesses, "how many postprocess processes", 1, most);
    visit("client_port", self.client_port, "clients' port of the first gateway; the next have 10 more each", 1,
          port_max);
    visit("router_port", self.router_port, "port of the first router; the next have 1 more each", 1, port_max);
    visit("services", self.services,
          "commands of your own services, run beside the mesh; $SHOAL_ROUTERS and $SHOAL_GATEWAYS are its addresses");
    visit("run_dir", self.run_dir, "directory for the logs (default: one of this user's)");
    visit("log_format", self.log_format, "how all processes log: as key=value, or as JSON", {"text", "json"});
    visit("log_level", self.log_level, "what all processes log: this and whatever is more serious",
          {"debug", "info", "warning", "error"});
  }
};

struct UpPlan {
  std::vector<ChildSpec> children;  // routers first: the others look for them
  std::vector<std::string> client_addresses;
  std::string model;    // as the children get it
  std::string run_dir;  // exists
};

// Fails with bad_config or io; the text names the option to change: a port that is taken, a model that is not there, a
// directory that cannot be used.
Result<UpPlan> make_plan(const UpOptions& options);

// The model's directory as the children get it, or "bytes"; the bundled one for "". Fails with bad_config.
Result<std::string> find_model(const std::string& wanted);

// Where the logs go: what was chosen, or a directory of this user by client port. It need not exist.
std::filesystem::path run_dir_of(const UpOptions& options);

// A port of the loopback address that a mesh listens at.
struct UpPort {
  std::uint32_t number = 0;
  std::string listener;    // "gateway 0"
  std::string serves;      // "clients"; empty for routers
  const char* option;      // that chooses it, or the one from which it is counted
  std::uint32_t chosen{};  // the value of that option
};

// All of them, in the order of the processes.
std::vector<UpPort> ports_of(const UpOptions& options);

// Whether a listener could be bound to this TCP port of the loopback address now.
bool port_is_free(std::uint32_t port);

}  // namespace shoal::cli
