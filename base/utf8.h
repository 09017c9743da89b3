// Whether bytes are text, and how to show bytes that may not be. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace shoal {

// The length of the longest prefix that is well-formed UTF-8 (Unicode 15, table 3-7): no overlong forms, no surrogates,
// nothing above U+10FFFF; text.size() when all of it is. Linear.
std::size_t valid_utf8_bytes(std::string_view text);

inline bool is_utf8(std::string_view text) { return valid_utf8_bytes(text) == text.size(); }

// How many bytes of `text`, at most `bytes_max`, end on a character boundary. `text` is UTF-8.
std::size_t utf8_cut(std::string_view text, std::size_t bytes_max);

// What came from outside, fit for an error text or a log line: cut at `bytes_max` (with "…"), control characters and
// bytes that are not UTF-8 as \xNN.
std::string printable(std::string_view bytes, std::size_t bytes_max = 64);

// A text of at most `bytes_max` bytes that is UTF-8 for certain: cut on a character boundary, or printable().
std::string as_sentence(std::string_view text, std::size_t bytes_max);

}  // namespace shoal
