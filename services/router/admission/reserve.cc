#include "services/router/admission/reserve.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace shoal::router {
namespace {

// Of these tiers and those below.
std::uint32_t sum_from(const std::vector<std::uint32_t>& per_tier, std::size_t tier) {
  std::uint32_t sum = 0;
  for (; tier < per_tier.size(); ++tier) sum += per_tier[tier];
  return sum;
}

}  // namespace

RouterSeat seat_of(Epoch self, const Directory& directory) {
  RouterSeat seat{0, 0};
  for (const auto& [epoch, row] : directory.rows()) {
    if (row.entry.kind != "router") continue;
    seat.index += epoch < self ? 1 : 0;
    ++seat.count;
  }
  seat.count = std::max<std::size_t>(1, seat.count);
  return seat;
}

std::uint32_t kept_from(Tier tier, const Tiers& tiers, std::uint32_t slots) {
  double part = 0;
  for (std::size_t above = 0; above < static_cast<std::size_t>(tier); ++above) part += tiers[above].reserve;
  return std::min(slots / 2, static_cast<std::uint32_t>(std::ceil(part * slots)));
}

bool leaves_reserve(const Row& row, Tier tier, const Tiers& tiers, const RouterSeat& seat, Time now) {
  const std::uint32_t slots = row.load.slots;
  for (std::size_t from = 1; from <= static_cast<std::size_t>(tier); ++from) {
    const std::uint32_t kept = kept_from(static_cast<Tier>(from), tiers, slots);
    if (kept == 0) continue;
    const std::uint32_t held = sum_from(row.load.running, from) + sum_from(row.load.waiting, from);
    const std::size_t left = slots - kept > held ? slots - kept - held : 0;
    const std::size_t remainder = (seat.index + row.load.sequence) % seat.count < left % seat.count ? 1 : 0;
    const auto promised =
        static_cast<std::size_t>(std::count_if(row.grants.begin(), row.grants.end(), [&](const auto& grant) {
          return grant.expires > now && static_cast<std::size_t>(grant.tier) >= from;
        }));
    if (promised >= left / seat.count + remainder) return false;
  }
  return true;
}

}  // namespace shoal::router
