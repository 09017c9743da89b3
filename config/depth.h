// What is looked at before the library reads a TOML text: how deep it nests, because one which would exhaust the stack
// of a recursive parser, or the time of one that walks every dotted key from the top, is refused; and that it is UTF-8,
// because the library's own check reads outside of the text where it finds something (toml11 3.7.1). Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace shoal::config {

// The greatest number of brackets and braces open at once, or of dots in one key. Strings and comments do not count. Of
// a text that is no TOML it is right up to where it stops being TOML.
std::size_t depth_of_toml(std::string_view text);

// The number of the first line that is not UTF-8; 0 if all are.
std::size_t foreign_line(std::string_view text);

}  // namespace shoal::config
