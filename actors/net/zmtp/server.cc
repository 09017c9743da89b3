#include "actors/net/zmtp/server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "actors/net/clock.h"
#include "actors/net/zmtp/connection.h"
#include "base/check.h"

namespace shoal::actors::zmtp {
namespace {

constexpr ConnectionId listener_id = 0;
constexpr int accepts_a_turn = 64;
constexpr auto accept_pause = milliseconds(100);
constexpr auto blocked_pause = milliseconds(2);

}  // namespace

Server::Server(ServerBounds bounds) : bounds_(bounds) {}

Server::~Server() { close(Time{}); }

Result<void> Server::open(const Address& address, Role role, Listening& listening) {
  auto listener = listen_at(address);
  SHOAL_TRY(listener);
  listener_ = *std::move(listener);
  role_ = role;
  listening_ = &listening;
  epoll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  SHOAL_CHECK(epoll_.is_open());
  fd_ = epoll_.get();
  watch_listener(true);
  return {};
}

void Server::watch_listener(bool on) {
  epoll_event event{.events = EPOLLIN, .data = {.u64 = listener_id}};
  SHOAL_CHECK(epoll_ctl(fd_, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, listener_.socket.get(), &event) == 0);
}

Time Server::next_wake() const {
  Time at = accept_again_at_;
  if (half_open_count_ > 0) {
    const auto oldest = connections_.find(half_open_.front());
    const bool is_late = oldest == connections_.end() || !oldest->second->is_half_open;  // to be looked at once more
    at = std::min(at, is_late ? Time{} : oldest->second->since + milliseconds(bounds_.handshake_ms));
  }
  for (const ConnectionId id : blocked_) {
    const auto blocked = connections_.find(id);
    if (blocked == connections_.end() || blocked->second->is_slow) continue;
    at = std::min(at, monotonic_now() + blocked_pause);
    break;
  }
  for (const ConnectionId id : slow_) {
    const auto slow = connections_.find(id);
    if (slow == connections_.end()) continue;
    at = std::min(at, slow->second->moved_at + milliseconds(bounds_.stalled_ms));
  }
  return at;
}

void Server::serve(std::size_t budget, Time now) {
  if (!is_open()) return;
  if (std::exchange(stirred_, false) || budget == 0) take_events(now);  // one that may not read is not waited for
  if (accept_again_at_ <= now) {
    accept_again_at_ = time_never;
    watch_listener(true);
  }
  end_late_handshakes(now);
  look_at_slow(now);
  look_at_blocked();
  read_ready(reading_ ? budget : 0);
  bound_all();
  bury();
  if (reading_ && !ready_.empty()) stirred_ = true;
}

void Server::set_reading(bool on) {
  const bool was_off = !std::exchange(reading_, on);
  if (on && was_off) stirred_ = true;
}

void Server::take_events(Time now) {
  std::array<epoll_event, 256> events;
  int count;
  do {
    count = epoll_wait(fd_, events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
      const ConnectionId id = events[i].data.u64;  // the structure is packed: no reference to it
      if (id == listener_id) {
        accept_all(now);
        stirred_ = true;  // it may have left some
        continue;
      }
      const auto found = connections_.find(id);
      if (found == connections_.end()) continue;
      Connection& connection = *found->second;
      if ((events[i].events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) enqueue(connection);
      if ((events[i].events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0 && std::exchange(connection.is_full, false)) {
        write(connection, now);
      }
    }
  } while (count == static_cast<int>(events.size()));
}

void Server::accept_all(Time now) {
  for (int n = 0; n < accepts_a_turn; ++n) {
    const int fd = accept4(listener_.socket.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (fd < 0 && errno == EAGAIN) return;
    if (fd < 0) {  // no descriptor or no memory left: ends of connections bring some
      watch_listener(false);
      accept_again_at_ = now + accept_pause;
      return;
    }
    if (!make_room()) {
      ::close(fd);
      continue;
    }
    set_connection_options(fd);
    const ConnectionId id = ++last_id_;
    connections_[id] = std::make_unique<Connection>(id, fd, role_, now);
    half_open_.push_back(id);
    ++half_open_count_;
    epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.u64 = id}};
    SHOAL_CHECK(epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event) == 0);
  }
}

// For one more connection: the oldest that has not said who it is gives way.
bool Server::make_room() {
  if (half_open_count_ < bounds_.half_open_max && connections_.size() < bounds_.connections_max) return true;
  for (const ConnectionId id : half_open_) {
    const auto found = connections_.find(id);
    if (found == connections_.end() || !found->second->is_half_open) continue;
    end(*found->second, "it gave way to others before its handshake was over");
    return true;
  }
  return false;
}

void Server::end_late_handshakes(Time now) {
  while (!half_open_.empty()) {
    const auto found = connections_.find(half_open_.front());
    if (found != connections_.end() && found->second->is_half_open) {
      if (found->second->since + milliseconds(bounds_.handshake_ms) > now) return;
      end(*found->second, "its handshake took more than " + std::to_string(bounds_.handshake_ms) + " ms");
    }
    half_open_.pop_front();
  }
}

void Server::recount(Connection& connection) {
  const std::size_t held = connection.is_ended ? 0 : connection.session.held_bytes() + connection.unread.size();
  const std::size_t backlog = connection.is_ended ? 0 : connection.outgoing.bytes();
  receiving_bytes_ += held - std::exchange(connection.held_counted, held);
  backlogs_bytes_ += backlog - std::exchange(connection.backlog_counted, backlog);
}

// Of all connections together: whoever takes the most gives way.
void Server::bound_all() {
  const auto end_largest = [this](std::size_t Connection::*counted, const std::string& why) {
    const auto largest = std::max_element(connections_.begin(), connections_.end(), [&](const auto& a, const auto& b) {
      return (*a.second).*counted < (*b.second).*counted;
    });
    end(*largest->second, why);
  };
  while (receiving_bytes_ > bounds_.receiving_bytes_max) {
    end_largest(&Connection::held_counted, "too much is arriving from all clients together, and the most from it");
  }
  while (backlogs_bytes_ > bounds_.backlogs_bytes_max) {
    end_largest(&Connection::backlog_counted, "too much waits for all clients together, and the most for it");
  }
}

void Server::end(ConnectionId id, std::string why) {
  const auto found = connections_.find(id);
  if (found == connections_.end() || found->second->is_ended) return;
  Connection& connection = *found->second;
  if (!connection.is_deaf) connection.outgoing.send_to(connection.socket.get());
  end(connection, std::move(why));
}

void Server::end(Connection& connection, std::string why) {
  if (std::exchange(connection.is_ended, true)) return;
  if (std::exchange(connection.is_half_open, false)) --half_open_count_;
  connection.why = std::move(why);
  recount(connection);
  ended_.push_back(connection.id);
}

void Server::bury() {
  for (const ConnectionId id : std::exchange(ended_, {})) {
    const auto connection = connections_.extract(id);  // its descriptor leaves the epoll when it is closed
    std::erase(slow_, id);
    listening_->on_ended(id, connection.mapped()->why);
  }
}

void Server::close(Time until) {
  if (!is_open()) return;
  for (Time now = monotonic_now(); now < until; now = monotonic_now()) {
    std::vector<pollfd> unsent;
    for (auto& [id, connection] : connections_) {
      if (connection->is_ended || connection->is_deaf) continue;
      connection->is_deaf = connection->outgoing.send_to(connection->socket.get()) == Outgoing::Sent::failed;
      if (!connection->is_deaf && connection->outgoing.bytes() > 0) {
        unsent.push_back({connection->socket.get(), POLLOUT, 0});
      }
    }
    if (unsent.empty()) break;
    const auto left = std::chrono::ceil<milliseconds>(until - now).count();
    ::poll(unsent.data(), unsent.size(), static_cast<int>(left));
  }
  connections_.clear();
  close_listener();
}

void Server::close_listener() {
  listener_.socket = Descriptor();
  epoll_ = Descriptor();
  fd_ = -1;
  constexpr std::string_view ipc = "ipc://";
  if (listener_.bound.starts_with(ipc) && listener_.bound[ipc.size()] != '@') {
    ::unlink(listener_.bound.c_str() + ipc.size());
  }
}

}  // namespace shoal::actors::zmtp
