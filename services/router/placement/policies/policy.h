// What a placement policy is: a name, and a pure function from the snapshot of a moment to a decision. Each stands in a
// file of this folder, as `const Policy <name>_policy`, and has a line in policies.cc.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/router/snapshot.h"

namespace shoal::router {

// One decision that is to be made.
struct Question {
  const Snapshot& snapshot;
  const PolicyConfig& config;
  // Indices of the candidates that can take the request, at least one, beginning after the one that was chosen last:
  // who is first of equals has its turn.
  std::vector<std::size_t> able;

  const Candidate& candidate(std::size_t index) const { return snapshot.candidates[index]; }
};

struct Score {
  double score = 0;
  std::array<double, 3> parts{};
};

struct Policy {
  std::string_view name;
  std::string_view score;                 // what the score is, and whether the highest or the lowest wins
  std::array<std::string_view, 3> parts;  // names of its parts; empty: none
  Decision (*decide)(const Question& question);
};

// All of them.
std::span<const Policy* const> policies();

// Fails with bad_config for a name that no policy has (it says the nearest), and for weights and references that make
// no sense.
Result<const Policy*> find_policy(const PolicyConfig& config);

// The same answer to the same question, always and on every machine: scores are rounded to a millionth.
Decision decide(const Policy& policy, const Snapshot& snapshot, const PolicyConfig& config);

// ---- for policies

// Of all that are able, the one with the highest (lowest) score; the first of equals.
Decision highest(const Question& question, const std::function<Score(const Candidate&)>& score);
Decision lowest(const Question& question, const std::function<Score(const Candidate&)>& score);

// A decision for one of those that are able, with nobody scored yet.
Decision choose(const Question& question, std::size_t index);

}  // namespace shoal::router
