// A ZMTP server that a test drives by hand, and connections to it without any library.
#pragma once

#include <arpa/inet.h>
#include <cerrno>
#include <functional>
#include <map>
#include <memory>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "actors/net/clock.h"
#include "actors/net/zmtp/server.h"
#include "actors/net/zmtp/wire.h"

namespace shoal::actors::zmtp {

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

inline std::string frame(std::string_view body, bool more = false) {
  std::string out;
  append_frame(out, body, more);
  return out;
}

}  // namespace shoal::actors::zmtp
