// A process for tests that kill one under load: a loop that prints where it listens, and sends messages of four frames
// without end to whoever dialled it and to whom it dialled. usage: flood BIND [DIAL]
#include <cstdio>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "actors/net/loop.h"

using namespace shoal;
using namespace shoal::actors;

namespace {

// Who is to be flooded. Told by the loop, read by the thread that floods.
class Routes {
public:
  void add(const Route& route) {
    std::lock_guard lock(mutex_);
    routes_.insert(route);
  }
  std::set<Route> get() {
    std::lock_guard lock(mutex_);
    return routes_;
  }

private:
  std::mutex mutex_;
  std::set<Route> routes_;
};

protocol::Message four_frames() {
  protocol::Attach attach;
  attach.journal.prompt = {std::vector<TokenId>(32, 7)};
  attach.journal.generated = {std::vector<TokenId>(32, 8)};
  return protocol::make_message(std::move(attach));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  auto opened = Loop::open({.routing_id = make_routing_id("flood", "here", 0xf100d), .bind = argv[1]});
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().text.c_str());
    return 1;
  }
  Loop& loop = **opened;
  Routes routes;
  loop.start([&routes](WireEvent event) {
    if (const auto* up = std::get_if<LinkUp>(&event)) routes.add({up->address, {}});
    if (const auto* arrived = std::get_if<Arrived>(&event)) routes.add(arrived->from);
  });
  std::printf("%s\n", loop.bound().c_str());
  std::fflush(stdout);
  if (argc > 2) loop.post(Dial{argv[2]});
  for (;;) {  // until killed
    bool sent = false;
    for (const Route& route : routes.get()) sent = loop.post(Post{route, four_frames()}) || sent;
    if (!sent) std::this_thread::yield();
  }
}
