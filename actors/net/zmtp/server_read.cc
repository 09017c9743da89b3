// Of a Server: what comes in, each connection in its turn.

#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <utility>

#include "actors/net/zmtp/connection.h"

namespace shoal::actors::zmtp {
namespace {

constexpr std::size_t read_bytes = 64u << 10;

}  // namespace

void Server::enqueue(Connection& connection) {
  if (std::exchange(connection.is_queued, true)) return;
  ready_.push_back(connection.id);
}

bool Server::may_read(const Connection& connection) {
  return !connection.is_slow && connection.in_hand->load() <= limits::client_unhandled_bytes_max;
}

void Server::look_at_blocked() {
  std::erase_if(blocked_, [this](ConnectionId id) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return true;
    if (!may_read(*found->second)) return false;
    ready_.push_back(id);
    return true;
  });
}

// Handshakes go on also when no message may be taken.
void Server::read_ready(std::size_t budget) {
  std::vector<ConnectionId> unserved;  // keep their place before those that had a turn
  for (std::size_t turn = ready_.size(); turn > 0; --turn) {
    const ConnectionId id = ready_.front();
    ready_.pop_front();
    const auto found = connections_.find(id);
    if (found == connections_.end()) continue;
    Connection& connection = *found->second;
    if (!may_read(connection)) {
      blocked_.push_back(id);
    } else if (budget == 0 && !connection.is_half_open) {
      unserved.push_back(id);
    } else {
      connection.is_queued = false;
      if (!connection.is_ended) budget -= read(connection, budget);
      recount(connection);
    }
  }
  ready_.insert(ready_.begin(), unserved.begin(), unserved.end());
}

// Its turn: what was left, then what came. Returns the number of messages that were handed over.
std::size_t Server::read(Connection& connection, std::size_t budget) {
  static thread_local std::array<char, read_bytes> buffer;
  const std::string left = std::exchange(connection.unread, {});
  std::string_view bytes = left;
  std::size_t count = 0, taken = 0;
  for (;;) {
    count += take_messages(connection, bytes, budget - count);
    if (connection.is_ended) return count;
    const bool has_budget = count < budget || connection.is_half_open;
    if (!bytes.empty() || !has_budget || !may_read(connection) || taken >= limits::connection_turn_bytes_max) {
      connection.unread = bytes;
      enqueue(connection);
      return count;
    }
    const ssize_t got = ::recv(connection.socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return count;
    if (got <= 0) {
      // A library that wants keys leaves as soon as it has seen that there are none.
      const bool gave_up = connection.is_half_open && connection.session.has_begun();
      end(connection, gave_up ? "it left in its handshake, as sockets with keys (CURVE) do: this port has none" : "");
      return count;
    }
    bytes = {buffer.data(), static_cast<std::size_t>(got)};
    taken += bytes.size();
  }
}

std::size_t Server::take_messages(Connection& connection, std::string_view& bytes, std::size_t budget) {
  std::size_t count = 0;
  while ((count < budget || connection.is_half_open) && may_read(connection) && !connection.is_ended) {
    const Session::Event event = connection.session.next(bytes);
    send(connection.id, connection.session.take_to_send());
    switch (event) {
      case Session::Event::starved:
        return count;
      case Session::Event::opened:
        connection.is_half_open = false;
        --half_open_count_;
        break;
      case Session::Event::message:
        ++count;
        listening_->on_message(connection.id, connection.session.take_message());
        break;
      case Session::Event::subscribed:
      case Session::Event::unsubscribed:
        listening_->on_subscription(connection.id, event == Session::Event::subscribed,
                                    connection.session.take_topic());
        break;
      case Session::Event::broken:
        end(connection.id, connection.session.why());
        break;
    }
  }
  return count;
}

std::shared_ptr<void> Server::hold(ConnectionId id, std::size_t bytes) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return {};
  auto count = found->second->in_hand;
  count->fetch_add(bytes);
  return {static_cast<void*>(nullptr), [count, bytes](void*) { count->fetch_sub(bytes); }};
}

}  // namespace shoal::actors::zmtp
