// The links of a process: dialled and accepted, the way to each peer, and what waits for a link to come up.

#include <algorithm>
#include <utility>

#include "actors/flow/mesh_core.h"
#include "actors/flow/peers.h"
#include "actors/flow/weight.h"
#include "base/check.h"
#include "base/limits.h"
#include "protocol/codec.h"
#include "protocol/edge/edge.h"

namespace shoal::actors {
namespace {

// For one link that is not up yet: a burst of every stream of this process, as the loop could take it.
constexpr std::size_t waiting_messages_max = limits::outbox_messages_max / 2;
constexpr std::size_t waiting_bytes_max = 64u << 20;
constexpr std::size_t told_addresses_bytes_max = 1024;  // of gateways, in one sentence

}  // namespace

void MeshCore::on_seeds(const std::vector<std::string>& addresses, WireEffects& out) {
  for (auto link = links_.begin(); link != links_.end();) {
    const bool named = std::find(addresses.begin(), addresses.end(), link->first) != addresses.end();
    if (link->second.seed && !link->second.up && !named) {  // a name that no longer stands for this address
      out.emplace_back(HangUp{link->first});
      unassign(link->second, link->first);
      link = links_.erase(link);
    } else {
      ++link;
    }
  }
  for (std::size_t i = 0; i < std::min(addresses.size(), limits::seeds_max); ++i) {
    if (own_addresses_.count(addresses[i]) != 0) continue;
    dial(addresses[i], out);
    links_[addresses[i]].seed = true;
  }
}

void MeshCore::on_link_up(const std::string& address, WireEffects& out) {
  const auto found = links_.find(address);
  if (found == links_.end()) return;
  Link& link = found->second;
  link.up = true;
  heard(Route{address, {}});
  say_hello(Route{address, {}}, out);
  while (!link.waiting.empty()) {
    post_to_link(address, link, std::move(link.waiting.front()), out);
    link.waiting.pop_front();
  }
  link.waiting_bytes = 0;
}

void MeshCore::lose_link(const Route& route, const LossCause& why, Time now, WireEffects& out) {
  told_.erase(route);
  if (!route.routing_id.empty()) {
    const Epoch epoch = epoch_of(route.routing_id);
    greeted_.erase(route.routing_id);
    asked_.erase(route.routing_id);
    const auto known = incoming_.find(epoch);
    if (known == incoming_.end() || known->second != route.routing_id) return;
    incoming_.erase(known);
    if (dialled_.count(epoch) == 0) lose(epoch, why, now, out);
    return;
  }
  const auto found = links_.find(route.address);
  if (found == links_.end()) return;
  Link& link = found->second;
  const Epoch epoch = link.epoch;
  unassign(link, route.address);
  link.up = false;
  link.waiting.clear();
  link.waiting_bytes = 0;
  if (!link.seed) {
    out.emplace_back(HangUp{route.address});
    links_.erase(found);
  }
  if (epoch == 0) return;
  forget_router(epoch);
  lose(epoch, why, now, out);
  merge_views(now, out);
}

void MeshCore::on_garbled(const Garbled& garbled, WireEffects& out) {
  out.emplace_back(Count{"messages_garbled"});
  if (told_.size() >= limits::links_max) told_.clear();
  // Once per link: the answer may be garbage to the other side, which would answer it, and so on.
  if (!told_.insert(garbled.from).second) return;
  post(out, garbled.from, protocol::make_message(protocol::Reset{garbled.error.code, garbled.error.text}));
}

void MeshCore::on_strayed(const Strayed& strayed, WireEffects& out) {
  out.emplace_back(Count{"clients_strayed"});
  std::set<std::string> gateways;  // those that dialled this process, and those that it was told of
  for (const auto& [routing_id, client] : greeted_) gateways.insert(client);
  for (const auto& [epoch, entry] : alive_) gateways.insert(entry.client);
  gateways.erase("");
  std::string where;
  for (const std::string& gateway : gateways) {
    if (where.size() < told_addresses_bytes_max) where += (where.empty() ? "" : " or ") + gateway;
  }
  if (where.empty()) where = "the client address of a gateway, port 5555 by default";
  const Error error{Code::wrong_port,
                    "this is the inbox of a " + config_.self.kind + " of the mesh; clients go to " + where};
  out.emplace_back(TurnAway{strayed.client, protocol::edge::error(strayed.id, error)});
}

void MeshCore::send(Epoch to, protocol::Message message, const std::string& hint, WireEffects& out) {
  if (const auto address = dialled_.find(to); address != dialled_.end()) {
    Link& link = links_.at(address->second);
    if (link.up) return post_to_link(address->second, link, std::move(message), out);
    return queue(address->second, link, std::move(message));
  }
  if (const auto routing_id = incoming_.find(to); routing_id != incoming_.end()) {
    return post(out, Route{{}, routing_id->second}, std::move(message));
  }
  const auto entry = listed_.find(to);
  const std::string address = entry != listed_.end() ? entry->second.address : hint;
  if (to == 0 || address.empty() || own_addresses_.count(address) != 0 || links_.size() >= limits::links_max) {
    out.emplace_back(Count{"messages_to_nobody"});
    return;
  }
  dial(address, out);
  Link& link = links_.at(address);
  assign(link, address, to);
  if (link.up) return post_to_link(address, link, std::move(message), out);
  queue(address, link, std::move(message));
}

void MeshCore::queue(const std::string& address, Link& link, protocol::Message message) {
  link.waiting_bytes += weight_of(message);
  link.waiting.push_back(std::move(message));
  if (link.waiting.size() > waiting_messages_max || link.waiting_bytes > waiting_bytes_max)
    overfull_.push_back(address);
}

// What an event did to links is told to the service when the event is done, not in the middle of it.
void MeshCore::settle(Time now, WireEffects& out) {
  while (!overfull_.empty() || !replaced_.empty()) {
    if (!overfull_.empty()) {
      const std::string address = std::move(overfull_.front());
      overfull_.pop_front();
      const auto link = links_.find(address);
      if (link == links_.end() || link->second.waiting.empty()) continue;
      lose_link(Route{address, {}}, {.told_by = "congestion"}, now, out);
    } else {
      const Epoch epoch = replaced_.front();
      replaced_.pop_front();
      forget_router(epoch);
      lose(epoch, {.told_by = "successor"}, now, out);
    }
  }
}

void MeshCore::dial(const std::string& address, WireEffects& out) {
  const auto [link, added] = links_.try_emplace(address);
  if (!added) return;
  link->second.dialled = awake_.now();
  out.emplace_back(Dial{address});
}

// Routers that came after this process was configured. Seeds get time to turn out to be one of them first, because a
// second link to the same process would stay mute: its inbox knows a routing id once.
void MeshCore::dial_strangers(WireEffects& out) {
  for (auto stranger = strangers_.begin(); stranger != strangers_.end();) {
    if (awake_.now() < stranger->second) {
      ++stranger;
      continue;
    }
    const auto entry = alive_.find(stranger->first);
    if (entry != alive_.end() && dialled_.count(stranger->first) == 0 &&
        own_addresses_.count(entry->second.address) == 0 && links_.size() < limits::links_max) {
      dial(entry->second.address, out);
      assign(links_.at(entry->second.address), entry->second.address, stranger->first);
    }
    stranger = strangers_.erase(stranger);
  }
}

void MeshCore::assign(Link& link, const std::string& address, Epoch epoch) {
  if (link.epoch != epoch) {
    if (link.epoch != 0) replaced_.push_back(link.epoch);
    unassign(link, address);
  }
  link.epoch = epoch;
  dialled_[epoch] = address;
}

void MeshCore::unassign(Link& link, const std::string& address) {
  const auto known = dialled_.find(std::exchange(link.epoch, 0));
  if (known != dialled_.end() && known->second == address) dialled_.erase(known);
}

void MeshCore::say_hello(const Route& route, WireEffects& out) { post(out, route, hello()); }

protocol::Message MeshCore::hello() const {
  protocol::Entry self = config_.self;
  if (draining_ && self.labels.size() < limits::labels_max) self.labels.push_back({draining_label, "yes"});
  return protocol::make_message(
      protocol::Hello{.schema = protocol::schema_digest(), .self = self, .bound = config_.bound});
}

// HELLO once more: routers announce an entry that has changed. Links that are not up yet say it when they are.
void MeshCore::advertise(std::vector<protocol::Label> labels, Time now, WireEffects& out) {
  SHOAL_CHECK(labels.size() <= limits::labels_max);
  if (labels == config_.self.labels) return;
  config_.self.labels = std::move(labels);
  announce_self(now, out);
}

void MeshCore::announce_self(Time now, WireEffects& out) {
  for (const auto& [address, link] : links_) {
    if (link.up && (link.seed || views_.count(link.epoch) != 0)) say_hello(Route{address, {}}, out);
  }
  if (config_.self.kind == "router") serve(Received{config_.self.epoch, hello()}, now, out);  // its own table lists it
}

}  // namespace shoal::actors
