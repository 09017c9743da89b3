// The engine as a pure state machine: streams in, ids out, step by step. It owns scheduler, pages, credit,
// parking and deadlines; the backend computes. No clock, no thread: services/inference runs it on its engine thread,
// the simulator under virtual time with a backend of its own. Not thread-safe.
//
//   add ──> waiting ──> running ──> Ended            grant lets a parked stream go on
//              ^           │  ^                      cancel and a Yielded end it without Ended
//              └─preempted─┘  └──> parked ──> Yielded
//
// Planning a step and collecting its ids are apart: with two steps in flight the next one is planned, and the device
// starts it, before the ids of the first are here. What is planned so far does not look at ids: a stream draws on while
// its credit and max_tokens last, and what was drawn behind a stop id is dropped.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <unordered_map>

#include "base/limits.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/kv_pool.h"
#include "engine/scheduler.h"
#include "engine/sequence.h"
#include "engine/work.h"
#include "kernels/backend.h"

namespace shoal::engine {

struct StepCoreConfig {
  std::uint32_t vocab = 0;           // ids of a prompt are below it
  std::uint32_t context_tokens = 0;  // prompt plus generated
  std::uint32_t pages = 0;           // of the backend's KvShape
  std::uint32_t streams_max = 256;   // running, waiting and parked together; one more is busy
  std::uint32_t parked_pages_ms = limits::parked_pages_ms;
  std::uint32_t steps_in_flight = 1;  // 1 or 2: a backend that computes in submit() gains nothing by the second
  SchedulerConfig scheduler;
};

class StepCore {
public:
  using Config = StepCoreConfig;

  // `backend` is loaded, has its KV reserved and outlives the core.
  StepCore(Config config, kernels::Backend& backend);
  // Waits for steps that are open, so that the backend may have another core.
  ~StepCore();
  StepCore(const StepCore&) = delete;
  StepCore& operator=(const StepCore&) = delete;

  // Takes a stream. It may be finished already (Ended comes with the next step) or without credit (parked at once).
  // A higher attempt of a stream that is here takes its place, and its pages as far as the ids agree; the same attempt
  // again changes nothing. Refuses with
  //   busy             streams_max are here: try later
  //   context_length   prompt and generated ids fill the context
  //   too_large        all its pages together would not fit the pool
  //   invalid_request  no prompt, an id outside the vocabulary, or a sampling parameter out of range
  //   duplicate_id     a higher attempt of this stream is here
  Result<void> add(Work work, Time now);

  // Lets the stream generate positions below `until`. A smaller one than before, a lower attempt than the running one
  // and an unknown stream are ignored.
  void grant(const StreamId& stream, Attempt attempt, Position until);

  // Drops the stream at once, pages and all, unless its attempt is higher than `up_to`. Nothing is reported.
  void cancel(const StreamId& stream, Attempt up_to);

  // Whether a step now would run or report something.
  bool has_work() const { return !lost_ && (!scheduler_.idle() || !open_.empty()); }

  // When step() must be called even without work: the next deadline or parked stream's expiry; time_never if there is
  // none.
  Time next_wake() const;

  // Plans until steps_in_flight are open, then collects and commits the oldest; without work it only ends what has
  // expired by `now`. Nothing comes any more after an outcome that says that the device is lost.
  StepOutcome step(Time now);

  EngineLoad load() const;

  // KV pages that the stream holds; 0 for one that is not here.
  std::uint32_t pages_of(const StreamId& stream) const;

private:
  struct Drawn {
    TokenId id = kernels::no_token;
    std::vector<kernels::IdLogprobs> logprobs;  // none or one
  };
  // What one sequence does in an open step.
  struct Part {
    Sequence* sequence = nullptr;  // null: it is gone or began anew, and what is drawn is dropped
    std::uint32_t tokens = 0;
    bool draws = false;
    bool logprobs = false;
  };
  struct OpenStep {
    kernels::Ticket ticket = 0;
    std::vector<Part> parts;
  };
  using Sequences = std::map<std::uint64_t, std::unique_ptr<Sequence>>;  // by age, so that every walk has one order

  Result<void> check(const Work& work) const;
  void supersede(Sequence& old, Work work, Time now);
  void enter(Sequence& sequence, Time now);
  void forget(Sequence& sequence);
  void sweep(Time now, StepOutcome& outcome);
  void disown(Sequence& sequence);
  bool plan(StepOutcome& outcome);
  void collect(Time now, StepOutcome& outcome);
  void commit(Sequence& sequence, std::uint32_t tokens, Drawn drawn, Time now, StepOutcome& outcome);
  std::uint32_t tokens_wanted(const Work& work) const;

  Config config_;
  kernels::Backend& backend_;
  KvPool pool_;
  Scheduler scheduler_;
  Sequences sequences_;
  std::unordered_map<StreamId, Sequence*, StreamHash> by_stream_;
  std::deque<OpenStep> open_;  // oldest first
  bool lost_ = false;          // the device is
  std::uint64_t next_age_ = 0;
  EngineLoad totals_;  // its counters; the rest is counted on demand
};

}  // namespace shoal::engine
