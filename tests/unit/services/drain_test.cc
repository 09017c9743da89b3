// What each core does when its process is asked to end, and how the mesh core says it.

#include <doctest/doctest.h>

#include "gateway_bench.h"
#include "services/preprocess/preprocess_core.h"

using namespace shoal;
using namespace shoal::test;

namespace {

constexpr Epoch other_gateway = 2;

}  // namespace

TEST_CASE("a gateway that drains refuses what is new and names the gateways that are left") {
  Gateway gateway;
  gateway.up(other_gateway, "gateway");
  gateway.bench.give(actors::Draining{});
  gateway.ask();
  CHECK(gateway.last("code") == "draining");
  CHECK(gateway.last("message") == "this gateway is about to end; send the request to sim://clientn2");
  CHECK_FALSE(gateway.core.owes());
}

TEST_CASE("a gateway that drains and knows no other one says when to ask again") {
  Gateway gateway;
  gateway.bench.give(actors::Draining{});
  gateway.ask();
  CHECK(gateway.last("message") == "this gateway is about to end; send the request again later");
}

TEST_CASE("a gateway owes its clients the rest of their answers") {
  Gateway gateway;
  gateway.running();
  gateway.bench.give(actors::Draining{});
  CHECK(gateway.core.owes());
  gateway.text("a");
  CHECK(gateway.told("content") == "a");
  gateway.text("b", protocol::Finish::stop);
  CHECK(gateway.last("type") == "DONE");
  CHECK_FALSE(gateway.core.owes());
}

TEST_CASE("a gateway whose time is over ends each request with an error, and its holders stop") {
  Gateway gateway;
  gateway.running();
  gateway.bench.give(actors::Draining{});
  gateway.bench.give(actors::DrainOver{});
  CHECK(gateway.last("code") == "draining");
  CHECK(gateway.bench.sent<protocol::Cancel>(executor) != nullptr);
  CHECK(gateway.bench.sent<protocol::Cancel>(relay) != nullptr);
  CHECK_FALSE(gateway.core.owes());
}

TEST_CASE("a stream whose executor ends in good order goes on elsewhere from where it is, though its client saw some") {
  Gateway gateway;
  gateway.running();
  gateway.text("ab");
  gateway.bench.receive(executor, protocol::Failed{Code::draining, "it ends", true, 0}, gateway.head);
  const auto* place = gateway.first<protocol::Place>();
  REQUIRE(place != nullptr);
  CHECK(place->head.position == 2);
  CHECK(place->head.attempt.redispatch == 1);
  CHECK(gateway.bench.replies.empty());
}

TEST_CASE("an executor that has ended is not missed by a stream whose last text is on its way") {
  Gateway gateway;
  gateway.running();
  gateway.text("ab");
  gateway.bench.receive(executor, protocol::Finished{protocol::Finish::stop}, gateway.head);
  gateway.bench.give(actors::LinkLost{executor});
  gateway.bench.give(actors::PeerDown{entry(executor, "inference")});
  gateway.text("c", protocol::Finish::stop);
  CHECK(gateway.last("type") == "DONE");
}

TEST_CASE("nobody who drains is chosen for a new request") {
  Gateway gateway;
  auto ending = entry(shoal::test::preprocess, "preprocess");
  ending.labels.push_back({actors::draining_label, "yes"});
  gateway.bench.give(actors::PeerUp{ending});
  gateway.ask();
  CHECK(gateway.last("code") == "no_preprocess");
  gateway.up(other_preprocess, "preprocess");
  gateway.ask();
  CHECK(gateway.to<protocol::Prepare>() == other_preprocess);
}

TEST_CASE("a preprocess owes what it was asked to prepare") {
  preprocess::PreprocessCore core(
      {}, [](const protocol::Prepare&) { return Result<protocol::Prepared>(protocol::Prepared{}); });
  Bench bench(core);
  CHECK_FALSE(core.owes());
  bench.receive(1, protocol::Prepare{}, head_of(1));
  CHECK(core.owes());
  bench.give(actors::Reported{bench.jobs.at(0).work()});
  CHECK_FALSE(core.owes());
}
