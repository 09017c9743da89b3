#include "base/key_values.h"

#include <algorithm>
#include <cstddef>

#include "base/utf8.h"

namespace shoal {
namespace {

bool is_plain(std::string_view value) {
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == 0x7f || c == '"' || c == '\\') return false;
  }
  return is_utf8(value);
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Takes the character after a backslash, and the digits of \xNN.
char unescape(std::string_view& rest) {
  const char c = rest.front();
  rest.remove_prefix(1);
  if (c == 'n') return '\n';
  if (c == 't') return '\t';
  if (c != 'x' || rest.size() < 2 || digit_of(rest[0]) < 0 || digit_of(rest[1]) < 0) return c;
  const int byte = digit_of(rest[0]) * 16 + digit_of(rest[1]);
  rest.remove_prefix(2);
  return static_cast<char>(byte);
}

// A value at the front of `rest`, which loses it.
std::string take_value(std::string_view& rest) {
  if (!rest.starts_with('"')) {
    std::string value(rest.substr(0, rest.find(' ')));
    rest.remove_prefix(value.size());
    return value;
  }
  rest.remove_prefix(1);
  std::string value;
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c == '"') break;
    value += c == '\\' && !rest.empty() ? unescape(rest) : c;
  }
  return value;
}

}  // namespace

std::string quoted_value(std::string_view value) {
  if (is_plain(value)) return std::string(value);
  const bool text = is_utf8(value);
  std::string result = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += {'\\', c};
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else if (byte < ' ' || byte == 0x7f || (byte > 0x7f && !text)) {
      constexpr const char* digits = "0123456789abcdef";
      result += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::vector<std::pair<std::string, std::string>> key_values(std::string_view line) {
  std::vector<std::pair<std::string, std::string>> found;
  std::string text;
  while (!line.empty()) {
    if (line.front() == ' ') {
      line.remove_prefix(1);
      continue;
    }
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::size_t equals = line.find('=');
    if (equals == 0 || equals >= end) {
      text += (text.empty() ? "" : " ") + std::string(line.substr(0, end));
      line.remove_prefix(end);
      continue;
    }
    std::string key(line.substr(0, equals));
    line.remove_prefix(equals + 1);
    found.emplace_back(std::move(key), take_value(line));
  }
  if (!text.empty()) found.emplace_back("text", std::move(text));
  return found;
}

}  // namespace shoal
