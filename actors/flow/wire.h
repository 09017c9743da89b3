// What passes between a process's mesh core and its loop (or the simulator's network): links, routes and frames.
// Values.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "actors/core.h"

namespace shoal::actors {

// The way to a peer: either the link that this process dialled, by address, or the link that the peer dialled, by the
// routing id that it gave itself ("<kind>-<node>-<16 hex digits of its epoch>"). Exactly one is set.
struct Route {
  std::string address;
  std::string routing_id;

  auto operator<=>(const Route&) const = default;
};

// ---- from the loop

struct LinkUp {  // the ZMTP handshake of a dialled link succeeded; also after each reconnection
  std::string address;
};
struct LinkDown {  // it broke, or a message could not be sent on it
  Route route;
};
struct Arrived {
  Route from;
  protocol::Message message;
};
struct Garbled {  // frames that are no message; the sender is told
  Route from;
  Error error;
};
struct Strayed {  // a client's frame on the mesh's inbox
  ClientId client;
  std::string id;  // of its request, if one could be read
};
struct Unwelcome {  // a connection to a client port that was ended before it had asked for anything
  std::string why;
};
struct SeedsResolved {  // the addresses that the configured router names stand for now
  std::vector<std::string> addresses;
};
struct Measured {  // of this process, about once a second
  std::uint32_t cpu_permille = 0;
  std::uint64_t rss_bytes = 0;
  std::uint32_t loop_lag_ms = 0;
  std::uint32_t cpus = 0;
};
struct Drain {  // the process was asked to end: at this time at the latest; an earlier one than before counts
  Time until;
};
struct Stopping {};  // it ends now: say BYE
using WireEvent = std::variant<Started, LinkUp, LinkDown, Arrived, Garbled, Strayed, Unwelcome, SeedsResolved, Measured,
                               Drain, Stopping, ClientReceived, ClientGone, ClientSlow, ClientStalled, Reported, Tick>;

// ---- to the loop

struct Dial {  // opens a link; answered by LinkUp, again and again by LinkDown if nobody is there
  std::string address;
};
struct HangUp {
  std::string address;
};
struct Post {
  Route route;
  protocol::Message message;
};
struct TurnAway {  // answers a client on the mesh's inbox, as a client edge would
  ClientId client;
  std::string frame;
};
using WireEffect =
    std::variant<Dial, HangUp, Post, TurnAway, ReplyClient, StartJob, EngineCommand, Count, Note, TakePublished>;
using WireEffects = std::vector<WireEffect>;

inline void post(WireEffects& out, Route route, protocol::Message message) {
  out.emplace_back(Post{std::move(route), std::move(message)});
}

// The epoch in a routing id; 0 if it has none (not a process of the mesh).
Epoch epoch_of(const std::string& routing_id);
std::string make_routing_id(const std::string& kind, const std::string& node, Epoch epoch);

}  // namespace shoal::actors
