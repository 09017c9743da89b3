// The CALLs that this gateway has open: each was handed to one process or one serving client, and somebody waits for
// its RESULT. A CALL is delivered at most once, so whoever was asked and is lost ends it with peer_lost. Pure; lives
// with the gateway core.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "actors/core.h"
#include "actors/flow/peers.h"
#include "actors/flow/timers.h"
#include "services/gateway/servers.h"

namespace shoal::gateway {

// Who waits.
struct ClientCaller {
  actors::ClientId client;
  std::string id;
  bool wants_status = false;  // the payload is the table of STATUS
};
struct PeerCaller {  // a process of the mesh that called one of this gateway's clients
  Epoch peer = 0;
  std::uint64_t id = 0;
};
struct StageCaller {  // a request in the pipeline
  RequestId request;
  std::optional<std::size_t> after = {};  // its answer, at this one of the stages after the model
};
using Caller = std::variant<ClientCaller, PeerCaller, StageCaller>;

// A call that is over.
struct Ended {
  Caller caller;
  Result<protocol::Bytes> outcome;
};

class Calls {
public:
  Calls(Epoch self, const actors::Peers& peers) : self_(self), peers_(peers) {}

  // Hands the call to whoever of its kind is next in turn, or to the process `only`; for PeerCaller to a client of this
  // gateway, because a call is handed on once. Returns its number. Errors, and nothing was sent: no_service with who is
  // there, busy, duplicate_id, invalid_request.
  Result<std::uint64_t> open(Caller caller, protocol::Call call, std::optional<Epoch> only, Time deadline, Time now,
                             actors::Effects& out);

  // Each returns what is over by it.
  std::vector<Ended> on_result(Epoch from, protocol::CallResult result);
  std::vector<Ended> on_reply(const actors::ClientId& from, const std::string& id, Result<protocol::Bytes> outcome);
  std::vector<Ended> on_peer_lost(Epoch peer);
  std::vector<Ended> on_client_gone(const std::string& routing_id);
  std::vector<Ended> on_tick(Time now);
  std::vector<Ended> on_drain_over();
  std::vector<Ended> cancel(const actors::ClientId& client, const std::string& id);

  // Nobody waits any more.
  void forget(std::uint64_t number) { take(number); }

  bool has(const actors::ClientId& client, const std::string& id) const { return by_client_.count({client, id}) != 0; }
  bool any() const { return !open_.empty(); }
  Time next_wake() const { return timers_.next(); }

  Servers& servers() { return servers_; }

private:
  struct Open {
    Caller caller;
    Epoch peer = 0;           // who was asked: a process, or
    actors::ClientId server;  // a client of this gateway
    std::size_t bytes = 0;
  };
  struct Target {
    Epoch peer = 0;
    const actors::ClientId* server = nullptr;
  };

  Result<void> check(const Caller& caller) const;
  Result<Target> choose(const Caller& caller, const protocol::Call& call, std::optional<Epoch> only);
  Error nobody(const std::string& kind) const;
  std::optional<Open> take(std::uint64_t number);
  template <class Touched>
  std::vector<Ended> end_all(Touched touched, const Error& error);

  const Epoch self_;
  const actors::Peers& peers_;
  Servers servers_;
  std::map<std::uint64_t, Open> open_;
  std::map<std::pair<actors::ClientId, std::string>, std::uint64_t> by_client_;
  actors::Timers<std::uint64_t> timers_;
  std::map<std::string, std::size_t> turns_;  // by kind, of those alive
  std::uint64_t last_number_ = 0;
};

}  // namespace shoal::gateway
