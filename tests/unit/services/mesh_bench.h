// A mesh core on the bench, around a service that notes what it is told.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/flow/mesh_core.h"
#include "actors/flow/peers.h"
#include "base/limits.h"
#include "bench.h"

namespace shoal::test {

using namespace shoal::actors;

// Notes what it is told and sends what the test wants at the next event.
class Recorder : public Core {
public:
  void on(Event event, Time, Effects& out) override {
    if (const auto* up = std::get_if<PeerUp>(&event)) ups.push_back(up->peer.epoch);
    if (const auto* down = std::get_if<PeerDown>(&event)) downs.push_back(down->peer.epoch);
    if (const auto* lost = std::get_if<LinkLost>(&event)) losses.push_back(lost->epoch);
    if (const auto* received = std::get_if<Received>(&event)) froms.push_back(received->from);
    drains += std::holds_alternative<Draining>(event) ? 1 : 0;
    drains_over += std::holds_alternative<DrainOver>(event) ? 1 : 0;
    if (std::exchange(has_news, false)) out.report_load();
    for (Send& send : std::exchange(wanted, {})) out.send(send.to, std::move(send.message), send.address);
    if (labels) out.advertise(*std::exchange(labels, std::nullopt));
  }

  bool owes() const override { return debts > 0; }

  std::vector<Epoch> ups, downs, losses, froms;
  int debts = 0, drains = 0, drains_over = 0;
  std::vector<Send> wanted;
  bool has_news = false;
  std::optional<std::vector<protocol::Label>> labels;
};

inline constexpr Epoch self = 1, router = 30, other_router = 31, peer = 50, other_peer = 51;
inline const std::string router_address = "sim://n30", other_router_address = "sim://n31";

struct Node {
  explicit Node(const std::string& kind = "gateway")
      : mesh({entry(self, kind), "sim://n1"}, std::make_unique<Recorder>()),
        service(dynamic_cast<Recorder&>(mesh.service())) {
    give(Started{});
  }

  void give(const WireEvent& event) {
    out.clear();
    mesh.on(event, now, out);
  }
  // Lets time pass as for a process that is awake: it has its Ticks. Keeps all that it did in `out`.
  void pass(Duration span) {
    WireEffects all;
    const Time end = now + span;
    do {
      now = std::min<Time>(end, now + milliseconds(limits::load_interval_ms));
      out.clear();
      if (mesh.next_wake() <= now) give(Tick{});
      all.insert(all.end(), out.begin(), out.end());
    } while (now < end);
    out = std::move(all);
  }
  // And as for one that is stopped.
  void stand_still(Duration span) { now += span; }
  std::vector<std::string> notes() const {
    std::vector<std::string> texts;
    for (const auto& effect : out) {
      if (const auto* note = std::get_if<Note>(&effect)) texts.push_back(note->text);
    }
    return texts;
  }
  template <class Body>
  void arrive(const Route& from, Body body, protocol::Head head = {}) {
    give(Arrived{from, make_message(std::move(body), head)});
  }
  void welcome(Epoch epoch, const std::string& address, const std::string& kind = "router") {
    protocol::Welcome welcome;
    welcome.self = entry(epoch, kind);
    arrive(Route{address, {}}, welcome);
  }
  void table(const std::string& address, std::vector<protocol::Entry> up, std::uint64_t sequence = 1) {
    arrive(Route{address, {}}, protocol::Directory{sequence, true, std::move(up), {}});
  }
  // A process with one router that lists both peers.
  void join() {
    give(SeedsResolved{{router_address}});
    give(LinkUp{router_address});
    welcome(router, router_address);
    table(router_address, everybody());
  }
  static std::vector<protocol::Entry> everybody() {
    return {entry(router, "router"), entry(peer, "inference"), entry(other_peer, "inference")};
  }
  void send(Epoch to, const std::string& address = {}) {
    service.wanted.push_back({to, make_message(protocol::Withdraw{}, head_of(1)), address});
    give(ClientGone{});
  }
  template <class Body>
  int posted(const std::string& address) const {
    int count = 0;
    for (const auto& effect : out) {
      const auto* post = std::get_if<Post>(&effect);
      if (post == nullptr) continue;
      const bool there = post->route.address == address || post->route.routing_id == address;
      count += there && std::holds_alternative<Body>(post->message.body);
    }
    return count;
  }
  // The first message of this type that the last event sent to anybody.
  template <class Body>
  const Body* first() const {
    for (const auto& effect : out) {
      const auto* post = std::get_if<Post>(&effect);
      if (post != nullptr && std::holds_alternative<Body>(post->message.body))
        return &std::get<Body>(post->message.body);
    }
    return nullptr;
  }
  bool dialled(const std::string& address) const {
    return std::any_of(out.begin(), out.end(), [&](const auto& effect) {
      const auto* dial = std::get_if<Dial>(&effect);
      return dial != nullptr && dial->address == address;
    });
  }

  Time now = Time(seconds(1000));
  MeshCore mesh;
  Recorder& service;
  WireEffects out;
};

}  // namespace shoal::test
