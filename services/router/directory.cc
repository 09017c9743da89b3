#include "services/router/directory.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace shoal::router {
namespace {

using protocol::make_message;

constexpr auto silence_max = milliseconds((limits::load_missed_max + 1) * limits::load_interval_ms);

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
  if (is_news) announce({entry}, {}, entry.epoch, out);
  if (entry.epoch == self_.epoch) return;
  protocol::Directory table{.sequence = sequence_, .snapshot = true, .up = {}, .down = {}};
  for (const auto& [epoch, known] : rows_) table.up.push_back(known.entry);
  out.send(entry.epoch, make_message(std::move(table)));
}

Row* Directory::on_load(Epoch epoch, const protocol::LoadReport& load, Time now, actors::Effects& out) {
  const auto found = rows_.find(epoch);
  if (found == rows_.end()) {
    out.send(epoch, make_message(protocol::Reset{Code::unknown_id, "say HELLO first"}));
    return nullptr;
  }
  Row& row = found->second;
  row.heard = now;
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

void Directory::on_lost(Epoch epoch, actors::Effects& out) {
  const auto row = rows_.find(epoch);
  if (row == rows_.end()) return;
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

void Directory::expire(Time now, actors::Effects& out) {
  std::vector<Epoch> silent;
  for (const auto& [epoch, row] : rows_) {
    if (epoch != self_.epoch && now >= row.heard + silence_max) silent.push_back(epoch);
  }
  for (const Epoch epoch : silent) {
    out.count("processes_expired");
    on_lost(epoch, out);
  }
}

Time Directory::next_expiry() const {
  Time next = time_never;
  for (const auto& [epoch, row] : rows_) {
    if (epoch != self_.epoch) next = std::min(next, row.heard + silence_max);
  }
  return next;
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
