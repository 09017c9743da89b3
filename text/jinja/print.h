// The written forms of values: Python's str() and repr(), and JSON as json.dumps writes it. What a user wrote stays the
// user's, character by character, also where it is escaped.
#pragma once

#include <optional>
#include <string>

#include "text/jinja/run.h"

namespace shoal::text::jinja {

// repr(): strings in quotes. Fails for what has no form but its address.
void print_quoted(Run& run, const Value& value, PromptText& out);

struct JsonStyle {
  std::optional<std::string> indent = std::nullopt;  // of one level; none: everything on one line
  bool is_ascii = false;                             // other characters are escaped
  bool sorts_keys = false;
  std::string item_separator = ", ";
  std::string key_separator = ": ";
};
void print_json(Run& run, const Value& value, const JsonStyle& style, PromptText& out);

// The shortest digits that give the same number again, as Python's repr() arranges them.
std::string print_real(double number);

}  // namespace shoal::text::jinja
