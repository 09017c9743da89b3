// Who runs in the next step. Continuous batching: there is no prefill or decode phase, a sequence is given tokens until
// its planned ids reach its known ones. Reads as the policy; device-free; lives on the engine's thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/limits.h"
#include "engine/kv_pool.h"
#include "engine/sequence.h"

namespace shoal::engine {

struct SchedulerConfig {
  std::uint32_t sequences_max = 32;  // in one batch
  std::uint32_t tokens_max = 128;    // in one step; at least sequences_max + tile_tokens, so that prefill never starves
  std::uint32_t tier_head_start_ms = limits::tier_head_start_ms;  // of a waiting stream over one of the next tier
};

// A prefill chunk that does not reach the last known id ends on a page boundary, or at a multiple of this.
inline constexpr std::uint32_t tile_tokens = 8;

struct Chunk {
  Sequence* sequence = nullptr;
  std::uint32_t tokens = 0;  // from sequence->planned on
  bool enters = false;       // it did not run in the step before: its slot is new
};

struct Batch {
  std::vector<Chunk> chunks;
  std::vector<Sequence*> evicted;  // parked ones that lost their pages; no longer in any list
  std::uint32_t preempted = 0;     // running ones that wait again, to be recomputed
};

class Scheduler {
public:
  // `pool` outlives the scheduler.
  Scheduler(SchedulerConfig config, KvPool& pool);

  // A sequence is in at most one of three lists; `state` says in which. Running and parked ones stand oldest first.
  // Waiting ones stand by tier, then age: each tier has a head start over the next, so a stream of the last tier goes
  // before every one that arrives three head starts after it, and nobody waits for ever.
  void wait(Sequence& sequence) { join(waiting_, sequence, SequenceState::waiting); }
  void park(Sequence& sequence) { join(parked_, sequence, SequenceState::parked); }
  void leave(Sequence& sequence);

  bool idle() const { return running_.empty() && waiting_.empty(); }

  // Running sequences first, oldest first and whatever their tier, each with a token of its own and the rest for
  // prefill; then waiting ones in their order while tokens and pages last: nobody overtakes one that does not fit yet.
  // When pages run out, those outside the batch give theirs up first, then the youngest running sequence does and waits
  // again. Everything that runs has its pages reserved, and a slot below sequences_max. Empty only when idle() or when
  // everybody awaits ids that open steps draw: each sequence alone must fit the pool, which StepCore::add sees to.
  Batch next();

private:
  using List = std::vector<Sequence*>;

  void join(List& list, Sequence& sequence, SequenceState state);
  bool goes_before(const Sequence& a, const Sequence& b, SequenceState state) const;
  List& list_of(SequenceState state);
  void admit(Batch& batch, std::uint32_t spare);
  bool could_hold(const Sequence& sequence) const;
  bool awaits_ids() const;
  bool evict_idle(const Sequence& keeper, Batch& batch);
  void preempt_youngest(Batch& batch);

  SchedulerConfig config_;
  KvPool& pool_;
  List running_;
  List waiting_;
  List parked_;
  std::vector<kernels::Slot> free_slots_;  // the one that was freed last is taken first
};

}  // namespace shoal::engine
