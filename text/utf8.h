// UTF-8 as table 3-7 of the Unicode Standard defines it: code points, and a stream of bytes turned into well-formed
// text. Pure values; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace shoal::text {

inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";  // U+FFFD

// The length of the code point that starts at text[0], 1 to 4. `text` is well formed and not empty.
inline std::size_t code_point_bytes(std::string_view text) {
  const auto first = static_cast<std::uint8_t>(text.front());
  return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

// Appends one code point below U+110000 that is no surrogate.
void append_utf8(std::string& out, char32_t code_point);

// Turns bytes into well-formed text: whole code points pass at once, each maximal ill-formed part becomes one U+FFFD as
// soon as it is known to be ill formed, and an incomplete code point (at most 3 bytes) is held. Since only bytes
// decide, a genuine U+FFFD passes like any other character and random bytes never stall the stream.
class Utf8Stream {
public:
  // Feeds one byte and appends to `out` what it completes.
  void push(std::uint8_t byte, std::string& out);

  // The stream is over: an incomplete code point becomes one U+FFFD.
  void flush(std::string& out);

  std::size_t held_bytes() const { return held_; }

private:
  void start(std::uint8_t byte, std::string& out);

  std::array<char, 4> bytes_{};
  std::uint8_t held_ = 0;      // bytes of the code point so far
  std::uint8_t missing_ = 0;   // bytes that it still needs
  std::uint8_t lower_ = 0x80;  // the range of the next byte; narrower than 80..BF only after E0, ED, F0 and F4
  std::uint8_t upper_ = 0xBF;
};

}  // namespace shoal::text
