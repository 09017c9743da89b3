// Shares by weight: the label `weight` of an executor, or its slots. The n-th placement falls on the point n·φ mod 1 of
// a line that the candidates divide by their weights. Multiples of the golden ratio fill the line more evenly than any
// random numbers (Knuth, "The Art of Computer Programming", volume 3, 6.4: Fibonacci hashing), so shares are right
// after few placements, and nothing has to be remembered but their number.
#include "services/router/placement/policies/policy.h"

namespace shoal::router {
namespace {

Decision decide_weighted(const Question& question) {
  constexpr std::uint64_t golden = 0x9e3779b97f4a7c15ULL;  // 2^64 / φ
  std::uint64_t total = 0;
  for (const std::size_t index : question.able) total += question.candidate(index).weight;
  __extension__ using Wide = unsigned __int128;
  auto point = static_cast<std::uint64_t>(static_cast<Wide>(question.snapshot.turn * golden) * total >> 64);
  // In the candidates' own order, so that the line is divided the same way each time.
  std::vector<bool> able(question.snapshot.candidates.size());
  for (const std::size_t index : question.able) able[index] = true;
  Decision decision = choose(question, question.able.front());
  bool found = false;
  for (std::size_t index = 0; index < able.size(); ++index) {
    if (!able[index]) continue;
    const std::uint64_t weight = question.candidate(index).weight;
    decision.verdicts[index].score = total == 0 ? 0 : static_cast<double>(weight) / static_cast<double>(total);
    if (!found && point < weight) {
      decision.chosen = question.candidate(index).epoch;
      found = true;
    }
    point -= found ? 0 : weight;
  }
  return decision;
}

}  // namespace

extern const Policy weighted_policy = {
    .name = "weighted",
    .score = "share of the placements; each in its turn",
    .parts = {},
    .decide = decide_weighted,
};

}  // namespace shoal::router
