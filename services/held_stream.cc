#include "services/held_stream.h"

#include <utility>

namespace shoal::services {

HeldStream::HeldStream(const protocol::Head& head, protocol::Journal journal, Time now)
    : id(head.stream()),
      attempt(head.attempt),
      tier(head.tier),
      deadline(deadline_of(head.budget_ms, now)),
      trace(head.trace),
      journal(std::move(journal)),
      chain(chain_over(chain_start(id), this->journal.generated.ids)) {}

void HeldStream::append(std::span<const TokenId> ids) {
  auto& generated = journal.generated.ids;
  generated.insert(generated.end(), ids.begin(), ids.end());
  chain = chain_over(chain, ids);
}

protocol::Head HeldStream::head(Time now) const {
  protocol::Head head;
  head.request = id.request;
  head.choice = id.choice;
  head.attempt = attempt;
  head.position = position();
  head.chain = chain;
  head.budget_ms = budget_ms(deadline, now);
  head.tier = tier;
  head.trace = trace;
  return head;
}

}  // namespace shoal::services
