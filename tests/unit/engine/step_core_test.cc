#include "engine/step_core.h"

#include <doctest/doctest.h>

#include "base/chain.h"
#include "base/random.h"
#include "tests/unit/engine/harness.h"

using namespace shoal;
using namespace shoal::engine;
using Mode = kernels::EchoBackend::Mode;

namespace {

Time at_ms(int ms) { return Time{} + milliseconds(ms); }

// What the salted model must answer, computed without an engine.
std::vector<TokenId> salted_answer(std::vector<TokenId> ids, std::uint32_t tokens) {
  std::vector<TokenId> answer;
  while (answer.size() < tokens) {
    answer.push_back(static_cast<TokenId>(chain_over(0, ids) % 256));
    ids.push_back(answer.back());
  }
  return answer;
}

}  // namespace

TEST_CASE("the byte model repeats its prompt and stops at EOS") {
  EchoEngine engine{Mode::repeat};
  Work work = work_of(1, bytes_of("shoal"), 100);
  work.stop_ids = {kernels::bytes_eos_id};
  REQUIRE(engine.core.add(work, Time{}));
  Transcript transcript;
  run_all(engine.core, transcript);
  auto expected = bytes_of("shoal");
  expected.push_back(kernels::bytes_eos_id);
  CHECK(transcript.ids(1) == expected);
  CHECK(transcript.reason(1) == EndReason::stop_id);
  CHECK(engine.core.load().free_pages == 64);
}

TEST_CASE("ignore_eos goes on past the first stop id and not past the others") {
  EchoEngine engine{Mode::repeat};
  Work work = work_of(1, bytes_of("abcd"), 7);
  work.stop_ids = {kernels::bytes_eos_id};
  work.ignore_eos = true;
  REQUIRE(engine.core.add(work, Time{}));
  work.stream = stream_of(2);
  work.stop_ids.push_back('c');
  REQUIRE(engine.core.add(work, Time{}));
  Transcript transcript;
  run_all(engine.core, transcript);
  CHECK(transcript.ids(1).size() == 7);
  CHECK(transcript.reason(1) == EndReason::length);
  CHECK(transcript.ids(2) == bytes_of("abc"));
  CHECK(transcript.reason(2) == EndReason::stop_id);
}

TEST_CASE("many streams together answer as each would alone, through chunked prefill and preemption") {
  for (const std::uint32_t pages : {64u, 12u, 7u}) {
    CAPTURE(pages);
    EchoEngine engine{Mode::salted, pages};
    Transcript transcript;
    Random random{pages};
    std::vector<std::vector<TokenId>> prompts;
    for (std::uint8_t i = 0; i < 20; ++i) {
      prompts.push_back(prompt_of(1 + std::uint32_t(random.below(200)), i));
      REQUIRE(engine.core.add(work_of(i, prompts.back(), 70), Time{}));
      for (int steps = 0; steps < 3; ++steps) transcript.take(engine.core.step(Time{}));
    }
    run_all(engine.core, transcript);
    for (std::uint8_t i = 0; i < 20; ++i) CHECK(transcript.ids(i) == salted_answer(prompts[i], 70));
    CHECK(engine.core.load().free_pages == pages);
    CHECK((engine.core.load().preemptions > 0) == (pages < 64));
  }
}

TEST_CASE("a stream resumed at any position goes on as if uninterrupted") {
  const auto prompt = prompt_of(60, 1);
  const auto answer = salted_answer(prompt, 40);
  for (Position resumed_at = 0; resumed_at <= 40; ++resumed_at) {
    EchoEngine engine{Mode::salted};
    Work work = work_of(1, prompt, 40);
    work.generated.assign(answer.begin(), answer.begin() + resumed_at);
    Transcript transcript;
    transcript.assume(stream_of(1), work.generated);
    REQUIRE(engine.core.add(work, Time{}));
    run_all(engine.core, transcript);
    CHECK(transcript.ids(1) == answer);
    CHECK(transcript.ended(1));
  }
}

