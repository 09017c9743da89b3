// What a process makes of silence: its peers', and its own.
#include <doctest/doctest.h>

#include "base/limits.h"
#include "mesh_bench.h"

using namespace shoal;
using namespace shoal::actors;
using namespace shoal::test;

namespace {

constexpr auto ping_after = milliseconds(limits::ping_after_ms);
constexpr auto answer_wait = milliseconds(limits::answer_wait_ms);
constexpr auto interval = milliseconds(limits::load_interval_ms);  // silence is looked at with each LOAD

std::string id_of(Epoch epoch, const std::string& kind) { return make_routing_id(kind, "n", epoch); }

}  // namespace

TEST_CASE("a silent link is asked once, and whatever comes proves life") {
  Node node;
  node.join();
  node.pass(ping_after + interval);
  CHECK(node.posted<protocol::Ping>(router_address) == 1);
  node.pass(answer_wait - 2 * interval);
  CHECK(node.posted<protocol::Ping>(router_address) == 0);
  node.arrive(Route{router_address, {}}, protocol::Directory{2, false, {}, {}});
  node.pass(ping_after + answer_wait - interval);
  CHECK(node.posted<protocol::Ping>(router_address) == 1);
  node.arrive(Route{router_address, {}}, protocol::Pong{2});
  node.pass(ping_after);
  CHECK(node.service.losses.empty());
}

TEST_CASE("a link that is not silent is not asked") {
  Node node;
  node.join();
  for (int i = 0; i < 20; ++i) {
    node.arrive(Route{router_address, {}}, protocol::Pong{});
    node.pass(ping_after - interval);
    CHECK(node.posted<protocol::Ping>(router_address) == 0);
  }
}

TEST_CASE("who answers nothing is lost, says the log, and a seed is dialled anew") {
  Node node;
  node.join();
  node.pass(ping_after + answer_wait + 2 * interval);
  CHECK(node.service.losses == std::vector<Epoch>{router});
  CHECK(node.dialled(router_address));
  const auto notes = node.notes();
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].find("peer=router-n30-000000000000001e event=lost told_by=silence silent_ms=6") == 0);
}

TEST_CASE("what was sent has the time that a slow line takes to bring it, before silence counts") {
  Node node;
  node.join();
  node.send(peer);
  node.give(LinkUp{"sim://n50"});
  node.welcome(peer, "sim://n50", "inference");
  protocol::Prepare prepare;
  prepare.prompt = std::string(6'000'000, 'x');
  node.service.wanted.push_back({peer, make_message(std::move(prepare)), {}});
  node.give(ClientGone{});
  for (int i = 0; i < 40; ++i) {  // 10 s
    node.arrive(Route{router_address, {}}, protocol::Pong{});
    node.pass(interval);
  }
  CHECK(node.service.losses.empty());
  for (int i = 0; i < 12; ++i) {
    node.arrive(Route{router_address, {}}, protocol::Pong{});
    node.pass(interval);
  }
  CHECK(node.service.losses == std::vector<Epoch>{peer});
}

TEST_CASE("who stood still itself takes nobody for lost before it has listened again") {
  Node node;
  node.join();
  node.send(peer);  // the link is not up yet
  for (int i = 0; i < 20; ++i) {
    node.stand_still(seconds(60));
    node.give(Tick{});
    node.arrive(Route{router_address, {}}, protocol::Pong{});
  }
  node.stand_still(seconds(60));
  node.give(Tick{});
  CHECK(std::count(node.service.losses.begin(), node.service.losses.end(), router) == 0);
}

TEST_CASE("a router that forgot this process is told HELLO on the link that was dialled, wherever it asked") {
  Node node("router");
  node.join();
  node.arrive(Route{{}, id_of(router, "router")}, protocol::Reset{Code::unknown_id, "say HELLO first"});
  CHECK(node.posted<protocol::Hello>(router_address) == 1);
  CHECK(node.notes().empty());
}

TEST_CASE("who dialled this process and forgot it is told HELLO there, and greets back") {
  Node asked;
  const std::string asking = id_of(peer, "inference");
  asked.arrive(Route{{}, asking}, protocol::Reset{Code::unknown_id, "say HELLO first"});
  CHECK(asked.posted<protocol::Hello>(asking) == 1);

  Node asker;
  asker.join();
  asker.send(peer);
  asker.give(LinkUp{"sim://n50"});
  asker.welcome(peer, "sim://n50", "inference");
  protocol::Hello hello;
  hello.self = entry(peer, "inference");
  asker.arrive(Route{"sim://n50", {}}, hello);
  CHECK(asker.posted<protocol::Welcome>("sim://n50") == 1);
  CHECK(asker.service.froms == std::vector<Epoch>{peer});
}

TEST_CASE("who joined, was lost and came back is said once each, with what told it") {
  Node node;
  node.give(SeedsResolved{{router_address}});
  node.give(LinkUp{router_address});
  node.welcome(router, router_address);
  node.table(router_address, {entry(peer, "inference")});
  CHECK(node.notes() == std::vector<std::string>{"peer=inference-n50-0000000000000032 event=joined address=sim://n50"});
  node.arrive(Route{router_address, {}}, protocol::Directory{2, false, {}, {peer}});
  CHECK(node.notes() == std::vector<std::string>{"peer=inference-n50-0000000000000032 event=lost told_by=directory"});
  node.pass(milliseconds(1000));
  node.arrive(Route{router_address, {}}, protocol::Directory{3, false, {entry(peer, "inference")}, {}});
  CHECK(node.notes() == std::vector<std::string>{"peer=inference-n50-0000000000000032 event=back away_ms=1000"});
  node.arrive(Route{{}, id_of(peer, "inference")}, protocol::Bye{});
  CHECK(node.notes() == std::vector<std::string>{"peer=inference-n50-0000000000000032 event=lost told_by=bye"});
}
