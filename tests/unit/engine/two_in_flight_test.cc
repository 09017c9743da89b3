// Two steps in flight against one: whatever the schedule, each stream is told the same.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "engine/step_core.h"
#include "tests/unit/engine/fake_device.h"
#include "tests/unit/engine/harness.h"

using namespace shoal;
using namespace shoal::engine;

namespace {

// One stream of a schedule, and what is done to it, said in its own positions: so it is the same however steps fall.
struct Plan {
  Work work;
  std::map<Position, Position> credit;   // at this position it is granted up to that one
  std::optional<Position> cancelled_at;  // as soon as it is there
  std::optional<Position> retried_at;    // a higher attempt takes its place there ...
  Position retried_with = 0;             // ... that knows so many ids
};

// What its consumer was told.
struct Told {
  std::vector<TokenId> ids;
  std::vector<kernels::IdLogprobs> logprobs;
  std::optional<EndReason> reason;
  bool cancelled = false;

  bool operator==(const Told&) const = default;
};

struct Seen {
  std::uint64_t preemptions = 0, yields = 0, dropped = 0, overlapped = 0, fed_drawn = 0, cancelled = 0, not_finite = 0;
};

struct Schedule {
  std::uint32_t pages = 0;
  SchedulerConfig scheduler;
  std::vector<Plan> plans;
};

Schedule make_schedule(std::uint64_t seed) {
  Random random{seed};
  const auto upto = [&](std::uint32_t most) { return static_cast<std::uint32_t>(random.below(most + 1)); };
  Schedule schedule;
  schedule.pages = 3 + upto(2);
  schedule.scheduler.sequences_max = 2 + upto(3);
  schedule.scheduler.tokens_max = schedule.scheduler.sequences_max + tile_tokens + upto(80);
  const std::uint32_t streams = 2 + upto(5);
  for (std::uint32_t i = 0; i < streams; ++i) {
    Plan plan;
    // Most cross a page's end as they are answered.
    std::vector<TokenId> prompt(1 + (upto(4) == 0 ? upto(140) : upto(3) == 0 ? upto(20) : 44 + upto(20)));
    for (TokenId& id : prompt) id = upto(FakeDevice::vocab - 1);
    plan.work = work_of(static_cast<std::uint8_t>(i), std::move(prompt), 1 + upto(19));
    plan.work.tier = static_cast<Tier>(upto(tier_count - 1));
    if (upto(1) == 0) plan.work.stop_ids = {upto(FakeDevice::vocab - 1), upto(FakeDevice::vocab - 1)};
    plan.work.ignore_eos = upto(3) == 0;
    SamplingParams& sampling = plan.work.sampling;
    sampling.temperature = upto(1) == 0 ? 0 : 1;
    sampling.seed = random.next();
    if (upto(2) == 0) sampling.frequency_penalty = 1.5f;
    if (upto(2) == 0) sampling.repetition_penalty = 1.3f;
    sampling.logprobs = upto(2) == 0;
    sampling.top_logprobs = sampling.logprobs ? upto(2) : 0;
    if (upto(1) == 0) {
      plan.work.credit_until = upto(6);
      for (Position at = plan.work.credit_until; at < plan.work.max_tokens;) {
        const Position until = at + 1 + upto(5);
        plan.credit[at] = until;
        at = until;
      }
    }
    if (upto(5) == 0) plan.cancelled_at = upto(plan.work.max_tokens - 1);
    if (upto(5) == 0) plan.retried_at = upto(plan.work.max_tokens - 1);
    plan.retried_with = upto(plan.retried_at.value_or(0));
    schedule.plans.push_back(std::move(plan));
  }
  return schedule;
}

// Plays the owner of each stream. When streams arrive, are granted credit and come again after they were yielded
// differs between runs: `order` draws it.
class Play {
public:
  Play(const Schedule& schedule, std::uint32_t steps_in_flight, std::uint64_t order)
      : schedule_(schedule),
        device_(schedule.pages, schedule.scheduler.sequences_max, 150),
        core_(config(schedule, steps_in_flight), device_),
        random_(order),
        states_(schedule.plans.size()) {}

