// Peers that are killed while messages of many frames flow both ways: their links end, and nothing else does. Some
// dozens of kills here; SHOAL_KILLS=500 for more.
#include <atomic>
#include <cstdlib>

#include <doctest/doctest.h>

#include "peers.h"

using namespace shoal;
using namespace shoal::actors;

namespace {

const std::string a_id = make_routing_id("a", "here", 0xa);
constexpr std::size_t flooded = 2000;  // messages, before the kill

int kills() {
  const char* wanted = std::getenv("SHOAL_KILLS");
  return wanted != nullptr ? std::atoi(wanted) : 30;
}

// A loop that sends back every message that it gets, so that both directions are full.
struct Mirror {
  Mirror() {
    auto opened = Loop::open({.routing_id = a_id, .bind = "tcp://127.0.0.1:*"});
    REQUIRE(opened.has_value());
    loop = std::move(opened).value();
    loop->start([this, to = loop.get()](WireEvent event) {
      if (auto* arrived = std::get_if<Arrived>(&event)) {
        const Route from = arrived->from;
        to->post(Post{from, std::move(arrived->message)});
        if (++seen == flooded) box.put(Started{});
        return;
      }
      if (!std::holds_alternative<Started>(event)) box.put(std::move(event));
    });
  }
  ~Mirror() { loop.reset(); }

  void wait_for_flood() { box.take<Started>(); }
  void expect_flood() { seen = 0; }

  Mailbox box;
  std::atomic<std::size_t> seen{0};
  std::unique_ptr<Loop> loop;
};

}  // namespace

TEST_CASE("a peer that was dialled and is killed in a flood ends its link and nothing else") {
  Mirror a;
  for (int i = 0; i < kills(); ++i) {
    Child child({"tcp://127.0.0.1:*"}, SHOAL_TEST_FLOOD);
    const std::string address = child.line();
    a.expect_flood();
    REQUIRE(a.loop->post(Dial{address}));
    a.box.take<LinkUp>();
    REQUIRE(a.loop->post(Post{{address, {}}, protocol::make_message(protocol::Ping{1})}));
    a.wait_for_flood();
    child.signal(SIGKILL);
    a.box.take<LinkDown>([&](const LinkDown& down) { return down.route.address == address; });
    REQUIRE(a.loop->post(HangUp{address}));
  }
}

TEST_CASE("a peer that dialled and is killed in a flood ends its link and nothing else") {
  Mirror a;
  for (int i = 0; i < kills(); ++i) {
    a.expect_flood();
    Child child({"tcp://127.0.0.1:*", a.loop->bound()}, SHOAL_TEST_FLOOD);
    child.line();
    a.wait_for_flood();
    child.signal(SIGKILL);
    a.box.take<LinkDown>([&](const LinkDown& down) { return epoch_of(down.route.routing_id) == 0xf100d; });
  }
}
