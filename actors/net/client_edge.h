// The clients of a gateway, as a ROUTER has them: a message is a request, and before it may stand an envelope, which is
// echoed: the empty frame of a REQ socket, what REQ_CORRELATE and proxies put there, or both. Requests are told apart
// by connection and envelope, so the name that a client gives its socket (IDENTITY) means nothing. Loop thread.
#pragma once

#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "actors/flow/wire.h"
#include "actors/net/zmtp/server.h"

namespace shoal::actors {

class ClientEdge : zmtp::Listening {
public:
  // Gets ClientReceived, ClientGone, ClientSlow, ClientStalled and Unwelcome, from within serve() and flush().
  using Deliver = std::function<void(WireEvent)>;

  // `clients_max` may have said something and be connected.
  ClientEdge(zmtp::ServerBounds bounds, std::size_t clients_max, Deliver deliver)
      : server_(bounds), clients_max_(clients_max), deliver_(std::move(deliver)) {}

  Result<void> open(const Address& address) { return server_.open(address, zmtp::Role::router, *this); }
  bool is_open() const { return server_.is_open(); }
  const std::string& bound() const { return server_.bound(); }

  // False: the client is gone.
  bool reply(const ClientId& client, std::string&& frame);

  // Hands over at most `budget` requests, then the clients that are gone.
  void serve(std::size_t budget, Time now) { server_.serve(budget, now); }
  void flush(Time now) { server_.flush(now); }

  Source& source() { return server_; }
  Time next_wake() const { return server_.next_wake(); }
  void close(Time until) { server_.close(until); }

private:
  void on_message(zmtp::ConnectionId from, std::vector<std::string> frames) override;
  void on_ended(zmtp::ConnectionId id, const std::string& why) override;
  void on_slow(zmtp::ConnectionId id, bool slow) override;
  void on_stalled(zmtp::ConnectionId id) override;
  bool admit(const ClientId& client, zmtp::ConnectionId id);

  zmtp::Server server_;
  const std::size_t clients_max_;
  Deliver deliver_;
  std::unordered_set<zmtp::ConnectionId> clients_;  // that have said something
};

}  // namespace shoal::actors
