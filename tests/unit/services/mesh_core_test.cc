#include <doctest/doctest.h>

#include "base/limits.h"
#include "mesh_bench.h"
#include "protocol/codec.h"

using namespace shoal;
using namespace shoal::actors;
using namespace shoal::test;

namespace {

std::string id_of(Epoch epoch) { return make_routing_id("inference", "n", epoch); }

}  // namespace

TEST_CASE("a link that comes up says HELLO first, then what waited for it") {
  Node node;
  node.join();
  node.send(peer);
  CHECK(node.dialled("sim://n50"));
  CHECK(node.posted<protocol::Withdraw>("sim://n50") == 0);
  node.give(LinkUp{"sim://n50"});
  REQUIRE(node.out.size() == 2);
  CHECK(std::holds_alternative<protocol::Hello>(std::get<Post>(node.out[0]).message.body));
  CHECK(std::holds_alternative<protocol::Withdraw>(std::get<Post>(node.out[1]).message.body));
}

TEST_CASE("a process has joined when a router's table came") {
  Node node;
  node.give(SeedsResolved{{router_address}});
  node.give(LinkUp{router_address});
  node.welcome(router, router_address);
  CHECK_FALSE(node.mesh.joined());
  node.table(router_address, Node::everybody());
  CHECK(node.mesh.joined());
  CHECK(node.service.ups.size() == 3);
}

TEST_CASE("a broken link tells the service of LinkLost, then PeerDown") {
  Node node;
  node.join();
  node.send(peer);
  node.give(LinkDown{{"sim://n50", {}}});
  CHECK(node.service.losses == std::vector<Epoch>{peer});
  CHECK(node.service.downs == std::vector<Epoch>{peer});
}

TEST_CASE("a peer that only the caller knows is dialled at the address given, and its loss is told") {
  Node node;
  node.join();
  node.send(99, "sim://n99");
  CHECK(node.dialled("sim://n99"));
  node.give(LinkDown{{"sim://n99", {}}});
  CHECK(node.service.losses == std::vector<Epoch>{99});
}

TEST_CASE("a link that does not come up within its time counts as broken, and no stall is longer than that") {
  Node node;
  node.join();
  node.send(peer);
  node.pass(milliseconds(limits::stall_survived_ms));
  node.table(router_address, Node::everybody());
  CHECK(node.service.downs.empty());
  node.pass(milliseconds(limits::link_wait_ms - limits::stall_survived_ms));
  CHECK(node.service.downs == std::vector<Epoch>{peer});
}

TEST_CASE("a link for which more waits than may counts as broken") {
  Node node;
  node.join();
  for (std::size_t i = 0; i < limits::outbox_messages_max / 2; ++i) node.send(peer);
  CHECK(node.service.downs.empty());
  node.send(peer);
  CHECK(node.service.downs == std::vector<Epoch>{peer});
}

TEST_CASE("a suspected peer is up again after a second if a router still lists it") {
  Node node;
  node.join();
  node.send(peer);
  node.give(LinkDown{{"sim://n50", {}}});
  node.pass(milliseconds(999));
  CHECK(node.service.ups.size() == 3);
  node.pass(milliseconds(1));
  REQUIRE(node.service.ups.size() == 4);
  CHECK(node.service.ups.back() == peer);
}

TEST_CASE("without a router a suspected peer stays down, and so does the router") {
  Node node;
  node.join();
  node.send(peer);
  node.give(LinkDown{{"sim://n50", {}}});
  node.give(LinkDown{{router_address, {}}});
  for (int i = 0; i < 5; ++i) node.pass(seconds(1));
  CHECK(node.service.ups.size() == 3);
  CHECK(node.service.downs == std::vector<Epoch>{peer, router});
}

TEST_CASE("running peers do not fall with the last router, nor with the first table of its successor") {
  Node node;
  node.join();
  node.give(LinkDown{{router_address, {}}});
  CHECK(node.service.downs == std::vector<Epoch>{router});
  node.give(LinkUp{router_address});
  node.welcome(other_router, router_address);
  node.table(router_address, {entry(other_router, "router"), entry(peer, "inference")});
  CHECK(node.service.downs == std::vector<Epoch>{router});
  node.pass(milliseconds(1500));  // who has not said HELLO by now is not alive
  CHECK(node.service.downs == std::vector<Epoch>{router, other_peer});
}

