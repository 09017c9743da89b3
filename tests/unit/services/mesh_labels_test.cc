#include <doctest/doctest.h>

#include "mesh_bench.h"

using namespace shoal;
using namespace shoal::test;

namespace {

const protocol::Label news = {"serves", "moderate"};

// The labels of the HELLO that the last event sent there; none if there was no HELLO.
std::vector<protocol::Label> hello_labels(const Node& node, const std::string& address) {
  for (const auto& effect : node.out) {
    const auto* post = std::get_if<Post>(&effect);
    if (post == nullptr || post->route.address != address) continue;
    if (const auto* hello = std::get_if<protocol::Hello>(&post->message.body)) return hello->self.labels;
  }
  return {};
}

}  // namespace

TEST_CASE("a service that changes its labels says HELLO to its routers again, and to nobody else") {
  Node node;
  node.join();
  node.send(peer);
  node.give(LinkUp{"sim://n50"});
  node.service.labels = {news};
  node.give(ClientGone{});
  CHECK(hello_labels(node, router_address) == std::vector{news});
  CHECK(node.posted<protocol::Hello>("sim://n50") == 0);
}

TEST_CASE("labels that are what they were are not said again") {
  Node node;
  node.join();
  node.service.labels = node.mesh.self().labels;
  node.give(ClientGone{});
  CHECK(node.out.empty());
}

TEST_CASE("labels that change before a router is there stand in the first HELLO to it") {
  Node node;
  node.service.labels = {news};
  node.give(SeedsResolved{{router_address}});
  node.give(ClientGone{});
  node.give(LinkUp{router_address});
  CHECK(hello_labels(node, router_address) == std::vector{news});
}

TEST_CASE("a router that changes its labels hears of it, because it is in its own table") {
  Node node("router");
  node.service.labels = {news};
  node.give(ClientGone{});
  CHECK(node.service.froms == std::vector<Epoch>{self});
}
