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

TEST_CASE("what stands before the empty frame is echoed: REQ_CORRELATE and proxies") {
  TestLoop gateway(with_clients());
  RawSocket client(ZMQ_DEALER);
  client.connect(gateway.loop->client_advertised());
  client.send({"address", "1234", "", "question"});
  const auto received = gateway.box.take<ClientReceived>();
  CHECK(received.frame == "question");
  CHECK(received.client.enveloped);
  REQUIRE(gateway.loop->post(ReplyClient{received.client, "answer"}));
  CHECK(client.receive() == protocol::Frames{"address", "1234", "", "answer"});
}

TEST_CASE("without an empty frame all but the last is the envelope: a DEALER behind a proxy") {
  TestLoop gateway(with_clients());
  RawSocket client(ZMQ_DEALER);
  client.connect(gateway.loop->client_advertised());
  client.send({"address", "question"});
  const auto received = gateway.box.take<ClientReceived>();
  CHECK(received.frame == "question");
  CHECK_FALSE(received.client.enveloped);
  REQUIRE(gateway.loop->post(ReplyClient{received.client, "answer"}));
  CHECK(client.receive() == protocol::Frames{"address", "answer"});
}

TEST_CASE("clients behind one connection are told apart by their envelopes") {
  TestLoop gateway(with_clients());
  RawSocket proxy(ZMQ_DEALER);
  proxy.connect(gateway.loop->client_advertised());
  proxy.send({"a", "", "question"});
  proxy.send({"b", "", "question"});
  const ClientId a = gateway.box.take<ClientReceived>().client;
  const ClientId b = gateway.box.take<ClientReceived>().client;
  CHECK(a != b);
  CHECK(a.routing_id == b.routing_id);
}

TEST_CASE("a second client with a name that is in use is heard, and each gets its own answers") {
  TestLoop gateway(with_clients());
  RawSocket first(ZMQ_DEALER, "name"), second(ZMQ_DEALER, "name");
  first.connect(gateway.loop->client_advertised());
  first.send({"question"});
  const ClientId one = gateway.box.take<ClientReceived>().client;
  second.connect(gateway.loop->client_advertised());
  second.send({"question"});
  const ClientId two = gateway.box.take<ClientReceived>().client;
  REQUIRE(gateway.loop->post(ReplyClient{two, "second"}));
  REQUIRE(gateway.loop->post(ReplyClient{one, "first"}));
  CHECK(first.receive() == protocol::Frames{"first"});
  CHECK(second.receive() == protocol::Frames{"second"});
}

TEST_CASE("frames of no request's shape are answered with an error, and the connection stays good") {
  TestLoop gateway(with_clients());
  RawSocket client(ZMQ_DEALER);
  client.connect(gateway.loop->client_advertised());
  const auto answer_to = [&](const protocol::Frames& frames) {
    client.send(frames);
    return client.receive();
  };
  const auto two = answer_to({"", "", "question"});
  CHECK(two.front().empty());
  CHECK(two.back().find("a request is one frame, behind an empty one if there is an envelope; 2 came") !=
        std::string::npos);
  CHECK(answer_to({"address", ""}).back().find("0 came") != std::string::npos);
  const auto far = answer_to({std::string(limits::envelope_bytes_max, 'x'), "", "question"});
  CHECK(far.back().find("the frames before a request may have 1024 bytes in all, these have 1035") !=
        std::string::npos);
  client.send({"question"});
  CHECK(gateway.box.take<ClientReceived>().frame == "question");
  CHECK_FALSE(gateway.box.has<ClientReceived>());
  client.send({""});  // for the parser to refuse
  CHECK_FALSE(gateway.box.take<ClientReceived>().client.enveloped);
}

TEST_CASE("past the bound of clients a new one is told, and those that are there go on") {
  TestLoop gateway({.client_bind = "tcp://127.0.0.1:*", .clients_max = 1});
  RawSocket first(ZMQ_DEALER), second(ZMQ_DEALER);
  first.connect(gateway.loop->client_advertised());
  first.send({"question"});
  gateway.box.take<ClientReceived>();
  second.connect(gateway.loop->client_advertised());
  second.send({"question"});
  CHECK(second.receive().back().find("this gateway has as many clients as it can remember") != std::string::npos);
  first.send({"again"});
  CHECK(gateway.box.take<ClientReceived>().frame == "again");
}

TEST_CASE("a socket that is no client's is told so by its library, and the gateway by a reason") {
  TestLoop gateway(with_clients());
  RawSocket pusher(ZMQ_PUSH);
  pusher.connect(gateway.loop->client_advertised());
  CHECK(gateway.box.take<Unwelcome>().why == "a ROUTER socket takes DEALER and REQ sockets, not PUSH");
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
  CHECK(gateway.box.take<ClientGone>().routing_id == received.client.routing_id);
  REQUIRE(gateway.loop->post(ReplyClient{received.client, "too late"}));
  CHECK(gateway.box.take<ClientGone>().routing_id == received.client.routing_id);  // the answer to that reply
}

TEST_CASE("who speaks while another client does not read keeps its connection") {
  Context context;
  BoundRouter router;
  const auto set_options = [](Socket& socket, const Address& bound) {
    set_inbox_options(socket, bound);
    socket.set(ZMQ_SNDHWM, 1024);
  };
  REQUIRE(router.open(context, *parse_address("tcp://127.0.0.1:*"), set_options));
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
  TestLoop gateway({.client_bind = "tcp://127.0.0.1:*",
                    .client_bounds = {.slow_bytes = 128u << 20, .backlog_bytes_max = 128u << 20}});
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
  TestLoop gateway({.client_bind = "tcp://127.0.0.1:*", .client_bounds = {.backlog_bytes_max = 1u << 20}});
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
  const auto gone = gateway.box.take<ClientGone>();
  CHECK(gone.routing_id == id.routing_id);
  CHECK(gone.why == "a message has more than 67108864 bytes");
}
