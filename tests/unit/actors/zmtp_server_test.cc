// A server of ZMTP against connections that behave as programs do, and as they should not.
#include <arpa/inet.h>
#include <functional>
#include <map>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "actors/net/clock.h"
#include "actors/net/zmtp/server.h"
#include "actors/net/zmtp/wire.h"
#include "peers.h"

using namespace shoal;
using namespace shoal::actors;
using namespace shoal::actors::zmtp;

namespace {

struct Port : Listening {
  explicit Port(ServerBounds bounds = {}, Role role = Role::router, const std::string& at = "tcp://127.0.0.1:*")
      : server(bounds) {
    const auto opened = server.open(*parse_address(at), role, *this);
    REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().text));
  }

  void on_message(ConnectionId from, std::vector<std::string> frames) override {
    if (holds) held.push_back(server.hold(from, frames.back().size()));
    got.push_back({from, std::move(frames)});
  }
  void on_ended(ConnectionId id, const std::string& why) override { ended[id] = why; }
  void on_slow(ConnectionId, bool is_slow) override { slow.push_back(is_slow); }
  void on_stalled(ConnectionId) override { ++stalled; }

  void serve(std::size_t budget = 256) {
    pollfd item{server.fd(), POLLIN, 0};
    if (poll(&item, 1, server.is_stirred() ? 0 : 10) > 0) server.stir();
    server.serve(budget, now);
    server.flush(now);
  }
  // Until it holds, for half a minute at most.
  void serve_until(const std::function<bool()>& holds_now) {
    const Time deadline = monotonic_now() + seconds(30);
    while (!holds_now()) {
      REQUIRE(monotonic_now() < deadline);
      serve();
    }
  }
  // Whatever is there to be done; nothing more is coming.
  void settle() {
    for (int quiet = 0; quiet < 3; ++quiet) serve();
  }

  Server server;
  Time now = monotonic_now();  // stands still unless a test moves it
  std::vector<std::pair<ConnectionId, std::vector<std::string>>> got;
  std::vector<std::shared_ptr<void>> held;
  bool holds = false;
  std::map<ConnectionId, std::string> ended;
  std::vector<bool> slow;
  int stalled = 0;
};

// A connection without any library.
struct Raw {
  explicit Raw(Port& port, bool shakes_hands = true) : Raw(port.server.bound()) {
    if (!shakes_hands) return;
    send(greeting() + ready("DEALER"));
    std::string answer;
    const std::size_t wanted = greeting().size() + ready("ROUTER").size();
    port.serve_until([&] {
      answer += receive_now();
      return answer.size() >= wanted;
    });
    CHECK(answer == greeting() + ready("ROUTER"));
  }
  explicit Raw(const std::string& bound) : fd(::socket(AF_INET, SOCK_STREAM, 0)) {
    const auto address = *parse_address(bound);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(static_cast<std::uint16_t>(std::stoul(address.port)));
    inet_pton(AF_INET, address.host.c_str(), &name.sin_addr);
    REQUIRE(connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
  }
  ~Raw() { leave(); }

  void leave() {
    if (fd >= 0) close(fd);
    fd = -1;
  }
  void reset() {
    const linger now{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    leave();
  }
  void send(const std::string& bytes) {
    REQUIRE(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == ssize_t(bytes.size()));
  }
  void say(std::string_view body, bool more = false) {
    std::string bytes;
    append_frame(bytes, body, more);
    send(bytes);
  }
  // While the server is served, because more than the system holds may be on the way.
  void send_through(Port& port, const std::string& bytes) {
    std::size_t at = 0;
    port.serve_until([&] {
      const ssize_t sent = ::send(fd, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent > 0) at += static_cast<std::size_t>(sent);
      return at == bytes.size() || (sent < 0 && errno != EAGAIN);
    });
  }
  std::string receive_now() {
    char bytes[1 << 16];
    const ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    is_over = got == 0 || (got < 0 && errno != EAGAIN);
    return got > 0 ? std::string(bytes, static_cast<std::size_t>(got)) : "";
  }

  int fd;
  bool is_over = false;
};

std::string frame(std::string_view body, bool more = false) {
  std::string out;
  append_frame(out, body, more);
  return out;
}

}  // namespace

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
  CHECK(port.server.next_wake() <= monotonic_now() + milliseconds(2));  // since nothing tells when it is handled
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
  port.server.close(1000);
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