TEST_CASE("what one of two routers still lists stays up") {
  Node node;
  node.join();
  node.give(SeedsResolved{{router_address, other_router_address}});
  node.give(LinkUp{other_router_address});
  node.welcome(other_router, other_router_address);
  node.table(other_router_address, {entry(peer, "inference")});
  node.arrive(Route{router_address, {}}, protocol::Directory{2, false, {}, {peer}});
  CHECK(node.service.downs.empty());
  node.arrive(Route{other_router_address, {}}, protocol::Directory{2, false, {}, {peer}});
  CHECK(node.service.downs == std::vector<Epoch>{peer});
}

TEST_CASE("a gap in a router's changes asks for the table once, and keeps what was known") {
  Node node;
  node.join();
  node.arrive(Route{router_address, {}}, protocol::Directory{4, false, {}, {peer}});
  CHECK(node.posted<protocol::Hello>(router_address) == 1);
  node.arrive(Route{router_address, {}}, protocol::Directory{5, false, {}, {other_peer}});
  CHECK(node.posted<protocol::Hello>(router_address) == 0);
  CHECK(node.service.downs.empty());
  node.table(router_address, {entry(router, "router")}, 5);
  CHECK(node.service.downs.size() == 2);
  node.arrive(Route{router_address, {}}, protocol::Directory{6, false, {entry(peer, "inference")}, {}});
  CHECK(node.service.ups.back() == peer);
}

TEST_CASE("a process that takes another's address within a moment is another peer, and nothing is left of the first") {
  Node node;
  node.join();
  node.send(peer);
  node.give(LinkUp{"sim://n50"});
  auto successor = entry(60, "inference");
  successor.address = "sim://n50";
  node.arrive(Route{router_address, {}}, protocol::Directory{2, false, {successor}, {}});
  node.send(60);  // before the old link was seen to break
  CHECK(node.service.losses == std::vector<Epoch>{peer});
  node.give(LinkDown{{"sim://n50", {}}});
  CHECK(node.service.losses == std::vector<Epoch>{peer, 60});
  node.send(peer);  // its way must not be that of the link that is gone
  node.arrive(Route{router_address, {}}, protocol::Directory{3, false, {}, {peer, 60}});
  CHECK(node.mesh.joined());
}

TEST_CASE("an address that answers with another epoch tells of the loss of the first") {
  Node node;
  node.join();
  node.send(peer);
  node.give(LinkUp{"sim://n50"});
  node.welcome(60, "sim://n50", "inference");
  CHECK(node.service.losses == std::vector<Epoch>{peer});
}

TEST_CASE("a seed that stands for the process itself is hung up and harms it not") {
  Node node("router");
  node.give(SeedsResolved{{"sim://alias"}});
  node.give(LinkUp{"sim://alias"});
  const std::string own = make_routing_id("router", "n1", self);
  protocol::Hello hello;
  hello.self = entry(self, "router");
  node.arrive(Route{{}, own}, hello);
  CHECK(node.posted<protocol::Welcome>(own) == 1);
  node.welcome(self, "sim://alias");
  node.give(LinkDown{{{}, own}});
  CHECK(node.service.losses.empty());
  node.give(SeedsResolved{{"sim://alias"}});
  CHECK_FALSE(node.dialled("sim://alias"));
}

TEST_CASE("a router that no seed stands for is dialled and reported to, after its seed had its chance") {
  Node node;
  node.join();
  node.arrive(Route{router_address, {}}, protocol::Directory{2, false, {entry(other_router, "router")}, {}});
  node.pass(milliseconds(1999));
  CHECK_FALSE(node.dialled(other_router_address));
  node.pass(milliseconds(1));
  CHECK(node.dialled(other_router_address));
  node.give(LinkUp{other_router_address});
  node.welcome(other_router, other_router_address);
  node.pass(milliseconds(limits::load_interval_ms));
  CHECK(node.posted<protocol::Load>(other_router_address) == 1);
}

TEST_CASE("LOAD goes to every router each interval, numbered") {
  Node node;
  node.join();
  node.pass(milliseconds(0));
  CHECK(node.posted<protocol::Load>(router_address) == 1);
  node.pass(milliseconds(limits::load_interval_ms - 1));
  CHECK(node.posted<protocol::Load>(router_address) == 0);
  node.pass(milliseconds(1));
  CHECK(node.posted<protocol::Load>(router_address) == 1);
}

