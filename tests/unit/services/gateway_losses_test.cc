#include <set>

#include <doctest/doctest.h>

#include "edge_frames.h"

using namespace shoal;
using namespace shoal::test;

TEST_CASE("a relay that dies between ATTACH and ATTACHED is replaced under a new attempt, and its PLACE withdrawn") {
  Gateway gateway;
  gateway.up(41, "postprocess");
  gateway.ask();
  gateway.prepared();
  const Epoch first = gateway.to<protocol::Attach>();
  gateway.bench.give(actors::PeerDown{entry(first, "postprocess")});
  CHECK(gateway.to<protocol::Attach>() == (first == relay ? 41 : relay));
  CHECK(gateway.first<protocol::Attach>()->head.attempt.redispatch == 1);
  CHECK(gateway.to<protocol::Withdraw>() == router);
}

TEST_CASE("an executor that is lost before the client saw anything is excluded, and the stream dispatched again") {
  for (const bool link : {false, true}) {
    Gateway gateway;
    gateway.up(other_executor, "inference");
    gateway.ask();
    gateway.started();
    if (link) gateway.bench.give(actors::LinkLost{executor});
    if (!link) gateway.bench.give(actors::PeerDown{entry(executor, "inference")});
    const auto* place = gateway.first<protocol::Place>();
    REQUIRE(place != nullptr);
    CHECK(place->head.attempt.redispatch == 1);
    CHECK(std::get<protocol::Place>(place->body).exclude == std::vector<Epoch>{executor});
  }
}

TEST_CASE("requests that wait when the last router dies are placed by the next one, unless it comes too late") {
  Gateway gateway;
  gateway.ask();
  gateway.prepared();
  REQUIRE(gateway.to<protocol::Place>() == router);
  gateway.bench.give(actors::LinkLost{router});
  CHECK(gateway.bench.replies.empty());
  gateway.bench.pass(milliseconds(limits::revive_ms - 1));
  CHECK(gateway.streams() == 1);
  SUBCASE("in time") {
    gateway.up(other_router, "router");
    CHECK(gateway.to<protocol::Place>() == other_router);
    CHECK(std::get<protocol::Place>(gateway.first<protocol::Place>()->body).waited_ms == limits::revive_ms - 1);
  }
  SUBCASE("too late") {
    gateway.bench.pass(milliseconds(1));
    CHECK(gateway.last("code") == "no_router");
    CHECK(gateway.streams() == 0);
  }
}

TEST_CASE("a grant is used though the router that gave it died, and when it passes unused another router is asked") {
  Gateway gateway;
  gateway.ask();
  gateway.prepared();
  gateway.placed();
  gateway.bench.give(actors::LinkLost{router});
  CHECK(gateway.bench.sends.empty());
  SUBCASE("used") {
    gateway.attached();
    CHECK(gateway.to<protocol::Generate>() == executor);
  }
  SUBCASE("passes unused") {
    gateway.up(other_router, "router");
    CHECK(gateway.first<protocol::Place>() == nullptr);
    gateway.bench.pass(milliseconds(limits::grant_ms));
    CHECK(gateway.to<protocol::Place>() == other_router);
    CHECK(gateway.first<protocol::Withdraw>() == nullptr);
  }
}

TEST_CASE("a request that is being prepared when the last router dies waits for the next one too") {
  Gateway gateway;
  gateway.ask();
  gateway.bench.give(actors::LinkLost{router});
  gateway.prepared();
  CHECK(gateway.streams() == 1);
  gateway.up(other_router, "router");
  CHECK(gateway.to<protocol::Place>() == other_router);
}

TEST_CASE("a request that one router has in its queue is not asked about when another one starts") {
  Gateway gateway;
  gateway.ask();
  gateway.prepared();
  gateway.bench.receive(router, protocol::Queued{}, gateway.head);
  gateway.up(other_router, "router");
  CHECK(gateway.first<protocol::Place>() == nullptr);
}

TEST_CASE("after the client saw something, a lost holder ends the request, once") {
  for (const Epoch lost : {executor, relay}) {
    Gateway gateway;
    gateway.running();
    gateway.text("a");
    gateway.bench.give(actors::LinkLost{lost});
    CHECK(gateway.last("code") == "peer_lost");
    gateway.bench.give(actors::PeerDown{entry(lost, lost == relay ? "postprocess" : "inference")});
    CHECK(gateway.bench.replies.empty());
    CHECK(gateway.streams() == 0);
  }
}

TEST_CASE("a request that loses four executors ends") {
  Gateway gateway;
  for (Epoch epoch = 60; epoch < 70; ++epoch) gateway.up(epoch, "inference");
  gateway.ask();
  gateway.started();
  for (Epoch epoch = 60; epoch < 64; ++epoch) {
    gateway.bench.give(actors::LinkLost{epoch == 60 ? executor : epoch - 1});
    gateway.adopt_head();
    gateway.attached();
    gateway.placed(epoch);
  }
  CHECK(gateway.streams() == 0);
}

