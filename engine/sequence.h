// One stream inside the engine. Plain state, owned by StepCore; the scheduler's lists point at it.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.h"
#include "engine/work.h"
#include "kernels/backend.h"

namespace shoal::engine {

enum class SequenceState : std::uint8_t {
  waiting,  // has credit, not in the batch
  running,  // in the batch
  parked,   // no credit
};

struct Sequence {
  Work work;              // prompt and generated are moved into ids
  std::uint64_t age = 0;  // order of arrival: smaller is older
  Time arrived{};
  std::vector<TokenId> ids;  // prompt, then generated
  kernels::SeenIds seen;     // those that arrived, as far as penalties ask
  std::uint32_t prompt_tokens = 0;
  std::uint32_t planned = 0;           // ids [0, planned) have their KV in pages, or a step in flight puts it there
  std::vector<kernels::PageId> pages;  // cover at least `planned` tokens
  SequenceState state = SequenceState::waiting;
  Time parked_until = time_never;  // when a parked one gives its pages up

  // Ids that have arrived. A sequence draws its next id when planned reaches known.
  std::uint32_t known() const { return static_cast<std::uint32_t>(ids.size()); }
  Position position() const { return known() - prompt_tokens; }
  bool has_credit() const { return position() < work.credit_until; }
  std::span<const TokenId> generated() const { return std::span(ids).subspan(prompt_tokens); }
};

}  // namespace shoal::engine
