// What a router decided about a request, for people: a heading, and for each decision the executors with their scores
// and a sentence that says why. Used by `shoal explain`.
#pragma once

#include <string>
#include <vector>

#include "services/router/decisions/event_json.h"

namespace shoal::cli {

// The events of one request at one router, oldest first. `came` says when a decision was made: "3.2 s ago", or a time
// of day.
std::string explanation_text(const router::LogHeader& header, const std::vector<router::Event>& events,
                             const std::vector<std::string>& came);

// Why this came out, in a sentence.
std::string reason_of(const router::LogHeader& header, const router::Event& event);

}  // namespace shoal::cli
