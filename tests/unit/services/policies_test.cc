// Placement policies, each on the case that it is for. Snapshots by hand; no router.
#include <map>

#include <doctest/doctest.h>

#include "services/router/placement/policies/policy.h"

using namespace shoal;
using namespace shoal::router;

namespace {

Snapshot snapshot_of(std::size_t count) {
  Snapshot snapshot;
  for (std::size_t i = 0; i < count; ++i) {
    Candidate candidate;
    candidate.epoch = 10 + i;
    candidate.slots = candidate.slots_free = candidate.weight = 32;
    candidate.pages = candidate.pages_free = 1000;
    snapshot.candidates.push_back(candidate);
  }
  return snapshot;
}

PolicyConfig named(const std::string& policy) {
  PolicyConfig config;
  config.policy = policy;
  config.seed = 7;
  return config;
}

Decision ask(const Snapshot& snapshot, const PolicyConfig& config) {
  return decide(**find_policy(config), snapshot, config);
}

// As a router goes on from one placement to the next, with nothing reported in between.
std::map<Epoch, std::uint32_t> place(Snapshot snapshot, const PolicyConfig& config, std::uint32_t count) {
  std::map<Epoch, std::uint32_t> placed;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Epoch chosen = ask(snapshot, config).chosen;
    REQUIRE(chosen != 0);
    ++placed[chosen];
    snapshot.last = chosen;
    ++snapshot.turn;
    ++snapshot.sequence;
  }
  return placed;
}

}  // namespace

TEST_CASE("round_robin gives exactly equal shares, whatever the executors do") {
  Snapshot snapshot = snapshot_of(3);
  snapshot.candidates[0].tokens = 100'000;
  snapshot.candidates[1].latency_us = 5'000'000;
  const auto placed = place(snapshot, named("round_robin"), 999);
  CHECK(placed == std::map<Epoch, std::uint32_t>{{10, 333}, {11, 333}, {12, 333}});
}

TEST_CASE("round_robin goes on behind an executor that is gone") {
  Snapshot snapshot = snapshot_of(3);
  snapshot.last = 11;
  snapshot.candidates.erase(snapshot.candidates.begin() + 1);
  CHECK(ask(snapshot, named("round_robin")).chosen == 12);
}

TEST_CASE("weighted gives shares by weight within one percent, also after few placements") {
  Snapshot snapshot = snapshot_of(4);
  const std::uint32_t weights[] = {1, 2, 5, 12};
  for (std::size_t i = 0; i < 4; ++i) snapshot.candidates[i].weight = weights[i];
  for (const std::uint32_t count : {2'000u, 10'000u}) {
    const auto placed = place(snapshot, named("weighted"), count);
    for (std::size_t i = 0; i < 4; ++i) {
      const double share = static_cast<double>(placed.at(10 + i)) / count;
      CHECK(share == doctest::Approx(weights[i] / 20.0).epsilon(0.01));
    }
  }
}

