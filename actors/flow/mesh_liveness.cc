// Who is alive, as far as this process can tell by itself: the end of a connection, BYE, and silence. A dialled link
// from which nothing came is asked by PING; whatever comes then proves life. Everything is counted in awake time, so
// what waits in the sockets of a process that was stopped is read before it judges anybody.

#include <utility>

#include "actors/flow/mesh_core.h"
#include "actors/flow/news.h"
#include "actors/flow/weight.h"
#include "base/limits.h"

namespace shoal::actors {
namespace {

constexpr auto suspicion = milliseconds(1000);  // a broken link; the routers know better after their own timeout
constexpr auto ping_after = milliseconds(limits::ping_after_ms);
constexpr auto answer_wait = milliseconds(limits::answer_wait_ms);
constexpr std::size_t lost_max = limits::directory_entries_max;

}  // namespace

void MeshCore::heard(const Route& route) {
  const auto link = links_.find(route.address);
  if (link == links_.end()) return;
  link->second.heard = awake_.now();
  link->second.asked = time_never;
  link->second.bytes_since = 0;
}

// What was sent on a link since it was heard last may still be on its way to the peer, before the PING.
void MeshCore::post_to_link(const std::string& address, Link& link, protocol::Message message, WireEffects& out) {
  link.bytes_since += weight_of(message);
  post(out, Route{address, {}}, std::move(message));
}

void MeshCore::ask_the_silent(Time now, WireEffects& out) {
  std::vector<std::string> lost;
  for (auto& [address, link] : links_) {
    if (!link.up) continue;
    if (link.asked == time_never) {
      if (awake_.now() < link.heard + ping_after) continue;
      link.asked = awake_.now();
      post(out, Route{address, {}}, protocol::make_message(protocol::Ping{++pings_}));
      continue;
    }
    const milliseconds on_the_way(link.bytes_since / limits::slow_line_bytes_per_ms);
    if (awake_.now() >= link.asked + answer_wait + on_the_way) lost.push_back(address);
  }
  for (const std::string& address : lost) {
    const bool seed = links_.at(address).seed;
    const LossCause why{"silence",
                        static_cast<std::uint64_t>((awake_.now() - links_.at(address).heard) / milliseconds(1))};
    if (seed) out.emplace_back(HangUp{address});
    lose_link(Route{address, {}}, why, now, out);
    if (seed) out.emplace_back(Dial{address});
  }
}

void MeshCore::lose(Epoch epoch, const LossCause& why, Time now, WireEffects& out) {
  suspects_[epoch] = awake_.now() + suspicion;
  serve(LinkLost{epoch, why}, now, out);
  set_dead(epoch, why, now, out);
}

void MeshCore::set_alive(const protocol::Entry& entry, Time now, WireEffects& out) {
  if (suspects_.count(entry.epoch) != 0) return;
  if (entry.kind == "router" && entry.epoch != config_.self.epoch && dialled_.count(entry.epoch) == 0) {
    strangers_.try_emplace(entry.epoch, awake_.now() + seed_wait);
  }
  const auto [known, added] = alive_.try_emplace(entry.epoch, entry);
  if (!added && known->second == entry) return;
  known->second = entry;
  if (added) note_alive(entry, now, out);
  serve(PeerUp{entry}, now, out);
}

void MeshCore::set_dead(Epoch epoch, const LossCause& why, Time now, WireEffects& out) {
  const auto known = alive_.find(epoch);
  if (known == alive_.end()) return;
  const protocol::Entry entry = std::move(known->second);
  alive_.erase(known);
  strangers_.erase(epoch);
  if (config_.self.kind != "router") out.emplace_back(Note{Note::Level::info, lost_line(entry, why)});
  if (lost_.size() >= lost_max) lost_.clear();
  lost_[epoch] = now;
  serve(PeerDown{entry}, now, out);
}

// A router's own directory says so there.
void MeshCore::note_alive(const protocol::Entry& entry, Time now, WireEffects& out) {
  const auto lost = lost_.find(entry.epoch);
  const bool is_back = lost != lost_.end();
  const Duration away = is_back ? now - lost->second : Duration(0);
  if (is_back) lost_.erase(lost);
  if (entry.epoch == config_.self.epoch || config_.self.kind == "router") return;
  out.emplace_back(Note{Note::Level::info, joined_line(entry, is_back, away)});
}

}  // namespace shoal::actors
