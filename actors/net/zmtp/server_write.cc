// Of a Server: what goes out, and what becomes of connections that do not take it.

#include <utility>

#include "actors/net/zmtp/connection.h"

namespace shoal::actors::zmtp {

bool Server::send(ConnectionId to, std::string&& bytes) {
  const auto found = connections_.find(to);
  if (found == connections_.end() || found->second->is_ended) return false;
  Connection& connection = *found->second;
  if (connection.is_deaf || bytes.empty()) return true;
  connection.outgoing.push(std::move(bytes));
  recount(connection);
  if (!std::exchange(connection.is_unflushed, true)) unflushed_.push_back(to);
  return true;
}

std::size_t Server::backlog_bytes(ConnectionId id) const {
  const auto found = connections_.find(id);
  return found == connections_.end() ? 0 : found->second->outgoing.bytes();
}

void Server::flush(Time now) {
  for (const ConnectionId id : std::exchange(unflushed_, {})) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) continue;
    found->second->is_unflushed = false;
    write(*found->second, now);
  }
  bound_all();
  bury();
  if (!unflushed_.empty()) stirred_ = true;  // some had their turn and have more
}

void Server::write(Connection& connection, Time now) {
  if (connection.is_ended) return;
  if (!connection.is_full && !connection.is_deaf) {
    const std::size_t before = connection.outgoing.bytes();
    const Outgoing::Sent sent = connection.outgoing.send_to(connection.socket.get(), limits::connection_turn_bytes_max);
    if (connection.outgoing.bytes() < before) connection.moved_at = now;
    connection.is_full = sent == Outgoing::Sent::some;
    connection.is_deaf = sent == Outgoing::Sent::failed;
    if (sent == Outgoing::Sent::enough && !std::exchange(connection.is_unflushed, true)) {
      unflushed_.push_back(connection.id);
    }
  }
  if (connection.is_deaf) {  // what it said before it left is still to be read
    connection.outgoing.clear();
    enqueue(connection);
  }
  recount(connection);
  note_slowness(connection, now);
}

void Server::note_slowness(Connection& connection, Time now) {
  const std::size_t bytes = connection.outgoing.bytes();
  if (bytes > bounds_.backlog_bytes_max) {
    return end(connection, "it does not read: " + std::to_string(bytes) + " bytes wait for it");
  }
  if (!connection.is_slow && bytes > bounds_.slow_bytes) {
    connection.is_slow = true;
    connection.moved_at = now;
    slow_.push_back(connection.id);
    listening_->on_slow(connection.id, true);
  } else if (connection.is_slow && bytes <= bounds_.slow_bytes / 2) {
    connection.is_slow = false;
    std::erase(slow_, connection.id);
    listening_->on_slow(connection.id, false);
  }
}

void Server::look_at_slow(Time now) {
  for (const ConnectionId id : slow_) {
    Connection& connection = *connections_.at(id);
    if (connection.is_ended || connection.moved_at + milliseconds(bounds_.stalled_ms) > now) continue;
    connection.moved_at = now;
    listening_->on_stalled(id);
  }
}

}  // namespace shoal::actors::zmtp
