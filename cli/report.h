// How a command says what went wrong, and when: to people, or with --json to programs.
#pragma once

#include <string>

#include "base/result.h"

namespace shoal::cli {

// One line for people: what can be done about an error; empty if nothing comes to mind.
std::string advice(const Error& error);

// Prints on stderr "shoal chat: busy: …" and the advice, or {"error": {"code", "message", "advice"}} on one line.
// Returns exit_code::no_connection if nobody, or nobody fitting, answers at the address, exit_code::failed otherwise.
int report(const std::string& command, const Error& error, bool json);

// The time of day as programs read it: "2024-05-17T08:30:00Z".
std::string utc_now();

}  // namespace shoal::cli
