// The known name that a mistyped one probably meant, for errors that help. Pure; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace shoal {

// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`, upper and lower case alike;
// stops counting at `limit` and returns limit + 1 for more.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

// The nearest of `known` within an edit distance of 3 (and less than the length of either, so that short names do not
// match everything), but never `name` itself, which did not help; empty if there is none. The first of equals.
std::string_view nearest(std::string_view name, std::span<const std::string_view> known);

// " (did you mean max_tokens?)", or nothing.
std::string did_you_mean(std::string_view name, std::span<const std::string_view> known);

}  // namespace shoal