TEST_CASE("a stream that arrives finished ends without a forward pass") {
  EchoEngine engine{Mode::repeat};
  Work work = work_of(1, bytes_of("ab"), 9);
  work.generated = {'a', 'b', kernels::bytes_eos_id};
  work.stop_ids = {kernels::bytes_eos_id};
  work.credit_until = 0;
  REQUIRE(engine.core.add(work, Time{}));
  CHECK(engine.core.has_work());
  const StepOutcome outcome = engine.core.step(Time{});
  REQUIRE(outcome.ended.size() == 1);
  CHECK(outcome.ended[0].position == 3);
  CHECK(outcome.ended[0].reason == EndReason::stop_id);
  CHECK(engine.core.load().steps == 0);
}

TEST_CASE("a stream runs to its credit, parks, and goes on where it was when credit comes") {
  EchoEngine engine{Mode::salted};
  const auto prompt = prompt_of(70, 3);
  Work work = work_of(1, prompt, 30);
  work.credit_until = 10;
  REQUIRE(engine.core.add(work, Time{}));
  Transcript transcript;
  run_all(engine.core, transcript, at_ms(5));
  CHECK(transcript.ids(1).size() == 10);
  CHECK(engine.core.load().parked.at(1) == 1);
  CHECK(engine.core.load().free_pages == 62);
  CHECK(engine.core.next_wake() == at_ms(5 + limits::parked_pages_ms));

  engine.core.grant(stream_of(1), {}, 5);  // stale
  CHECK_FALSE(engine.core.has_work());
  const auto prefilled = engine.core.load().prefilled_tokens;
  engine.core.grant(stream_of(1), {}, 1000);
  run_all(engine.core, transcript, at_ms(6));
  CHECK(transcript.ids(1) == salted_answer(prompt, 30));
  CHECK(engine.core.load().prefilled_tokens == prefilled);  // its pages were still there
}

TEST_CASE("credit of a lower attempt does not move a stream") {
  EchoEngine engine{Mode::salted};
  Work work = work_of(1, prompt_of(10, 3), 30);
  work.attempt = Attempt::from_u32(2);
  work.credit_until = 0;
  REQUIRE(engine.core.add(work, Time{}));
  engine.core.grant(stream_of(1), Attempt::from_u32(1), 30);
  CHECK_FALSE(engine.core.has_work());
  engine.core.grant(stream_of(1), Attempt::from_u32(2), 30);
  CHECK(engine.core.has_work());
}

TEST_CASE("a stream without credit for long yields its pages and its position") {
  EchoEngine engine{Mode::salted};
  Work work = work_of(1, prompt_of(70, 3), 30);
  work.credit_until = 10;
  REQUIRE(engine.core.add(work, Time{}));
  Transcript transcript;
  run_all(engine.core, transcript, at_ms(5));
  const Time wake = engine.core.next_wake();
  CHECK(engine.core.step(wake - Duration(1)).yielded.empty());
  const StepOutcome outcome = engine.core.step(wake);
  REQUIRE(outcome.yielded.size() == 1);
  CHECK(outcome.yielded[0].position == 10);
  CHECK(engine.core.load().free_pages == 64);
  CHECK(engine.core.next_wake() == time_never);
}

TEST_CASE("a stream that arrives without credit computes nothing until it has some") {
  EchoEngine engine{Mode::salted};
  Work work = work_of(1, prompt_of(10, 3), 5);
  work.credit_until = 0;
  REQUIRE(engine.core.add(work, Time{}));
  CHECK_FALSE(engine.core.has_work());
  engine.core.grant(stream_of(1), {}, 5);
  Transcript transcript;
  run_all(engine.core, transcript);
  CHECK(transcript.ids(1) == salted_answer(work.prompt, 5));
}

TEST_CASE("a deadline ends running, parked and waiting streams alike and frees their pages") {
  EchoEngine engine{Mode::salted, 4};
  Work running = work_of(1, prompt_of(10, 1), 100);
  Work parked = work_of(2, prompt_of(10, 2), 100);
  Work waiting = work_of(3, prompt_of(200, 3), 10);
  parked.credit_until = 1;
  for (Work* work : {&running, &parked, &waiting}) {
    work->deadline = at_ms(50);
    REQUIRE(engine.core.add(*work, Time{}));
  }
  CHECK(engine.core.next_wake() <= at_ms(50));
  Transcript transcript;
  for (int i = 0; i < 4; ++i) transcript.take(engine.core.step(at_ms(49)));
  CHECK_FALSE(transcript.ended(1));
  transcript.take(engine.core.step(at_ms(50)));
  for (const std::uint8_t i : {1, 2, 3}) CHECK(transcript.reason(i) == EndReason::deadline);
  CHECK(engine.core.load().free_pages == 4);
  CHECK_FALSE(engine.core.has_work());
}

