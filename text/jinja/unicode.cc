#include "text/jinja/unicode.h"

#include <utf8proc.h>

#include "text/utf8.h"

namespace shoal::text::jinja {
namespace {

constexpr char32_t sharp_s = 0xDF;

utf8proc_category_t category(char32_t character) { return utf8proc_category(static_cast<utf8proc_int32_t>(character)); }

}  // namespace

char32_t code_point(std::string_view text, std::size_t& bytes) {
  bytes = code_point_bytes(text);
  const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<std::uint8_t>(text[i])); };
  char32_t out = bytes == 1 ? byte(0) : byte(0) & (0x7Fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) out = out << 6 | (byte(i) & 0x3F);
  return out;
}

std::size_t count_code_points(std::string_view text) {
  std::size_t count = 0;
  for (const char byte : text) count += (static_cast<std::uint8_t>(byte) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

std::size_t offset_of(std::string_view text, std::size_t index) {
  std::size_t at = 0;
  for (; index > 0 && at < text.size(); --index) at += code_point_bytes(text.substr(at));
  return at;
}

bool is_space(char32_t character) {
  if (character < 0x80) return (character >= 9 && character <= 13) || (character >= 28 && character <= 32);
  if (character == 0x85) return true;
  const utf8proc_category_t of = category(character);
  return of == UTF8PROC_CATEGORY_ZS || of == UTF8PROC_CATEGORY_ZL || of == UTF8PROC_CATEGORY_ZP;
}

std::size_t leading_space(std::string_view text) {
  std::size_t at = 0;
  for (std::size_t bytes = 0; at < text.size(); at += bytes) {
    if (!is_space(code_point(text.substr(at), bytes))) break;
  }
  return at;
}

std::size_t trailing_space(std::string_view text) {
  std::size_t end = text.size();
  while (end > 0) {
    std::size_t begin = end - 1;
    while (begin > 0 && (static_cast<std::uint8_t>(text[begin]) & 0xC0) == 0x80) --begin;
    std::size_t bytes = 0;
    if (!is_space(code_point(text.substr(begin), bytes))) break;
    end = begin;
  }
  return text.size() - end;
}

bool is_letter(char32_t character) {
  const utf8proc_category_t of = category(character);
  return of >= UTF8PROC_CATEGORY_LU && of <= UTF8PROC_CATEGORY_LO;
}

bool is_digit(char32_t character) { return category(character) == UTF8PROC_CATEGORY_ND; }

bool is_upper(char32_t character) { return category(character) == UTF8PROC_CATEGORY_LU; }

bool is_lower(char32_t character) { return category(character) == UTF8PROC_CATEGORY_LL; }

bool is_printable(char32_t character) {
  if (character == ' ') return true;
  const utf8proc_category_t of = category(character);
  return of != UTF8PROC_CATEGORY_CN && of < UTF8PROC_CATEGORY_ZS;
}

void append_upper(std::string& out, char32_t character) {
  if (character == sharp_s) {
    out += "SS";
  } else {
    append_utf8(out, static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(character))));
  }
}

void append_lower(std::string& out, char32_t character) {
  append_utf8(out, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(character))));
}

void append_title(std::string& out, char32_t character) {
  if (character == sharp_s) {
    out += "Ss";
  } else {
    append_utf8(out, static_cast<char32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(character))));
  }
}

}  // namespace shoal::text::jinja
