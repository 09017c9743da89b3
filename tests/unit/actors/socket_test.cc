// A socket that is asked for news only when there may be some.
#include "actors/net/socket.h"

#include <chrono>
#include <poll.h>

#include <doctest/doctest.h>

using namespace shoal;
using namespace shoal::actors;

namespace {

bool shows_news(const Socket& socket, int wait_ms) {
  pollfd item{socket.fd(), POLLIN, 0};
  return poll(&item, 1, wait_ms) > 0;
}

// As soon as somebody is connected.
bool ask(Socket& socket) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < deadline) {
    std::string frames[] = {"question"};
    if (socket.send(frames) == Sent::yes) return true;
  }
  return false;
}

// As the loop does it: waits only if the socket is not stirred.
bool receive(Socket& socket, Incoming& incoming) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < deadline) {
    if (!socket.is_stirred() && shows_news(socket, 100)) socket.stir();
    if (socket.receive(incoming)) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("news that many sends take in passing is not lost") {
  Context context;
  Socket sender(context, ZMQ_DEALER);
  Socket peer(context, ZMQ_DEALER);
  for (Socket* const socket : {&sender, &peer}) {
    socket->set(ZMQ_SNDHWM, 0);
    socket->set(ZMQ_RCVHWM, 0);
  }
  REQUIRE(peer.bind("tcp://127.0.0.1:*"));
  REQUIRE(sender.connect(peer.last_endpoint()));
  Incoming incoming;
  for (int round = 0; round < 5; ++round) {
    REQUIRE_FALSE(sender.receive(incoming));  // from here on it rests
    REQUIRE(ask(peer));
    for (int i = 0; i < 20'000; ++i) {  // a sender looks at its commands about once in a millisecond
      std::string frames[] = {"x"};
      REQUIRE(sender.send(frames) == Sent::yes);
    }
    REQUIRE(receive(sender, incoming));
    CHECK(incoming.views[0] == "question");
  }
}

TEST_CASE("a socket at rest gives nothing before it is stirred") {
  Context context;
  Socket socket(context, ZMQ_DEALER);
  Socket peer(context, ZMQ_DEALER);
  REQUIRE(peer.bind("tcp://127.0.0.1:*"));
  REQUIRE(socket.connect(peer.last_endpoint()));
  Incoming incoming;
  REQUIRE_FALSE(socket.receive(incoming));
  REQUIRE(ask(peer));
  REQUIRE(shows_news(socket, 10'000));
  CHECK_FALSE(socket.receive(incoming));
  CHECK(receive(socket, incoming));
}
