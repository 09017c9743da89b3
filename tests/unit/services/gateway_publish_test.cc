#include <doctest/doctest.h>

#include "edge_frames.h"
#include "services/gateway/publish_addresses.h"

using namespace shoal;
using namespace shoal::test;

namespace {

const actors::ClientId port{"", false, true}, alice{"alice", false, true}, bob{"bob", false, true}, nobody = port;

gateway::GatewayCore::Config publishing(std::uint32_t published_max = 100) {
  return {.epoch = 1, .seed = 7, .published_max = published_max};
}

std::string published(const std::string& client, const std::string& id = "r", const std::string& prompt = "hi") {
  return frame({{"type", "SUBMIT"}, {"id", id}, {"client", client}, {"prompt", prompt}});
}

}  // namespace

TEST_CASE("a published request is answered under its client's name, with nothing but its end") {
  Gateway gateway(publishing());
  gateway.say(published("alice"), port);
  CHECK(gateway.bench.replies.empty());  // no ACCEPTED: its ticket is a secret
  gateway.started();
  gateway.text("yes", protocol::Finish::stop);
  REQUIRE(gateway.bench.replies.size() == 1);
  CHECK(gateway.bench.replies[0].client == alice);
  CHECK(told(gateway, alice)["type"] == "DONE");
  CHECK(told(gateway, alice)["id"] == "r");
  CHECK(told(gateway, alice)["content"] == "yes");
}

TEST_CASE("an id is scoped to its client") {
  Gateway gateway(publishing());
  gateway.say(published("alice"), port);
  gateway.say(published("bob"), port);
  CHECK(gateway.streams() == 2);
  gateway.say(published("bob"), port);
  CHECK(told(gateway, bob)["code"] == "duplicate_id");
}

TEST_CASE("a published frame that cannot be used is answered under its client, or under the empty topic") {
  Gateway gateway(publishing());
  gateway.say(frame({{"type", "SUBMIT"}, {"id", "r"}, {"client", "alice"}}), port);
  CHECK(told(gateway, alice)["code"] == "invalid_request");
  gateway.say("nonsense", port);
  CHECK(told(gateway, nobody)["code"] == "malformed");
  gateway.say(published(""), port);
  CHECK(told(gateway, nobody)["message"] == "request.client: expected 1 to 64 bytes of text");
  gateway.say(submit({}), port);
  CHECK(told(gateway, nobody)["message"] == "request.client: is missing");
  CHECK(gateway.bench.counts == std::vector<std::string>{"published_bad"});
}

TEST_CASE("only SUBMIT can be published, and its client is named nowhere else") {
  Gateway gateway(publishing());
  gateway.say(frame({{"type", "STATUS"}, {"id", "r"}, {"client", "alice"}}), port);
  CHECK(told(gateway, alice)["message"] == "only SUBMIT can be published; send STATUS to the client port");
  gateway.say(published("alice"));
  CHECK(gateway.last("code") == "invalid_request");
}

TEST_CASE("the publish port is read while few enough of its requests are open, and on when they end") {
  Gateway gateway(publishing(3));
  CHECK(gateway.bench.taken == 3);
  for (const std::string id : {"1", "2", "3"}) gateway.say(published("alice", id), port);
  CHECK(gateway.streams() == 3);
  CHECK(gateway.bench.taken == 3);
  gateway.bench.give(actors::LinkLost{preprocess});  // all end with ERROR
  CHECK(gateway.streams() == 0);
  CHECK(gateway.bench.taken == 6);
}

TEST_CASE(
    "with half of its prompt bytes taken a gateway reads no more, and what it has read is busy if it does not fit") {
  auto config = publishing();
  config.bytes_max = 1000;
  Gateway gateway(config);
  const std::uint64_t asked_for = gateway.bench.taken;
  gateway.say(published("alice", "1", std::string(501, 'p')), port);
  for (std::uint64_t i = 2; i <= asked_for - 1; ++i) gateway.say(published("alice", std::to_string(i)), port);
  CHECK(gateway.streams() == asked_for - 1);
  CHECK(gateway.bench.taken == asked_for);
  gateway.say(published("bob", "r", std::string(501, 'p')), port);
  CHECK(told(gateway, bob)["code"] == "busy");
  CHECK(told(gateway, bob)["retry_after_ms"] != "");
  CHECK(gateway.streams() == asked_for - 1);
  CHECK(gateway.bench.taken == asked_for);
  gateway.bench.give(actors::LinkLost{preprocess});  // all end with ERROR
  CHECK(gateway.bench.taken > asked_for);
}

TEST_CASE("a frame that cannot be used does not use up the publish port") {
  Gateway gateway(publishing(1));
  for (int i = 0; i < 10; ++i) gateway.say("nonsense", port);
  CHECK(gateway.bench.taken == 11);
}

TEST_CASE("without a publish port nothing is asked of it") {
  Gateway gateway;
  CHECK(gateway.bench.taken == 0);
}

TEST_CASE("a published request waits where a router has no room, and a client's is told") {
  for (const bool waits : {true, false}) {
    Gateway gateway(publishing());
    gateway.say(waits ? published("alice") : submit({}), waits ? port : client);
    gateway.prepared();
    gateway.refuse(router, protocol::Type::place, Code::busy);
    CHECK(gateway.bench.replies.size() == (waits ? 0 : 1));
    gateway.bench.pass(seconds(1));
    CHECK((gateway.first<protocol::Place>() != nullptr) == waits);
  }
}

TEST_CASE("clients leave room for what may still be published") {
  auto config = publishing(2);
  config.streams_max = 3;
  Gateway gateway(config);
  gateway.ask({.id = "1"});
  gateway.ask({.id = "2"});
  CHECK(gateway.last("code") == "busy");
  gateway.say(published("alice", "1"), port);
  gateway.say(published("alice", "2"), port);
  CHECK(gateway.streams() == 3);
}

TEST_CASE("the publish port lies above the client port unless it is set") {
  const auto derived = gateway::publish_addresses("tcp://127.0.0.1:5555", "", "").value();
  CHECK(derived.requests == "tcp://127.0.0.1:5556");
  CHECK(derived.answers == "tcp://127.0.0.1:5557");
  const auto any = gateway::publish_addresses("tcp://[::1]:*", "", "tcp://[::1]:9000").value();
  CHECK(any.requests == "tcp://[::1]:*");
  CHECK(any.answers == "tcp://[::1]:9000");
  CHECK(gateway::publish_addresses("ipc:///run/edge", "", "").value().answers == "ipc:///run/edge.answers");
  CHECK(gateway::publish_addresses("tcp://127.0.0.1:5555", "none", "").value().requests.empty());
  CHECK(gateway::publish_addresses("tcp://127.0.0.1:5555", "none", "tcp://127.0.0.1:1").error().code ==
        Code::bad_config);
  CHECK(gateway::publish_addresses("tcp://127.0.0.1:65534", "", "").error().code == Code::bad_config);
}

TEST_CASE("a published request is async unless it says otherwise, and one on a connection is realtime") {
  Gateway gateway(publishing());
  gateway.say(published("alice"), port);
  CHECK(gateway.head.tier == Tier::async);
  gateway.say(frame({{"type", "SUBMIT"}, {"id", "v"}, {"client", "alice"}, {"prompt", "hi"}, {"tier", "vip"}}), port);
  CHECK(gateway.head.tier == Tier::vip);
  gateway.ask();
  CHECK(gateway.head.tier == Tier::realtime);
}
