// Reads the fields of one map of the client edge by name. The first error stays and everything after it is left alone,
// so a caller looks once, at the end. Lives on the stack of one parse; the document must outlive it.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "protocol/value.h"

namespace shoal::protocol::edge {

// A field that programs written for other servers send, and what to do about it here.
struct Foreign {
  std::string_view name;
  std::string_view advice;  // goes on after "no such field here: "
};

class MapReader {
public:
  // `path` names the map in error texts ("SUBMIT", "SUBMIT.messages[3]"). Every key must be text and appear once, and
  // all text must be UTF-8.
  MapReader(std::string path, const Value& map);

  // Fails with unknown_field for a key that is not among `known`; the text says what a foreign name stands for here, or
  // names the nearest of those known.
  void only(std::span<const std::string_view> known, std::span<const Foreign> foreign = {});

  // The value of a field; nothing if it is missing or nil.
  std::optional<Value> find(std::string_view key) const;

  // Each leaves `out` alone if the field is missing or nil, and fails if it is of another type or out of range.
  void text(std::string_view key, std::string& out, std::size_t bytes_max);
  void bytes(std::string_view key, std::string& out, std::size_t bytes_max);
  void boolean(std::string_view key, bool& out);
  template <class T>
  void integer(std::string_view key, T& out, std::uint64_t min = 0, std::uint64_t max = std::numeric_limits<T>::max());
  // Both ends are allowed; without `min_allowed` only numbers above `min`.
  void number(std::string_view key, std::optional<float>& out, float min, float max, bool min_allowed = true);

  // The same for optional fields.
  template <class T>
  void integer(std::string_view key, std::optional<T>& out, std::uint64_t min = 0,
               std::uint64_t max = std::numeric_limits<T>::max());

  // Fails unless the field is there.
  void require(std::string_view key);

  // "SUBMIT.top_p: " and the text become the error, unless there is one already.
  void fail(std::string_view key, Code code, const std::string& text);

  // Takes over the error of a map inside this one, unless there is one already.
  void adopt(const std::optional<Error>& inner) {
    if (!error_) error_ = inner;
  }

  const std::optional<Error>& error() const { return error_; }
  const std::string& path() const { return path_; }

private:
  // Nothing if the field fails; else the value, from min to max.
  std::optional<std::uint64_t> integer_within(std::string_view key, std::uint64_t min, std::uint64_t max);

  std::string path_;
  std::vector<std::pair<std::string_view, Value>> fields_;
  std::optional<Error> error_;
};

template <class T>
void MapReader::integer(std::string_view key, T& out, std::uint64_t min, std::uint64_t max) {
  if (const auto number = integer_within(key, min, max)) out = static_cast<T>(*number);
}

template <class T>
void MapReader::integer(std::string_view key, std::optional<T>& out, std::uint64_t min, std::uint64_t max) {
  if (const auto number = integer_within(key, min, max)) out = static_cast<T>(*number);
}

// "expected a string, got 7": numbers by value, everything else by kind.
std::string expected(std::string_view what, const Value& got);

}  // namespace shoal::protocol::edge
