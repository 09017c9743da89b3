// Writes strings between quotes. What stands for a user's character is the user's.
#pragma once

#include <string>
#include <string_view>

#include "text/jinja/unicode.h"
#include "text/prompt_text.h"

namespace shoal::text::jinja {

inline void append_hex(std::string& out, char32_t value, int digits) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += "0123456789abcdef"[value >> shift & 15];
}

// Writes a string between quotes, each character by `escape`, which appends what stands for it.
template <class Escape>
void print_characters(const PromptText& text, std::string_view quote, Escape escape, PromptText& out) {
  out.append(quote, Parse::control);
  std::string written;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t bytes = 0;
    const std::string_view rest = std::string_view(text.bytes()).substr(at);
    const char32_t character = code_point(rest, bytes);
    written.clear();
    escape(character, rest.substr(0, bytes), written);
    out.append(written, text.parse_at(at));
    at += bytes;
  }
  out.append(quote, Parse::control);
}

}  // namespace shoal::text::jinja
