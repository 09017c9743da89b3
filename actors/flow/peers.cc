#include "actors/flow/peers.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/random.h"

namespace shoal::actors {
namespace {

// Whether a comma separated list has this entry.
bool lists(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (list.substr(0, comma) == wanted) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace

std::string_view label(const protocol::Entry& entry, std::string_view key) {
  for (const protocol::Label& label : entry.labels) {
    if (label.key == key) return label.value;
  }
  return {};
}

const protocol::Entry* Peers::find(Epoch epoch) const {
  const auto found = entries_.find(epoch);
  return found == entries_.end() ? nullptr : &found->second;
}

// Those that take something new.
template <class Wanted>
std::vector<const protocol::Entry*> Peers::select(Wanted wanted) const {
  std::vector<const protocol::Entry*> found;
  for (const auto& [epoch, entry] : entries_) {
    if (label(entry, draining_label).empty() && wanted(entry)) found.push_back(&entry);
  }
  return found;
}

std::vector<const protocol::Entry*> Peers::of(std::string_view kind) const {
  return select([&](const protocol::Entry& entry) { return entry.kind == kind; });
}

bool Peers::any(std::string_view kind) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const auto& item) {
    return item.second.kind == kind && label(item.second, draining_label).empty();
  });
}

std::vector<const protocol::Entry*> Peers::serving(std::string_view kind) const {
  return select([&](const protocol::Entry& entry) {
    return entry.kind == kind || (entry.kind == "gateway" && lists(label(entry, "serves"), kind));
  });
}

std::vector<std::string> Peers::kinds() const {
  std::set<std::string> found;
  for (const auto* entry : select([](const protocol::Entry&) { return true; })) {
    found.insert(entry->kind);
    if (entry->kind != "gateway") continue;
    std::string_view served = label(*entry, "serves");
    while (!served.empty()) {
      const std::size_t comma = std::min(served.find(','), served.size());
      if (comma > 0) found.emplace(served.substr(0, comma));
      served.remove_prefix(std::min(comma + 1, served.size()));
    }
  }
  return {found.begin(), found.end()};
}

std::vector<const protocol::Entry*> Peers::rendezvous(std::string_view kind, std::uint64_t hash, std::string_view key,
                                                      std::string_view value) const {
  std::vector<std::pair<std::uint64_t, const protocol::Entry*>> weighted;
  for (const auto* entry : of(kind)) {
    if (!key.empty() && label(*entry, key) != value) continue;
    weighted.emplace_back(Random(hash ^ entry->epoch).next(), entry);
  }
  std::sort(weighted.begin(), weighted.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<const protocol::Entry*> ordered;
  for (const auto& [weight, entry] : weighted) ordered.push_back(entry);
  return ordered;
}

}  // namespace shoal::actors
