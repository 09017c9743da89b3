// What parsing says to requests that are nearly right.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "tests/unit/protocol/edge_pack.h"

namespace shoal::protocol::samples {

// A small request that is right, to be changed into ones that are not.
inline Json submit() {
  return {{"type", "SUBMIT"}, {"id", "1"}, {"messages", {{{"role", "user"}, {"content", "Hello"}}}}};
}

inline Json with(const char* key, Json value) {
  Json map = submit();
  map[key] = std::move(value);
  return map;
}

// What parsing says: "ok", or code and text of the error.
inline std::string answer(const std::string& frame) {
  const auto parsed = edge::parse(frame);
  const auto* bad = std::get_if<edge::BadRequest>(&parsed);
  return bad ? std::string(name(bad->error.code)) + ": " + bad->error.text : "ok";
}
inline std::string answer(const Json& map) { return answer(pack(map)); }

}  // namespace shoal::protocol::samples
