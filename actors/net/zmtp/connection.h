// What a Server keeps of one connection; for its own files alone.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "actors/net/zmtp/server.h"

namespace shoal::actors::zmtp {

struct Server::Connection {
  Connection(ConnectionId its_id, int fd, Role role, Time now) : id(its_id), socket(fd), session(role), since(now) {}

  const ConnectionId id;
  Descriptor socket;
  Session session;
  const Time since;  // it was accepted
  Time moved_at{};   // when it last took something, or became slow
  Outgoing outgoing;
  std::string unread;  // was received after the last message that there was room for
  std::shared_ptr<std::atomic<std::size_t>> in_hand = std::make_shared<std::atomic<std::size_t>>(0);
  std::size_t held_counted = 0;     // of the server's receiving_bytes_
  std::size_t backlog_counted = 0;  // and backlogs_bytes_
  bool is_half_open = true;
  bool is_queued = false;     // in ready_ or blocked_
  bool is_unflushed = false;  // in unflushed_
  bool is_full = true;        // takes nothing until the system says so
  bool is_slow = false;       // in slow_
  bool is_deaf = false;       // nothing can be sent any more; what it has said is still read
  bool is_ended = false;      // in ended_
  std::string why;
};

}  // namespace shoal::actors::zmtp