TEST_CASE("who talks before it said HELLO is asked for it, not more than once a second, and is heard") {
  Node node;
  node.join();
  const Route from{{}, id_of(peer)};
  node.arrive(from, protocol::Withdraw{}, head_of(1));
  CHECK(node.posted<protocol::Reset>(id_of(peer)) == 1);
  node.arrive(from, protocol::Withdraw{}, head_of(1));
  CHECK(node.posted<protocol::Reset>(id_of(peer)) == 0);
  CHECK(node.service.froms == std::vector<Epoch>{peer, peer});
  node.pass(milliseconds(limits::ask_again_ms));
  node.arrive(from, protocol::Withdraw{}, head_of(1));
  CHECK(node.posted<protocol::Reset>(id_of(peer)) == 1);
}

TEST_CASE("HELLO of another major version, or under another's routing id, is refused") {
  Node node;
  protocol::Hello hello;
  hello.self = entry(peer, "inference");
  hello.version_min = hello.version_max = 2 << 8;
  node.arrive(Route{{}, id_of(peer)}, hello);
  CHECK(node.posted<protocol::Reset>(id_of(peer)) == 1);
  hello = {};
  hello.self = entry(other_peer, "inference");
  node.arrive(Route{{}, id_of(peer)}, hello);
  CHECK(node.posted<protocol::Reset>(id_of(peer)) == 1);
  CHECK(node.service.froms.empty());
}

TEST_CASE("garbage is answered once per link, so that two who do not understand each other fall silent") {
  Node node;
  const Garbled garbled{Route{{}, id_of(peer)}, {Code::malformed, "not msgpack"}};
  node.give(garbled);
  CHECK(node.posted<protocol::Reset>(id_of(peer)) == 1);
  node.give(garbled);
  CHECK(node.posted<protocol::Reset>(id_of(peer)) == 0);
  node.give(LinkDown{{{}, id_of(peer)}});
  node.give(garbled);
  CHECK(node.posted<protocol::Reset>(id_of(peer)) == 1);
}

TEST_CASE("a client on the inbox is told where the gateways are, each time") {
  Node node;
  const ClientId client{"stranger", true};
  const auto told = [&] {
    node.give(Strayed{client, "7"});
    for (const auto& effect : node.out) {
      if (const auto* away = std::get_if<TurnAway>(&effect)) {
        CHECK(away->client == client);
        return away->frame;
      }
    }
    return std::string();
  };
  const auto has = [](const std::string& frame, std::string_view part) { return frame.find(part) != frame.npos; };
  CHECK(has(told(), "clients go to the client address of a gateway, port 5555 by default"));
  protocol::Hello hello;
  hello.self = entry(peer, "gateway");
  hello.self.client = "tcp://one:5555";
  node.arrive(Route{{}, id_of(peer)}, hello);  // as gateways say to routers, which are sent no table
  CHECK(has(told(), "clients go to tcp://one:5555"));
  node.join();
  auto everybody = Node::everybody();
  everybody.push_back(entry(0x77, "gateway"));
  everybody.back().client = "tcp://two:5555";
  node.table(router_address, everybody);
  CHECK(has(told(), "clients go to tcp://one:5555 or tcp://two:5555"));
  node.give(LinkDown{{{}, id_of(peer)}});
  CHECK(has(told(), "wrong_port"));
  CHECK(has(told(), "clients go to tcp://two:5555"));
}

TEST_CASE("RESET(unknown_id) is answered by HELLO, any other RESET by nothing") {
  Node node;
  node.join();
  node.arrive(Route{router_address, {}}, protocol::Reset{Code::unknown_id, "say HELLO first"});
  CHECK(node.posted<protocol::Hello>(router_address) == 1);
  node.arrive(Route{router_address, {}}, protocol::Reset{Code::busy, "full"});
  CHECK(node.posted<protocol::Hello>(router_address) == 0);
}

