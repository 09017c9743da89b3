// A server of ZMTP against connections that want more than their share, or give nothing back.
#include <algorithm>
#include <sys/resource.h>
#include <unistd.h>

#include "zmtp_port.h"

using namespace shoal;
using namespace shoal::actors;
using namespace shoal::actors::zmtp;

TEST_CASE("one connection has only so much in hand, and others go on") {
  Port port;
  port.holds = true;
  Raw busy(port), other(port);
  const std::string large = frame(std::string(limits::client_unhandled_bytes_max + 1, 'x'));
  busy.send_through(port, large + large);
  port.serve_until([&] { return port.got.size() == 1; });
  other.say("question");
  port.serve_until([&] { return port.got.size() == 2; });
  CHECK(port.got[1].second[0] == "question");
  port.settle();
  CHECK(port.got.size() == 2);
  const Time wake = port.server.next_wake();
  CHECK(wake <= monotonic_now() + milliseconds(2));  // since nothing tells when it is handled
  port.held.clear();
  port.serve_until([&] { return port.got.size() == 3; });
}

TEST_CASE("a connection that sends without end leaves others their turn") {
  Port port;
  Raw flood(port), other(port);
  std::string many;
  for (int i = 0; i < 2000; ++i) many += frame("flood");
  flood.send(many);
  other.say("question");
  const auto is_other = [&](const auto& one) { return one.second[0] == "question"; };
  for (int turn = 0; turn < 3; ++turn) port.serve(16);
  CHECK(std::any_of(port.got.begin(), port.got.end(), is_other));
}

TEST_CASE("a long answer is written a turn at a time, and all of it") {
  Port port;
  Raw peer(port);
  peer.say("question");
  port.serve_until([&] { return port.got.size() == 1; });
  const ConnectionId asker = port.got[0].first;
  const std::string answer = frame(std::string(3 * limits::connection_turn_bytes_max, 'x'));
  CHECK(port.server.send(asker, std::string(answer)));
  port.server.flush(port.now);
  CHECK(port.server.backlog_bytes(asker) == answer.size() - limits::connection_turn_bytes_max);
  CHECK(port.server.is_stirred());  // the rest waits for nothing
  std::string read;
  port.serve_until([&] { return (read += peer.receive_now()).size() >= answer.size(); });
  CHECK(read == answer);
  port.settle();
  CHECK_FALSE(port.server.is_stirred());
}

TEST_CASE("a message without end is cut at its bound") {
  Port port;
  Raw peer(port);
  std::string parts;
  for (std::size_t i = 0; i <= limits::edge_frames_max; ++i) parts += frame("x", true);
  peer.send(parts);
  port.serve_until([&] { return !port.ended.empty(); });
  CHECK(port.ended.begin()->second == "a message has more than " + std::to_string(limits::edge_frames_max) + " frames");
  port.serve_until([&] { return peer.receive_now(), peer.is_over; });
}

TEST_CASE("a line of a byte at a time is a slow line") {
  Port port;
  Raw peer(port, false);
  for (const char byte : greeting() + ready("REQ") + frame("question")) {
    peer.send(std::string(1, byte));
    port.serve();
  }
  port.serve_until([&] { return port.got.size() == 1; });
  CHECK(port.ended.empty());
}

TEST_CASE("a handshake has its time") {
  Port port({.handshake_ms = 1000});
  Raw silent(port, false), open(port);
  silent.send("\xff");
  port.settle();
  CHECK(port.server.next_wake() == port.now + milliseconds(1000));
  port.now += milliseconds(999);
  port.settle();
  CHECK(port.ended.empty());
  port.now += milliseconds(1);
  port.serve_until([&] { return !port.ended.empty(); });
  CHECK(port.ended.begin()->second == "its handshake took more than 1000 ms");
  open.say("still here");
  port.serve_until([&] { return port.got.size() == 1; });
  CHECK(port.server.next_wake() == time_never);
}

TEST_CASE("who leaves in its handshake leaves a hint, and who said nothing does not") {
  for (const bool speaks : {false, true}) {
    Port port;
    Raw peer(port, false);
    if (speaks) peer.send(greeting().substr(0, 12));
    port.settle();
    peer.leave();
    port.serve_until([&] { return !port.ended.empty(); });
    CHECK(port.ended.begin()->second.empty() == !speaks);
  }
}

TEST_CASE("past the bound of open handshakes the oldest gives way") {
  Port port({.half_open_max = 2});
  Raw first(port, false);
  port.settle();
  Raw second(port, false);
  port.settle();
  Raw third(port);
  CHECK(port.ended.size() == 1);
  port.serve_until([&] { return first.receive_now(), first.is_over; });
  second.send(greeting() + ready("REQ") + frame("question"));
  port.serve_until([&] { return port.got.size() == 1; });
}

