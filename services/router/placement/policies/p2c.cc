// The better of two that are drawn at random (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing",
// 2001): nearly as even as looking at all of them, and several routers with the same stale reports do not run to the
// same executor. The better one has the smaller product of the share of its slots that would be taken and, where both
// are known, its latency.
#include <algorithm>

#include "base/random.h"
#include "services/router/placement/policies/policy.h"

namespace shoal::router {
namespace {

// In [0, bound), the same for the same decision.
std::size_t draw(const Question& question, Choice number, std::size_t bound) {
  const std::uint64_t sequence = question.snapshot.sequence;
  const std::uint64_t random = counter_random(question.config.seed, number, static_cast<Position>(sequence),
                                              static_cast<TokenId>(sequence >> 32));
  return static_cast<std::size_t>(random * bound >> 32);
}

Decision decide_p2c(const Question& question) {
  const std::size_t count = question.able.size();
  const std::size_t first = draw(question, 0, count);
  std::vector<std::size_t> drawn = {question.able[first]};
  if (count > 1) drawn.push_back(question.able[(first + 1 + draw(question, 1, count - 1)) % count]);

  bool known = true;
  for (const std::size_t index : drawn) known = known && question.candidate(index).latency_us > 0;
  Decision decision = lowest(Question{question.snapshot, question.config, drawn}, [known](const Candidate& candidate) {
    const double taken = (candidate.taken() + 1.0) / std::max(candidate.slots, 1u);
    const double latency_ms = known ? candidate.latency_us / 1000.0 : 1;
    return Score{taken * latency_ms, {taken, latency_ms, 0}};
  });
  for (const std::size_t index : question.able) {
    if (std::find(drawn.begin(), drawn.end(), index) == drawn.end())
      decision.verdicts[index].standing = Standing::not_drawn;
  }
  return decision;
}

}  // namespace

extern const Policy p2c_policy = {
    .name = "p2c",
    .score = "share of slots taken times latency; the lower of two wins",
    .parts = {"taken", "latency_ms", {}},
    .decide = decide_p2c,
};

}  // namespace shoal::router
