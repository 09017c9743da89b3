#include "protocol/map_fields.h"

#include <array>

#include "base/limits.h"
#include "base/nearest.h"
#include "base/tier_names.h"
#include "base/utf8.h"
#include "protocol/edge/foreign.h"

namespace shoal::protocol::edge {
namespace {

using Kind = Value::Kind;

constexpr std::array<std::string_view, 5> roles = {"system", "developer", "user", "assistant", "tool"};

std::string list(std::span<const std::string_view> names) {
  std::string all;
  for (const std::string_view name : names) all.append(all.empty() ? "" : ", ").append(name);
  return all;
}

// OpenAI's other form of a content: [{type: "text", text: "…"}, …], joined.
void read_parts(MapReader& message, const Value& parts, std::string& content) {
  constexpr std::array<std::string_view, 2> known = {"type", "text"};
  std::size_t index = 0;
  parts.each([&](const Value& entry) {
    MapReader part(message.path() + ".content[" + std::to_string(index++) + "]", entry);
    std::string type;
    std::string text;
    part.only(known);
    part.require("type");
    part.text("type", type, limits::name_bytes_max);
    if (type != "text") part.fail("type", Code::invalid_request, "only \"text\" is understood");
    part.require("text");
    part.text("text", text, limits::prompt_bytes_max);
    content += text;
    message.adopt(part.error());
  });
}

ChatMessage read_message(MapReader& map) {
  constexpr std::array<std::string_view, 2> known = {"role", "content"};
  ChatMessage message;
  map.only(known, foreign_message_fields());
  map.require("role");
  map.text("role", message.role, limits::name_bytes_max);
  if (index_of(message.role, roles) == roles.size()) {
    map.fail("role", Code::invalid_request,
             quoted(message.role) + " is none of " + list(roles) + did_you_mean(message.role, roles));
  }
  if (message.role == "developer") message.role = "system";  // OpenAI's newer name of it

  map.require("content");
  const auto content = map.find("content");
  if (content && content->is(Kind::array)) {
    read_parts(map, *content, message.content);
  } else {
    map.text("content", message.content, limits::prompt_bytes_max);
  }
  return message;
}

}  // namespace

std::size_t index_of(std::string_view name, std::span<const std::string_view> names, bool any_case) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (name == names[i]) return i;
    if (any_case && name.size() == names[i].size() && edit_distance(name, names[i], 0) == 0) return i;
  }
  return names.size();
}

std::string quoted(std::string_view name) { return std::string("\"").append(printable(name)).append("\""); }

void read_id(MapReader& map, std::string& id) {
  map.require("id");
  const auto value = map.find("id");
  if (!value) return;
  if (value->is(Kind::integer)) {
    id = std::to_string(value->integer());
  } else if (value->is(Kind::negative)) {
    id = std::to_string(value->negative());
  } else {
    map.text("id", id, limits::client_id_bytes_max);
    if (id.empty()) map.fail("id", Code::invalid_request, "expected 1 to 64 bytes of text, or an integer");
  }
}

void read_messages(MapReader& map, std::vector<ChatMessage>& messages) {
  const auto value = map.find("messages");
  if (!value) return;
  if (!value->is(Kind::array)) return map.fail("messages", Code::invalid_request, expected("an array", *value));
  if (value->size() == 0) return map.fail("messages", Code::invalid_request, "is empty");
  if (value->size() > limits::messages_max) {
    return map.fail("messages", Code::too_large,
                    std::to_string(value->size()) + " entries, at most " + std::to_string(limits::messages_max));
  }
  std::size_t bytes = 0;
  value->each([&](const Value& entry) {
    if (map.error()) return;
    MapReader message(map.path() + ".messages[" + std::to_string(messages.size()) + "]", entry);
    messages.push_back(read_message(message));
    map.adopt(message.error());
    bytes += messages.back().content.size();
    if (bytes > limits::prompt_bytes_max) {
      map.fail("messages", Code::too_large, "more than " + std::to_string(limits::prompt_bytes_max) + " bytes of text");
    }
  });
}

void read_stop(MapReader& map, std::vector<std::string>& stop) {
  const auto value = map.find("stop");
  if (!value) return;
  const auto add = [&](const Value& entry) {
    if (!entry.is(Kind::string)) return map.fail("stop", Code::invalid_request, expected("strings", entry));
    if (entry.text().empty()) return map.fail("stop", Code::invalid_request, "an empty string would stop at once");
    if (entry.text().size() > limits::stop_string_bytes_max) {
      return map.fail("stop", Code::too_large,
                      "a string of " + std::to_string(entry.text().size()) + " bytes, at most " +
                          std::to_string(limits::stop_string_bytes_max));
    }
    if (!is_utf8(entry.text())) return map.fail("stop", Code::invalid_request, "is not UTF-8");
    stop.emplace_back(entry.text());
  };
  if (!value->is(Kind::array)) return add(*value);
  if (value->size() > limits::stop_strings_max) {
    return map.fail("stop", Code::too_large,
                    std::to_string(value->size()) + " strings, at most " + std::to_string(limits::stop_strings_max));
  }
  value->each(add);
}

void read_tier(MapReader& map, Tier& tier) {
  std::string name;
  map.text("tier", name, limits::name_bytes_max);
  if (!map.find("tier") || map.error()) return;
  const std::size_t index = index_of(name, tier_names, true);
  if (index < tier_names.size()) {
    tier = static_cast<Tier>(index);
  } else {
    map.fail("tier", Code::invalid_request,
             quoted(name) + " is none of " + list(tier_names) + did_you_mean(name, tier_names));
  }
}

}  // namespace shoal::protocol::edge
