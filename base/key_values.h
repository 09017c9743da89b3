// Lines of key=value, as logs and `ready` have them. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shoal {

// A value as such a line holds it: as it is, or in double quotes with \" \\ \n \t and \xNN when it has spaces, quotes,
// control characters or bytes that are not UTF-8.
std::string quoted_value(std::string_view value);

// The keys and values of a line, in order; quoted values without their quotes. Words without a key come together as the
// value of "text", last.
std::vector<std::pair<std::string, std::string>> key_values(std::string_view line);

}  // namespace shoal
