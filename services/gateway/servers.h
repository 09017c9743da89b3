// The clients of this gateway that serve kinds: who is next in turn, and how much each has to answer. Pure; lives with
// the gateway core.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "actors/core.h"
#include "base/result.h"

namespace shoal::gateway {

class Servers {
public:
  // Idempotent. Errors: invalid_request for a kind of the mesh, busy past a bound.
  Result<void> add(const actors::ClientId& client, const std::string& kind);

  // The connection is gone. Whether anybody there served anything.
  bool remove(const std::string& routing_id);

  bool any(const std::string& kind) const { return kinds_.count(kind) != 0; }

  // The label `serves`: all kinds, comma separated; empty for none.
  std::string label() const;

  // The next one of the kind that has room for a CALL of so many bytes; null if none has.
  const actors::ClientId* next(const std::string& kind, std::size_t bytes);

  // A CALL was handed to it, or is over.
  void took(const actors::ClientId& client, std::size_t bytes);
  void gave_back(const actors::ClientId& client, std::size_t bytes);

private:
  struct Server {
    std::set<std::string> kinds;
    std::uint32_t calls = 0;
    std::size_t bytes = 0;
  };
  struct Kind {
    std::vector<actors::ClientId> clients;
    std::size_t turn = 0;
  };

  void remove(std::map<actors::ClientId, Server>::iterator server);

  std::map<actors::ClientId, Server> servers_;
  std::map<std::string, Kind> kinds_;
};

// Whether processes of the mesh itself are of this kind.
bool is_mesh_kind(const std::string& kind);

}  // namespace shoal::gateway
