#include "services/router/placement.h"

#include <algorithm>
#include <string>

#include "actors/flow/peers.h"

namespace shoal::router {
namespace {

using actors::label;

bool is_excluded(const protocol::Place& place, Epoch epoch) {
  return std::find(place.exclude.begin(), place.exclude.end(), epoch) != place.exclude.end();
}

bool serves(const Row& row, const protocol::Place& place) {
  const protocol::Entry& entry = row.entry;
  return entry.kind == "inference" && label(entry, "model") == place.model &&
         label(entry, "tokenizer_digest") == place.tokenizer_digest &&
         (place.model_digest.empty() || label(entry, "model_digest") == place.model_digest) &&
         !is_excluded(place, entry.epoch);
}

}  // namespace

Row* choose(Directory& directory, const protocol::Place& place, Time now) {
  // Most free slots first, then fewest prompt tokens waiting; both count what this router promised a moment ago.
  Row* best = nullptr;
  std::uint32_t best_free = 0;
  for (auto& [epoch, row] : directory.rows()) {
    if (!serves(row, place)) continue;
    const std::uint32_t free = row.free(now);
    if (free > best_free ||
        (free > 0 && free == best_free && best != nullptr && row.load.tokens_waiting < best->load.tokens_waiting)) {
      best = &row;
      best_free = free;
    }
  }
  return best;
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
    if (serves(row, place)) return {};
  }
  if (!alive) return Error{Code::no_inference, "no inference process is alive; start one, then send the request again"};
  if (!has_other) return Error{Code::no_inference, "no inference process is left that has not failed this request"};
  if (!has_model) return Error{Code::unknown_model, "no inference process serves the model \"" + place.model + "\""};
  return Error{Code::no_compatible_worker,
               "no living inference process has the checkpoint and tokenizer of this request; give all processes the "
               "same --model"};
}

}  // namespace shoal::router
