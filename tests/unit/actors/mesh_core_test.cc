#include "actors/flow/mesh_core.h"

#include <memory>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace shoal::actors {
namespace {

constexpr Epoch router = 9;
constexpr Epoch peer = 7;
const Time now{seconds(1)};

// Sends to `peer` whenever a client says something, and keeps what it is told.
class Service : public Core {
public:
  explicit Service(std::vector<Event>& told) : told_(told) {}

  void on(Event event, Time, Effects& out) override {
    told_.push_back(event);
    if (std::holds_alternative<ClientReceived>(event)) {
      out.send(peer, protocol::make_message(protocol::Release{}), "tcp://peer:1");
    }
  }

private:
  std::vector<Event>& told_;
};

// A process that one router has welcomed; the router lists itself and `peer`.
struct Process {
  std::vector<Event> told;
  MeshCore core{
      {.self = {.epoch = 1, .kind = "gateway", .node = "n", .address = "tcp://me:1", .client = "", .labels = {}},
       .bound = "tcp://me:1"},
      std::make_unique<Service>(told)};

  Process() {
    const protocol::Entry entry{router, "router", "n", "tcp://router:1", "", {}};
    happen(Started{});
    happen(SeedsResolved{{"tcp://router:1"}});
    happen(LinkUp{"tcp://router:1"});
    happen(Arrived{{"tcp://router:1", ""}, protocol::make_message(protocol::Welcome{protocol::version, entry})});
    from_router(
        {.sequence = 1, .snapshot = true, .up = {entry, {peer, "inference", "n", "tcp://peer:1", "", {}}}, .down = {}});
  }

  WireEffects happen(WireEvent event) {
    WireEffects out;
    core.on(event, now, out);
    return out;
  }
  void from_router(protocol::Directory directory) {
    happen(Arrived{{"tcp://router:1", ""}, protocol::make_message(std::move(directory))});
  }

  template <class T>
  std::size_t count() const {
    std::size_t found = 0;
    for (const Event& event : told) found += std::holds_alternative<T>(event) ? 1 : 0;
    return found;
  }
};

TEST_CASE("a broken link is told of as a lost link and a dead peer") {
  Process process;
  REQUIRE(process.count<PeerUp>() == 2);
  process.happen(ClientReceived{});
  process.happen(LinkUp{"tcp://peer:1"});
  process.happen(LinkDown{{"tcp://peer:1", ""}});
  CHECK(process.count<LinkLost>() == 1);
  CHECK(process.count<PeerDown>() == 1);
}

TEST_CASE("what waits for a suspect is told to be lost when the last router gives that process up") {
  Process process;
  process.happen(ClientReceived{});
  process.happen(LinkUp{"tcp://peer:1"});
  process.happen(LinkDown{{"tcp://peer:1", ""}});
  process.happen(ClientReceived{});  // dialled anew, and this message waits
  process.from_router({.sequence = 2, .snapshot = false, .up = {}, .down = {peer}});
  CHECK(process.count<LinkLost>() == 2);
  CHECK(process.count<PeerDown>() == 1);
}

}  // namespace
}  // namespace shoal::actors