TEST_CASE("a stream whose logits are not finite ends there, and the others of its batch go on") {
  // Draws nothing for the sequence of page 0 from some position on.
  class Broken : public kernels::EchoBackend {
  public:
    using EchoBackend::EchoBackend;
    kernels::Ticket submit(std::span<const kernels::SeqStep> steps) override {
      broken_.clear();
      for (const auto& step : steps) broken_.push_back(step.ids.back() == 'x' && step.draws.has_value());
      return EchoBackend::submit(steps);
    }
    Result<kernels::StepOutput> wait(kernels::Ticket ticket) override {
      auto output = EchoBackend::wait(ticket);
      for (std::size_t i = 0; i < broken_.size(); ++i) {
        if (broken_[i]) output->ids[i] = kernels::no_token;
      }
      return output;
    }

  private:
    std::vector<bool> broken_;
  };
  Broken backend{kernels::EchoBackend::Mode::repeat};
  NoWeights none;
  REQUIRE(backend.load(kernels::bytes_spec(4096), none, {}, {}));
  REQUIRE(backend.reserve_kv(std::size_t{8} * page_tokens * sizeof(TokenId), 8));
  StepCore core{EchoEngine::config_of(8), backend};
  REQUIRE(core.add(work_of(1, bytes_of("abxcd"), 100), Time{}));
  REQUIRE(core.add(work_of(2, bytes_of("abycd"), 5), Time{}));
  Transcript transcript;
  run_all(core, transcript);
  CHECK(transcript.ids(1) == bytes_of("abx"));  // its x is fed and gives nothing
  CHECK(transcript.reason(1) == EndReason::not_finite);
  CHECK(transcript.ids(2) == bytes_of("abycd"));
  CHECK(transcript.reason(2) == EndReason::length);
  CHECK(core.load().free_pages == 8);
}

TEST_CASE("cancel frees the pages and says nothing more about the stream") {
  EchoEngine engine{Mode::salted};
  Work work = work_of(1, prompt_of(100, 1), 100);
  work.attempt = Attempt::from_u32(3);
  REQUIRE(engine.core.add(work, Time{}));
  engine.core.step(Time{});
  engine.core.cancel(stream_of(1), Attempt::from_u32(2));  // meant an older attempt
  CHECK(engine.core.has_work());
  engine.core.cancel(stream_of(1), Attempt::from_u32(3));
  CHECK(engine.core.load().free_pages == 64);
  const StepOutcome outcome = engine.core.step(Time{});
  CHECK(outcome.generated.empty());
  CHECK(outcome.ended.empty());
}

TEST_CASE("a higher attempt takes the place of a lower one and keeps the pages that agree") {
  EchoEngine engine{Mode::salted};
  const auto prompt = prompt_of(150, 9);
  const auto answer = salted_answer(prompt, 40);
  Work work = work_of(1, prompt, 40);
  REQUIRE(engine.core.add(work, Time{}));
  Transcript before;
  while (before.ids(1).size() < 20) before.take(engine.core.step(Time{}));
  const auto prefilled = engine.core.load().prefilled_tokens;

  work.attempt = Attempt::from_u32(1);
  work.generated.assign(answer.begin(), answer.begin() + 12);  // the owner heard of twelve
  Transcript transcript;
  transcript.assume(stream_of(1), work.generated);
  REQUIRE(engine.core.add(work, Time{}));
  engine.core.grant(stream_of(1), {}, UINT32_MAX);
  run_all(engine.core, transcript);
  CHECK(transcript.ids(1) == answer);
  CHECK(engine.core.load().prefilled_tokens == prefilled);
  CHECK(engine.core.load().free_pages == 64);
}

TEST_CASE("a higher attempt with other ids does not see the old pages' content") {
  EchoEngine engine{Mode::salted};
  Work work = work_of(1, prompt_of(150, 9), 40);
  REQUIRE(engine.core.add(work, Time{}));
  for (int i = 0; i < 20; ++i) engine.core.step(Time{});
  work.attempt = Attempt::from_u32(1);
  work.prompt[70] ^= 1;
  REQUIRE(engine.core.add(work, Time{}));
  Transcript transcript;
  run_all(engine.core, transcript);
  CHECK(transcript.ids(1) == salted_answer(work.prompt, 40));
}

