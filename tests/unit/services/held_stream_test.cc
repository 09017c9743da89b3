#include "services/held_stream.h"

#include <doctest/doctest.h>

#include "bench.h"

using namespace shoal;
using namespace shoal::test;
using services::HeldStream;

namespace {

protocol::Journal journal_of(std::vector<TokenId> generated) {
  protocol::Journal journal;
  journal.parameters.stop = {"end"};
  journal.tenant = "somebody";
  journal.model_digest = "m";
  journal.prompt.ids = {1, 2, 3};
  journal.generated.ids = std::move(generated);
  return journal;
}

}  // namespace

TEST_CASE("a stream that was handed over writes the head that it came with, but for the time that has passed") {
  protocol::Head head = head_of(1, 2, {7, 8});
  head.choice = 3;
  head.chain = chain_over(chain_start(head.stream()), std::vector<TokenId>{7, 8});
  head.tier = Tier::vip;
  head.trace.emplace().fill(9);
  const HeldStream stream(head, journal_of({7, 8}), Time(milliseconds(0)));
  CHECK(stream.stands_at(head));
  head.budget_ms -= 500;
  CHECK(stream.head(Time(milliseconds(500))) == head);
  CHECK(stream.journal == journal_of({7, 8}));
}

TEST_CASE("two holders stand at the same place if they hold the same ids, however these came") {
  const HeldStream whole(head_of(1, 0, {7, 8, 9}), journal_of({7, 8, 9}), Time());
  HeldStream grown(head_of(1), journal_of({}), Time());
  grown.append(std::vector<TokenId>{7});
  CHECK_FALSE(grown.stands_at(whole.head(Time())));
  grown.append(std::vector<TokenId>{8, 9});
  CHECK(grown.stands_at(whole.head(Time())));
  CHECK(grown.journal == whole.journal);
}

TEST_CASE("as many ids as the head says, but others, are not where it stands") {
  const HeldStream stream(head_of(1, 0, {7, 8}), journal_of({7, 9}), Time());
  CHECK(stream.position() == 2);
  CHECK_FALSE(stream.stands_at(head_of(1, 0, {7, 8})));
}
