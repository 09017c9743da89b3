// What the engine is asked for and what it answers: plain values between services/inference, the engine's thread and
// the simulator.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "kernels/sampling.h"

namespace shoal::engine {

using kernels::SamplingParams;

// One stream to run; also a resumed one, which brings the ids generated so far.
struct Work {
  StreamId stream;
  Attempt attempt;
  std::vector<TokenId> prompt;     // not empty
  std::vector<TokenId> generated;  // ids [0, position) of an earlier attempt
  SamplingParams sampling;
  std::uint32_t max_tokens = 0;   // generated ids in all, earlier attempts counted
  std::vector<TokenId> stop_ids;  // EOS first; a drawn one is generated like any other id and is the last
  bool ignore_eos = false;        // the first of stop_ids does not stop
  Position credit_until = 0;      // positions below may be generated
  Time deadline = time_never;
  Tier tier = Tier::realtime;
};

enum class EndReason : std::uint8_t { stop_id, length, deadline, not_finite };

// Whether a stream is finished, as a function of its parameters and its generated ids alone: any holder may ask it
// before a dispatch, so a lost Ended costs nothing. Never `deadline` or `not_finite`.
std::optional<EndReason> finished(std::span<const TokenId> generated, std::uint32_t max_tokens,
                                  std::span<const TokenId> stop_ids, bool ignore_eos);

// New ids of this step.
struct Generated {
  StreamId stream;
  Attempt attempt;
  Position position = 0;  // of the first one
  std::vector<TokenId> ids;
  std::vector<kernels::IdLogprobs> logprobs{};  // of each id, if sampling.logprobs is set
};

// The stream is gone from the engine. After a Generated of the same step, if both are there.
struct Ended {
  StreamId stream;
  Attempt attempt;
  Position position = 0;  // ids generated in all, a stop id counted; not_finite: whose logits were not finite
  EndReason reason = EndReason::length;
};

// The stream waited too long for credit (or its pages were needed) and is gone from the engine; the caller keeps its
// ids and adds it again when credit returns.
struct Yielded {
  StreamId stream;
  Attempt attempt;
  Position position = 0;
};

struct StepOutcome {
  std::vector<Generated> generated;
  std::vector<Ended> ended;
  std::vector<Yielded> yielded;
  std::optional<Error> lost{};  // the device is: no stream here goes on, and none ends
};

struct EngineLoad {
  std::array<std::uint32_t, tier_count> running{};  // in the batch
  std::array<std::uint32_t, tier_count> waiting{};  // with credit, not in the batch
  std::array<std::uint32_t, tier_count> parked{};   // without credit
  std::uint32_t pages = 0;
  std::uint32_t free_pages = 0;
  std::uint64_t steps = 0;             // forward passes so far
  std::uint64_t generated_tokens = 0;  // so far
  std::uint64_t prefilled_tokens = 0;  // ids computed without drawing one, so far; recomputed ones counted again
  std::uint64_t waiting_tokens = 0;    // known ids whose KV is still to be computed, over all streams with credit
  std::uint64_t preemptions = 0;       // so far
  std::uint64_t offered = 0;           // calls of add() so far, refused ones too
};

}  // namespace shoal::engine
