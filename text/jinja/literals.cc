#include "text/jinja/literals.h"

#include "text/utf8.h"

namespace shoal::text::jinja {
namespace {

constexpr std::string_view letters = "abfnrtv\\'\"";
constexpr std::string_view meant = "\a\b\f\n\r\t\v\\'\"";

Error bad(std::string_view what) { return {Code::bad_checkpoint, std::string(what)}; }

// Takes up to `most` digits of the base 8 or 16 from the front.
std::uint64_t take_digits(std::string_view& rest, std::size_t most, unsigned base, std::size_t& taken) {
  std::uint64_t value = 0;
  for (taken = 0; taken < most && !rest.empty(); ++taken) {
    const char digit = rest.front();
    const std::size_t found = std::string_view("0123456789abcdef")
                                  .substr(0, base)
                                  .find(digit >= 'A' && digit <= 'F' ? static_cast<char>(digit + 32) : digit);
    if (found == std::string_view::npos) break;
    value = value * base + found;
    rest.remove_prefix(1);
  }
  return value;
}

Result<void> unescape_hexadecimal(std::string_view& rest, std::size_t digits, std::string& out) {
  std::size_t taken = 0;
  const std::uint64_t value = take_digits(rest, digits, 16, taken);
  if (taken < digits) return bad("a string escapes a character with too few digits");
  if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return bad("a string escapes what is no character");
  append_utf8(out, static_cast<char32_t>(value));
  return {};
}

// What stands behind a backslash.
Result<void> unescape_one(std::string_view& rest, std::string& out) {
  const char letter = rest.front();
  if (letter >= '0' && letter <= '7') {
    std::size_t taken = 0;
    append_utf8(out, static_cast<char32_t>(take_digits(rest, 3, 8, taken)));
    return {};
  }
  rest.remove_prefix(1);
  if (letter == 'x') return unescape_hexadecimal(rest, 2, out);
  if (letter == 'u') return unescape_hexadecimal(rest, 4, out);
  if (letter == 'U') return unescape_hexadecimal(rest, 8, out);
  if (letter == 'N') return bad("the escape \\N is not supported");
  if (letter == '\n') return {};
  if (const std::size_t known = letters.find(letter); known != letters.npos) {
    out += meant[known];
  } else {
    out += '\\';
    out += letter;
  }
  return {};
}

}  // namespace

// Lines end with \n alone, and the last one does not.
std::string normalize_newlines(std::string_view source) {
  std::string out;
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      out += source[i];
    } else if (i + 1 == source.size() || source[i + 1] != '\n') {
      out += '\n';
    }
  }
  if (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

Result<std::string> unescape(std::string_view spelled) {
  std::string out;
  while (!spelled.empty()) {
    const char byte = spelled.front();
    spelled.remove_prefix(1);
    if (byte != '\\' || spelled.empty()) {
      out += byte;
    } else {
      SHOAL_TRY(unescape_one(spelled, out));
    }
  }
  return out;
}

}  // namespace shoal::text::jinja
