// The slots of an executor that lower tiers leave free, so that a request of a higher tier finds a place though many of
// the others run. Pure functions; they live with the router core.
#pragma once

#include "services/router/admission/tiers.h"
#include "services/router/directory.h"

namespace shoal::router {

// This router's place among those alive, by epoch.
struct RouterSeat {
  std::size_t index = 0;
  std::size_t count = 1;
};
RouterSeat seat_of(Epoch self, const Directory& directory);

// How many of `slots` the tiers from this one down leave to those above: the sum of their `reserve`, rounded up, and at
// most half.
std::uint32_t kept_from(Tier tier, const Tiers& tiers, std::uint32_t slots);

// Whether this router may send one more request of `tier` to the executor of `row` without touching what is kept for
// higher tiers. What is left for the lower ones is split between the routers; the remainder goes to another of them
// with each report, so that none is kept from a slot for longer than that.
bool leaves_reserve(const Row& row, Tier tier, const Tiers& tiers, const RouterSeat& seat, Time now);

}  // namespace shoal::router
