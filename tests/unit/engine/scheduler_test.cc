#include "engine/scheduler.h"

#include <deque>

#include <doctest/doctest.h>

using namespace shoal;
using namespace shoal::engine;

namespace {

// Sequences that are never really computed: the test plays StepCore.
struct Bench {
  Bench(SchedulerConfig config, std::uint32_t pages)
      : tokens_max(config.tokens_max), pool(pages), scheduler(config, pool) {}

  Sequence& waiting(std::uint32_t known, Tier tier = Tier::realtime, std::uint32_t arrived_ms = 0) {
    Sequence& s = sequences.emplace_back();
    s.age = sequences.size();
    s.arrived = Time(milliseconds(arrived_ms));
    s.work.tier = tier;
    s.ids.resize(known);
    s.prompt_tokens = known;
    scheduler.wait(s);
    return s;
  }

  // Runs a step and draws an id for each sequence that reached its end.
  Batch step() {
    Batch batch = scheduler.next();
    std::uint32_t tokens = 0;
    for (const Chunk& chunk : batch.chunks) tokens += chunk.tokens;
    REQUIRE(tokens <= tokens_max);
    for (const Chunk& chunk : batch.chunks) {
      chunk.sequence->planned += chunk.tokens;
      REQUIRE(pages_for(chunk.sequence->planned) <= chunk.sequence->pages.size());
      if (chunk.sequence->planned == chunk.sequence->known()) chunk.sequence->ids.push_back(0);
    }
    return batch;
  }

  std::uint32_t tokens_max;
  std::deque<Sequence> sequences;
  KvPool pool;
  Scheduler scheduler;
};

std::vector<std::uint64_t> ages(const Batch& batch) {
  std::vector<std::uint64_t> ages;
  for (const Chunk& chunk : batch.chunks) ages.push_back(chunk.sequence->age);
  return ages;
}

}  // namespace

TEST_CASE("running sequences come first, oldest first, then waiting ones while tokens last") {
  Bench bench{{.sequences_max = 4, .tokens_max = 16}, 100};
  bench.waiting(3);
  bench.waiting(4);
  CHECK(ages(bench.step()) == std::vector<std::uint64_t>{1, 2});
  bench.waiting(100);
  const Batch batch = bench.step();
  CHECK(ages(batch) == std::vector<std::uint64_t>{1, 2, 3});
  CHECK(batch.chunks[2].tokens == 8);  // 14 are left: it ends at a multiple of 8
}

TEST_CASE("a chunk that stops early ends on a page boundary if it can") {
  Bench bench{{.sequences_max = 4, .tokens_max = 100}, 100};
  Sequence& s = bench.waiting(1000);
  CHECK(bench.step().chunks[0].tokens == 64);
  CHECK(bench.step().chunks[0].tokens == 64);
  s.planned = 130;
  CHECK(bench.step().chunks[0].tokens == 192 - 130);
}

TEST_CASE("decoding sequences keep their token while an older prompt is prefilled") {
  Bench bench{{.sequences_max = 3, .tokens_max = 80}, 100};
  bench.waiting(2000);
  bench.step();
  bench.waiting(5);
  bench.waiting(5);
  bench.step();
  const Batch batch = bench.step();
  CHECK(ages(batch) == std::vector<std::uint64_t>{1, 2, 3});
  CHECK(batch.chunks[0].tokens == 64);
}

TEST_CASE("prompts that are prefilled side by side share the budget") {
  Bench bench{{.sequences_max = 4, .tokens_max = 200}, 100};
  bench.waiting(500);
  bench.waiting(500);
  bench.step();
  bench.step();
  const Batch batch = bench.step();
  CHECK(ages(batch) == std::vector<std::uint64_t>{1, 2});
  CHECK(batch.chunks[0].tokens == 116);  // to the end of its prompt
  CHECK(batch.chunks[1].tokens == 48);   // from 16 to its page's
}

TEST_CASE("a full batch still leaves a tile for prefill") {
  Bench bench{{.sequences_max = 8, .tokens_max = 16}, 1000};
  for (int i = 0; i < 7; ++i) bench.waiting(1);
  Sequence& prompt = bench.waiting(500);
  bench.step();
  while (prompt.planned + 16 < 500) {
    const auto before = prompt.planned;
    bench.step();
    REQUIRE(prompt.planned >= before + 8);
  }
}

