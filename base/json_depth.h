// How deep a JSON text nests, found without parsing: a library that recurses over a value must not be given one that
// nobody needs. Pure; any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace shoal {

// Of every JSON file that is read.
inline constexpr std::size_t json_depth_max = 64;

// The greatest number of arrays and objects open at once; right up to where a text stops being JSON.
std::size_t depth_of_json(std::string_view text);

}  // namespace shoal
