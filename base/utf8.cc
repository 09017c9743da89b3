#include "base/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace shoal {
namespace {

// How long the well-formed character at the front of `text` is; 0 if there is none.
std::size_t character_bytes(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  if (text.empty()) return 0;
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;

  // The second byte's range excludes overlong forms, surrogates and what is above U+10FFFF.
  std::size_t length = 0;
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) {
    length = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    length = 3;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
  }
  if (length == 0 || text.size() < length || byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

std::size_t valid_utf8_bytes(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    std::uint64_t eight;
    if (text.size() - at >= sizeof eight) {  // prose is mostly ASCII: eight bytes a look
      std::memcpy(&eight, text.data() + at, sizeof eight);
      if ((eight & 0x8080808080808080ULL) == 0) {
        at += sizeof eight;
        continue;
      }
    }
    const std::size_t bytes = character_bytes(text.substr(at));
    if (bytes == 0) return at;
    at += bytes;
  }
  return at;
}

std::size_t utf8_cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text.size();
  std::size_t cut = bytes_max;
  while (cut > 0 && (static_cast<std::uint8_t>(text[cut]) & 0xc0) == 0x80) --cut;
  return cut;
}

std::string printable(std::string_view bytes, std::size_t bytes_max) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  while (!bytes.empty()) {
    const std::size_t length = std::max<std::size_t>(character_bytes(bytes), 1);
    const auto first = static_cast<std::uint8_t>(bytes[0]);
    const bool shown = character_bytes(bytes) > 0 && first >= 0x20 && first != 0x7f;
    if (out.size() + (shown ? length : 4) > bytes_max) return out + "…";
    if (shown) {
      out.append(bytes.substr(0, length));
    } else {
      out += {'\\', 'x', digits[first >> 4], digits[first & 15]};
    }
    bytes.remove_prefix(length);
  }
  return out;
}

std::string as_sentence(std::string_view text, std::size_t bytes_max) {
  constexpr std::size_t ellipsis_bytes = 3;
  if (!is_utf8(text)) return printable(text, bytes_max - ellipsis_bytes);
  return std::string(text.substr(0, utf8_cut(text, bytes_max)));
}

}  // namespace shoal
