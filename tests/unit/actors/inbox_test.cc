// What the outside world may send to an inbox, and what a loop does when there is too much of it.
#include <atomic>
#include <chrono>
#include <thread>

#include <doctest/doctest.h>

#include "actors/net/clock.h"
#include "peers.h"

using namespace shoal;
using namespace shoal::actors;

namespace {

protocol::Frames ping() { return protocol::encode(protocol::make_message(protocol::Ping{1})); }

}  // namespace

TEST_CASE("garbage on the inbox is told, and the next good message is heard") {
  TestLoop loop({});
  RawSocket peer(ZMQ_DEALER, make_routing_id("b", "here", 0xb) + "/1");
  peer.connect(loop.loop->bound());
  const std::vector<protocol::Frames> garbage = {
      {"hello"},
      {""},
      {"", ""},
      {std::string(3, '\xc1'), "body"},
      {ping()[0], "not a body at all"},
      protocol::Frames(40, "x"),
      {ping()[0], ping()[1], "surplus"},
  };
  for (const protocol::Frames& frames : garbage) {
    peer.send(frames);
    const Garbled garbled = loop.box.take<Garbled>();
    CHECK(epoch_of(garbled.from.routing_id) == 0xb);
    CHECK(garbled.error.code != Code::ok);
    CHECK_FALSE(garbled.error.text.empty());
  }
  peer.send(ping());
  loop.take<protocol::Ping>();
}

TEST_CASE("a client that took the inbox for a gateway is told so, and can be answered") {
  TestLoop loop({});
  RawSocket client(ZMQ_DEALER);
  client.connect(loop.loop->bound());
  client.send({"\x82\xa4type\xa6STATUS\xa2id\xa1s"});
  const Strayed strayed = loop.box.take<Strayed>();
  CHECK(strayed.id == "s");
  CHECK_FALSE(strayed.client.enveloped);
  REQUIRE(loop.loop->post(TurnAway{strayed.client, "away"}));
  CHECK(client.receive() == protocol::Frames{"away"});
  client.send({"", "no map"});
  const Strayed again = loop.box.take<Strayed>();
  CHECK(again.client.enveloped);
  REQUIRE(loop.loop->post(TurnAway{again.client, "away"}));
  CHECK(client.receive() == protocol::Frames{"", "away"});
}

TEST_CASE("an oversize message costs its sender the connection and nobody else anything") {
  TestLoop loop({});
  RawSocket peer(ZMQ_DEALER, make_routing_id("b", "here", 0xb) + "/1");
  RawSocket other(ZMQ_DEALER, make_routing_id("c", "here", 0xc) + "/1");
  peer.connect(loop.loop->bound());
  other.connect(loop.loop->bound());
  peer.send(ping());
  loop.take<protocol::Ping>();
  peer.send({ping()[0], std::string(limits::message_bytes_max + 1, 'x')});
  CHECK(epoch_of(loop.box.take<LinkDown>().route.routing_id) == 0xb);
  other.send(ping());
  CHECK(epoch_of(loop.take<protocol::Ping>().from.routing_id) == 0xc);
}

TEST_CASE("a full outbox says no") {
  auto loop = Loop::open({.routing_id = make_routing_id("a", "here", 0xa), .bind = "tcp://127.0.0.1:*"});
  REQUIRE(loop.has_value());
  for (std::size_t i = 0; i < limits::outbox_messages_max; ++i) REQUIRE((*loop)->post(Dial{"ipc://x"}));
  CHECK_FALSE((*loop)->post(Dial{"ipc://x"}));
}

TEST_CASE("an outbox counts bytes too") {
  Outbox outbox(10, 1000);
  CHECK(outbox.push(ReplyClient{{}, std::string(600, 'x')}));
  CHECK_FALSE(outbox.push(ReplyClient{{}, std::string(600, 'x')}));
  CHECK(outbox.take().size() == 1);
  CHECK(outbox.push(ReplyClient{{}, std::string(600, 'x')}));
}

TEST_CASE("nothing is read for a congested service until it is no more") {
  std::atomic<bool> congested{true};
  TestLoop busy({}, [&congested] { return congested.load(); });
  TestLoop peer({.routing_id = make_routing_id("b", "here", 0xb)});
  peer.dial(busy.loop->bound());
  peer.post({busy.loop->bound(), {}}, protocol::Ping{1});
  busy.dial(peer.loop->bound());  // its own links go on
  CHECK_FALSE(busy.box.has<Arrived>());
  congested = false;
  busy.take<protocol::Ping>();
}

TEST_CASE("the loop reports how long a turn took") {
  auto opened = Loop::open({.routing_id = make_routing_id("a", "here", 0xa), .bind = "tcp://127.0.0.1:*"});
  REQUIRE(opened.has_value());
  Loop& loop = **opened;
  std::atomic<int> delivered{0};
  loop.start([&delivered](const WireEvent&) {
    const Time until = monotonic_now() + milliseconds(20);
    while (monotonic_now() < until) continue;
    ++delivered;
    delivered.notify_all();
  });
  REQUIRE(loop.post(Post{{"tcp://127.0.0.1:1", {}}, protocol::make_message(protocol::Ping{})}));
  delivered.wait(0);
  loop.stop();
  CHECK(loop.take_lag_ms() >= 20);
  CHECK(loop.take_lag_ms() == 0);
}
