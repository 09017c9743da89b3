// The written form of decisions: a line of JSON each in a log, a msgpack map of the same in the answer to "explain".
// Numbers of 64 bits that name something are hexadecimal text. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "services/router/decisions/event.h"

namespace shoal::router {

inline constexpr int log_version = 1;

// Lines without their end. `unix_ms` is the wall clock at `at`, so that times of day can be told.
std::string header_line(const LogHeader& header, std::uint64_t unix_ms, Time at);
std::string event_line(const Event& event);

// A line of a log. Fails with malformed, naming the field and what was expected.
struct HeaderLine {
  LogHeader header;
  std::uint64_t unix_ms = 0;
  Time at;
};
Result<std::variant<HeaderLine, Event>> read_line(std::string_view line);

// What a router answers to "explain", and the way back: the events of one request, oldest first.
struct Explanation {
  LogHeader header;
  Time now;  // of that router
  std::vector<Event> events;
};
std::string pack_explanation(const LogHeader& header, const std::vector<EventPtr>& events, Time now);
Result<Explanation> unpack_explanation(std::string_view payload);

}  // namespace shoal::router
