// A bound ZMTP socket for other people's programs: it accepts, reads and writes for any number of connections, each
// within bounds of its own, so that none of them costs the others more than a turn. It stands in for libzmq where
// strangers connect, because there a peer can end the process (options.h) and the bounds that are needed do not exist:
// of the parts of one message, of what one connection has in hand, of time for a handshake. Loop thread.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "actors/net/source.h"
#include "actors/net/zmtp/listen.h"
#include "actors/net/zmtp/outgoing.h"
#include "actors/net/zmtp/session.h"
#include "base/limits.h"
#include "base/time.h"

namespace shoal::actors::zmtp {

using ConnectionId = std::uint64_t;  // never used twice

// What happens to a server. on_message and on_subscription may send, hold and end; the others only note it.
class Listening {
public:
  virtual ~Listening() = default;
  virtual void on_message(ConnectionId from, std::vector<std::string> frames) = 0;
  // After its last message. `why` is empty if the peer just left.
  virtual void on_ended(ConnectionId, [[maybe_unused]] const std::string& why) {}
  virtual void on_subscription(ConnectionId, [[maybe_unused]] bool on, [[maybe_unused]] std::string topic) {}
  // More waits for it than limits::client_slow_bytes, or half of that no longer.
  virtual void on_slow(ConnectionId, [[maybe_unused]] bool slow) {}
  // It is slow and has taken nothing for `stalled_ms`. Told again after as long.
  virtual void on_stalled(ConnectionId) {}
};

struct ServerBounds {
  std::size_t connections_max = limits::clients_max + limits::half_open_max;
  std::size_t half_open_max = limits::half_open_max;
  std::uint32_t handshake_ms = limits::client_handshake_ms;
  std::size_t receiving_bytes_max = limits::receiving_bytes_max;
  std::size_t slow_bytes = limits::client_slow_bytes;
  std::size_t backlog_bytes_max = limits::client_backlog_bytes_max;  // past it the connection ends
  std::size_t backlogs_bytes_max = limits::outbox_bytes_max;         // of all; past it the largest ends
  std::uint32_t stalled_ms = limits::client_stalled_ms;
};

class Server : public Source {
public:
  explicit Server(ServerBounds bounds = {});
  ~Server();

  // Errors: bad_config, or io with the address. `listening` outlives the server.
  Result<void> open(const Address& address, Role role, Listening& listening);
  bool is_open() const { return listener_.socket.is_open(); }
  const std::string& bound() const { return listener_.bound; }

  // Accepts, writes, and hands over at most `budget` messages, each connection in its turn; then who has ended.
  void serve(std::size_t budget, Time now);

  // When serve() is wanted although nothing happens.
  Time next_wake() const;

  // Encoded frames; sent at the next flush(). False: there is no such connection (any more).
  bool send(ConnectionId to, std::string&& bytes);
  std::size_t backlog_bytes(ConnectionId id) const;

  // Sends what can be sent now.
  void flush(Time now);

  // Nothing more is read from it; what it does not take at once of what waits for it is dropped.
  void end(ConnectionId id, std::string why);

  // Off: messages wait where they are, everything else goes on.
  void set_reading(bool on);

  // Of a message that was handed over: until the last copy is gone, these bytes count as in the connection's hand, and
  // with more than limits::client_unhandled_bytes_max of them it is not read. Copies may die on any thread.
  std::shared_ptr<void> hold(ConnectionId id, std::size_t bytes);

  // Sends what waits, until then at the latest, and ends everything.
  void close(Time until);

private:
  struct Connection;
  using Connections = std::unordered_map<ConnectionId, std::unique_ptr<Connection>>;

  void take_events(Time now);
  void accept_all(Time now);
  void watch_listener(bool on);
  void end_late_handshakes(Time now);
  bool make_room();
  void read_ready(std::size_t budget);
  static bool may_read(const Connection& connection);
  std::size_t read(Connection& connection, std::size_t budget);
  std::size_t take_messages(Connection& connection, std::string_view& bytes, std::size_t budget);
  void recount(Connection& connection);
  void enqueue(Connection& connection);
  void look_at_blocked();
  void write(Connection& connection, Time now);
  void note_slowness(Connection& connection, Time now);
  void look_at_slow(Time now);
  void bound_all();
  void end(Connection& connection, std::string why);
  void bury();
  void close_listener();

  const ServerBounds bounds_;
  Role role_ = Role::router;
  Listening* listening_ = nullptr;
  Listener listener_;
  Descriptor epoll_;
  Time accept_again_at_ = time_never;  // the process has no descriptor left
  bool reading_ = true;
  Connections connections_;
  ConnectionId last_id_ = 0;
  std::deque<ConnectionId> half_open_;   // oldest first; also those that are through with it
  std::size_t half_open_count_ = 0;      // that are not
  std::deque<ConnectionId> ready_;       // may have something to read, in their turn
  std::vector<ConnectionId> blocked_;    // likewise, but do not read, or have too much in hand
  std::vector<ConnectionId> unflushed_;  // got something to send
  std::vector<ConnectionId> slow_;
  std::vector<ConnectionId> ended_;  // to be told and forgotten
  std::size_t receiving_bytes_ = 0;  // of messages that are arriving, of all
  std::size_t backlogs_bytes_ = 0;
};

}  // namespace shoal::actors::zmtp
