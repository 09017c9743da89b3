// The publish port of a gateway: requests that nobody waits for, and answers for whoever listens.
#include <doctest/doctest.h>

#include "base/limits.h"
#include "peers.h"
#include "protocol/edge/edge.h"

using namespace shoal;
using namespace shoal::actors;

namespace {

struct Gateway : TestLoop {
  Gateway()
      : TestLoop({.client_bind = "tcp://127.0.0.1:*",
                  .publish_bind = "tcp://127.0.0.1:*",
                  .answers_bind = "tcp://127.0.0.1:*"}) {}

  const PublishPort& port() const { return loop->publish_port(); }
  void take_until(std::uint64_t until) { REQUIRE(loop->post(TakePublished{until})); }
  void answer(const std::string& topic, const std::string& frame) {
    REQUIRE(loop->post(ReplyClient{ClientId{topic, false, true}, frame}));
  }
};

struct Publisher : RawSocket {
  explicit Publisher(const Gateway& gateway) : RawSocket(ZMQ_PUSH) { connect(gateway.port().bound()); }
};

// Subscribed, and known to the gateway to be.
struct Subscriber : RawSocket {
  Subscriber(Gateway& gateway, const std::string& topic, int messages_max = 1000) : RawSocket(ZMQ_SUB) {
    socket().set(ZMQ_RCVHWM, messages_max);
    socket().set(ZMQ_SUBSCRIBE, topic);
    connect(gateway.port().answers_bound());
    while (!socket().readable()) gateway.answer(topic, "probe");
  }

  // The next message that is no probe.
  std::vector<std::string> next() {
    for (;;) {
      auto frames = receive();
      if (frames.back() != "probe") return frames;
    }
  }
};

}  // namespace

TEST_CASE("a published frame arrives without a connection to answer on") {
  Gateway gateway;
  gateway.take_until(1);
  Publisher publisher(gateway);
  publisher.send({"request"});
  const auto received = gateway.box.take<ClientReceived>();
  CHECK(received.frame == "request");
  CHECK(received.client == ClientId{"", false, true});
}

TEST_CASE("an answer goes to whoever subscribed to its topic, as topic and frame") {
  Gateway gateway;
  Subscriber alice(gateway, "alice"), bob(gateway, "bob");
  gateway.answer("alice", "yes");
  gateway.answer("bob", "no");
  CHECK(alice.next() == protocol::Frames{"alice", "yes"});
  CHECK(bob.next() == protocol::Frames{"bob", "no"});
}

TEST_CASE("no more frames are read than were asked for, and none is lost") {
  Gateway gateway;
  Publisher publisher(gateway);
  for (int i = 0; i < 6; ++i) publisher.send({std::to_string(i)});
  gateway.take_until(2);
  CHECK(gateway.box.take<ClientReceived>().frame == "0");
  CHECK(gateway.box.take<ClientReceived>().frame == "1");
  gateway.take_until(1);  // stale: ignored
  RawSocket client(ZMQ_DEALER);
  client.connect(gateway.loop->client_advertised());
  client.send({"client"});  // the loop has had its turn at both ports when this one is there
  CHECK(gateway.box.take<ClientReceived>().frame == "client");
  CHECK_FALSE(gateway.box.has<ClientReceived>());
  gateway.take_until(6);
  for (int i = 2; i < 6; ++i) CHECK(gateway.box.take<ClientReceived>().frame == std::to_string(i));
}

TEST_CASE("a publish port at rest asks for no turn") {
  PublishPort port([](const WireEvent&) {});
  const auto anywhere = *parse_address("tcp://127.0.0.1:*");
  REQUIRE(port.open(anywhere, anywhere).has_value());
  port.take_until(5);
  CHECK(port.requests().is_stirred());  // there may be something
  for (int turn = 0; turn < 2; ++turn) port.serve(16, Time{});
  CHECK_FALSE(port.requests().is_stirred());
  CHECK_FALSE(port.answers().is_stirred());
  CHECK(port.next_wake() == time_never);
}

TEST_CASE("a message of several frames is answered under the empty topic and does not count") {
  Gateway gateway;
  Subscriber everybody(gateway, "");
  gateway.take_until(1);
  Publisher publisher(gateway);
  publisher.send({"topic", "request"});
  const auto error = everybody.next();
  CHECK(error[0].empty());
  CHECK(error[1].find("one frame with one msgpack map") != std::string::npos);
  publisher.send({"request"});
  CHECK(gateway.box.take<ClientReceived>().frame == "request");
}

TEST_CASE("a subscriber that lags too far behind misses answers, and others do not") {
  Gateway gateway;
  Subscriber idle(gateway, "topic", 1);
  Subscriber reader(gateway, "topic");
  const std::string large(1u << 20, 'x');
  int sent = 0;
  for (std::size_t bytes = 0; bytes < 6 * limits::answers_backlog_bytes_max; bytes += large.size()) {
    gateway.answer("topic", large + std::to_string(sent++));
    CHECK(reader.next()[1].substr(large.size()) == std::to_string(sent - 1));
  }
  gateway.answer("topic", "last");
  CHECK(reader.next()[1] == "last");
  int got = 0;
  for (std::string frame; frame != "late"; ++got) {
    gateway.answer("topic", "late");  // as soon as there is room again
    frame = idle.next()[1];
    if (frame == "last") frame = "late";
  }
  CHECK(got < sent);
}

TEST_CASE("a subscriber has a bound of topics") {
  Gateway gateway;
  RawSocket greedy(ZMQ_SUB);
  greedy.socket().set(ZMQ_SNDHWM, 0);  // subscriptions past it would be dropped
  for (std::size_t i = 0; i <= limits::subscriptions_max; ++i) {
    greedy.socket().set(ZMQ_SUBSCRIBE, "topic" + std::to_string(i));
  }
  greedy.connect(gateway.port().answers_bound());
  CHECK(gateway.box.take<Unwelcome>().why == "it has more than 1024 subscriptions");
}

TEST_CASE("who left one topic still gets the others, and those that begin so") {
  Gateway gateway;
  Subscriber both(gateway, "alice");
  both.socket().set(ZMQ_SUBSCRIBE, "al");
  both.socket().set(ZMQ_UNSUBSCRIBE, "alice");
  gateway.answer("alice", "yes");
  CHECK(both.next() == protocol::Frames{"alice", "yes"});
}

TEST_CASE("an answer that nobody subscribed to is nobody's loss") {
  Gateway gateway;
  gateway.answer("alice", "yes");
  RawSocket client(ZMQ_DEALER);
  client.connect(gateway.loop->client_advertised());
  client.send({"client"});
  gateway.box.take<ClientReceived>();
  CHECK_FALSE(gateway.box.has<ClientGone>());
}

TEST_CASE("an address that others can reach is refused for the publish port too") {
  const auto loop = Loop::open({.routing_id = make_routing_id("test", "here", 1),
                                .bind = "tcp://127.0.0.1:*",
                                .client_bind = "tcp://127.0.0.1:*",
                                .publish_bind = "tcp://0.0.0.0:*",
                                .answers_bind = "tcp://127.0.0.1:*"});
  REQUIRE_FALSE(loop.has_value());
  CHECK(loop.error().text.find("publish_bind") != std::string::npos);
}
