// Unicode normalisation before the text is cut into pieces: none, or NFC. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "text/json_view.h"

namespace shoal::text {

enum class Normalizer { none, nfc };

// Reads the `normalizer` of tokenizer.json that is not null: NFC, or a Sequence of those, which may be empty. Errors
// (bad_checkpoint) name the entry and what would be understood.
Result<Normalizer> parse_normalizer(const JsonView& normalizer);

// `text` in normalisation form C (Unicode Standard Annex 15). `text` is well-formed UTF-8. O(n log n), whatever the
// text.
std::string to_nfc(std::string_view text);

}  // namespace shoal::text