TEST_CASE("weighted divides among the others while one is full") {
  Snapshot snapshot = snapshot_of(3);
  snapshot.candidates[0].weight = 8;
  snapshot.candidates[0].slots_free = 0;
  snapshot.candidates[1].weight = 3;
  snapshot.candidates[2].weight = 1;
  const auto placed = place(snapshot, named("weighted"), 4'000);
  CHECK(placed.count(10) == 0);
  CHECK(placed.at(11) == doctest::Approx(3'000).epsilon(0.01));
}

TEST_CASE("least_tokens goes where the fewest ids wait, and among equals where fewer slots are taken") {
  Snapshot snapshot = snapshot_of(3);
  snapshot.candidates[0].tokens = 30'000;
  snapshot.candidates[1].slots_free = 8;
  CHECK(ask(snapshot, named("least_tokens")).chosen == 12);
  snapshot.candidates[2].tokens = 1;
  CHECK(ask(snapshot, named("least_tokens")).chosen == 11);
}

TEST_CASE("p2c takes the better of the two that it draws, and says which it did not draw") {
  Snapshot snapshot = snapshot_of(8);
  for (std::size_t i = 0; i < 8; ++i) snapshot.candidates[i].slots_free = static_cast<std::uint32_t>(32 - i);
  std::map<Epoch, int> drawn;
  for (; snapshot.sequence < 4'000; ++snapshot.sequence) {
    const Decision decision = ask(snapshot, named("p2c"));
    std::size_t best = 8, count = 0;
    for (std::size_t i = 8; i > 0; --i) {
      if (decision.verdicts[i - 1].standing == Standing::not_drawn) continue;
      best = i - 1;
      ++count;
      ++drawn[10 + best];
    }
    CHECK(count == 2);
    CHECK(decision.chosen == 10 + best);
  }
  for (const auto& [epoch, times] : drawn) CHECK(times == doctest::Approx(1'000).epsilon(0.1));
}

TEST_CASE("p2c weighs latency where both are known, and slots alone where one is not") {
  Snapshot snapshot = snapshot_of(2);
  snapshot.candidates[0].latency_us = 900'000;
  snapshot.candidates[1].latency_us = 30'000;
  snapshot.candidates[1].slots_free = 20;
  CHECK(ask(snapshot, named("p2c")).chosen == 11);
  snapshot.candidates[1].latency_us = 0;
  CHECK(ask(snapshot, named("p2c")).chosen == 10);
}

TEST_CASE("score adds up what is free by its weights") {
  Snapshot snapshot = snapshot_of(2);
  snapshot.candidates[0].slots_free = 16;
  snapshot.candidates[0].cpu_permille = 250;
  snapshot.candidates[0].latency_us = 400'000;
  snapshot.candidates[1].pages_free = 100;  // scarcer than its slots
  snapshot.candidates[1].latency_us = 9'000'000;
  const Decision decision = ask(snapshot, named("score"));
  CHECK(decision.verdicts[0].parts == std::array<double, 3>{0.3, 0.225, 0.06});
  CHECK(decision.verdicts[0].score == 0.585);
  CHECK(decision.verdicts[1].parts == std::array<double, 3>{0.06, 0.3, 0});
  CHECK(decision.chosen == 10);
  PolicyConfig config = named("score");
  config.score_weights = {0, 1, 0};
  CHECK(ask(snapshot, config).chosen == 11);
}

TEST_CASE("every policy gives equals their turn, passes over who is full and knows when nobody is able") {
  for (const Policy* policy : policies()) {
    CAPTURE(policy->name);
    const PolicyConfig config = named(std::string(policy->name));
    Snapshot snapshot = snapshot_of(4);
    const auto placed = place(snapshot, config, 4'000);
    for (const auto& [epoch, count] : placed) CHECK(count == doctest::Approx(1'000).epsilon(0.1));
    for (std::size_t i = 0; i < 3; ++i) snapshot.candidates[i].slots_free = 0;
    Decision decision = ask(snapshot, config);
    CHECK(decision.chosen == 13);
    CHECK(decision.verdicts[0].standing == Standing::full);
    snapshot.candidates[3].standing = Standing::failed_before;
    decision = ask(snapshot, config);
    CHECK(decision.chosen == 0);
    CHECK(decision.verdicts[3].standing == Standing::failed_before);
  }
}

TEST_CASE("an unknown policy names the nearest, and weights that make no sense are refused") {
  const auto unknown = find_policy(named("least_token"));
  REQUIRE_FALSE(unknown.has_value());
  CHECK(
      unknown.error().text ==
      "policy: there is no policy \"least_token\" (did you mean least_tokens?); expected one of round_robin, weighted, "
      "least_tokens, p2c, score");
  PolicyConfig config = named("score");
  config.score_weights = {0, 0, 0};
  CHECK_FALSE(find_policy(config).has_value());
  config.score_weights = {1, -1, 0};
  CHECK_FALSE(find_policy(config).has_value());
  config = named("score");
  config.latency_ref_ms = 0;
  CHECK_FALSE(find_policy(config).has_value());
}
