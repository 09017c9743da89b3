#include "actors/flow/peers.h"

#include <doctest/doctest.h>

namespace shoal::actors {
namespace {

protocol::Entry entry(Epoch epoch, const std::string& kind, const std::string& serves = "") {
  protocol::Entry entry;
  entry.epoch = epoch;
  entry.kind = kind;
  entry.labels = {{"model", "clock"}, {"serves", serves}};
  return entry;
}

std::vector<Epoch> serving(const Peers& peers, std::string_view kind) {
  std::vector<Epoch> epochs;
  for (const protocol::Entry* peer : peers.serving(kind)) epochs.push_back(peer->epoch);
  return epochs;
}

TEST_CASE("who answers calls of a kind are its processes and the gateways whose clients serve it") {
  Peers peers;
  peers.up(entry(1, "clock"));
  peers.up(entry(2, "gateway", "moderate,clock"));
  peers.up(entry(3, "gateway", "clocks,o'clock"));
  peers.up(entry(4, "router", "clock"));
  CHECK(serving(peers, "clock") == std::vector<Epoch>{1, 2});
  CHECK(serving(peers, "moderate") == std::vector<Epoch>{2});
  CHECK(serving(peers, "").empty());
  peers.down(1);
  CHECK(serving(peers, "clock") == std::vector<Epoch>{2});
}

TEST_CASE("the kinds that can be called are those alive and those that clients serve, each once") {
  Peers peers;
  peers.up(entry(1, "clock"));
  peers.up(entry(2, "gateway", "moderate,clock"));
  CHECK(peers.kinds() == std::vector<std::string>{"clock", "gateway", "moderate"});
}

TEST_CASE("a gateway that serves less than before is called less than before") {
  Peers peers;
  peers.up(entry(2, "gateway", "clock"));
  peers.up(entry(2, "gateway"));
  CHECK(serving(peers, "clock").empty());
}

}  // namespace
}  // namespace shoal::actors
