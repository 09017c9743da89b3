// Characters as Python's str has them: code points, their white space, case and classes. Pure; any thread. Texts are
// well-formed UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace shoal::text::jinja {

// The code point at `text[0]`; `text` is not empty. `bytes` is its length.
char32_t code_point(std::string_view text, std::size_t& bytes);

std::size_t count_code_points(std::string_view text);

// The byte at which code point number `index` begins; text.size() for those after the last.
std::size_t offset_of(std::string_view text, std::size_t index);

// Whether str.isspace() and the `\s` of expressions take it for white space.
bool is_space(char32_t character);

// The length of the white space at the beginning and at the end, in bytes.
std::size_t leading_space(std::string_view text);
std::size_t trailing_space(std::string_view text);

bool is_letter(char32_t character);
bool is_digit(char32_t character);
bool is_upper(char32_t character);
bool is_lower(char32_t character);
bool is_printable(char32_t character);

// Appends the character in the other case: one code point for another, but "SS" for a sharp s.
void append_upper(std::string& out, char32_t character);
void append_lower(std::string& out, char32_t character);
void append_title(std::string& out, char32_t character);

}  // namespace shoal::text::jinja