TEST_CASE("past the bound of connections a new one is closed") {
  Port port({.connections_max = 1});
  Raw first(port);
  Raw second(port, false);
  port.serve_until([&] { return second.receive_now(), second.is_over; });
  first.say("question");
  port.serve_until([&] { return port.got.size() == 1; });
}

TEST_CASE("a process without descriptors accepts again when it has some") {
  Port port;
  Raw waiting(port, false);
  rlimit old{};
  getrlimit(RLIMIT_NOFILE, &old);
  const int next = dup(0);
  close(next);
  const rlimit low{static_cast<rlim_t>(next), old.rlim_max};
  setrlimit(RLIMIT_NOFILE, &low);
  port.settle();
  const Time again = port.server.next_wake();
  setrlimit(RLIMIT_NOFILE, &old);
  CHECK(again == port.now + milliseconds(100));
  port.now = again;
  waiting.send(greeting() + ready("REQ") + frame("question"));
  port.serve_until([&] { return port.got.size() == 1; });
}

TEST_CASE("a peer that does not read is slow, then stalled, and everything comes when it reads") {
  Port port({.slow_bytes = 1u << 20, .stalled_ms = 1000});
  Raw peer(port);
  peer.say("question");
  port.serve_until([&] { return port.got.size() == 1; });
  const ConnectionId id = port.got[0].first;
  std::string sent;
  while (port.slow.empty()) {
    const std::string bytes = frame(std::string(64u << 10, static_cast<char>('a' + sent.size() % 26)));
    sent += bytes;
    REQUIRE(port.server.send(id, std::string(bytes)));
    port.serve();
  }
  CHECK(port.slow == std::vector<bool>{true});
  peer.say("not read while it is slow");
  port.now += milliseconds(999);
  port.settle();
  CHECK(port.stalled == 0);
  port.now += milliseconds(1);
  port.settle();
  CHECK(port.stalled == 1);
  CHECK(port.got.size() == 1);
  std::string received;
  port.serve_until([&] { return (received += peer.receive_now()).size() >= sent.size(); });
  CHECK(received == sent);
  CHECK(port.slow == std::vector<bool>{true, false});
  port.serve_until([&] { return port.got.size() == 2; });
  CHECK(port.server.backlog_bytes(id) == 0);
}

TEST_CASE("a slow peer that leaves is gone") {
  Port port({.slow_bytes = 1u << 20});
  Raw peer(port);
  peer.say("question");
  port.serve_until([&] { return port.got.size() == 1; });
  while (port.slow.empty()) {
    REQUIRE(port.server.send(port.got[0].first, frame(std::string(64u << 10, 'x'))));
    port.serve();
  }
  peer.leave();
  port.serve_until([&] { return !port.ended.empty(); });
}

TEST_CASE("a peer ends at its own bound of bytes that wait, and the largest at that of all") {
  const auto fill = [](Port& port, ConnectionId id, std::size_t bytes) {
    while (port.ended.empty() && port.server.backlog_bytes(id) < bytes) {
      port.server.send(id, frame(std::string(64u << 10, 'x')));
      port.serve();
    }
  };
  SUBCASE("its own") {
    Port port({.backlog_bytes_max = 1u << 20});
    Raw peer(port);
    peer.say("question");
    port.serve_until([&] { return port.got.size() == 1; });
    fill(port, port.got[0].first, 2u << 20);
    REQUIRE(port.ended.size() == 1);
    CHECK(port.ended.begin()->second.starts_with("it does not read: "));
  }
  SUBCASE("of all") {
    Port port({.backlogs_bytes_max = 3u << 20});
    Raw small(port), large(port);
    small.say("small");
    port.serve_until([&] { return port.got.size() == 1; });
    large.say("large");
    port.serve_until([&] { return port.got.size() == 2; });
    fill(port, port.got[0].first, 1u << 20);
    fill(port, port.got[1].first, 3u << 20);
    REQUIRE(port.ended.size() == 1);
    CHECK(port.ended.begin()->first == port.got[1].first);
  }
}

TEST_CASE("what arrives is bounded over all connections, and whoever sends the most gives way") {
  Port port({.receiving_bytes_max = 3u << 20});
  Raw small(port), large(port);
  std::string header;
  append_header(header, 0, 32u << 20);
  small.send_through(port, header + std::string(1u << 20, 'x'));
  large.send_through(port, header + std::string(3u << 20, 'x'));
  port.serve_until([&] { return !port.ended.empty(); });
  port.serve_until([&] { return large.receive_now(), large.is_over; });
  CHECK(port.ended.size() == 1);
}
