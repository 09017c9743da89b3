#include "cli/up/up_plan.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <netinet/in.h>
#include <set>
#include <sys/socket.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "base/cores.h"

namespace shoal::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t port_max = 65'535;
constexpr std::uint32_t client_port_step = 10;
// What the ports of a gateway are for, one after another.
constexpr std::array<const char*, 3> gateway_ports = {"clients", "published requests", "answers"};
constexpr std::uint32_t processes_max = 64;  // of one kind
// Routers first: the others look for them as soon as they start.
constexpr std::array<const char*, 5> start_order = {"router", "preprocess", "inference", "postprocess", "gateway"};

Error bad_config(std::string text) { return {Code::bad_config, std::move(text)}; }

std::string loopback(std::uint32_t port) { return "tcp://127.0.0.1:" + std::to_string(port); }

Result<void> check_port(const UpPort& port) {
  const std::string number = std::to_string(port.number);
  if (port.number == 0 || port.number > port_max) {
    return bad_config(port.option + (": " + number) + " is no port that " + port.listener + " could listen at");
  }
  if (port_is_free(port.number)) return {};
  return bad_config("port " + number + ", where " + port.listener + " would listen, is taken. Is another mesh " +
                    "running? Choose another port with " + port.option + "=PORT");
}

Result<void> check_counts(const UpOptions& options) {
  for (const char* const kind : start_order) {
    if (options.count(kind) == 0 || options.count(kind) > processes_max) {
      return bad_config("a mesh has 1 to " + std::to_string(processes_max) + " processes of each kind, not " +
                        std::to_string(options.count(kind)) + " of kind " + kind);
    }
  }
  if (options.services.size() > processes_max) {
    return bad_config("services: " + std::to_string(options.services.size()) + " commands, at most " +
                      std::to_string(processes_max));
  }
  const auto blank = [](const std::string& command) { return command.find_first_not_of(' ') == std::string::npos; };
  if (std::any_of(options.services.begin(), options.services.end(), blank)) {
    return bad_config("services: an empty command; each is one as in \"./my_service --key=value\"");
  }
  return {};
}

Result<void> check_ports(const UpOptions& options) {
  std::set<std::uint32_t> wanted;
  for (const UpPort& port : ports_of(options)) {
    SHOAL_TRY(check_port(port));
    if (wanted.insert(port.number).second) continue;
    return bad_config("port " + std::to_string(port.number) +
                      " is wanted by a gateway and a router: change --client-port");
  }
  return {};
}

// A directory that this user alone can write.
Result<std::string> make_run_dir(const UpOptions& options) {
  const bool chosen = !options.run_dir.empty();
  const fs::path path = run_dir_of(options);
  const fs::path root = chosen ? path : path.parent_path();
  std::error_code error;
  fs::create_directories(path, error);
  struct stat info;
  for (const fs::path& directory : {root, path}) {
    if (lstat(directory.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || (!chosen && info.st_uid != getuid())) {
      return Error{Code::io, "cannot use " + directory.string() + " for logs: choose a directory with --run-dir=DIR"};
    }
    if (!chosen) chmod(directory.c_str(), 0700);
  }
  return fs::absolute(path).string();
}

ChildSpec make_child(const UpOptions& options, const UpPlan& plan, const std::string& kind, std::uint32_t index,
                     const std::string& routers) {
  const std::string number = std::to_string(index);
  ChildSpec child{
      kind + " " + number, kind, {"--routers=" + routers}, plan.run_dir + "/" + kind + "-" + number + ".log"};
  if (kind == "router") {
    child.arguments.push_back("--bind=" + loopback(options.router_port + index));
  } else if (kind == "gateway") {
    child.arguments.push_back("--client_bind=" + plan.client_addresses[index]);
  }
  const auto found = options.kinds.find(kind);
  const UpOptions::Kind own = found == options.kinds.end() ? UpOptions::Kind{} : found->second;
  child.json_log = own.json_log;
  if (kind != "router" && kind != "gateway" && !own.has_model) child.arguments.push_back("--model=" + plan.model);
  if (kind == "inference" && !own.has_threads) {  // they share the cores of this machine
    const std::uint32_t share = std::max(1u, usable_cores() / options.inferences);
    child.arguments.push_back("--threads=" + std::to_string(share));
  }
  if (kind == "inference" && !own.has_sharers) {  // and its memory
    child.arguments.push_back("--sharers=" + std::to_string(options.inferences));
  }
  child.arguments.insert(child.arguments.end(), own.arguments.begin(), own.arguments.end());
  return child;
}

// A service of somebody's own. It is called as its program is.
ChildSpec make_service(const UpPlan& plan, const std::string& command, std::size_t index, const std::string& routers) {
  const std::size_t begin = command.find_first_not_of(' ');
  const std::string program = command.substr(begin, command.find(' ', begin) - begin);
  const std::string name = program.substr(program.rfind('/') + 1);
  ChildSpec child{name, name, {}, plan.run_dir + "/service-" + std::to_string(index) + ".log"};
  child.command = command;
  std::string gateways;  // a shell makes words of them
  for (const std::string& address : plan.client_addresses) gateways += (gateways.empty() ? "" : " ") + address;
  child.environment = {"SHOAL_ROUTERS=" + routers, "SHOAL_GATEWAYS=" + gateways};
  return child;
}

}  // namespace

