#include "services/router/decisions/replay.h"

#include <utility>

namespace shoal::router {
namespace {

const std::string& node_of(const Snapshot& snapshot, Epoch epoch) {
  static const std::string nobody;
  for (const Candidate& candidate : snapshot.candidates) {
    if (candidate.epoch == epoch) return candidate.node;
  }
  return nobody;
}

std::string told(Epoch chosen) { return chosen == 0 ? "nobody" : to_hex(chosen); }

}  // namespace

Result<Replay> Replay::make(Options options) {
  if (!options.policy.empty()) {
    PolicyConfig config;
    config.policy = options.policy;
    if (const auto found = find_policy(config); !found) return found.error();
  }
  return Replay(std::move(options));
}

Result<void> Replay::on_line(std::string_view text) {
  ++line_;
  const auto at_line = [this](const std::string& what) {
    return Error{Code::malformed, "line " + std::to_string(line_) + ": " + what};
  };
  auto line = read_line(text);
  if (!line) return at_line(line.error().text);
  if (const auto* header = std::get_if<HeaderLine>(&*line)) {
    const auto begun = on_header(*header);
    return begun ? Result<void>() : at_line(begun.error().text);
  }
  if (policy_ == nullptr) return at_line("expected the header of a log of a router's decisions");
  on_event(std::get<Event>(*line));
  return {};
}

// A log may hold several lives of a router; each begins anew.
Result<void> Replay::on_header(const HeaderLine& line) {
  config_ = line.header.config;
  const auto own = find_policy(config_);
  if (!own) return own.error();
  report_.logged_policy = config_.policy;
  if (!options_.policy.empty()) config_.policy = options_.policy;
  report_.policy = config_.policy;
  const auto found = find_policy(config_);
  if (!found) return found.error();
  policy_ = *found;
  next_sequence_.reset();
  turns_.clear();
  return {};
}

void Replay::on_event(const Event& event) {
  ++report_.events;
  Snapshot snapshot = event.snapshot;
  if (next_sequence_ && snapshot.sequence != *next_sequence_) {
    if (snapshot.sequence > *next_sequence_) {
      report_.missing += snapshot.sequence - *next_sequence_;
    } else {
      differ("is numbered " + std::to_string(snapshot.sequence) + " after " + std::to_string(*next_sequence_ - 1));
    }
  }
  next_sequence_ = snapshot.sequence + 1;
  if (snapshot.candidates.empty()) return;
  ++report_.decisions;
  const bool own = report_.policy == report_.logged_policy;
  const bool is_placed = event.outcome == Outcome::placed;
  Turn& turn = turns_[snapshot.asked.model];
  if (!own) {
    snapshot.turn = turn.count;
    snapshot.last = turn.last;
  }
  const Decision decision = decide(*policy_, snapshot, config_);
  if (is_placed) {
    turn = {turn.count + 1, decision.chosen};
    for (const Candidate& candidate : snapshot.candidates) report_.shares[candidate.epoch].node = candidate.node;
    ++report_.shares[event.executor].logged;
    ++report_.shares[decision.chosen].replayed;
  }
  const Epoch logged = event.decision.chosen;
  if (decision.chosen != logged) {
    return differ("chose " + told(logged) + " " + node_of(snapshot, logged) + ", replayed " + told(decision.chosen) +
                  " " + node_of(snapshot, decision.chosen));
  }
  if (own && !(decision == event.decision)) return differ("has other scores than its candidates give");
  if (own && is_placed && event.executor != logged) return differ("went to another executor than was chosen");
  ++report_.same;
}

void Replay::differ(const std::string& sentence) {
  if (report_.differences.size() >= differences_max) return;
  report_.differences.push_back("line " + std::to_string(line_) + " " + sentence);
}

}  // namespace shoal::router
