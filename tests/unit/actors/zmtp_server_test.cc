// A server of ZMTP against connections that behave as programs do.
#include <algorithm>
#include <sys/stat.h>
#include <unistd.h>

#include "peers.h"
#include "zmtp_port.h"

using namespace shoal;
using namespace shoal::actors;
using namespace shoal::actors::zmtp;

TEST_CASE("messages come whole and in order, and answers go back") {
  Port port;
  Raw peer(port);
  peer.say("", true);
  peer.say("question");
  port.serve_until([&] { return !port.got.empty(); });
  CHECK(port.got[0].second == std::vector<std::string>{"", "question"});
  CHECK(port.server.send(port.got[0].first, frame("answer")));
  std::string answer;
  port.serve_until([&] { return !(answer += peer.receive_now()).empty(); });
  CHECK(answer == frame("answer"));
}

TEST_CASE("no more messages are handed over than asked for, and the rest later") {
  Port port;
  Raw peer(port);
  std::string all;
  for (int i = 0; i < 10; ++i) all += frame(std::to_string(i));
  peer.send(all);
  for (std::size_t have = 0; have < 9; have += 3) {
    while (port.got.size() == have) port.serve(3);
    CHECK(port.got.size() == have + 3);
  }
  port.serve(0);
  CHECK(port.got.size() == 9);
  while (port.got.size() == 9) port.serve(3);
  for (int i = 0; i < 10; ++i) CHECK(port.got[i].second[0] == std::to_string(i));
}

TEST_CASE("what a peer said before it left is read, and then its end is told") {
  for (const bool resets : {false, true}) {
    Port port;
    Raw peer(port);
    for (int i = 0; i < 500; ++i) peer.say("question");
    port.serve_until([&] { return !port.got.empty(); });
    if (resets) {
      peer.reset();
    } else {
      peer.leave();
    }
    port.serve_until([&] { return !port.ended.empty(); });
    if (!resets) CHECK(port.got.size() == 500);  // a reset may take what was not read with it
    CHECK(port.ended.begin()->second.empty());
    CHECK_FALSE(port.server.send(port.got[0].first, frame("too late")));
  }
}

TEST_CASE("a server at rest asks for no turn") {
  Port port;
  Raw peer(port);
  peer.say("question");
  port.serve_until([&] { return !port.got.empty(); });
  port.settle();
  port.server.set_reading(true);  // as it was
  CHECK_FALSE(port.server.is_stirred());
  CHECK(port.server.next_wake() == time_never);
}

TEST_CASE("with reading off messages wait, and handshakes do not") {
  Port port;
  Raw first(port);
  port.server.set_reading(false);
  first.say("question");
  Raw second(port);
  second.say("question");
  port.settle();
  CHECK(port.got.empty());
  port.server.set_reading(true);
  port.serve_until([&] { return port.got.size() == 2; });
}

TEST_CASE("connections that come and reset at once leave nothing behind") {
  Port port;
  for (int i = 0; i < 500; ++i) {
    Raw peer(port, false);
    peer.send(greeting() + ready("DEALER") + frame(std::string(200, 'x')));
    peer.reset();
    port.serve();
  }
  Raw peer(port);
  peer.say("question");
  port.serve_until([&] { return !port.got.empty() && port.got.back().second[0] == "question"; });
  peer.leave();
  const ConnectionId last = port.got.back().first;
  port.serve_until([&] { return port.ended.count(last) == 1; });
  CHECK(port.server.next_wake() == time_never);
}

TEST_CASE("closing sends what waits, within its time") {
  Port port;
  Raw peer(port);
  peer.say("question");
  port.serve_until([&] { return port.got.size() == 1; });
  port.server.send(port.got[0].first, frame("last words"));
  port.server.close(monotonic_now() + seconds(1));
  CHECK(peer.receive_now() == frame("last words"));
  CHECK_FALSE(port.server.is_open());
}

TEST_CASE("a path can be read by nobody else, and goes with the server") {
  TemporaryDirectory folder;
  const std::string path = folder.file("edge");
  {
    Port port({}, Role::router, "ipc://" + path);
    CHECK(port.server.bound() == "ipc://" + path);
    struct stat info;
    REQUIRE(stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    Server second;
    const auto taken = second.open(*parse_address("ipc://" + path), Role::router, port);
    REQUIRE_FALSE(taken.has_value());
    CHECK(taken.error().text == path + " is in use by another process");
  }
  CHECK(access(path.c_str(), F_OK) != 0);
}

TEST_CASE("an interface's name stands for its address, and a name of nothing is refused") {
  Port port({}, Role::router, "tcp://lo:*");
  CHECK(port.server.bound().starts_with("tcp://127.0.0.1:"));
  Server server;
  const auto opened = server.open(*parse_address("tcp://nothing.invalid:5555"), Role::router, port);
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().text.starts_with("cannot bind tcp://nothing.invalid:5555: "));
}

TEST_CASE("an address in use is refused with the reason") {
  Port port;
  Server server;
  const auto opened = server.open(*parse_address(port.server.bound()), Role::router, port);
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().text == "cannot bind " + port.server.bound() + ": Address already in use");
}
