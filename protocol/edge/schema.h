// What a client may ask for: one row per field of each request. The parser reads by these rows and HELP shows them, so
// neither can know a field that the other does not. A new field is a member of its struct in edge.h, a row in
// requests.cc, and one in protocol/README.md. Constants; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "protocol/edge/edge.h"
#include "protocol/map_reader.h"

namespace shoal::protocol::edge {

struct FieldInfo {
  std::string_view name;
  std::string_view type;      // in words: "text", "integer", "array of maps"
  std::string_view fallback;  // what counts without the field; "required" if it has to be there
  std::string_view meaning;   // one sentence
  std::uint64_t min = 0;      // of integers
  std::uint64_t max = 0;      // of integers; of others the most bytes, 0 if that says nothing
  float low = 0;              // of numbers
  float high = 0;
  bool above_low = false;  // `low` itself is not allowed

  bool required() const { return fallback == "required"; }
};

template <class T>
struct Field {
  FieldInfo info;
  void (*read)(MapReader& map, const FieldInfo& info, T& request);
};

struct RequestType {
  std::string_view name;
  std::string_view answers;
  std::string_view meaning;
  std::span<const FieldInfo> fields;  // `type` aside, which all have
  Request (*read)(MapReader& map, Port port);
};

// All of them, in the order in which HELP shows them.
std::span<const RequestType> request_types();

// ---- rows

template <class T, class Value>
T owner_of(Value T::*);

template <auto Member>
using Owner = decltype(owner_of(Member));

// The largest value of an integer member, optional or not. By its type alone: clang 14 makes no constant of an object
// that holds a std::string.
template <class Value>
inline constexpr std::uint64_t most = std::numeric_limits<Value>::max();
template <class Value>
inline constexpr std::uint64_t most<std::optional<Value>> = std::numeric_limits<Value>::max();

template <auto Member>
using MemberOf = std::remove_reference_t<decltype(std::declval<Owner<Member>&>().*Member)>;

template <auto Member>
constexpr auto text(std::string_view name, std::size_t bytes_max, std::string_view fallback, std::string_view meaning) {
  return Field<Owner<Member>>{
      {.name = name, .type = "text", .fallback = fallback, .meaning = meaning, .max = bytes_max},
      [](MapReader& map, const FieldInfo& info, Owner<Member>& request) {
        if (info.required()) map.require(info.name);
        map.text(info.name, request.*Member, info.max);
      }};
}

template <auto Member>
constexpr auto boolean(std::string_view name, std::string_view fallback, std::string_view meaning) {
  return Field<Owner<Member>>{
      {.name = name, .type = "boolean", .fallback = fallback, .meaning = meaning},
      [](MapReader& map, const FieldInfo& info, Owner<Member>& request) { map.boolean(info.name, request.*Member); }};
}

// Without `max` as far as the member reaches.
template <auto Member>
constexpr auto integer(std::string_view name, std::uint64_t min, std::string_view fallback, std::string_view meaning,
                       std::uint64_t max = 0) {
  return Field<Owner<Member>>{{.name = name,
                               .type = "integer",
                               .fallback = fallback,
                               .meaning = meaning,
                               .min = min,
                               .max = max == 0 ? most<MemberOf<Member>> : max},
                              [](MapReader& map, const FieldInfo& info, Owner<Member>& request) {
                                if (info.required()) map.require(info.name);
                                map.integer(info.name, request.*Member, info.min, info.max);
                              }};
}

struct Range {
  float low;
  float high;
  bool above_low = false;
};

template <auto Member>
constexpr auto number(std::string_view name, Range range, std::string_view fallback, std::string_view meaning) {
  return Field<Owner<Member>>{{.name = name,
                               .type = "number",
                               .fallback = fallback,
                               .meaning = meaning,
                               .low = range.low,
                               .high = range.high,
                               .above_low = range.above_low},
                              [](MapReader& map, const FieldInfo& info, Owner<Member>& request) {
                                map.number(info.name, request.*Member, info.low, info.high, !info.above_low);
                              }};
}

// A field whose value has a form of its own.
template <class T>
constexpr Field<T> special(std::string_view name, std::string_view type, std::string_view fallback,
                           std::string_view meaning, void (*read)(MapReader&, const FieldInfo&, T&)) {
  return {{.name = name, .type = type, .fallback = fallback, .meaning = meaning}, read};
}

}  // namespace shoal::protocol::edge
