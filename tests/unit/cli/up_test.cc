#include <arpa/inet.h>
#include <filesystem>
#include <netinet/in.h>
#include <random>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/cores.h"
#include "cli/status/processes.h"
#include "cli/up/supervisor.h"
#include "cli/up/up_plan.h"

namespace shoal::cli {
namespace {

// The first of three ports that nobody listens at, below the range from which the kernel gives ports to other tests.
std::uint32_t free_ports() {
  static std::mt19937 random(static_cast<unsigned>(getpid()));
  while (true) {
    const auto port = static_cast<std::uint32_t>(12'000 + 10 * (random() % 1800));
    if (port_is_free(port) && port_is_free(port + 1) && port_is_free(port + 2)) return port;
  }
}

// A listener on a loopback port that the kernel chose.
class Listener {
public:
  Listener() : descriptor_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(descriptor_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(listen(descriptor_, 1) == 0);
    REQUIRE(getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { close(descriptor_); }
  std::uint32_t port() const { return port_; }

private:
  int descriptor_;
  std::uint32_t port_ = 0;
};

TEST_CASE("the pause before a restart doubles from 50 ms to 5 s") {
  CHECK(restart_pause(1) == milliseconds(50));
  CHECK(restart_pause(2) == milliseconds(100));
  CHECK(restart_pause(7) == milliseconds(3200));
  CHECK(restart_pause(8) == milliseconds(5000));
  CHECK(restart_pause(4'000'000'000) == milliseconds(5000));
}

TEST_CASE("a port that somebody listens at is not free") {
  const Listener listener;
  CHECK_FALSE(port_is_free(listener.port()));
}

TEST_CASE("inference processes share the cores, unless their threads are set") {
  const auto threads_of = [](UpOptions options) {
    options.model = "bytes";
    options.client_port = free_ports();
    options.router_port = free_ports();
    options.gateways = options.routers = 1;
    const auto plan = make_plan(options);
    REQUIRE(plan);
    std::vector<std::string> found;
    for (const ChildSpec& child : plan->children) {
      for (const std::string& argument : child.arguments) {
        if (argument.rfind("--threads=", 0) == 0) found.push_back(child.kind + " " + argument);
      }
    }
    return found;
  };
  const std::string share = std::to_string(std::max(1u, usable_cores() / 2));
  CHECK(threads_of({.inferences = 2}) == std::vector<std::string>(2, "inference --threads=" + share));
  CHECK(threads_of({.inferences = 64}) ==
        std::vector<std::string>(64, "inference --threads=" + std::to_string(std::max(1u, usable_cores() / 64))));
  UpOptions set{.inferences = 1};
  set.kinds["inference"].has_threads = true;
  set.kinds["inference"].arguments = {"--threads=7"};
  CHECK(threads_of(set) == std::vector<std::string>{"inference --threads=7"});
}

TEST_CASE("a mesh listens at three ports of each gateway and one of each router") {
  std::vector<std::uint32_t> numbers;
  for (const UpPort& port : ports_of({})) numbers.push_back(port.number);
  CHECK(numbers == std::vector<std::uint32_t>{5570, 5571, 5555, 5556, 5557, 5565, 5566, 5567});
}

TEST_CASE("a port that a gateway and a router would share is an error") {
  UpOptions options;
  options.model = "bytes";
  options.gateways = options.routers = 1;
  options.client_port = Listener().port();  // nobody listens any more
  options.router_port = options.client_port + 2;
  const auto plan = make_plan(options);
  REQUIRE_FALSE(plan);
  CHECK(plan.error().text.find("is wanted by a gateway and a router") != std::string::npos);
}

TEST_CASE("a taken client port is an error that names port and option") {
  const Listener listener;
  UpOptions options{.model = "bytes"};
  options.client_port = listener.port();
  const auto plan = make_plan(options);
  REQUIRE_FALSE(plan);
  CHECK(plan.error().text.find(std::to_string(listener.port())) != std::string::npos);
  CHECK(plan.error().text.find("--client-port") != std::string::npos);
}

TEST_CASE("services of one's own come last, with the mesh's addresses for their command") {
  UpOptions options{.model = "bytes"};
  options.client_port = Listener().port();  // nobody listens any more
  options.router_port = Listener().port();
  options.gateways = options.routers = 1;
  options.services = {"./bin/my_service --routers=$SHOAL_ROUTERS", "python3 stage.py $SHOAL_GATEWAYS"};
  const auto plan = make_plan(options);
  REQUIRE(plan);
  const ChildSpec& first = plan->children[plan->children.size() - 2];
  CHECK(first.kind == "my_service");
  CHECK(first.command == options.services[0]);
  CHECK(first.environment ==
        std::vector<std::string>{"SHOAL_ROUTERS=tcp://127.0.0.1:" + std::to_string(options.router_port),
                                 "SHOAL_GATEWAYS=tcp://127.0.0.1:" + std::to_string(options.client_port)});
  CHECK(plan->children.back().kind == "python3");
  CHECK(plan->children.back().log != first.log);
}

TEST_CASE("an empty command is no service, and there are at most 64") {
  UpOptions options{.model = "bytes"};
  options.services = {" "};
  CHECK(make_plan(options).error().text.find("empty command") != std::string::npos);
  options.services.assign(65, "true");
  CHECK(make_plan(options).error().text.find("at most 64") != std::string::npos);
}

TEST_CASE("a mesh without a process of some kind is refused") {
  UpOptions options{.model = "bytes"};
  options.inferences = 0;
  const auto plan = make_plan(options);
  REQUIRE_FALSE(plan);
  CHECK(plan.error().text.find("inference") != std::string::npos);
}

TEST_CASE("a model that is not there is an error that names the option") {
  const auto plan = make_plan({.model = "/nonexistent"});
  REQUIRE_FALSE(plan);
  CHECK(plan.error().text.find("--model") != std::string::npos);
}

TEST_CASE("columns of a table are as wide as their widest entry, without trailing spaces") {
  CHECK(make_table({{"KIND", "NODE"}, {"router", "a"}, {"x", "größer"}}) ==
        "KIND    NODE\nrouter  a\nx       größer\n");
}

TEST_CASE("processes are shown in the order in which a request meets them") {
  const Json processes = {{{"kind", "router"}, {"epoch", "01"}}, {{"kind", "gateway"}, {"epoch", "02"}}};
  const std::string table = process_table(processes);
  CHECK(table.find("gateway") < table.find("router"));
  CHECK(count_kind(processes, "router") == 1);
  CHECK(count_kind(processes, "inference") == 0);
}

TEST_CASE("a status entry without load or with fields of other types is still shown") {
  const Json processes = {{{"kind", "gateway"}, {"load", 3}}, {{"kind", 7}, {"load", {{"running", "x"}}}}};
  CHECK(process_table(processes).find("gateway") != std::string::npos);
}

}  // namespace
}  // namespace shoal::cli
