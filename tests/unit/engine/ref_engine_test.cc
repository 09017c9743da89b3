// StepCore over a real forward pass with sampling: scheduling must not change a single id.
#include <limits>

#include <doctest/doctest.h>

#include "engine/step_core.h"
#include "kernels/host/modules.h"
#include "tests/unit/engine/harness.h"
#include "tests/unit/kernels/random_model.h"

using namespace shoal;
using namespace shoal::engine;

namespace {

struct Engine {
  explicit Engine(std::uint32_t pages, SchedulerConfig scheduler = {.sequences_max = 8, .tokens_max = 64},
                  const kernels::HostOptions& options = {.module = "ref", .threads = 1})
      : backend(kernels::make_host_backend(options).value()) {
    const kernels::Spec spec = kernels::small_spec();
    kernels::RandomSource source{5};
    REQUIRE(backend->load(spec, source, {}, {}));
    const std::size_t page_bytes = std::size_t{spec.layers} * page_tokens * spec.mla().cache_dim() * sizeof(float);
    REQUIRE(backend->reserve_kv(pages * page_bytes, scheduler.sequences_max)->pages == pages);
    std::fill(backend->kv().begin(), backend->kv().end(), std::numeric_limits<float>::quiet_NaN());
    StepCore::Config config;
    config.vocab = spec.vocab;
    config.context_tokens = spec.context;
    config.pages = pages;
    config.scheduler = scheduler;
    core = std::make_unique<StepCore>(config, *backend);
  }

  std::unique_ptr<kernels::HostBackend> backend;
  std::unique_ptr<StepCore> core;
};

Work sampled_work(std::uint8_t number, std::uint32_t prompt_tokens) {
  std::vector<TokenId> prompt(prompt_tokens);
  for (std::uint32_t i = 0; i < prompt_tokens; ++i) prompt[i] = (i * 17 + number * 5) % kernels::small_spec().vocab;
  Work work = work_of(number, std::move(prompt), 40);
  work.sampling = {.temperature = 0.9f, .top_p = 0.95f, .seed = number};
  return work;
}

constexpr std::uint32_t prompts[] = {3, 130, 64, 1, 77, 20};

// What each stream answers when it has the engine to itself and its prompt goes in at once.
std::vector<std::vector<TokenId>> answers_alone() {
  std::vector<std::vector<TokenId>> answers;
  Engine engine{32, {.sequences_max = 8, .tokens_max = 512}};
  for (std::uint8_t i = 0; i < std::size(prompts); ++i) {
    Transcript transcript;
    REQUIRE(engine.core->add(sampled_work(i, prompts[i]), Time{}));
    run_all(*engine.core, transcript);
    answers.push_back(transcript.ids(i));
  }
  return answers;
}

}  // namespace

TEST_CASE("streams of a real model answer together, in chunks and under preemption what each answers alone") {
  const auto alone = answers_alone();
  for (const std::uint32_t pages : {32u, 5u}) {
    for (const std::uint32_t tokens_max : {16u, 100u}) {
      CAPTURE(pages);
      CAPTURE(tokens_max);
      Engine engine{pages, {.sequences_max = 8, .tokens_max = tokens_max}};
      Transcript transcript;
      for (std::uint8_t i = 0; i < std::size(prompts); ++i) {
        REQUIRE(engine.core->add(sampled_work(i, prompts[i]), Time{}));
        transcript.take(engine.core->step(Time{}));
      }
      run_all(*engine.core, transcript);
      for (std::uint8_t i = 0; i < std::size(prompts); ++i) CHECK(transcript.ids(i) == alone[i]);
      CHECK((engine.core->load().preemptions > 0) == (pages == 5));
    }
  }
}

TEST_CASE("a stream of a real model resumed at any position says the same") {
  const auto alone = answers_alone();
  Engine engine{32};
  for (Position resumed_at = 0; resumed_at < 40; ++resumed_at) {
    Work work = sampled_work(4, prompts[4]);
    work.attempt = Attempt::from_u32(resumed_at);
    work.generated.assign(alone[4].begin(), alone[4].begin() + resumed_at);
    Transcript transcript;
    transcript.assume(stream_of(4), work.generated);
    REQUIRE(engine.core->add(work, Time{}));
    run_all(*engine.core, transcript);
    CHECK(transcript.ids(4) == alone[4]);
  }
}

TEST_CASE("two choices of one request differ, and each is the same every time") {
  Engine engine{32};
  std::vector<std::vector<TokenId>> answers;
  for (int i = 0; i < 4; ++i) {
    Work work = sampled_work(1, 20);
    work.stream.choice = static_cast<Choice>(i % 2);
    REQUIRE(engine.core->add(work, Time{}));
    std::vector<TokenId>& ids = answers.emplace_back();
    while (engine.core->has_work()) {
      for (const Generated& generated : engine.core->step(Time{}).generated) ids.push_back(generated.ids[0]);
    }
  }
  CHECK(answers[0] != answers[1]);
  CHECK(answers[0] == answers[2]);
  CHECK(answers[1] == answers[3]);
}

TEST_CASE("streams say the same in every module, with any number of threads, and may change module at any position") {
  const auto alone = answers_alone();
  for (const std::string& module : kernels::modules_here()) {
    for (const std::uint32_t threads : {1u, 3u}) {
      CAPTURE(module);
      CAPTURE(threads);
      Engine engine{9, {.sequences_max = 8, .tokens_max = 40}, {.module = module, .threads = threads}};
      Transcript transcript;
      for (std::uint8_t i = 0; i < std::size(prompts); ++i) {
        Work work = sampled_work(i, prompts[i]);
        work.generated.assign(alone[i].begin(), alone[i].begin() + 5 * i);  // what `ref` has said so far
        transcript.assume(stream_of(i), work.generated);
        REQUIRE(engine.core->add(std::move(work), Time{}));
      }
      run_all(*engine.core, transcript);
      for (std::uint8_t i = 0; i < std::size(prompts); ++i) CHECK(transcript.ids(i) == alone[i]);
    }
  }
}
