// Clients at a gateway's edge.
#include <doctest/doctest.h>

#include "actors/net/bound_router.h"
#include "actors/net/options.h"
#include "peers.h"

using namespace shoal;
using namespace shoal::actors;

namespace {

LoopConfig with_clients() { return {.client_bind = "tcp://127.0.0.1:*"}; }

}  // namespace

TEST_CASE("a DEALER client sends one frame and gets as many as are sent to it") {
  TestLoop gateway(with_clients());
  RawSocket client(ZMQ_DEALER);
  client.connect(gateway.loop->client_advertised());
  client.send({"question"});
  const auto received = gateway.box.take<ClientReceived>();
  CHECK(received.frame == "question");
  CHECK_FALSE(received.client.enveloped);
  REQUIRE(gateway.loop->post(ReplyClient{received.client, "first"}));
  REQUIRE(gateway.loop->post(ReplyClient{received.client, "second"}));
  CHECK(client.receive() == protocol::Frames{"first"});
  CHECK(client.receive() == protocol::Frames{"second"});
}

TEST_CASE("a REQ client is recognised by its empty frame and gets one back") {
  TestLoop gateway(with_clients());
  RawSocket client(ZMQ_REQ);
  client.connect(gateway.loop->client_advertised());
  client.send({"question"});
  const auto received = gateway.box.take<ClientReceived>();
  CHECK(received.frame == "question");
  CHECK(received.client.enveloped);
  REQUIRE(gateway.loop->post(ReplyClient{received.client, "answer"}));
  CHECK(client.receive() == protocol::Frames{"answer"});
}

TEST_CASE("frames of no client's shape are ignored, and the connection stays good") {
  TestLoop gateway(with_clients());
  RawSocket client(ZMQ_DEALER);
  client.connect(gateway.loop->client_advertised());
  client.send({"head", "body"});
  client.send(protocol::Frames(30, "x"));
  client.send({"question"});
  CHECK(gateway.box.take<ClientReceived>().frame == "question");
  CHECK_FALSE(gateway.box.has<ClientReceived>());
}

TEST_CASE("a client that leaves is told once") {
  TestLoop gateway(with_clients());
  {
    RawSocket client(ZMQ_REQ);
    client.connect(gateway.loop->client_advertised());
    client.send({"question"});
    client.socket().close(30'000);
  }
  const auto received = gateway.box.take<ClientReceived>();
  CHECK(gateway.box.take<ClientGone>().client == received.client);
  REQUIRE(gateway.loop->post(ReplyClient{received.client, "too late"}));
  CHECK(gateway.box.take<ClientGone>().client == received.client);  // the answer to that reply
}

TEST_CASE("who speaks while another client does not read keeps its connection") {
  Context context;
  BoundRouter router;
  REQUIRE(router.open(context, *parse_address("tcp://127.0.0.1:*"), set_edge_options));
  RawSocket lazy(ZMQ_DEALER);
  lazy.socket().set(ZMQ_RCVHWM, 1);
  lazy.connect(router.bound());
  lazy.send({"hello"});
  int heard = 0;
  int gone = 0;
  std::string last;
  const auto send_and_serve = [&](const std::string& to) {  // a send that fails makes the socket look for news
    std::string frames[] = {to, std::string(16u << 10, 'x')};
    const Sent sent = router.send(frames);
    router.serve(
        1,
        [&](const std::string& routing_id, const Incoming&) {
          ++heard;
          last = routing_id;
        },
        [&](const std::string&) { ++gone; });
    return sent;
  };
  while (heard == 0) send_and_serve("nobody");
  const std::string unread = last;
  while (send_and_serve(unread) == Sent::yes) {
  }
  RawSocket client(ZMQ_DEALER);
  client.connect(router.bound());
  for (int spoken = 1; spoken <= 50; ++spoken) {
    client.send({"question"});
    while (heard == spoken) send_and_serve(unread);
  }
  CHECK(gone == 0);
  router.close(0);
}

TEST_CASE("a client that reads late gets everything in order") {
  TestLoop gateway({.client_bind = "tcp://127.0.0.1:*", .client_backlog_bytes_max = 128u << 20});
  RawSocket client(ZMQ_DEALER);
  client.socket().set(ZMQ_RCVHWM, 1);
  client.connect(gateway.loop->client_advertised());
  client.send({"question"});
  const ClientId id = gateway.box.take<ClientReceived>().client;
  const int frames = 3000;  // of 16 KiB: more than sockets and kernel hold
  for (int i = 0; i < frames; ++i) {
    std::string frame(16u << 10, 'x');
    frame.replace(0, 4, std::to_string(1000 + i));
    REQUIRE(gateway.loop->post(ReplyClient{id, std::move(frame)}));
  }
  for (int i = 0; i < frames; ++i) REQUIRE(client.receive()[0].substr(0, 4) == std::to_string(1000 + i));
  CHECK_FALSE(gateway.box.has<ClientGone>());
}

TEST_CASE("a client that never reads is given up at its bound, and others are served meanwhile") {
  TestLoop gateway({.client_bind = "tcp://127.0.0.1:*", .client_backlog_bytes_max = 1u << 20});
  RawSocket slow(ZMQ_DEALER);
  slow.socket().set(ZMQ_RCVHWM, 1);
  slow.connect(gateway.loop->client_advertised());
  slow.send({"question"});
  const ClientId id = gateway.box.take<ClientReceived>().client;
  RawSocket other(ZMQ_DEALER);
  other.connect(gateway.loop->client_advertised());
  other.send({"question"});
  const ClientId other_id = gateway.box.take<ClientReceived>().client;
  bool gone = false;
  for (int i = 0; i < 20'000 && !gone; ++i) {
    REQUIRE(gateway.loop->post(ReplyClient{id, std::string(64u << 10, 'x')}));
    REQUIRE(gateway.loop->post(ReplyClient{other_id, "answer"}));
    CHECK(other.receive() == protocol::Frames{"answer"});
    gone = gateway.box.has<ClientGone>();
  }
  CHECK(gone);
}

TEST_CASE("a client's frame over the bound ends its connection") {
  TestLoop gateway(with_clients());
  RawSocket client(ZMQ_DEALER);
  client.connect(gateway.loop->client_advertised());
  client.send({"question"});
  const ClientId id = gateway.box.take<ClientReceived>().client;
  client.send({std::string(limits::edge_message_bytes_max + 1, 'x')});
  CHECK(gateway.box.take<ClientGone>().client == id);
}
