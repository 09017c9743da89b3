// Penalties and log probabilities through the step core.
#include <cmath>

#include <doctest/doctest.h>

#include "tests/unit/engine/harness.h"

using namespace shoal;
using namespace shoal::engine;
using Mode = kernels::EchoBackend::Mode;

TEST_CASE("penalties count what was generated, also by an earlier attempt") {
  for (std::size_t before = 0; before <= 4; ++before) {
    EchoEngine engine{Mode::repeat};
    Work work = work_of(1, bytes_of("aaaaaaaa"), 100);
    work.stop_ids = {kernels::bytes_eos_id};
    work.sampling.frequency_penalty = 2;
    work.generated.assign(before, 'a');
    REQUIRE(engine.core.add(work, Time{}));
    Transcript transcript;
    transcript.assume(stream_of(1), work.generated);
    run_all(engine.core, transcript);
    auto expected = bytes_of("aaaa");  // the fifth 'a' would have 8 - 2 * 4, less than the end
    expected.push_back(kernels::bytes_eos_id);
    CHECK(transcript.ids(1) == expected);
  }
}

TEST_CASE("a newer attempt counts its own ids") {
  EchoEngine engine{Mode::repeat};
  Work work = work_of(1, bytes_of("aabbaaaa"), 100);
  work.stop_ids = {kernels::bytes_eos_id};
  work.sampling.presence_penalty = 2;
  work.sampling.frequency_penalty = 2;
  REQUIRE(engine.core.add(work, Time{}));
  engine.core.step(Time{});
  work.attempt.redispatch = 1;
  work.generated = bytes_of("aabb");
  REQUIRE(engine.core.add(work, Time{}));
  Transcript transcript;
  transcript.assume(stream_of(1), work.generated);
  run_all(engine.core, transcript);
  auto expected = bytes_of("aabba");  // 'a' twice: 8 - 2 - 2 * 2 = 2; three times: 0
  expected.push_back(kernels::bytes_eos_id);
  CHECK(transcript.ids(1) == expected);
}

TEST_CASE("log probabilities come with each id of the stream that asked, and with no other") {
  EchoEngine engine{Mode::repeat};
  for (std::uint8_t number : {1, 2, 3}) {
    Work work = work_of(number, prompt_of(40, number), 3);  // prefilled in several chunks
    work.sampling.logprobs = number != 2;
    work.sampling.top_logprobs = number;
    REQUIRE(engine.core.add(std::move(work), Time{}));
  }
  std::size_t ids = 0;
  while (engine.core.has_work()) {
    for (const Generated& generated : engine.core.step(Time{}).generated) {
      ++ids;
      if (generated.stream == stream_of(2)) {
        CHECK(generated.logprobs.empty());
        continue;
      }
      REQUIRE(generated.logprobs.size() == 1);
      CHECK(generated.logprobs[0].top_ids.size() == (generated.stream == stream_of(1) ? 1 : 3));
      CHECK(generated.logprobs[0].top_ids[0] == generated.ids[0]);
    }
  }
  CHECK(ids == 9);
}

TEST_CASE("a penalty out of range is refused") {
  EchoEngine engine{Mode::repeat};
  const auto code_of = [&](auto change) {
    Work work = work_of(1, bytes_of("a"), 1);
    change(work.sampling);
    const auto added = engine.core.add(work, Time{});
    return added ? Code::ok : added.error().code;
  };
  using Params = SamplingParams;
  CHECK(code_of([](Params& p) { p.frequency_penalty = 2.5f; }) == Code::invalid_request);
  CHECK(code_of([](Params& p) { p.frequency_penalty = NAN; }) == Code::invalid_request);
  CHECK(code_of([](Params& p) { p.presence_penalty = -2.5f; }) == Code::invalid_request);
  CHECK(code_of([](Params& p) { p.repetition_penalty = 0; }) == Code::invalid_request);
  CHECK(code_of([](Params& p) { p.repetition_penalty = 3; }) == Code::invalid_request);
  CHECK(code_of([](Params& p) { p.top_logprobs = 21; }) == Code::invalid_request);
  CHECK(code_of([](Params& p) { p.repetition_penalty = 2; }) == Code::ok);
}
