// The regular expressions of tokenizer.json, written for Oniguruma with Ruby's syntax, as expressions of PCRE2 that
// match the same text. What the two libraries read differently is rewritten where that is exact and refused where it is
// not, so that a tokenizer is either right or rejected. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace shoal::text {

// The expression for PCRE2 with UTF and UCP (regex.h). `\s` and `\S` become explicit classes of White_Space,
// because PCRE2 counts U+180E as a space; a script `\p{Han}` becomes `\p{sc:Han}`, because PCRE2 means script
// extensions. Errors (bad_checkpoint) say which construct is not supported.
Result<std::string> translate_expression(std::string_view expression);

// An expression that matches exactly `text`.
std::string quote_expression(std::string_view text);

}  // namespace shoal::text