TEST_CASE("text with another chain is dropped and answered MISMATCH, text after a gap ends the stream") {
  Gateway gateway;
  gateway.running();
  gateway.text("a");
  auto twice = gateway.head;
  twice.position = 0;
  gateway.bench.receive(relay, protocol::Text{"", "a", protocol::Finish::none, {{'a'}}, {}}, twice);
  CHECK(gateway.bench.sent<protocol::Mismatch>(relay) != nullptr);
  CHECK(gateway.bench.replies.empty());
  auto other = gateway.head;
  other.chain ^= 1;
  gateway.bench.receive(relay, protocol::Text{"", "b", protocol::Finish::none, {{'b'}}, {}}, other);
  CHECK(gateway.bench.replies.empty());
  CHECK(gateway.streams() == 1);
  ++gateway.head.position;
  gateway.text("c");
  CHECK(gateway.last("code") == "peer_lost");
}

TEST_CASE("what comes for a stream that is over is answered UNKNOWN") {
  Gateway gateway;
  gateway.running();
  gateway.text("a", protocol::Finish::stop);
  gateway.text("b");
  CHECK(gateway.bench.replies.empty());
  CHECK(gateway.bench.sent<protocol::Unknown>(relay) != nullptr);
  gateway.bench.receive(executor, protocol::Accepted{}, gateway.head);
  CHECK(gateway.bench.sent<protocol::Unknown>(executor) != nullptr);
  gateway.bench.receive(relay, protocol::Attached{9}, gateway.head);
  CHECK(gateway.bench.sent<protocol::Unknown>(relay) != nullptr);
}

TEST_CASE("text of an attempt that was given up is not shown") {
  Gateway gateway;
  gateway.up(other_executor, "inference");
  gateway.ask();
  gateway.started();
  const auto old = gateway.head;
  gateway.bench.give(actors::LinkLost{executor});
  gateway.bench.receive(relay, protocol::Text{"", "x", protocol::Finish::none, {{'x'}}, {}}, old);
  CHECK(gateway.bench.replies.empty());
  CHECK(gateway.bench.sent<protocol::Unknown>(relay) != nullptr);
}

TEST_CASE("FENCED by a higher attempt ends the request here without CANCEL, a lower one does nothing") {
  Gateway gateway;
  gateway.running();
  gateway.bench.receive(relay, protocol::Fenced{2}, gateway.head);
  CHECK(gateway.streams() == 1);
  auto higher = gateway.head;
  higher.attempt.term = 1;
  gateway.bench.receive(relay, protocol::Fenced{2}, higher);
  CHECK(gateway.last("type") == "ERROR");
  CHECK(gateway.bench.sends.empty());
}

TEST_CASE("an executor that finished and a relay that never does end in an error, not in silence") {
  Gateway gateway;
  gateway.running();
  gateway.bench.receive(executor, protocol::Finished{protocol::Finish::length}, gateway.head);
  gateway.bench.pass(milliseconds(4999));
  CHECK(gateway.streams() == 1);
  gateway.bench.pass(milliseconds(1));
  CHECK(gateway.last("code") == "timeout");
}

TEST_CASE("who refuses because it is full says when to come back, and the client is told, whoever it was") {
  for (const auto refers : {protocol::Type::prepare, protocol::Type::place, protocol::Type::attach}) {
    Gateway gateway;
    gateway.ask();
    if (refers != protocol::Type::prepare) gateway.prepared();
    const Epoch from = refers == protocol::Type::prepare ? preprocess
                       : refers == protocol::Type::place ? router
                                                         : relay;
    gateway.refuse(from, refers, Code::busy);
    REQUIRE(gateway.bench.replies.size() == 1);
    const auto error = told(gateway, gateway.bench.replies[0].client);
    CHECK(error.at("code") == "busy");
    CHECK(error.at("message") == "no");
    CHECK(error.at("retry_after_ms") == "100");
  }
}

namespace {

// An executor with another checkpoint of the same model.
protocol::Entry with_checkpoint(Epoch epoch, const std::string& digest) {
  auto changed = entry(epoch, "inference");
  changed.labels.back().value = digest;
  return changed;
}

}  // namespace

TEST_CASE("the journals of all holders name the checkpoint that the request was placed for") {
  Gateway gateway;
  gateway.ask();
  gateway.prepared();
  CHECK(std::get<protocol::Attach>(gateway.first<protocol::Attach>()->body).journal.model_digest == "m");
  CHECK(std::get<protocol::Place>(gateway.first<protocol::Place>()->body).model_digest == "m");
}

TEST_CASE("the checkpoints of a model have their shares of the requests") {
  Gateway gateway;
  gateway.bench.give(actors::PeerUp{with_checkpoint(other_executor, "n")});
  std::set<std::string> digests;
  for (int i = 0; i < 20; ++i) {
    gateway.ask({.id = std::to_string(i)});
    gateway.prepared();
    digests.insert(std::get<protocol::Place>(gateway.first<protocol::Place>()->body).model_digest);
  }
  CHECK(digests == std::set<std::string>{"m", "n"});
}

TEST_CASE("a request whose checkpoint is gone before anything was generated is dispatched again for another") {
  Gateway gateway;
  gateway.ask();
  gateway.prepared();
  gateway.bench.give(actors::PeerUp{with_checkpoint(other_executor, "n")});
  gateway.bench.give(actors::PeerDown{entry(executor, "inference")});
  gateway.refuse(router, protocol::Type::place, Code::no_compatible_worker);
  const auto* attach = gateway.first<protocol::Attach>();
  REQUIRE(attach != nullptr);
  CHECK(attach->head.attempt.redispatch == 1);
  CHECK(std::get<protocol::Attach>(attach->body).journal.model_digest == "n");
  CHECK(std::get<protocol::Place>(gateway.first<protocol::Place>()->body).model_digest == "n");
}