  std::vector<Told> run(Seen& seen) {
    for (int turn = 0; !all_done(); ++turn) {
      REQUIRE(turn < 20'000);
      now_ += milliseconds(random_.below(40));
      for (std::size_t i = 0; i < states_.size(); ++i) act(i);
      take(core_.step(now_), seen);
    }
    while (core_.has_work()) take(core_.step(now_), seen);
    CHECK(core_.load().free_pages == schedule_.pages);
    seen.preemptions += core_.load().preemptions;
    seen.overlapped += device_.overlapped();
    seen.fed_drawn += device_.fed_drawn();
    seen.dropped += drawn_ahead();
    std::vector<Told> told;
    for (State& state : states_) told.push_back(std::move(state.told));
    return told;
  }

private:
  struct State {
    Told told;
    bool here = false;  // in the engine
    std::uint32_t attempt = 0;
    Position credit_until = 0;
    bool retried = false;
  };

  static StepCore::Config config(const Schedule& schedule, std::uint32_t steps_in_flight) {
    StepCore::Config config;
    config.vocab = FakeDevice::vocab;
    config.context_tokens = 170;
    config.pages = schedule.pages;
    config.parked_pages_ms = 100;
    config.scheduler = schedule.scheduler;
    config.steps_in_flight = steps_in_flight;
    return config;
  }

  static bool done(const State& state) { return state.told.reason || state.told.cancelled; }
  bool all_done() const { return std::all_of(states_.begin(), states_.end(), done); }

  void act(std::size_t i) {
    const Plan& plan = schedule_.plans[i];
    State& state = states_[i];
    if (done(state)) return;
    const auto at = static_cast<Position>(state.told.ids.size());
    if (plan.cancelled_at == at) {
      if (state.here) core_.cancel(plan.work.stream, Attempt::from_u32(state.attempt));
      state.told.cancelled = true;
      return;
    }
    const bool retries = plan.retried_at == at && !state.retried;
    if (retries) {
      state.retried = true;
      state.told.ids.resize(plan.retried_with);
      state.told.logprobs.resize(std::min<std::size_t>(state.told.logprobs.size(), plan.retried_with));
    }
    if (retries || (!state.here && random_.below(3) == 0)) add(plan, state);
    const auto credit = plan.credit.find(static_cast<Position>(state.told.ids.size()));
    if (state.here && credit != plan.credit.end() && random_.below(4) == 0) {
      state.credit_until = credit->second;
      core_.grant(plan.work.stream, Attempt::from_u32(state.attempt), credit->second);
    }
  }

  void add(const Plan& plan, State& state) {
    Work work = plan.work;
    work.attempt = Attempt::from_u32(++state.attempt);
    work.generated = state.told.ids;
    work.credit_until = std::max(work.credit_until, state.credit_until);
    REQUIRE(core_.add(std::move(work), now_));
    state.here = true;
  }

  void take(const StepOutcome& outcome, Seen& seen) {
    REQUIRE(!outcome.lost);
    for (const Generated& generated : outcome.generated) {
      Told& told = state_of(generated.stream).told;
      REQUIRE(!told.cancelled);
      REQUIRE(generated.position == told.ids.size());
      told.ids.insert(told.ids.end(), generated.ids.begin(), generated.ids.end());
      told.logprobs.insert(told.logprobs.end(), generated.logprobs.begin(), generated.logprobs.end());
      ++taken_;
    }
    for (const Ended& ended : outcome.ended) {
      State& state = state_of(ended.stream);
      REQUIRE(!done(state));
      REQUIRE(ended.position == state.told.ids.size());
      state.told.reason = ended.reason;
      state.here = false;
      seen.not_finite += ended.reason == EndReason::not_finite;
    }
    for (const Yielded& yielded : outcome.yielded) {
      State& state = state_of(yielded.stream);
      REQUIRE(yielded.position == state.told.ids.size());
      state.here = false;
      ++seen.yields;
    }
  }

  State& state_of(const StreamId& stream) { return states_.at(stream.request.bytes[0]); }
  std::uint64_t drawn_ahead() const { return device_.drawn() - taken_; }

  const Schedule& schedule_;
  FakeDevice device_;
  StepCore core_;
  Random random_;
  std::vector<State> states_;
  Time now_{};
  std::uint64_t taken_ = 0;
};

}  // namespace

TEST_CASE("with two steps in flight every stream is told what it is with one, in 10,000 random schedules") {
  const char* wanted = std::getenv("SHOAL_SCHEDULES");  // fewer where each takes long, as under the sanitizers
  const std::uint64_t schedules = wanted == nullptr ? 10'000 : std::strtoull(wanted, nullptr, 10);
  Seen one, two;
  for (std::uint64_t seed = 0; seed < schedules; ++seed) {
    CAPTURE(seed);
    const Schedule schedule = make_schedule(seed);
    const auto expected = Play(schedule, 1, 2 * seed).run(one);
    const auto told = Play(schedule, 2, 2 * seed + 1).run(two);
    REQUIRE(told == expected);
  }
  CHECK(one.overlapped == 0);
  CHECK(one.dropped < two.dropped);  // behind a stop, a cancel or a retry
  CHECK(two.overlapped > schedules);
  CHECK(two.fed_drawn > schedules);
  CHECK(two.preemptions > schedules / 10);
  CHECK(two.yields > schedules / 10);
  CHECK(two.not_finite > schedules / 10);
}

TEST_CASE("with two steps in flight a stream parks, stops, ends and is cancelled at every position as with one") {
  const auto run = [](std::uint32_t steps_in_flight, const Plan& plan) {
    const Schedule schedule{.pages = 4, .scheduler = {.sequences_max = 2, .tokens_max = 70}, .plans = {plan}};
    Seen seen;
    return Play(schedule, steps_in_flight, 1).run(seen).at(0);
  };
  Plan plain;
  plain.work = work_of(0, std::vector<TokenId>(50, 3), 30);
  plain.work.sampling = {.temperature = 1, .seed = 4, .presence_penalty = 0.5f};
  const Told whole = run(1, plain);
  REQUIRE(whole.ids.size() == 30);
  for (Position position = 0; position < 30; ++position) {
    CAPTURE(position);
    Plan parked = plain, stopped = plain, short_one = plain, cancelled = plain, retried = plain;
    parked.work.credit_until = position;
    parked.credit[position] = 30;
    stopped.work.stop_ids = {whole.ids[position]};
    short_one.work.max_tokens = position + 1;
    cancelled.cancelled_at = position;
    retried.retried_at = position;
    retried.retried_with = position / 2;
    for (const Plan& plan : {parked, stopped, short_one, cancelled, retried}) CHECK(run(2, plan) == run(1, plan));
    CHECK(run(2, parked).ids == whole.ids);
    CHECK(run(2, cancelled).ids == std::vector<TokenId>(whole.ids.begin(), whole.ids.begin() + position));
  }
}

TEST_CASE("a core that ends with steps open leaves its backend ready for another one") {
  FakeDevice device{8, 8};
  StepCore::Config config = EchoEngine::config_of(8);
  config.vocab = FakeDevice::vocab;
  config.steps_in_flight = 2;
  std::vector<TokenId> answers;
  for (int i = 0; i < 2; ++i) {
    StepCore core{config, device};
    REQUIRE(core.add(work_of(1, {1, 2, 3}, 50), Time{}));
    answers.push_back(core.step(Time{}).generated.at(0).ids[0]);  // the second one is open
  }
  CHECK(answers[0] == answers[1]);
}

TEST_CASE("once the device is lost the step says so, and nothing more is asked of it") {
  for (const std::uint32_t steps_in_flight : {1u, 2u}) {
    FakeDevice device{8, 4};
    device.lose_at(3);
    StepCore::Config config = EchoEngine::config_of(8);
    config.vocab = FakeDevice::vocab;
    config.scheduler.sequences_max = 4;
    config.steps_in_flight = steps_in_flight;
    StepCore core{config, device};
    REQUIRE(core.add(work_of(1, {1, 2, 3}, 50), Time{}));
    CHECK(core.step(Time{}).generated.size() == 1);
    CHECK(core.step(Time{}).generated.size() == 1);
    const StepOutcome last = core.step(Time{});
    REQUIRE(last.lost);
    CHECK(last.lost->code == Code::io);
    CHECK(last.generated.empty());
    CHECK(last.ended.empty());
    CHECK_FALSE(core.has_work());
    CHECK_FALSE(core.step(Time{}).lost);
  }
}
