// The clients of a gateway: a ROUTER for DEALER sockets (one frame a message) and REQ sockets (an empty frame before
// it). A client that does not read costs its own bound of memory and then its connection's state, never the loop's
// time. Loop thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <unordered_map>

#include "actors/core.h"
#include "actors/net/bound_router.h"

namespace shoal::actors {

class ClientEdge {
public:
  using Got = std::function<void(const ClientId& client, std::string frame)>;
  using Gone = std::function<void(const ClientId& client)>;

  // `backlog_bytes_max` may wait for one client, limits::outbox_bytes_max for all.
  explicit ClientEdge(std::size_t backlog_bytes_max) : backlog_bytes_max_(backlog_bytes_max) {}

  Result<void> open(Context& context, const Address& address);
  bool is_open() const { return router_.is_open(); }
  const std::string& bound() const { return router_.bound(); }

  // False: the client is gone, or was given up because it does not read.
  bool reply(const ClientId& client, const std::string& frame);

  // Hands over at most `budget` frames, then the clients that are gone.
  void serve(std::size_t budget, const Got& got, const Gone& gone);

  // Tries again what clients did not take; hands over those that are gone.
  void retry(const Gone& gone);
  bool has_backlog() const { return backlogged_ != 0; }

  void each_wait(const Link::Wait& visit) { router_.each_wait(visit); }
  void close(int linger_ms) { router_.close(linger_ms); }

  // Messages of a shape that no client sends, and those of clients past limits::clients_max.
  std::uint64_t ignored() const { return ignored_; }

private:
  struct Client {
    bool enveloped = false;
    std::deque<std::string> backlog;
    std::size_t backlog_bytes = 0;
  };
  using Clients = std::unordered_map<std::string, Client>;

  void receive(const std::string& routing_id, const Incoming& incoming, const Got& got);
  Sent send(const ClientId& client, const std::string& frame);
  Sent flush(const ClientId& id, Client& client);
  void forget(Clients::iterator client);

  const std::size_t backlog_bytes_max_;
  BoundRouter router_;
  Clients clients_;
  std::size_t backlog_bytes_ = 0;  // of all
  std::size_t backlogged_ = 0;     // clients with a backlog
  std::uint64_t ignored_ = 0;
};

}  // namespace shoal::actors
