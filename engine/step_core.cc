#include "engine/step_core.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace shoal::engine {
namespace {

std::uint32_t size_of(const std::vector<TokenId>& ids) { return static_cast<std::uint32_t>(ids.size()); }

// Moves prompt and generated ids out of `work` into one row.
std::vector<TokenId> take_ids(Work& work) {
  std::vector<TokenId> ids = std::move(work.prompt);
  ids.insert(ids.end(), work.generated.begin(), work.generated.end());
  work.prompt.clear();
  work.generated.clear();
  return ids;
}

Result<void> check_sampling(const SamplingParams& sampling) {
  const auto refuse = [](const char* text) { return Error{Code::invalid_request, text}; };
  if (!(sampling.temperature >= 0 && sampling.temperature <= 100)) return refuse("temperature must be in [0, 100]");
  if (!(sampling.top_p > 0 && sampling.top_p <= 1)) return refuse("top_p must be in (0, 1]");
  if (!(sampling.min_p >= 0 && sampling.min_p <= 1)) return refuse("min_p must be in [0, 1]");
  if (!(std::abs(sampling.frequency_penalty) <= limits::penalty_max)) {
    return refuse("frequency_penalty must be in [-2, 2]");
  }
  if (!(std::abs(sampling.presence_penalty) <= limits::penalty_max)) {
    return refuse("presence_penalty must be in [-2, 2]");
  }
  if (!(sampling.repetition_penalty > 0 && sampling.repetition_penalty <= limits::penalty_max)) {
    return refuse("repetition_penalty must be in (0, 2]");
  }
  if (sampling.top_logprobs > limits::top_logprobs_max) return refuse("top_logprobs must be at most 20");
  return {};
}

}  // namespace

std::optional<EndReason> finished(std::span<const TokenId> generated, std::uint32_t max_tokens,
                                  std::span<const TokenId> stop_ids, bool ignore_eos) {
  const auto stops = ignore_eos && !stop_ids.empty() ? stop_ids.subspan(1) : stop_ids;
  if (!generated.empty() && std::find(stops.begin(), stops.end(), generated.back()) != stops.end()) {
    return EndReason::stop_id;
  }
  if (generated.size() >= max_tokens) return EndReason::length;
  return std::nullopt;
}

StepCore::StepCore(Config config, kernels::Backend& backend)
    : config_(config), backend_(backend), pool_(config.pages), scheduler_(config.scheduler, pool_) {
  SHOAL_CHECK(config.vocab > 0 && config.context_tokens > 0 && config.pages > 0 && config.streams_max > 0);
  SHOAL_CHECK(config.steps_in_flight == 1 || config.steps_in_flight == 2);
}

StepCore::~StepCore() {
  for (const OpenStep& step : open_) {
    if (lost_ || !backend_.wait(step.ticket)) break;
  }
}

// The generated ids that the context has room for.
std::uint32_t StepCore::tokens_wanted(const Work& work) const {
  return std::min(work.max_tokens, config_.context_tokens - size_of(work.prompt));
}

Result<void> StepCore::check(const Work& work) const {
  if (work.prompt.empty()) return Error{Code::invalid_request, "the prompt has no tokens"};
  const std::size_t known = work.prompt.size() + work.generated.size();
  if (work.prompt.size() >= config_.context_tokens || known > config_.context_tokens) {
    return Error{Code::context_length, "a prompt of " + std::to_string(known) +
                                           " tokens leaves no room in a context of " +
                                           std::to_string(config_.context_tokens)};
  }
  for (const auto* ids : {&work.prompt, &work.generated}) {
    const auto bad = std::find_if(ids->begin(), ids->end(), [&](TokenId id) { return id >= config_.vocab; });
    if (bad == ids->end()) continue;
    return Error{Code::invalid_request,
                 "token id " + std::to_string(*bad) + " is not in a vocabulary of " + std::to_string(config_.vocab)};
  }
  // The last generated id is never fed, so it needs no page.
  const std::uint32_t pages = pages_for(std::max(size_of(work.prompt) + tokens_wanted(work), 1u) - 1);
  if (pages > config_.pages) {
    return Error{Code::too_large, "prompt and answer may take " +
                                      std::to_string(size_of(work.prompt) + tokens_wanted(work)) +
                                      " tokens together, and the KV memory of this executor holds " +
                                      std::to_string(config_.pages * page_tokens) +
                                      " of one stream: set a smaller max_tokens, or start it with more kv_bytes"};
  }
  return check_sampling(work.sampling);
}

