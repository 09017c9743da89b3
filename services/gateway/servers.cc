#include "services/gateway/servers.h"

#include <algorithm>

#include "base/limits.h"

namespace shoal::gateway {

bool is_mesh_kind(const std::string& kind) {
  return kind == "gateway" || kind == "preprocess" || kind == "router" || kind == "inference" || kind == "postprocess";
}

Result<void> Servers::add(const actors::ClientId& client, const std::string& kind) {
  if (is_mesh_kind(kind)) {
    return Error{Code::invalid_request, "\"" + kind + "\" is a kind of the mesh itself; choose another name"};
  }
  const auto known = servers_.find(client);
  if (known != servers_.end() && known->second.kinds.count(kind) != 0) return {};
  if (known == servers_.end() && servers_.size() >= limits::servers_max) {
    return Error{Code::busy, "this gateway has as many serving clients as it may; ask another gateway"};
  }
  const std::string all = label();
  if (!any(kind) && all.size() + (all.empty() ? 0 : 1) + kind.size() > limits::name_bytes_max) {
    return Error{Code::busy, "the kinds that this gateway's clients serve fill " +
                                 std::to_string(limits::name_bytes_max) + " bytes; ask another gateway"};
  }
  servers_[client].kinds.insert(kind);
  kinds_[kind].clients.push_back(client);
  return {};
}

bool Servers::remove(const std::string& routing_id) {
  const auto is_there = [&](auto server) { return server != servers_.end() && server->first.routing_id == routing_id; };
  auto server = servers_.lower_bound(actors::ClientId{routing_id});
  if (!is_there(server)) return false;
  while (is_there(server)) remove(server++);
  return true;
}

void Servers::remove(std::map<actors::ClientId, Server>::iterator server) {
  for (const std::string& kind : server->second.kinds) {
    const auto served = kinds_.find(kind);
    std::erase(served->second.clients, server->first);
    if (served->second.clients.empty()) kinds_.erase(served);
  }
  servers_.erase(server);
}

std::string Servers::label() const {
  std::string all;
  for (const auto& [kind, served] : kinds_) all.append(all.empty() ? "" : ",").append(kind);
  return all;
}

const actors::ClientId* Servers::next(const std::string& kind, std::size_t bytes) {
  const auto served = kinds_.find(kind);
  if (served == kinds_.end()) return nullptr;
  const auto& clients = served->second.clients;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const actors::ClientId& client = clients[served->second.turn++ % clients.size()];
    const Server& server = servers_.at(client);
    const bool has_room = server.bytes == 0 || server.bytes + bytes <= limits::payload_bytes_max;
    if (has_room && server.calls < limits::client_calls_max) return &client;
  }
  return nullptr;
}

void Servers::took(const actors::ClientId& client, std::size_t bytes) {
  Server& server = servers_.at(client);
  ++server.calls;
  server.bytes += bytes;
}

void Servers::gave_back(const actors::ClientId& client, std::size_t bytes) {
  const auto server = servers_.find(client);
  if (server == servers_.end()) return;
  --server->second.calls;
  server->second.bytes -= bytes;
}

}  // namespace shoal::gateway
