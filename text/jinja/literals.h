// What a template's source spells: its lines and its strings. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace shoal::text::jinja {

// Lines end with \n alone, and the last one does not.
std::string normalize_newlines(std::string_view source);

// The inside of a string's quotes with Python's escapes resolved. Errors (bad_checkpoint) say which escape is none.
Result<std::string> unescape(std::string_view spelled);

}  // namespace shoal::text::jinja