Result<void> StepCore::add(Work work, Time now) {
  ++totals_.offered;
  SHOAL_TRY(check(work));
  work.max_tokens = tokens_wanted(work);
  if (const auto found = by_stream_.find(work.stream); found != by_stream_.end()) {
    Sequence& old = *found->second;
    if (work.attempt < old.work.attempt) return Error{Code::duplicate_id, "a newer attempt of this stream runs here"};
    if (work.attempt > old.work.attempt) supersede(old, std::move(work), now);
    return {};
  }
  if (sequences_.size() >= config_.streams_max) {
    return Error{Code::busy, "this executor already holds " + std::to_string(config_.streams_max) + " streams"};
  }
  auto sequence = std::make_unique<Sequence>();
  sequence->age = next_age_++;
  sequence->arrived = now;
  sequence->prompt_tokens = size_of(work.prompt);
  sequence->ids = take_ids(work);
  sequence->work = std::move(work);
  by_stream_.emplace(sequence->work.stream, sequence.get());
  enter(*sequence, now);
  sequences_.emplace(sequence->age, std::move(sequence));
  return {};
}

// What both attempts know alike stays computed; the last known id is fed again, because only that draws the next one.
void StepCore::supersede(Sequence& old, Work work, Time now) {
  scheduler_.leave(old);
  disown(old);
  old.prompt_tokens = size_of(work.prompt);
  std::vector<TokenId> ids = take_ids(work);
  const auto [differs, unused] = std::mismatch(ids.begin(), ids.end(), old.ids.begin(), old.ids.end());
  const auto agreed = static_cast<std::uint32_t>(differs - ids.begin());
  old.planned = std::min({old.planned, agreed, size_of(ids) - 1});
  pool_.truncate(old.pages, old.planned);
  old.ids = std::move(ids);
  old.work = std::move(work);
  enter(old, now);
}

// A finished one waits too: the next step reports it.
void StepCore::enter(Sequence& sequence, Time now) {
  const Work& work = sequence.work;
  if (sequence.has_credit() || finished(sequence.generated(), work.max_tokens, work.stop_ids, work.ignore_eos)) {
    scheduler_.wait(sequence);
  } else {
    sequence.parked_until = now + milliseconds(config_.parked_pages_ms);
    scheduler_.park(sequence);
  }
}

void StepCore::grant(const StreamId& stream, Attempt attempt, Position until) {
  const auto found = by_stream_.find(stream);
  if (found == by_stream_.end() || attempt < found->second->work.attempt) return;
  Sequence& sequence = *found->second;
  sequence.work.credit_until = std::max(sequence.work.credit_until, until);
  if (sequence.state != SequenceState::parked || !sequence.has_credit()) return;
  scheduler_.leave(sequence);
  scheduler_.wait(sequence);
}

void StepCore::cancel(const StreamId& stream, Attempt up_to) {
  const auto found = by_stream_.find(stream);
  if (found == by_stream_.end() || found->second->work.attempt > up_to) return;
  scheduler_.leave(*found->second);
  forget(*found->second);
}

// The sequence is in no list any more.
void StepCore::forget(Sequence& sequence) {
  disown(sequence);
  pool_.release(sequence.pages);
  by_stream_.erase(sequence.work.stream);
  sequences_.erase(sequence.age);
}

// Open steps go on computing for it, and nobody takes what they draw.
void StepCore::disown(Sequence& sequence) {
  for (OpenStep& step : open_) {
    for (Part& part : step.parts) {
      if (part.sequence == &sequence) part.sequence = nullptr;
    }
  }
  sequence.drawing = 0;
}

Time StepCore::next_wake() const {
  Time wake = time_never;
  for (const auto& [age, sequence] : sequences_) {
    wake = std::min(wake, sequence->work.deadline);
    if (sequence->state == SequenceState::parked) wake = std::min(wake, sequence->parked_until);
  }
  return wake;
}

StepOutcome StepCore::step(Time now) {
  StepOutcome outcome;
  if (lost_) return outcome;
  sweep(now, outcome);
  while (open_.size() < config_.steps_in_flight && plan(outcome)) {
  }
  if (!open_.empty()) collect(now, outcome);
  return outcome;
}

// Ends what needs no forward pass: deadlines, streams that arrived finished, parked ones whose time is over.
void StepCore::sweep(Time now, StepOutcome& outcome) {
  for (auto next = sequences_.begin(); next != sequences_.end();) {
    Sequence& s = *(next++)->second;
    const Work& work = s.work;
    auto reason = finished(s.generated(), work.max_tokens, work.stop_ids, work.ignore_eos);
    if (!reason && work.deadline <= now) reason = EndReason::deadline;
    if (reason) {
      outcome.ended.push_back({work.stream, work.attempt, s.position(), *reason});
    } else if (s.state == SequenceState::parked && s.parked_until <= now) {
      outcome.yielded.push_back({work.stream, work.attempt, s.position()});
    } else {
      continue;
    }
    scheduler_.leave(s);
    forget(s);
  }
}

