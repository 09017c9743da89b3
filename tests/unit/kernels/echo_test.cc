#include "kernels/echo/echo.h"

#include <array>
#include <cmath>

#include <doctest/doctest.h>

using namespace shoal;
using namespace shoal::kernels;

TEST_CASE("the byte model reads its prompt back from scattered pages, whatever the chunks were") {
  EchoBackend echo;
  REQUIRE(echo.reserve_kv(4 * 256, 1)->pages == 4);
  const std::array<PageId, 2> pages = {3, 1};
  std::vector<TokenId> prompt(70);
  for (std::uint32_t i = 0; i < 70; ++i) prompt[i] = i;
  const auto ids = std::span<const TokenId>(prompt);

  const SeqStep head{.pages = pages, .first = 0, .ids = ids.first(8), .draws = {}};
  CHECK(echo.wait(echo.submit({&head, 1}))->ids[0] == no_token);
  const SeqStep tail{.pages = pages, .first = 8, .ids = ids.subspan(8), .draws = 0};
  CHECK(echo.wait(echo.submit({&tail, 1}))->ids[0] == 0);

  const std::vector<TokenId> fed(66, 7);  // what was generated does not matter
  const std::array<PageId, 3> longer = {3, 1, 0};
  const SeqStep decode{.pages = longer, .first = 70, .ids = fed, .draws = 66};
  CHECK(echo.wait(echo.submit({&decode, 1}))->ids[0] == 66);
}

TEST_CASE("a copied page answers like the original") {
  EchoBackend echo;
  REQUIRE(echo.reserve_kv(2 * 256, 1));
  const std::array<PageId, 1> original = {0};
  const std::array<PageId, 1> copy = {1};
  const std::vector<TokenId> prompt = {'a', 'b', 'c'};
  const SeqStep fill{.pages = original, .first = 0, .ids = prompt, .draws = {}};
  REQUIRE(echo.wait(echo.submit({&fill, 1})));
  const PageCopy pair{.from = 0, .to = 1};
  echo.copy_pages({&pair, 1});
  const std::vector<TokenId> fed = {'a'};
  const SeqStep decode{.pages = copy, .first = 3, .ids = fed, .draws = 1};
  CHECK(echo.wait(echo.submit({&decode, 1}))->ids[0] == 'b');
}

TEST_CASE("the byte model has logits where they are asked for: 8 for what comes next, 1 for the end, 0 else") {
  EchoBackend echo;
  REQUIRE(echo.reserve_kv(256, 1));
  const std::array<PageId, 1> pages = {0};
  const std::vector<TokenId> prompt = {'a', 'a', 'b'};
  const auto draw = [&](const SlotSampling& sampling) {
    echo.set_sampling(0, sampling);
    const SeqStep step{.pages = pages, .first = 0, .ids = prompt, .draws = 0};
    return echo.wait(echo.submit({&step, 1})).value();
  };
  const SamplingParams asked{.logprobs = true, .top_logprobs = 2};
  const StepOutput output = draw({.params = asked});
  CHECK(output.ids[0] == 'a');
  REQUIRE(output.logprobs.size() == 1);
  const double sum = std::exp(8.0) + std::exp(1.0) + 255;
  CHECK(output.logprobs[0].logprob == doctest::Approx(8 - std::log(sum)));
  CHECK(output.logprobs[0].top_ids == std::vector<TokenId>{'a', bytes_eos_id});
  CHECK(draw({.params = {}}).logprobs.empty());

  const SamplingParams penalized{.temperature = 1, .frequency_penalty = 2};
  for (std::uint32_t times = 0; times < 6; ++times) {
    const std::vector<TokenId> generated(times, 'a');
    CHECK(draw({.params = penalized, .prompt = prompt, .generated = generated}).ids[0] ==
          (times < 4 ? TokenId{'a'} : bytes_eos_id));
  }
}
