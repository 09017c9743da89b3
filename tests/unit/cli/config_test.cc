#include "services/gateway/config.h"

#include <map>
#include <string>

#include <doctest/doctest.h>

#include "cli/settings/mesh_config.h"
#include "config/checks.h"
#include "config/settings.h"
#include "services/inference/config.h"
#include "services/router/config.h"

namespace shoal::cli {
namespace {

using config::check_bind;
using config::check_routers;
using config::read_config_file;
using config::read_config_text;

// One setting of each type.
struct Kettle {
  std::uint32_t cups = 4;
  std::uint64_t bytes = 0;
  double heat = 0.5;
  std::string tea = "green";
  std::vector<std::string> guests = {};

  template <class Self, class Visitor>
  static void keys(Self& self, Visitor&& visit) {
    visit("cups", self.cups, "how many", 1, 64);
    visit("bytes", self.bytes, "how big");
    visit("heat", self.heat, "how hot", 0, 1);
    visit("tea", self.tea, "which", {"green", "black"});
    visit("guests", self.guests, "who");
  }
};

// The error of a value given on the command line, or "".
std::string refusal(std::string_view key, std::string_view value) {
  Kettle kettle;
  const auto assigned = Settings(kettle).assign(key, value);
  return assigned ? "" : assigned.error().text;
}

// The error of a configuration file with this text, or "".
std::string file_refusal(const std::string& text) {
  MeshConfig config;
  MeshSettings settings(config);
  const auto read = read_config_text(text, "shoal.toml", settings.sections());
  if (!read) CHECK(read.error().code == Code::bad_config);
  return read ? "" : read.error().text;
}

TEST_CASE("a key of the common settings and one of the service's own are both known") {
  services::GatewayConfig config;
  Settings settings(config);
  REQUIRE(settings.assign("node", "left"));
  REQUIRE(settings.assign("client_bind", "tcp://127.0.0.1:7000"));
  CHECK(config.node == "left");
  CHECK(config.client_bind == "tcp://127.0.0.1:7000");
}

TEST_CASE("an engine's settings are bounded, and past a bound the error says what was expected") {
  const auto refused = [](std::string_view key, std::string_view value) {
    services::InferenceConfig config;
    const auto assigned = Settings(config).assign(key, value);
    return assigned ? "" : assigned.error().text;
  };
  for (const auto& [key, good] : std::map<std::string, std::string>{{"slots", "1024"},
                                                                    {"threads", "0"},
                                                                    {"module", "cpu_base"},
                                                                    {"kv_bytes", "0"},
                                                                    {"sharers", "1024"},
                                                                    {"step_tokens", "16384"},
                                                                    {"weight", "1000000"}}) {
    CHECK(refused(key, good).empty());
  }
  for (const auto& [key, bad] : std::map<std::string, std::string>{{"slots", "0"},
                                                                   {"threads", "1025"},
                                                                   {"module", "cuda"},
                                                                   {"kv_bytes", "17592186044417"},
                                                                   {"sharers", "0"},
                                                                   {"step_tokens", "16385"},
                                                                   {"weight", "1000001"}}) {
    const std::string said = refused(key, bad);  // CAPTURE makes a lambda, and clang takes no binding into one
    CAPTURE(said);
    CHECK(refused(key, bad).find(key) != std::string::npos);
    CHECK(refused(key, bad).find(key == "module" ? "cpu_avx2" : "a whole number from") != std::string::npos);
  }
}

TEST_CASE("how long a stage may take is bounded by the time that a request has") {
  const auto refused = [](std::string_view value) {
    services::GatewayConfig config;
    const auto assigned = Settings(config).assign("stage_timeout_ms", value);
    return assigned ? "" : assigned.error().text;
  };
  CHECK(services::GatewayConfig{}.stage_timeout_ms == limits::stage_wait_ms);
  CHECK(refused("1").empty());
  CHECK(refused("600000").empty());
  CHECK(refused("0").find("stage_timeout_ms: expected a whole number from 1 to 600000") != std::string::npos);
  CHECK_FALSE(refused("600001").empty());
}

TEST_CASE("a list is given as comma separated entries") {
  services::GatewayConfig config;
  Settings settings(config);
  REQUIRE(settings.assign("routers", "tcp://a:1,,tcp://b:2,"));
  CHECK(config.routers == std::vector<std::string>{"tcp://a:1", "tcp://b:2"});
}

TEST_CASE("an unknown key is an error that names the nearest known one") {
  services::GatewayConfig config;
  const auto assigned = Settings(config).assign("cleint_bind", "x");
  REQUIRE_FALSE(assigned);
  CHECK(assigned.error().code == Code::bad_config);
  CHECK(assigned.error().text == "unknown key cleint_bind (did you mean client_bind?)");
}

TEST_CASE("a key of another kind of service is unknown") {
  services::RouterConfig config;
  CHECK_FALSE(Settings(config).assign("client_bind", "tcp://127.0.0.1:1"));
}

TEST_CASE("a flag takes true and false and nothing else") {
  services::GatewayConfig config;
  Settings settings(config);
  REQUIRE(settings.assign("insecure", "true"));
  CHECK(config.insecure);
  REQUIRE(settings.assign("insecure", "false"));
  CHECK_FALSE(config.insecure);
  CHECK_FALSE(settings.assign("insecure", "perhaps"));
}

TEST_CASE("numbers of three types are read from a text") {
  Kettle kettle;
  Settings settings(kettle);
  REQUIRE(settings.assign("cups", "64"));
  REQUIRE(settings.assign("bytes", "8589934592"));
  REQUIRE(settings.assign("heat", "0.25"));
  CHECK(kettle.cups == 64);
  CHECK(kettle.bytes == 8'589'934'592);
  CHECK(kettle.heat == 0.25);
  CHECK(settings.print() == "cups=64 bytes=8589934592 heat=0.25 tea=green guests=");
}

TEST_CASE("a number that does not fit is refused with key, expectation and what was given") {
  CHECK(refusal("cups", "0") == "cups: expected a whole number from 1 to 64, got 0");
  CHECK(refusal("cups", "65") == "cups: expected a whole number from 1 to 64, got 65");
  CHECK(refusal("cups", "4294967297") == "cups: expected a whole number from 1 to 64, got 4294967297");
  CHECK(refusal("cups", "2.5") == "cups: expected a whole number from 1 to 64, got \"2.5\"");
  CHECK(refusal("cups", "") == "cups: expected a whole number from 1 to 64, got \"\"");
  CHECK(refusal("bytes", "-1") == "bytes: expected a whole number of at least 0, got -1");
  CHECK(refusal("heat", "1.5") == "heat: expected a number from 0 to 1, got 1.5");
  CHECK(refusal("heat", "nan") != "");
  CHECK(refusal("heat", "1") == "");
}

TEST_CASE("a text that is one of a few is refused with all of them") {
  CHECK(refusal("tea", "black") == "");
  CHECK(refusal("tea", "red") == "tea: expected green or black, got \"red\"");
}

TEST_CASE("a value that was refused leaves the setting and its source as they were") {
  Kettle kettle;
  Settings settings(kettle);
  REQUIRE_FALSE(settings.assign("cups", "100"));
  CHECK(kettle.cups == 4);
  CHECK(settings.find("cups")->source.empty());
}

TEST_CASE("a configuration file gives texts, lists, flags and numbers") {
  Kettle kettle;
  Settings settings(kettle);
  const Section sections[] = {{"", &settings}};
  REQUIRE(read_config_text("cups = 0x10\nheat = 1\ntea = \"black\"\nguests = [\"a\", \"b,c\"]\n", "f", sections));
  CHECK(kettle.cups == 16);
  CHECK(kettle.heat == 1.0);
  CHECK(kettle.tea == "black");
  CHECK(kettle.guests == std::vector<std::string>{"a", "b,c"});
  CHECK(settings.find("heat")->source == "f:2");
}

TEST_CASE("a key at the top of the file reaches every kind, and a kind's own table stands above it") {
  MeshConfig config;
  MeshSettings settings(config);
  const std::string text = "[gateway]\nnode = \"right\"\nclient_bind = \"ipc:///tmp/x\"\n";
  REQUIRE(read_config_text("node = \"left\"\nmodel = \"bytes\"\nrouters = [\"tcp://a:1\"]\n" + text, "f",
                           settings.sections()));
  CHECK(config.router.node == "left");
  CHECK(config.gateway.node == "right");
  CHECK(config.gateway.client_bind == "ipc:///tmp/x");
  CHECK(config.inference.routers == std::vector<std::string>{"tcp://a:1"});
  CHECK(config.up.model == "bytes");
  CHECK(config.up.routers == 2);
  CHECK(settings.of("gateway").find("node")->source == "f:5");
}

TEST_CASE("an unknown key is refused in every table, with file, line and the nearest known one") {
  CHECK(file_refusal("\nrooters = [\"tcp://a:1\"]\n") == "shoal.toml:2: unknown key rooters (did you mean routers?)");
  CHECK(file_refusal("[gateway]\ncleint_bind = \"x\"\n") ==
        "shoal.toml:2: [gateway] unknown key cleint_bind (did you mean client_bind?)");
  CHECK(file_refusal("[router]\nclient_bind = \"x\"\n") != "");
  CHECK(file_refusal("[up]\ngateway = 2\n") == "shoal.toml:2: [up] unknown key gateway (did you mean gateways?)");
  CHECK(file_refusal("[gatway]\nnode = \"x\"\n") == "shoal.toml:1: unknown table [gatway] (did you mean gateway?)");
}

TEST_CASE("a key of one kind at the top of the file is told where it belongs") {
  CHECK(file_refusal("client_bind = \"x\"\n") ==
        "shoal.toml:1: unknown key client_bind: it belongs into the table [gateway]");
}

TEST_CASE("a value of the wrong type in a file is refused with its line") {
  CHECK(file_refusal("node = 3\n") == "shoal.toml:1: node: expected a text in quotes, got 3");
  CHECK(file_refusal("insecure = \"true\"\n") == "shoal.toml:1: insecure: expected true or false, got \"true\"");
  CHECK(file_refusal("routers = [1]\n") != "");
  CHECK(file_refusal("node = { a = 1 }\n") != "");
  CHECK(file_refusal("node = 1979-05-27\n") != "");
  CHECK(file_refusal("[up]\ngateways = \"2\"\n") ==
        "shoal.toml:2: [up] gateways: expected a whole number from 1 to 64, got \"2\"");
}

TEST_CASE("tables of third parties are left alone, and read by whoever is called so") {
  CHECK(file_refusal("[services.kettle]\ncups = 3\n") == "");
  CHECK(file_refusal("[services]\ncups = 3\n") != "");
  Kettle kettle;
  Settings settings(kettle);
  const Section sections[] = {{"services.kettle", &settings}, {"gateway", nullptr}};
  REQUIRE(read_config_text("[services.kettle]\ncups = 3\n[gateway]\nx = 1\n", "f", sections));
  CHECK(kettle.cups == 3);
}

TEST_CASE("what is no TOML, or too long, or not there is refused") {
  CHECK(file_refusal("a = 1\nnode = = 3\n").starts_with("shoal.toml:2: "));
  CHECK(file_refusal("node = \"a\"\nnode = \"b\"\n").starts_with("shoal.toml:2: "));
  CHECK(file_refusal(std::string((1u << 20) + 1, '#')) != "");
  CHECK(file_refusal(std::string("node = \"a") + '\xff' + "\"\n") != "");
  CHECK_FALSE(read_config_file("/nonexistent/shoal.toml", {}));
  CHECK_FALSE(read_config_file("/tmp", {}));
}

TEST_CASE("what is printed at the start names every key") {
  services::CommonConfig config;
  config.node = "left hand";
  CHECK(Settings(config).print() ==
        "routers=tcp://127.0.0.1:5570 bind=tcp://127.0.0.1:* advertise= node=\"left hand\" model= insecure=false "
        "drain_ms=8000 log_format=text log_level=info");
}

TEST_CASE("another address than loopback and ipc needs --insecure") {
  CHECK(check_bind("bind", "tcp://127.0.0.1:*", false));
  CHECK(check_bind("bind", "ipc:///tmp/x", false));
  CHECK(check_bind("bind", "tcp://*:5570", true));
  CHECK_FALSE(check_bind("bind", "tcp://*:5570", false));
  CHECK_FALSE(check_bind("bind", "tcp://0.0.0.0:5570", false));
  CHECK_FALSE(check_bind("bind", "127.0.0.1:5570", true));
}

TEST_CASE("routers are at least one address and no more than the bound") {
  CHECK(check_routers({"tcp://a:1"}));
  CHECK_FALSE(check_routers({}));
  CHECK_FALSE(check_routers(std::vector<std::string>(17, "tcp://a:1")));
}

TEST_CASE("routers need no transport, but a port") {
  CHECK(check_routers({"a:1", "127.0.0.1:5570", "[::1]:5570", "5570", "ipc:///run/router"}));
  CHECK(config::with_transports({"a:1", "5570", "ipc:///x", "tcp://b:2"}) ==
        std::vector<std::string>{"tcp://a:1", "tcp://127.0.0.1:5570", "ipc:///x", "tcp://b:2"});
  for (const char* const none : {"", "a", "tcp://a", "tcp://:5570", ":5570", "a:", "a:b", "a:70000", "http://a:1"}) {
    CAPTURE(none);
    const auto checked = check_routers({none});
    REQUIRE_FALSE(checked);
    CHECK(checked.error().text == "routers: \"" + std::string(none) +
                                      "\" is no address: expected HOST:PORT, as in 127.0.0.1:5570, or ipc://PATH");
  }
}

}  // namespace
}  // namespace shoal::cli