// Submits the next step. False if there is nothing to run, or nothing before ids of open steps are here.
bool StepCore::plan(StepOutcome& outcome) {
  const Batch batch = scheduler_.next();
  totals_.preemptions += batch.preempted;
  for (Sequence* s : batch.evicted) {
    outcome.yielded.push_back({s->work.stream, s->work.attempt, s->position()});
    forget(*s);
  }
  if (batch.chunks.empty()) return false;
  OpenStep open;
  std::vector<kernels::SeqStep> steps;
  open.parts.reserve(batch.chunks.size());
  steps.reserve(batch.chunks.size());
  for (const Chunk& chunk : batch.chunks) {
    Sequence& s = *chunk.sequence;
    if (chunk.enters) {
      backend_.set_sampling(s.slot, {.params = s.work.sampling,
                                     .choice = s.work.stream.choice,
                                     .prompt = std::span(s.ids).first(s.prompt_tokens),
                                     .generated = s.generated()});
    }
    kernels::SeqStep& step = steps.emplace_back();
    step.slot = s.slot;
    step.pages = s.pages;
    step.first = s.planned;
    step.feeds_drawn = s.planned == s.known();
    if (!step.feeds_drawn) step.ids = std::span(s.ids).subspan(s.planned, chunk.tokens);
    s.planned += chunk.tokens;
    const bool draws = s.planned == s.length();
    if (draws) step.draws = s.position() + s.drawing++;
    open.parts.push_back({&s, chunk.tokens, draws, s.work.sampling.logprobs});
  }
  open.ticket = backend_.submit(steps);
  open_.push_back(std::move(open));
  return true;
}

// Takes the ids of the oldest open step.
void StepCore::collect(Time now, StepOutcome& outcome) {
  const OpenStep open = std::move(open_.front());
  open_.pop_front();
  auto waited = backend_.wait(open.ticket);
  if (!waited) {
    lost_ = true;
    outcome.lost = std::move(waited).error();
    return;
  }
  kernels::StepOutput output = std::move(*waited);
  SHOAL_CHECK(output.ids.size() == open.parts.size());
  ++totals_.steps;
  auto logprobs = output.logprobs.begin();
  for (std::size_t i = 0; i < open.parts.size(); ++i) {
    const Part& part = open.parts[i];
    Drawn drawn{.id = output.ids[i], .logprobs = {}};
    if (drawn.id != kernels::no_token && part.logprobs) {
      SHOAL_CHECK(logprobs != output.logprobs.end());
      drawn.logprobs.push_back(std::move(*logprobs++));
    }
    if (part.sequence == nullptr) continue;
    Sequence& s = *part.sequence;
    if (part.draws) --s.drawing;
    if (drawn.id == kernels::no_token && part.draws) {
      totals_.prefilled_tokens += part.tokens;
      outcome.ended.push_back({s.work.stream, s.work.attempt, s.position(), EndReason::not_finite});
      scheduler_.leave(s);
      forget(s);
      continue;
    }
    commit(s, part.tokens, std::move(drawn), now, outcome);
  }
}

// Everything that looks at ids happens here, when they are known: stops, length, credit.
void StepCore::commit(Sequence& s, std::uint32_t tokens, Drawn drawn, Time now, StepOutcome& outcome) {
  if (drawn.id == kernels::no_token) {
    totals_.prefilled_tokens += tokens;
    return;
  }
  SHOAL_CHECK(drawn.id < config_.vocab);
  totals_.prefilled_tokens += tokens - 1;
  ++totals_.generated_tokens;
  const Work& work = s.work;
  outcome.generated.push_back({work.stream, work.attempt, s.position(), {drawn.id}, std::move(drawn.logprobs)});
  s.ids.push_back(drawn.id);
  if (const auto reason = finished(s.generated(), work.max_tokens, work.stop_ids, work.ignore_eos)) {
    outcome.ended.push_back({work.stream, work.attempt, s.position(), *reason});
    scheduler_.leave(s);
    forget(s);
  } else if (!s.has_credit()) {
    SHOAL_CHECK(s.drawing == 0);
    scheduler_.leave(s);
    s.parked_until = now + milliseconds(config_.parked_pages_ms);
    scheduler_.park(s);
  }
}

std::uint32_t StepCore::pages_of(const StreamId& stream) const {
  const auto found = by_stream_.find(stream);
  return found == by_stream_.end() ? 0 : static_cast<std::uint32_t>(found->second->pages.size());
}

EngineLoad StepCore::load() const {
  EngineLoad load = totals_;
  load.pages = pool_.pages();
  load.free_pages = pool_.free_pages();
  for (const auto& [age, s] : sequences_) {
    const auto tier = static_cast<std::size_t>(s->work.tier);
    if (s->state == SequenceState::parked) {
      ++load.parked.at(tier);
      continue;
    }
    ++(s->state == SequenceState::running ? load.running : load.waiting).at(tier);
    load.waiting_tokens += s->known() - std::min(s->known(), s->planned);
  }
  return load;
}

}  // namespace shoal::engine
