// How deep a TOML text nests, so that one which would exhaust the stack of a recursive parser, or the time of one that
// walks every dotted key from the top, is refused before it is parsed. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace shoal::config {

// The greatest number of brackets and braces open at once, or of dots in one key. Strings and comments do not count. Of
// a text that is no TOML it is right up to where it stops being TOML.
std::size_t depth_of_toml(std::string_view text);

}  // namespace shoal::config
