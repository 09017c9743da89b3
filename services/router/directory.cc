#include "services/router/directory.h"

#include <algorithm>
#include <utility>

#include "actors/flow/news.h"
#include "base/limits.h"

namespace shoal::router {
namespace {

using protocol::make_message;

using actors::Note;

constexpr auto late_after = milliseconds((limits::load_missed_max + 1) * limits::load_interval_ms);
constexpr auto silence_max = milliseconds(limits::silence_max_ms);

}  // namespace

std::uint32_t Row::free(Time now) const {
  const auto promised = static_cast<std::uint32_t>(
      std::count_if(grants.begin(), grants.end(), [&](const Promise& grant) { return grant.expires > now; }));
  return load.slots_free > promised ? load.slots_free - promised : 0;
}

void Row::take_used() {
  const auto kept = std::find_if(grants.begin(), grants.end(), [](const Promise& grant) { return !grant.withdrawn; });
  grants.erase(kept != grants.end() ? kept : grants.begin());
}

void Directory::on_hello(const protocol::Entry& entry, Time now, actors::Effects& out) {
  const bool is_new = rows_.count(entry.epoch) == 0;
  if (is_new && rows_.size() >= limits::directory_entries_max) {
    return out.send(entry.epoch, make_message(protocol::Reset{Code::busy, "the directory of this router is full"}));
  }
  Row& row = rows_[entry.epoch];
  const bool is_news = is_new || !(row.entry == entry);
  row.entry = entry;
  row.heard = now;
  row.heard_awake = awake_.now();
  unknown_.erase(entry.epoch);
  if (is_new) note_joined(entry, now, out);
  if (is_news) announce({entry}, {}, entry.epoch, out);
  if (entry.epoch == self_.epoch) return;
  protocol::Directory table{.sequence = sequence_, .snapshot = true, .up = {}, .down = {}};
  for (const auto& [epoch, known] : rows_) table.up.push_back(known.entry);
  out.send(entry.epoch, make_message(std::move(table)));
}

Row* Directory::on_load(Epoch epoch, const protocol::LoadReport& load, Time now, actors::Effects& out) {
  const auto found = rows_.find(epoch);
  if (found == rows_.end()) {
    ask_who(epoch, out);
    return nullptr;
  }
  Row& row = found->second;
  row.heard = now;
  row.heard_awake = awake_.now();
  if (load.sequence < row.load.sequence) return &row;  // overtaken by a newer one
  row.load = load;
  if (!std::exchange(row.reported, true)) row.grants_consumed = load.grants_consumed;  // of a link before this one
  for (; row.grants_consumed < load.grants_consumed && !row.grants.empty(); ++row.grants_consumed) row.take_used();
  row.grants_consumed = load.grants_consumed;
  for (; !row.grants.empty() && row.grants.front().expires <= now; row.grants.pop_front()) {
    lost_grants_.push_back({epoch, std::move(row.grants.front())});
  }
  return &row;
}

void Directory::ask_who(Epoch epoch, actors::Effects& out) {
  if (unknown_.size() >= limits::directory_entries_max && unknown_.count(epoch) == 0) unknown_.clear();
  const auto [known, is_new] = unknown_.try_emplace(epoch, Unknown{awake_.now(), milliseconds(limits::ask_again_ms)});
  Unknown& unknown = known->second;
  if (awake_.now() < unknown.ask_at) return;
  unknown.ask_at = awake_.now() + unknown.pause;
  unknown.pause = std::min<Duration>(2 * unknown.pause, milliseconds(limits::ask_again_ms_max));
  out.send(epoch, make_message(protocol::Reset{Code::unknown_id, "say HELLO first"}));
}

void Directory::note_joined(const protocol::Entry& entry, Time now, actors::Effects& out) {
  const auto lost = lost_.find(entry.epoch);
  const bool is_back = lost != lost_.end();
  const Duration away = is_back ? now - lost->second : Duration(0);
  if (is_back) lost_.erase(lost);
  if (entry.epoch != self_.epoch) out.note(Note::Level::info, actors::joined_line(entry, is_back, away));
}

void Directory::on_lost(Epoch epoch, const actors::LossCause& why, Time now, actors::Effects& out) {
  const auto row = rows_.find(epoch);
  if (row == rows_.end()) return;
  out.note(Note::Level::info, actors::lost_line(row->second.entry, why));
  if (lost_.size() >= limits::directory_entries_max) lost_.clear();
  lost_[epoch] = now;
  for (Promise& promise : row->second.grants) lost_grants_.push_back({epoch, std::move(promise)});
  rows_.erase(row);
  announce({}, {epoch}, epoch, out);
}

void Directory::on_withdrawn(const StreamId& stream, Epoch owner) {
  for (auto& [epoch, row] : rows_) {
    for (Promise& grant : row.grants) {
      if (grant.asked.stream == stream && grant.asked.owner == owner) grant.withdrawn = true;
    }
  }
}

std::vector<Directory::LostGrant> Directory::take_lost_grants() { return std::exchange(lost_grants_, {}); }

bool Directory::is_late(const Row& row) const {
  return row.entry.epoch != self_.epoch && awake_.now() >= row.heard_awake + late_after;
}

void Directory::expire(Time now, actors::Effects& out) {
  std::vector<std::pair<Epoch, Duration>> silent;
  for (const auto& [epoch, row] : rows_) {
    const Duration silence = awake_.now() - row.heard_awake;
    if (epoch != self_.epoch && silence >= silence_max) silent.emplace_back(epoch, silence);
  }
  for (const auto& [epoch, silence] : silent) {
    out.count("processes_expired");
    on_lost(epoch, {"silence", static_cast<std::uint64_t>(silence / milliseconds(1))}, now, out);
  }
}

Time Directory::next_expiry() const {
  Time next = time_never;
  for (const auto& [epoch, row] : rows_) {
    if (epoch != self_.epoch) next = std::min(next, row.heard_awake + silence_max);
  }
  return awake_.wake_at(next);
}

bool Directory::any(std::string_view kind) const {
  return std::any_of(rows_.begin(), rows_.end(), [&](const auto& item) { return item.second.entry.kind == kind; });
}

std::vector<protocol::edge::Process> Directory::processes(Time now) const {
  std::vector<protocol::edge::Process> all;
  for (const auto& [epoch, row] : rows_) {
    all.push_back({row.entry, row.load, static_cast<std::uint32_t>((now - row.heard) / milliseconds(1))});
  }
  return all;
}

void Directory::announce(std::vector<protocol::Entry> up, std::vector<Epoch> down, Epoch but, actors::Effects& out) {
  const auto change = make_message(
      protocol::Directory{.sequence = ++sequence_, .snapshot = false, .up = std::move(up), .down = std::move(down)});
  for (const auto& [epoch, row] : rows_) {
    if (epoch != but && epoch != self_.epoch) out.send(epoch, change);
  }
}

}  // namespace shoal::router
