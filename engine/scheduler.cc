#include "engine/scheduler.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace shoal::engine {
namespace {

// How many of the sequence's next tokens fit into `allowance`, ending where chunks may end; 0 if none can.
std::uint32_t chunk(const Sequence& sequence, std::uint32_t allowance) {
  const std::uint32_t wanted = sequence.to_feed();
  if (wanted <= allowance) return wanted;
  const std::uint32_t end = sequence.planned + allowance;
  const std::uint32_t on_page = end - end % page_tokens;
  const std::uint32_t on_tile = end - end % tile_tokens;
  if (on_page > sequence.planned) return on_page - sequence.planned;
  return on_tile > sequence.planned ? on_tile - sequence.planned : 0;
}

}  // namespace

Scheduler::Scheduler(SchedulerConfig config, KvPool& pool) : config_(config), pool_(pool) {
  SHOAL_CHECK(config.sequences_max > 0 && config.tokens_max >= config.sequences_max + tile_tokens);
  for (kernels::Slot slot = config.sequences_max; slot-- > 0;) free_slots_.push_back(slot);
}

Batch Scheduler::next() {
  Batch batch;
  std::uint32_t spare = config_.tokens_max - static_cast<std::uint32_t>(running_.size());
  for (std::size_t i = 0; i < running_.size(); ++i) {  // oldest first; preempting pops the back
    Sequence& s = *running_[i];
    const std::uint32_t tokens = chunk(s, 1 + spare);
    if (tokens == 0) continue;
    bool fits;
    while (!(fits = pool_.reserve(s.pages, s.planned + tokens))) {
      if (evict_idle(s, batch)) continue;
      if (running_.size() == i + 1) break;
      preempt_youngest(batch);
    }
    if (!fits) {  // s is the youngest itself
      preempt_youngest(batch);
      break;
    }
    batch.chunks.push_back({.sequence = &s, .tokens = tokens});
    spare -= tokens - 1;
  }
  if (batch.preempted == 0) admit(batch, spare);  // nobody enters in a step that had to evict
  SHOAL_CHECK(idle() || !batch.chunks.empty() || awaits_ids());
  return batch;
}

// A newcomer needs pages for all its known ids at once, or it would be the first to be preempted.
void Scheduler::admit(Batch& batch, std::uint32_t spare) {
  while (!waiting_.empty() && running_.size() < config_.sequences_max) {
    Sequence& s = *waiting_.front();
    if (s.drawing > 0) return;  // preempted while its next id is drawn, which decides whether it goes on
    const std::uint32_t tokens = chunk(s, spare);
    if (tokens == 0 || !could_hold(s)) return;
    while (!pool_.reserve(s.pages, s.known())) SHOAL_CHECK(evict_idle(s, batch));
    leave(s);
    join(running_, s, SequenceState::running);
    s.slot = free_slots_.back();
    free_slots_.pop_back();
    batch.chunks.push_back({.sequence = &s, .tokens = tokens, .enters = true});
    spare -= tokens;
  }
}

// The last sequence outside the batch that holds pages gives them up; parked ones before those that have credit.
bool Scheduler::evict_idle(const Sequence& keeper, Batch& batch) {
  for (List* list : {&parked_, &waiting_}) {
    const auto victim = std::find_if(list->rbegin(), list->rend(),
                                     [&](const Sequence* s) { return s != &keeper && !s->pages.empty(); });
    if (victim == list->rend()) continue;
    Sequence& s = **victim;
    pool_.release(s.pages);
    s.planned = 0;
    if (list == &parked_) {
      leave(s);
      batch.evicted.push_back(&s);
    }
    return true;
  }
  return false;
}

// Whether its known ids find room, if need be by the pages that all others outside the batch hold and nobody else does.
bool Scheduler::could_hold(const Sequence& sequence) const {
  const std::size_t wanted =
      pages_for(sequence.known()) - std::min<std::size_t>(pages_for(sequence.known()), sequence.pages.size());
  if (wanted <= pool_.free_pages()) return true;
  std::vector<const std::vector<PageId>*> others;
  for (const List* list : {&parked_, &waiting_}) {
    for (const Sequence* s : *list) {
      if (s != &sequence) others.push_back(&s->pages);
    }
  }
  return wanted <= pool_.free_pages() + pool_.freed_by(others);
}

void Scheduler::preempt_youngest(Batch& batch) {
  Sequence& s = *running_.back();
  leave(s);
  pool_.release(s.pages);
  s.planned = 0;
  wait(s);
  ++batch.preempted;
}

void Scheduler::join(List& list, Sequence& sequence, SequenceState state) {
  sequence.state = state;
  const auto before = [&](const Sequence* a, const Sequence* b) { return goes_before(*a, *b, state); };
  list.insert(std::upper_bound(list.begin(), list.end(), &sequence, before), &sequence);
}

bool Scheduler::goes_before(const Sequence& a, const Sequence& b, SequenceState state) const {
  if (state != SequenceState::waiting) return a.age < b.age;
  const auto turn = [&](const Sequence& s) {
    return s.arrived + milliseconds(config_.tier_head_start_ms) * static_cast<int>(s.work.tier);
  };
  return std::pair(turn(a), a.age) < std::pair(turn(b), b.age);
}

void Scheduler::leave(Sequence& sequence) {
  const bool ran = std::erase(list_of(sequence.state), &sequence) > 0 && sequence.state == SequenceState::running;
  if (ran) free_slots_.push_back(sequence.slot);
}

bool Scheduler::awaits_ids() const {
  const auto awaits = [](const Sequence* s) { return s->drawing > 0; };
  return std::any_of(running_.begin(), running_.end(), awaits) || std::any_of(waiting_.begin(), waiting_.end(), awaits);
}

Scheduler::List& Scheduler::list_of(SequenceState state) {
  return state == SequenceState::running ? running_ : state == SequenceState::waiting ? waiting_ : parked_;
}

}  // namespace shoal::engine
