// On which executor a request is placed: takes a snapshot of what the directory knows, asks the policy, and remembers
// whose turn it was. Pure; lives with the router core.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "services/router/admission/tiers.h"
#include "services/router/directory.h"
#include "services/router/placement/policies/policy.h"

namespace shoal::router {

class Placement {
public:
  struct Considered {
    Snapshot snapshot;
    Decision decision;
  };

  // `config` is one that find_policy takes; `self` is this router, which keeps the tiers' reserves with the others.
  explicit Placement(PolicyConfig config, const Tiers& tiers = {}, Epoch self = 0);

  // What the policy says now, as decision number `sequence` of this router. Changes nothing.
  Considered consider(const Asked& asked, const protocol::Place& place, const Directory& directory,
                      std::uint64_t sequence, Time now) const;

  // It was done: the turn passes on.
  void on_placed(const Snapshot& snapshot, Epoch chosen);

  const PolicyConfig& config() const { return config_; }

private:
  struct Turn {
    std::uint64_t count = 0;
    Epoch last = 0;
  };

  PolicyConfig config_;
  const Policy* policy_;
  Tiers tiers_;
  Epoch self_;
  std::map<std::string, Turn> turns_;  // by model, so that requests for one do not take the turns of another
};

// Fails if no living executor could ever serve this request; the error names what is missing.
Result<void> check_compatible(const Directory& directory, const protocol::Place& place);

}  // namespace shoal::router
