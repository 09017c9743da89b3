#include "cli/decisions/explanation.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/tier_names.h"
#include "services/router/placement/policies/policy.h"

namespace shoal::cli {
namespace {

using router::Candidate;
using router::Decision;
using router::Event;
using router::Outcome;
using router::Standing;
using router::Verdict;

const router::Policy* policy_of(const router::LogHeader& header) {
  const auto found = router::find_policy(header.config);
  return found ? *found : nullptr;  // of a newer router, perhaps
}

// Six significant digits, without zeros that say nothing.
std::string text_of(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", number);
  return text.data();
}

// Node and epoch, which may come from elsewhere: without what would disturb a terminal.
std::string name_of(const std::string& node, Epoch epoch) {
  std::string clean;
  for (const char c : node) clean += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return (clean.empty() ? "" : clean + " ") + to_hex(epoch);
}

std::string name_of(const Event& event, Epoch epoch) {
  for (const Candidate& candidate : event.snapshot.candidates) {
    if (candidate.epoch == epoch) return name_of(candidate.node, epoch);
  }
  return name_of("", epoch);
}

std::string parts_of(const router::Policy* policy, const Verdict& verdict) {
  std::string parts;
  for (std::size_t i = 0; policy != nullptr && i < verdict.parts.size(); ++i) {
    if (policy->parts[i].empty()) continue;
    parts += (parts.empty() ? "" : ", ") + std::string(policy->parts[i]) + " " + text_of(verdict.parts[i]);
  }
  return parts;
}

std::string row_of(const router::Policy* policy, const Event& event, std::size_t index) {
  const Candidate& candidate = event.snapshot.candidates[index];
  const Verdict& verdict = event.decision.verdicts.at(index);
  const bool is_able = verdict.standing == Standing::able;
  std::string row = candidate.epoch == event.decision.chosen ? "  * " : "    ";
  row += name_of(candidate.node, candidate.epoch) + "  ";
  row += is_able ? "score " + text_of(verdict.score) : std::string(sentence(verdict.standing));
  if (is_able && policy != nullptr && !policy->parts[0].empty()) row += " (" + parts_of(policy, verdict) + ")";
  row += "; " + std::to_string(candidate.slots_free) + " of " + std::to_string(candidate.slots) + " slots free";
  if (candidate.promised > 0) row += " after " + std::to_string(candidate.promised) + " promised";
  row += ", " + std::to_string(candidate.tokens) + " ids waiting";
  if (candidate.pages > 0) {
    row += ", " + std::to_string(candidate.pages_free) + " of " + std::to_string(candidate.pages) + " pages free";
  }
  row += ", cpu " + text_of(candidate.cpu_permille / 10.0) + " %";
  if (candidate.latency_us > 0) row += ", latency " + text_of(candidate.latency_us / 1000.0) + " ms";
  return row + ", reported " + std::to_string(candidate.age_ms) + " ms before\n";
}

std::size_t count_able(const Decision& decision) {
  return static_cast<std::size_t>(std::count_if(
      decision.verdicts.begin(), decision.verdicts.end(),
      [](const Verdict& v) { return v.standing == Standing::able || v.standing == Standing::not_drawn; }));
}

std::string in_brackets(const std::string& text) { return text.empty() ? "" : " (" + text + ")"; }

}  // namespace

std::string reason_of(const router::LogHeader& header, const Event& event) {
  const router::Policy* const policy = policy_of(header);
  switch (event.outcome) {
    case Outcome::placed: {
      std::string reason = "Placed on " + name_of(event, event.executor);
      const std::size_t able = count_able(event.decision);
      if (able == 1) return reason + ": no other executor could have taken it.";
      reason += " by " + header.config.policy + ", out of " + std::to_string(able) + " that could have taken it";
      return reason + (policy == nullptr ? "." : ": " + std::string(policy->score) + ".");
    }
    case Outcome::queued: {
      const std::string ahead = std::to_string(event.ahead) + " ahead of it";
      if (!event.text.empty()) return "Queued, " + ahead + ": " + event.text + ".";
      if (event.decision.chosen == 0) return "Queued, " + ahead + ": no executor for it has a free slot.";
      return "Queued, " + ahead + ": others came before it; an executor was free.";
    }
    case Outcome::refused:
      return "Refused, " + std::string(shoal::name(event.code)) + ": " + event.text + ".";
    case Outcome::withdrawn:
      return "Withdrawn by its owner" + in_brackets(event.text) + ".";
    case Outcome::timed_out:
      return "Timed out, " + std::string(shoal::name(event.code)) + ": " + event.text + ".";
    case Outcome::grant_lost:
      return "The grant for " + name_of("", event.executor) + " was not reported as used in time" +
             in_brackets(event.text) + ".";
  }
  return "";
}

std::string explanation_text(const router::LogHeader& header, const std::vector<Event>& events,
                             const std::vector<std::string>& came) {
  std::string text;
  if (events.empty()) return text;
  const router::Asked& asked = events.front().snapshot.asked;
  text += "request " + to_hex(asked.stream.request) + " at router " + name_of(header.node, header.router) + "\n";
  text += "tier " + std::string(name(asked.tier)) + ", model " + asked.model + ", " +
          std::to_string(asked.prompt_tokens) + " prompt tokens, at most " + std::to_string(asked.max_tokens) +
          " to generate\n";
  const router::Policy* const policy = policy_of(header);
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    const router::Asked& now = event.snapshot.asked;
    text += "\n" + came.at(i) + ", decision " + std::to_string(event.snapshot.sequence) + ": " +
            std::string(name(event.outcome)) + " after " + std::to_string(now.waited_ms) + " ms";
    if (now.stream.choice > 0) text += ", choice " + std::to_string(now.stream.choice);
    if (now.attempt.to_u32() > 0) text += ", attempt " + std::to_string(now.attempt.to_u32());
    text += "\n";
    for (std::size_t row = 0; row < event.snapshot.candidates.size(); ++row) text += row_of(policy, event, row);
    text += "  " + reason_of(header, event) + "\n";
  }
  return text;
}

}  // namespace shoal::cli
