// The log of a process: one line an event on standard error, as key=value or as a JSON object with the same keys. A
// line begins with time, level, kind and epoch. What is said again and again is written once, and then with a count,
// ever more rarely (repeats.h). Never on the token path.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/error.h"

namespace shoal::actors {

struct LogConfig {
  std::string format = "text";  // or "json"
  std::string level = "info";   // debug, info, warning or error: what is less is left out
  std::string kind = {};
  std::string epoch = {};  // empty before the process has one
};

// One line without its end. `message` is key=value itself; what is no pair there becomes the value of `text`. A key of
// the message that the line has already gets "_2" at its end. All values of JSON are texts.
std::string log_line(const LogConfig& config, std::chrono::system_clock::time_point when, std::string_view level,
                     std::string_view message);

// Lets spdlog's default logger write such lines from now on. Any thread may log then.
void start_log(const LogConfig& config);

// Writes one line at once, whether the log was started or not.
void log_now(const LogConfig& config, std::string_view level, std::string_view message);

// Says why a process does not start: "shoal <kind>: <code>: <text>", or a JSON line with these keys.
void log_refusal(const LogConfig& config, const Error& error);

}  // namespace shoal::actors
