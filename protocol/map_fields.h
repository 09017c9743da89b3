// Fields that several maps of the client edge have, and those whose values have a form of their own. Each reader leaves
// `out` alone if the field is missing or nil. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "protocol/map_reader.h"
#include "protocol/parts.h"

namespace shoal::protocol::edge {

// Where `name` stands in `names`, upper and lower case alike if so wanted; their number if it does not.
std::size_t index_of(std::string_view name, std::span<const std::string_view> names, bool any_case = false);

// The name as an error text shows it: between quotation marks, without control characters.
std::string quoted(std::string_view name);

// The client's own name of the request: text, or a number turned into text. It has to be there.
void read_id(MapReader& map, std::string& id);

// A conversation: an array of {role, content}, within every bound. An array that is there is not empty.
void read_messages(MapReader& map, std::vector<ChatMessage>& messages);

void read_stop(MapReader& map, std::vector<std::string>& stop);
void read_tier(MapReader& map, Tier& tier);

}  // namespace shoal::protocol::edge