std::uint32_t UpOptions::count(const std::string& kind) const {
  if (kind == "gateway") return gateways;
  if (kind == "preprocess") return preprocesses;
  if (kind == "router") return routers;
  if (kind == "inference") return inferences;
  return kind == "postprocess" ? postprocesses : 0;
}

Result<std::string> find_model(const std::string& wanted) {
  if (wanted == "bytes") return wanted;
  std::error_code error;
  if (!wanted.empty()) {
    if (fs::is_regular_file(fs::path(wanted) / "config.json", error)) return fs::absolute(wanted).string();
    return bad_config("no model in " + wanted + ": --model names a directory with config.json, or `bytes`");
  }
  const fs::path binary = fs::read_symlink("/proc/self/exe", error).parent_path();
  const fs::path candidates[] = {fs::current_path(error) / "models", binary / "../../models",
                                 binary / "../share/shoal/models"};
  for (const fs::path& candidate : candidates) {
    const fs::path model = candidate / "shoal-tiny";
    if (fs::is_regular_file(model / "config.json", error)) return fs::canonical(model, error).string();
  }
  return bad_config(
      "the bundled model models/shoal-tiny is not here: name another with --model=DIR, or try the mesh "
      "without a model by --model=bytes");
}

fs::path run_dir_of(const UpOptions& options) {
  if (!options.run_dir.empty()) return options.run_dir;
  const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
  const fs::path root = runtime != nullptr && *runtime != '\0' ? fs::path(runtime) / "shoal"
                                                               : fs::path("/tmp/shoal-" + std::to_string(getuid()));
  return root / ("up-" + std::to_string(options.client_port));
}

Result<UpPlan> make_plan(const UpOptions& options) {
  SHOAL_TRY(check_counts(options));
  UpPlan plan;
  auto model = find_model(options.model);
  if (!model) return model.error();
  plan.model = *std::move(model);
  SHOAL_TRY(check_ports(options));
  auto run_dir = make_run_dir(options);
  if (!run_dir) return run_dir.error();
  plan.run_dir = *std::move(run_dir);
  for (std::uint32_t i = 0; i < options.gateways; ++i) {
    plan.client_addresses.push_back(loopback(options.client_port + client_port_step * i));
  }
  std::string routers;
  for (std::uint32_t i = 0; i < options.routers; ++i) {
    if (i > 0) routers += ',';
    routers += loopback(options.router_port + i);
  }
  for (const char* const kind : start_order) {
    for (std::uint32_t i = 0; i < options.count(kind); ++i) {
      plan.children.push_back(make_child(options, plan, kind, i, routers));
    }
  }
  for (std::size_t i = 0; i < options.services.size(); ++i) {
    plan.children.push_back(make_service(plan, options.services[i], i, routers));
  }
  return plan;
}

std::vector<UpPort> ports_of(const UpOptions& options) {
  std::vector<UpPort> ports;
  for (std::uint32_t i = 0; i < options.routers; ++i) {
    ports.push_back({options.router_port + i, "router " + std::to_string(i), "", "--router-port", options.router_port});
  }
  for (std::uint32_t i = 0; i < options.gateways; ++i) {
    std::uint32_t number = options.client_port + client_port_step * i;
    for (const char* const serves : gateway_ports) {
      ports.push_back({number++, "gateway " + std::to_string(i), serves, "--client-port", options.client_port});
    }
  }
  return ports;
}

bool port_is_free(std::uint32_t port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) return false;
  const int yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool free = bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(listener);
  return free;
}

}  // namespace shoal::cli
