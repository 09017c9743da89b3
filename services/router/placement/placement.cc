#include "services/router/placement/placement.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "actors/flow/peers.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/page.h"
#include "services/router/admission/reserve.h"

namespace shoal::router {
namespace {

using actors::label;

bool is_excluded(const protocol::Place& place, Epoch epoch) {
  return std::find(place.exclude.begin(), place.exclude.end(), epoch) != place.exclude.end();
}

Standing standing_of(const protocol::Entry& entry, const protocol::Place& place) {
  if (label(entry, "model") != place.model) return Standing::other_model;
  if (label(entry, "tokenizer_digest") != place.tokenizer_digest) return Standing::other_tokenizer;
  if (!place.model_digest.empty() && label(entry, "model_digest") != place.model_digest) {
    return Standing::other_checkpoint;
  }
  return is_excluded(place, entry.epoch) ? Standing::failed_before : Standing::able;
}

std::uint32_t weight_of(const Row& row) {
  const std::string_view text = label(row.entry, "weight");
  std::uint32_t weight = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight);
  const bool given = !text.empty() && error == std::errc() && end == text.data() + text.size() && weight > 0;
  return given ? weight : std::max(row.load.slots, 1u);
}

Candidate candidate_of(const Row& row, const protocol::Place& place, Time now) {
  const protocol::LoadReport& load = row.load;
  Candidate candidate;
  candidate.epoch = row.entry.epoch;
  candidate.node = row.entry.node;
  candidate.standing = standing_of(row.entry, place);
  candidate.slots = std::max(load.slots, load.slots_free);
  candidate.tokens = load.tokens_waiting;
  std::uint32_t pages = 0;
  for (const Promise& promise : row.grants) {
    if (promise.expires <= now) continue;
    ++candidate.promised;
    candidate.tokens += promise.asked.prompt_tokens;
    pages += (promise.asked.prompt_tokens + page_tokens - 1) / page_tokens;
  }
  const auto less = [](std::uint32_t all, std::uint32_t taken) { return all > taken ? all - taken : 0; };
  candidate.slots_free = less(load.slots_free, candidate.promised);
  candidate.pages = load.pages;
  candidate.pages_free = less(load.pages_free, pages);
  // Processors and latency follow the streams: as many times what was reported as there are more streams since.
  const double before = less(candidate.slots, load.slots_free) + 1.0;
  const double growth = (before + candidate.promised) / before;
  const double cpu_permille = load.cpus == 0 ? 0 : growth * load.cpu_permille / load.cpus;
  candidate.cpu_permille = static_cast<std::uint32_t>(std::min(cpu_permille, 1000.0));
  candidate.latency_us = static_cast<std::uint32_t>(std::min<double>(growth * load.latency_us, UINT32_MAX));
  candidate.age_ms = static_cast<std::uint32_t>((now - row.heard) / milliseconds(1));
  candidate.weight = weight_of(row);
  return candidate;
}

// Who stands still is likely to go on; until it does, what could go elsewhere does.
void pass_over_late(Snapshot& snapshot, const Directory& directory) {
  const auto is_late = [&](const Candidate& candidate) {
    return directory.is_late(directory.rows().at(candidate.epoch));
  };
  const bool any_on_time =
      std::any_of(snapshot.candidates.begin(), snapshot.candidates.end(), [&](const auto& candidate) {
        return candidate.standing == Standing::able && candidate.slots_free > 0 && !is_late(candidate);
      });
  if (!any_on_time) return;
  for (Candidate& candidate : snapshot.candidates) {
    if (candidate.standing == Standing::able && is_late(candidate)) candidate.standing = Standing::late;
  }
}

}  // namespace

Placement::Placement(PolicyConfig config, const Tiers& tiers, Epoch self)
    : config_(std::move(config)), tiers_(tiers), self_(self) {
  const auto found = find_policy(config_);
  SHOAL_CHECK(found.has_value());
  policy_ = *found;
}

Placement::Considered Placement::consider(const Asked& asked, const protocol::Place& place, const Directory& directory,
                                          std::uint64_t sequence, Time now) const {
  Considered considered;
  Snapshot& snapshot = considered.snapshot;
  snapshot.sequence = sequence;
  snapshot.asked = asked;
  if (const auto turn = turns_.find(place.model); turn != turns_.end()) {
    snapshot.turn = turn->second.count;
    snapshot.last = turn->second.last;
  }
  const RouterSeat seat = seat_of(self_, directory);
  for (const auto& [epoch, row] : directory.rows()) {
    if (row.entry.kind != "inference") continue;
    Candidate candidate = candidate_of(row, place, now);
    if (!leaves_reserve(row, asked.tier, tiers_, seat, now)) candidate.slots_free = 0;
    snapshot.candidates.push_back(std::move(candidate));
  }
  pass_over_late(snapshot, directory);
  considered.decision = decide(*policy_, snapshot, config_);
  return considered;
}

void Placement::on_placed(const Snapshot& snapshot, Epoch chosen) {
  const std::string& model = snapshot.asked.model;
  // Models that nobody serves any more are forgotten with the rest; a turn that starts anew harms nobody.
  if (turns_.size() >= limits::directory_entries_max && turns_.count(model) == 0) turns_.clear();
  turns_[model] = {snapshot.turn + 1, chosen};
}

Result<void> check_compatible(const Directory& directory, const protocol::Place& place) {
  bool alive = false;
  bool has_model = false;
  bool has_other = false;  // that this request has not lost already
  for (const auto& [epoch, row] : directory.rows()) {
    if (row.entry.kind != "inference") continue;
    alive = true;
    has_model = has_model || label(row.entry, "model") == place.model;
    has_other = has_other || !is_excluded(place, row.entry.epoch);
    if (standing_of(row.entry, place) == Standing::able) return {};
  }
  if (!alive) return Error{Code::no_inference, "no inference process is alive; start one, then send the request again"};
  if (!has_other) return Error{Code::no_inference, "no inference process is left that has not failed this request"};
  if (!has_model) return Error{Code::unknown_model, "no inference process serves the model \"" + place.model + "\""};
  return Error{Code::no_compatible_worker,
               "no living inference process has the checkpoint and tokenizer of this request; give all processes the "
               "same --model"};
}

}  // namespace shoal::router