TEST_CASE("the same attempt again changes nothing and a lower one is refused") {
  EchoEngine engine{Mode::salted};
  Work work = work_of(1, prompt_of(10, 9), 40);
  work.attempt = Attempt::from_u32(2);
  REQUIRE(engine.core.add(work, Time{}));
  Transcript transcript;
  transcript.take(engine.core.step(Time{}));
  REQUIRE(engine.core.add(work, Time{}));
  work.attempt = Attempt::from_u32(1);
  CHECK(engine.core.add(work, Time{}).error().code == Code::duplicate_id);
  run_all(engine.core, transcript);
  CHECK(transcript.ids(1) == salted_answer(work.prompt, 40));
}

TEST_CASE("what can never run is refused at once, each with its own code") {
  EchoEngine engine{Mode::salted, 4};
  const auto code = [&](Work work) { return engine.core.add(std::move(work), Time{}).error().code; };
  CHECK(code(work_of(1, {}, 5)) == Code::invalid_request);
  CHECK(code(work_of(1, {257}, 5)) == Code::invalid_request);
  CHECK(code(work_of(1, prompt_of(4096, 1), 5)) == Code::context_length);
  CHECK(code(work_of(1, prompt_of(200, 1), 58)) == Code::too_large);
  CHECK(engine.core.add(work_of(1, prompt_of(200, 1), 57), Time{}));
  Work hot = work_of(2, prompt_of(3, 1), 5);
  hot.sampling.temperature = -1;
  CHECK(code(hot) == Code::invalid_request);
  CHECK(engine.core.load().waiting.at(1) == 1);
}

TEST_CASE("more streams than the bound are refused as busy") {
  EchoEngine engine{Mode::salted};
  for (std::uint32_t i = 0; i < 256; ++i) {
    REQUIRE(engine.core.add(work_of(static_cast<std::uint8_t>(i), bytes_of("a"), 1), Time{}));
  }
  Work work = work_of(0, bytes_of("a"), 1);
  work.stream.choice = 1;
  CHECK(engine.core.add(work, Time{}).error().code == Code::busy);
}

TEST_CASE("any mix of arrivals, credit, cancels and pressure ends with every page free and every answer right") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    Random random{seed};
    EchoEngine engine{Mode::salted, 6};
    Transcript transcript;
    std::map<std::uint8_t, Work> works;
    int now_ms = 0;
    for (int turn = 0; turn < 300; ++turn) {
      const auto number = static_cast<std::uint8_t>(random.below(12));
      switch (random.below(6)) {
        case 0:
          if (!works.contains(number)) {
            Work work = work_of(number, prompt_of(1 + std::uint32_t(random.below(150)), number), 60);
            work.credit_until = static_cast<Position>(random.below(20));
            REQUIRE(engine.core.add(work, at_ms(now_ms)));
            works.emplace(number, std::move(work));
          }
          break;
        case 1:
          engine.core.grant(stream_of(number), {}, static_cast<Position>(random.below(80)));
          break;
        case 2:
          now_ms += static_cast<int>(random.below(300));
          break;
        case 3:
          if (random.below(10) == 0) engine.core.cancel(stream_of(number), {});
          break;
        default:
          transcript.take(engine.core.step(at_ms(now_ms)));
      }
    }
    for (const auto& [number, work] : works) engine.core.grant(stream_of(number), {}, UINT32_MAX);
    run_all(engine.core, transcript, at_ms(now_ms));
    CHECK(engine.core.load().free_pages == 6);
    for (const auto& [number, work] : works) {
      const auto answer = salted_answer(work.prompt, 60);
      const auto& ids = transcript.ids(number);
      CHECK(std::equal(ids.begin(), ids.end(), answer.begin()));
      if (transcript.ended(number)) CHECK(ids.size() == 60);
    }
  }
}

TEST_CASE("every stream that was offered is counted, refused ones too") {
  EchoEngine engine{Mode::repeat};
  REQUIRE(engine.core.add(work_of(1, bytes_of("shoal"), 4), Time{}));
  CHECK_FALSE(engine.core.add(work_of(2, {}, 4), Time{}));
  CHECK(engine.core.load().offered == 2);
}