TEST_CASE("when pages run out the youngest running sequence waits again, and nobody enters in that step") {
  Bench bench{{.sequences_max = 4, .tokens_max = 400}, 4};
  Sequence& oldest = bench.waiting(1);
  bench.scheduler.leave(oldest);
  bench.scheduler.park(oldest);
  Sequence& old = bench.waiting(127);
  Sequence& young = bench.waiting(127);
  CHECK(ages(bench.step()) == std::vector<std::uint64_t>{2, 3});
  bench.step();  // both reach 128 tokens: every page is full
  bench.scheduler.leave(oldest);
  bench.scheduler.wait(oldest);
  const Batch batch = bench.step();
  CHECK(ages(batch) == std::vector<std::uint64_t>{2});  // the oldest would fit the page that is left over
  CHECK(bench.pool.free_pages() == 1);
  CHECK(batch.preempted == 1);
  CHECK(young.state == SequenceState::waiting);
  CHECK(young.pages.empty());
  CHECK(young.planned == 0);
  CHECK(old.pages.size() == 3);
}

TEST_CASE("a preempted sequence enters again before younger ones") {
  Bench bench{{.sequences_max = 4, .tokens_max = 400}, 4};
  Sequence& old = bench.waiting(127);
  bench.waiting(127);
  bench.step();
  bench.step();
  bench.waiting(1);
  bench.step();
  bench.scheduler.leave(old);
  bench.pool.release(old.pages);
  CHECK(ages(bench.step()) == std::vector<std::uint64_t>{2, 3});
}

TEST_CASE("parked sequences lose their pages before a running one does") {
  Bench bench{{.sequences_max = 4, .tokens_max = 400}, 4};
  bench.waiting(127);
  Sequence& parked = bench.waiting(127);
  bench.step();
  bench.scheduler.leave(parked);
  bench.scheduler.park(parked);
  bench.step();
  const Batch batch = bench.step();
  CHECK(batch.preempted == 0);
  REQUIRE(batch.evicted.size() == 1);
  CHECK(batch.evicted[0] == &parked);
  CHECK(ages(batch) == std::vector<std::uint64_t>{1});
}

TEST_CASE("a newcomer waits for pages that a running sequence shares with a parked one") {
  Bench bench{{.sequences_max = 4, .tokens_max = 400}, 4};
  Sequence& running = bench.waiting(128);
  bench.step();
  Sequence& parked = bench.waiting(100);
  bench.scheduler.leave(parked);
  bench.pool.share(parked.pages, std::span(running.pages).first(2));
  parked.planned = 100;
  bench.scheduler.park(parked);
  bench.waiting(250);  // four pages, and two stay whoever is evicted
  const Batch batch = bench.step();
  CHECK(ages(batch) == std::vector<std::uint64_t>{1});
  CHECK(batch.evicted.empty());
  CHECK(parked.pages.size() == 2);
}

TEST_CASE("newcomers enter by tier, and within a tier by age") {
  Bench bench{{.sequences_max = 8, .tokens_max = 64}, 100};
  bench.waiting(1, Tier::batch);
  bench.waiting(1, Tier::realtime);
  bench.waiting(1, Tier::async);
  bench.waiting(1, Tier::vip);
  bench.waiting(1, Tier::realtime);
  bench.waiting(1, Tier::vip);
  CHECK(ages(bench.step()) == std::vector<std::uint64_t>{4, 6, 2, 5, 3, 1});
}

TEST_CASE("a running stream keeps its place whoever waits") {
  Bench bench{{.sequences_max = 1, .tokens_max = 64}, 100};
  Sequence& batch = bench.waiting(1, Tier::batch);
  bench.step();
  bench.waiting(1, Tier::vip);
  for (int i = 0; i < 10; ++i) CHECK(ages(bench.step()) == std::vector<std::uint64_t>{1});
  bench.scheduler.leave(batch);
  bench.pool.release(batch.pages);
  CHECK(ages(bench.step()) == std::vector<std::uint64_t>{2});
}

TEST_CASE("under an endless flood of higher tiers a stream waits three head starts at most") {
  const SchedulerConfig config{.sequences_max = 1, .tokens_max = 64, .tier_head_start_ms = 100};
  Bench bench{config, 100};
  bench.waiting(1, Tier::batch);
  std::uint32_t now_ms = 0;
  for (bool entered = false; !entered; now_ms += 10) {  // a vip every 10 ms, and one stream runs in that time
    REQUIRE(now_ms <= 3 * config.tier_head_start_ms + 10);
    bench.waiting(1, Tier::vip, now_ms);
    const Batch batch = bench.step();
    Sequence& ran = *batch.chunks.at(0).sequence;
    entered = ran.work.tier == Tier::batch;
    bench.scheduler.leave(ran);
    bench.pool.release(ran.pages);
  }
  CHECK(now_ms > 2 * config.tier_head_start_ms);  // and not much less
}