TEST_CASE("a peer that is both dialled and incoming is lost with the link that was dialled") {
  Node node;
  node.join();
  node.send(peer);
  node.give(LinkUp{"sim://n50"});
  node.welcome(peer, "sim://n50", "inference");
  protocol::Hello hello;
  hello.self = entry(peer, "inference");
  node.arrive(Route{{}, id_of(peer)}, hello);
  node.give(LinkDown{{{}, id_of(peer)}});
  CHECK(node.service.losses.empty());
  node.give(LinkDown{{"sim://n50", {}}});
  CHECK(node.service.losses == std::vector<Epoch>{peer});
}

TEST_CASE("a process that stops says BYE to everybody, and who hears it counts as lost") {
  Node node;
  node.join();
  node.give(Stopping{});
  CHECK(node.posted<protocol::Bye>(router_address) == 1);
  node.arrive(Route{{}, id_of(peer)}, protocol::Bye{});
  CHECK(node.service.downs == std::vector<Epoch>{peer});
}

TEST_CASE("a process that drains tells the routers by a label, and may end when its service owes nothing") {
  Node node;
  node.join();
  node.service.debts = 1;
  node.give(Drain{node.now + seconds(8)});
  const auto* hello = node.first<protocol::Hello>();
  REQUIRE(hello != nullptr);
  CHECK(label(hello->self, draining_label) == "yes");
  CHECK(node.service.drains == 1);
  node.service.debts = 0;
  node.pass(milliseconds(limits::load_interval_ms));
  CHECK_FALSE(node.mesh.drained());  // what it said last may not be there yet
  node.pass(milliseconds(limits::last_words_ms));
  CHECK(node.mesh.drained());
}

TEST_CASE("a process that owes nothing may end at once") {
  Node node;
  node.join();
  node.give(Drain{node.now + seconds(8)});
  CHECK(node.mesh.drained());
}

TEST_CASE("a process whose time to drain is over says so, and ends a moment later whatever it owes") {
  Node node;
  node.join();
  node.service.debts = 1;
  node.give(Drain{node.now + seconds(8)});
  node.pass(milliseconds(7999));
  CHECK(node.service.drains_over == 0);
  node.pass(milliseconds(1));
  CHECK(node.service.drains_over == 1);
  CHECK_FALSE(node.mesh.drained());
  node.pass(milliseconds(limits::last_words_ms));
  CHECK(node.mesh.drained());
  CHECK(node.service.drains_over == 1);
}

TEST_CASE("a second word to end shortens the time of the first, and never lengthens it") {
  Node node;
  node.join();
  node.service.debts = 1;
  node.give(Drain{node.now + seconds(8)});
  node.give(Drain{node.now});
  CHECK(node.service.drains_over == 1);
  node.give(Drain{node.now + seconds(60)});
  node.pass(milliseconds(limits::last_words_ms));
  CHECK(node.mesh.drained());
}

TEST_CASE("a service with news reports at once, but not more often than the gap between two reports allows") {
  Node node;
  node.join();
  node.pass(milliseconds(1));
  REQUIRE(node.posted<protocol::Load>(router_address) == 1);
  node.pass(milliseconds(limits::load_gap_ms));
  REQUIRE(node.posted<protocol::Load>(router_address) == 0);
  int reports = 0;
  for (std::uint32_t i = 0; i < 5 * limits::load_gap_ms; ++i) {
    node.service.has_news = true;
    node.give(ClientGone{});
    node.pass(milliseconds(1));
    reports += node.posted<protocol::Load>(router_address);
  }
  CHECK(reports == 5);
}

TEST_CASE("what was measured of the process is in its next LOAD") {
  Node node;
  node.join();
  node.give(Measured{.cpu_permille = 1500, .rss_bytes = 1 << 20, .loop_lag_ms = 7, .cpus = 2});
  node.pass(milliseconds(limits::load_interval_ms));
  const auto is_load = [](const WireEffect& effect) {
    const auto* post = std::get_if<Post>(&effect);
    return post != nullptr && std::holds_alternative<protocol::Load>(post->message.body);
  };
  const auto found = std::find_if(node.out.begin(), node.out.end(), is_load);
  REQUIRE(found != node.out.end());
  const auto& report = std::get<protocol::Load>(std::get<Post>(*found).message.body).report;
  CHECK(report.cpu_permille == 1500);
  CHECK(report.rss_bytes == 1 << 20);
  CHECK(report.loop_lag_ms == 7);
  CHECK(report.cpus == 2);
}
