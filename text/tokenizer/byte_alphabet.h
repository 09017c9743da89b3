// The printable stand-ins that byte-level vocabularies write for bytes (Radford et al. 2019, encoder.py): 21..7E,
// A1..AC and AE..FF stand for themselves, the other 68 bytes are U+0100, U+0101 and so on, in order; a space is U+0120.
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace shoal::text {

// The bytes that `token` stands for; nothing if it has a character outside the alphabet. `token` is well-formed UTF-8.
std::optional<std::string> bytes_of_token(std::string_view token);

// How a vocabulary writes `bytes`.
std::string token_of_bytes(std::string_view bytes);

}  // namespace shoal::text
