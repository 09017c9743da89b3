#include "text/tokenizer/byte_alphabet.h"

#include <array>
#include <cstdint>

#include "text/utf8.h"

namespace shoal::text {
namespace {

constexpr std::size_t characters = 256 + 68;

constexpr bool stands_for_itself(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xFF && byte != 0xAD);
}

// By byte, its character.
constexpr auto make_alphabet() {
  std::array<char16_t, 256> alphabet{};
  unsigned next = 256;
  for (unsigned byte = 0; byte < 256; ++byte) {
    alphabet[byte] = static_cast<char16_t>(stands_for_itself(byte) ? byte : next++);
  }
  return alphabet;
}

// By character, its byte; -1 for characters outside the alphabet.
constexpr auto make_inverse(const std::array<char16_t, 256>& alphabet) {
  std::array<std::int16_t, characters> inverse{};
  inverse.fill(-1);
  for (std::size_t byte = 0; byte < 256; ++byte) inverse[alphabet[byte]] = static_cast<std::int16_t>(byte);
  return inverse;
}

constexpr auto alphabet = make_alphabet();
constexpr auto inverse = make_inverse(alphabet);

}  // namespace

std::optional<std::string> bytes_of_token(std::string_view token) {
  std::string bytes;
  while (!token.empty()) {
    const std::size_t length = code_point_bytes(token);
    if (length > 2) return std::nullopt;
    const auto first = static_cast<std::uint8_t>(token[0]);
    const unsigned character =
        length == 1 ? first : (first & 0x1Fu) << 6 | (static_cast<std::uint8_t>(token[1]) & 0x3Fu);
    if (character >= characters || inverse[character] < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(inverse[character]));
    token.remove_prefix(length);
  }
  return bytes;
}

std::string token_of_bytes(std::string_view bytes) {
  std::string token;
  for (const char byte : bytes) append_utf8(token, alphabet[static_cast<std::uint8_t>(byte)]);
  return token;
}

}  // namespace shoal::text
