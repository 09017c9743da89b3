// CANCEL at random moments: what a stream held is free at the next step, and nobody else lost anything.
#include <algorithm>
#include <map>
#include <set>

#include <doctest/doctest.h>

#include "base/random.h"
#include "engine/step_core.h"
#include "kernels/host/modules.h"
#include "tests/unit/engine/harness.h"
#include "tests/unit/kernels/random_model.h"

using namespace shoal;
using namespace shoal::engine;

namespace {

constexpr std::uint32_t pages = 24;

// Sees the pages that each step uses: one of a cancelled stream, or one used by two, would show.
class Watched : public kernels::Backend {
public:
  explicit Watched(kernels::Backend& backend) : backend_(backend) {}

  kernels::DeviceInfo describe() const override { return backend_.describe(); }
  Result<void> load(const kernels::Spec& spec, kernels::TensorSource& source, kernels::Shard shard,
                    std::string_view numerics) override {
    return backend_.load(spec, source, shard, numerics);
  }
  Result<kernels::KvShape> reserve_kv(std::size_t bytes, std::uint32_t slots) override {
    return backend_.reserve_kv(bytes, slots);
  }
  void set_sampling(kernels::Slot slot, const kernels::SlotSampling& sampling) override {
    backend_.set_sampling(slot, sampling);
  }
  void set_mask(kernels::Slot slot, std::span<const std::uint32_t> allowed) override {
    backend_.set_mask(slot, allowed);
  }
  kernels::Ticket submit(std::span<const kernels::SeqStep> steps) override {
    std::set<kernels::PageId> used;
    for (const auto& step : steps) {
      for (const auto page : step.pages) REQUIRE(used.insert(page).second);
    }
    return backend_.submit(steps);
  }
  Result<kernels::StepOutput> wait(kernels::Ticket ticket) override { return backend_.wait(ticket); }
  void copy_pages(std::span<const kernels::PageCopy> copies) override { backend_.copy_pages(copies); }
  void on_progress(std::function<void()> progress) override { backend_.on_progress(std::move(progress)); }

private:
  kernels::Backend& backend_;
};

// The moments at which streams were cancelled.
struct Moments {
  int waiting = 0, prefill = 0, decode = 0, parked = 0;
  int all() const { return waiting + prefill + decode + parked; }
};

class Run {
public:
  Run(kernels::Backend& backend, const kernels::Spec& spec, std::uint64_t seed)
      : random_(seed), vocab_(spec.vocab), watched_(backend), core_(config(spec), watched_) {}

  // One turn: perhaps a newcomer, perhaps credit for somebody, a step, and perhaps a CANCEL with the step after it.
  void turn(Moments& moments) {
    now_ += milliseconds(random_.below(30));
    if (live_.size() < 12 && random_.below(3) == 0) arrive();
    for (auto& [number, until] : live_) {
      if (random_.below(8) != 0) continue;
      until += static_cast<Position>(random_.below(6));
      core_.grant(stream_of(number), {}, until);
    }
    step();
    if (!live_.empty() && random_.below(3) == 0) cancel(moments);
  }

  void cancel_all(Moments& moments) {
    while (!live_.empty()) cancel(moments);
    CHECK(core_.load().free_pages == pages);
  }

private:
  static StepCore::Config config(const kernels::Spec& spec) {
    StepCore::Config config;
    config.vocab = spec.vocab;
    config.context_tokens = spec.context;
    config.pages = pages;
    config.parked_pages_ms = 200;
    config.scheduler = {.sequences_max = 5, .tokens_max = 40};
    return config;
  }

  void arrive() {
    std::vector<TokenId> prompt(1 + random_.below(300));
    for (TokenId& id : prompt) id = static_cast<TokenId>(random_.below(std::min(vocab_, 256u)));
    Work work = work_of(next_, std::move(prompt), 1 + static_cast<std::uint32_t>(random_.below(60)));
    work.sampling.seed = next_;
    work.tier = static_cast<Tier>(random_.below(tier_count));
    work.credit_until = static_cast<Position>(random_.below(20));
    live_[next_] = work.credit_until;
    REQUIRE(core_.add(std::move(work), now_));
    ++next_;
  }

  void step() {
    const StepOutcome outcome = core_.step(now_);
    for (const auto& generated : outcome.generated) drawn_.insert(generated.stream.request.bytes[0]);
    for (const auto& ended : outcome.ended) forget(ended.stream.request.bytes[0]);
    for (const auto& yielded : outcome.yielded) forget(yielded.stream.request.bytes[0]);
    check_pages();
  }

  void cancel(Moments& moments) {
    const auto victim = std::next(live_.begin(), static_cast<long>(random_.below(live_.size())))->first;
    const EngineLoad before = core_.load();
    const std::uint32_t held = core_.pages_of(stream_of(victim));
    core_.cancel(stream_of(victim), {});
    const EngineLoad after = core_.load();
    REQUIRE(after.free_pages == before.free_pages + held);
    const auto left = [](const auto& a, const auto& b) { return a != b; };
    if (left(before.waiting, after.waiting)) {
      ++moments.waiting;
    } else if (left(before.parked, after.parked)) {
      ++moments.parked;
    } else {
      REQUIRE(left(before.running, after.running));
      ++(drawn_.contains(victim) ? moments.decode : moments.prefill);
    }
    forget(victim);
    step();  // nothing of it comes out, and its pages are others' or free
    CHECK(core_.pages_of(stream_of(victim)) == 0);
  }

  void check_pages() const {
    std::uint32_t held = 0;
    for (const auto& [number, until] : live_) held += core_.pages_of(stream_of(number));
    REQUIRE(held + core_.load().free_pages == pages);
  }

  void forget(std::uint8_t number) {
    REQUIRE(live_.erase(number) == 1);  // no word of a stream that is cancelled
    drawn_.erase(number);
  }

  Random random_;
  std::uint32_t vocab_;
  Watched watched_;
  StepCore core_;
  Time now_{};
  std::uint8_t next_ = 0;                  // comes round after streams of the same number are gone
  std::map<std::uint8_t, Position> live_;  // and their credit
  std::set<std::uint8_t> drawn_;
};

void check_moments(const Moments& moments, int least) {
  CHECK(moments.waiting >= least);
  CHECK(moments.prefill >= least);
  CHECK(moments.decode >= least);
  CHECK(moments.parked >= least);
}

}  // namespace

TEST_CASE("at the step after a cancel the stream's pages are free, at 1,000 random moments") {
  EchoModel model{kernels::EchoBackend::Mode::salted, pages};
  Moments moments;
  for (std::uint64_t seed = 0; moments.all() < 1000; ++seed) {
    Run run{model.backend, kernels::bytes_spec(1024), seed};
    for (int turn = 0; turn < 120; ++turn) run.turn(moments);
    run.cancel_all(moments);
  }
  check_moments(moments, 50);
}

TEST_CASE("the same over a real forward pass") {
  const kernels::Spec spec = kernels::small_spec();
  auto backend = kernels::make_host_backend({.threads = 2}).value();
  kernels::RandomSource source{5};
  REQUIRE(backend->load(spec, source, {}, {}));
  const std::size_t page_bytes = std::size_t{spec.layers} * page_tokens * spec.mla().cache_dim() * sizeof(float);
  REQUIRE(backend->reserve_kv(pages * page_bytes, 5)->pages == pages);
  Moments moments;
  for (std::uint64_t seed = 0; moments.all() < 200; ++seed) {
    Run run{*backend, spec, seed};
    for (int turn = 0; turn < 120; ++turn) run.turn(moments);
    run.cancel_all(moments);
  }
  check_moments(moments, 10);
}
