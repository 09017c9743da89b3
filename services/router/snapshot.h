// What a router knows at the moment of one decision, and what it decides: plain values, so that every decision can be
// explained and decided again. Times are spans, never clocks.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"

namespace shoal::router {

// The request, as its owner asked for it.
struct Asked {
  StreamId stream;
  Attempt attempt;
  Epoch owner = 0;
  Tier tier = Tier::realtime;
  std::string tenant;
  std::string model;
  std::uint32_t prompt_tokens = 0;
  std::uint32_t max_tokens = 0;
  std::uint32_t waited_ms = 0;  // here and at other routers
  bool operator==(const Asked&) const = default;
};

// Whether an executor could take the request, and if not, why. Names and sentences: decisions/event.cc.
enum class Standing : std::uint8_t {
  able = 0,
  other_model = 1,
  other_tokenizer = 2,
  other_checkpoint = 3,
  failed_before = 4,  // its owner excludes it
  full = 5,
  not_drawn = 6,  // by a policy that looks at some of them only
  late = 7,       // it missed reports, and others that are able did not
};

// One executor. What this router has promised there since the last report is taken off already: reports are up to
// load_interval_ms old, and without it all requests between two reports would herd to the same one.
struct Candidate {
  Epoch epoch = 0;
  std::string node;
  Standing standing = Standing::able;
  std::uint32_t slots = 0;
  std::uint32_t slots_free = 0;    // this router's share of the free ones, less its promises; 0 if
                                   // all that are left are kept for higher tiers
  std::uint32_t promised = 0;      // grants that were not reported as used yet
  std::uint64_t tokens = 0;        // ids that wait to be computed, and the prompts of those promised
  std::uint32_t pages = 0;         // 0: not known
  std::uint32_t pages_free = 0;    // less what the promised prompts will fill
  std::uint32_t cpu_permille = 0;  // of all its processors, and what was promised since with them
  std::uint32_t latency_us = 0;    // likewise; 0: not known
  std::uint32_t age_ms = 0;        // of its report
  std::uint32_t weight = 0;        // its label, or its slots
  bool operator==(const Candidate&) const = default;

  std::uint32_t taken() const { return slots > slots_free ? slots - slots_free : 0; }
};

struct Snapshot {
  std::uint64_t sequence = 0;  // of this router's decisions; keys whatever is drawn
  std::uint64_t turn = 0;      // how many placements of this model this router made before
  Epoch last = 0;              // where the last of them went
  Asked asked;
  std::vector<Candidate> candidates;  // by epoch
  bool operator==(const Snapshot&) const = default;
};

// What a policy says of one candidate. The parts are the score's, as the policy names them.
struct Verdict {
  Standing standing = Standing::able;
  double score = 0;  // if able
  std::array<double, 3> parts{};
  bool operator==(const Verdict&) const = default;
};

struct Decision {
  Epoch chosen = 0;               // 0: nobody is able
  std::vector<Verdict> verdicts;  // in the order of the candidates
  bool operator==(const Decision&) const = default;
};

// The settings of the policies.
struct PolicyConfig {
  std::string policy = "least_tokens";
  std::array<double, 3> score_weights = {0.6, 0.3, 0.1};  // free GPU, idle processors, latency
  std::uint32_t latency_ref_ms = 1000;                    // the latency that counts as none left
  std::uint64_t seed = 0;                                 // of what is drawn
  bool operator==(const PolicyConfig&) const = default;
};

}  // namespace shoal::router
