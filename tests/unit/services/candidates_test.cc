// What a decision is told of each executor: its last report, less what this router promised since. No router; the
// directory by hand.
#include <doctest/doctest.h>

#include "bench.h"
#include "services/router/placement/placement.h"

using namespace shoal;
using namespace shoal::router;
using test::entry;

namespace {

constexpr Epoch executor = 20, other = 21;

struct Known {
  explicit Known(Epoch epoch = executor, const std::string& model = "bytes") { meet(epoch, model); }

  void meet(Epoch epoch, const std::string& model = "bytes") {
    directory.on_hello(entry(epoch, "inference", model), now, out);
    protocol::LoadReport load;
    load.slots = load.slots_free = 8;
    REQUIRE(directory.on_load(epoch, load, now, out) != nullptr);
  }
  void promise(std::uint32_t prompt_tokens, Duration left) {
    Promise promise{.expires = now + left, .asked = {}};
    promise.asked.prompt_tokens = prompt_tokens;
    directory.rows().at(executor).grants.push_back(promise);
  }
  Placement::Considered consider(const protocol::Place& place) const {
    Asked asked;
    asked.model = place.model;
    return placement.consider(asked, place, directory, 1, now);
  }

  Time now{seconds(100)};
  actors::Effects out;
  Directory directory{entry(1, "router")};
  Placement placement{PolicyConfig{}};
};

protocol::Place place_of(const std::string& model = "bytes") {
  protocol::Place place;
  place.model = model;
  place.tokenizer_digest = "t";
  return place;
}

}  // namespace

TEST_CASE("what was promised since the last report is taken off what the report says, until its time is over") {
  Known known;
  protocol::LoadReport load;
  load.sequence = 1;
  load.slots = 8;
  load.slots_free = 4;
  load.pages = 100;
  load.pages_free = 50;
  load.tokens_waiting = 10;
  load.cpus = 4;
  load.cpu_permille = 1000;
  load.latency_us = 40'000;
  REQUIRE(known.directory.on_load(executor, load, known.now, known.out) != nullptr);
  known.promise(6400, Duration(0));  // over
  known.promise(65, milliseconds(1));
  known.promise(64, milliseconds(900));
  known.now += Duration(500);
  const Candidate candidate = known.consider(place_of()).snapshot.candidates.at(0);
  CHECK(candidate.slots == 8);
  CHECK(candidate.promised == 2);
  CHECK(candidate.slots_free == 2);
  CHECK(candidate.tokens == 10 + 65 + 64);
  CHECK(candidate.pages == 100);
  CHECK(candidate.pages_free == 50 - 2 - 1);
  CHECK(candidate.cpu_permille == 350);   // of four processors, for seven streams instead of five
  CHECK(candidate.latency_us == 56'000);  // likewise
  known.now += milliseconds(249);
  CHECK(known.consider(place_of()).snapshot.candidates.at(0).age_ms == 249);
}

TEST_CASE("each model has its own turn") {
  Known known;
  known.meet(other, "other");
  const auto considered = known.consider(place_of());
  CHECK(considered.decision.chosen == executor);
  known.placement.on_placed(considered.snapshot, executor);
  const auto next = known.consider(place_of()).snapshot;
  CHECK(next.turn == 1);
  CHECK(next.last == executor);
  const auto of_other = known.consider(place_of("other"));
  CHECK(of_other.snapshot.turn == 0);
  CHECK(of_other.snapshot.last == 0);
  CHECK(of_other.decision.verdicts.at(0).standing == Standing::other_model);
}

TEST_CASE("a stream that began on one checkpoint goes on on no other") {
  Known known;
  auto place = place_of();
  place.model_digest = "m";
  CHECK(known.consider(place).decision.chosen == executor);
  place.model_digest = "another";
  const auto considered = known.consider(place);
  CHECK(considered.decision.chosen == 0);
  CHECK(considered.decision.verdicts.at(0).standing == Standing::other_checkpoint);
  CHECK(check_compatible(known.directory, place).error().code == Code::no_compatible_worker);
}
