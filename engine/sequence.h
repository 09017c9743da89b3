// One stream inside the engine. Plain state, owned by StepCore; the scheduler's lists point at it.
#pragma once

#include <algorithm>
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
  std::uint32_t prompt_tokens = 0;
  std::uint32_t planned = 0;           // ids [0, planned) have their KV in pages, or an open step puts it there
  std::uint32_t drawing = 0;           // ids behind the known ones that open steps draw, one each
  kernels::Slot slot = 0;              // of the device, while it runs
  std::vector<kernels::PageId> pages;  // cover at least `planned` tokens
  SequenceState state = SequenceState::waiting;
  Time parked_until = time_never;  // when a parked one gives its pages up

  // Ids that have arrived.
  std::uint32_t known() const { return static_cast<std::uint32_t>(ids.size()); }
  // Those that have arrived or are being drawn. A sequence draws its next id when planned reaches it.
  std::uint32_t length() const { return known() + drawing; }
  // Ids that may be fed now. Feeding the last one draws the next, so it waits for leave to do that.
  std::uint32_t to_feed() const { return drawing > 0 && !may_draw() ? 0 : length() - planned; }
  Position position() const { return known() - prompt_tokens; }
  bool has_credit() const { return position() < work.credit_until; }
  bool may_draw() const { return position() + drawing < std::min(work.credit_until, work.max_tokens); }
  std::span<const TokenId> generated() const { return std::span(ids).subspan(prompt_tokens); }
};

}  // namespace shoal::engine
