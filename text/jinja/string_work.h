// What methods and filters do with strings, each byte of the result keeping who wrote it. Pure but for the budget of
// the rendering, which each of them spends.
#pragma once

#include <optional>
#include <string_view>

#include "text/jinja/run.h"

namespace shoal::text::jinja {

enum class Sides : std::uint8_t { left, right, both };

// Python's str.strip(): white space, or the characters of `characters`.
Value strip(Run& run, const PromptText& text, const Value& characters, Sides sides);

// str.replace(): all, or the first `count`. An empty `old` stands between all characters.
Value replace(Run& run, const PromptText& text, const PromptText& old, const PromptText& fresh, std::int64_t count);

// str.split() and str.rsplit(): at white space if the separator is none, else at each separator; at most `most` times
// if that is not negative.
Value split(Run& run, const PromptText& text, const Value& separator, std::int64_t most, bool from_right);

// str.splitlines(), without the ends of the lines.
std::vector<PromptText> lines_of(const PromptText& text);

// str.format(), with fields that are a position or a name and nothing more.
Value format(Run& run, const PromptText& text, const Arguments& args);

// Each character in the case that `append` chooses for it by whether it begins a word.
enum class Case : std::uint8_t { upper, lower, capitalized, title, title_filter };
Value change_case(Run& run, const PromptText& text, Case wanted);

// The string that a value is or is written as; null, and failed, if it has no form.
String as_string(Run& run, const Value& value);

// An argument that must be a string; null, and failed, if it is not.
const PromptText* expect_text(Run& run, const Value& value, std::string_view what);

// An argument that must be an integer.
std::optional<std::int64_t> expect_integer(Run& run, const Value& value, std::int64_t otherwise);

}  // namespace shoal::text::jinja
