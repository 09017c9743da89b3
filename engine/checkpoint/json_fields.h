// Reads fields of a JSON file one by one and remembers the first that is wrong, so that a reader is a list of fields
// followed by one check. A null counts as absent, as Python writes None.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/json_depth.h"
#include "base/nearest.h"
#include "base/result.h"
#include "base/utf8.h"

namespace shoal::engine {

using Json = nlohmann::json;

// bad_checkpoint when the file cannot be read, nests deeper than json_depth_max or is not a JSON object.
inline Result<Json> read_json(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{Code::bad_checkpoint, path.string() + ": cannot open it"};
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (depth_of_json(text) > json_depth_max) {
    return Error{Code::bad_checkpoint, path.string() + ": nested deeper than " + std::to_string(json_depth_max)};
  }
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return Error{Code::bad_checkpoint, path.string() + ": expected a JSON object"};
  return json;
}

class JsonFields {
public:
  // `json` outlives the fields; `where` begins every error.
  JsonFields(const Json& json, std::string where) : json_(json), where_(std::move(where)) {}

  bool has(const char* key) const { return json_.contains(key) && !json_[key].is_null(); }
  const Json& at(const char* key) const { return json_[key]; }

  // A positive integer up to `max`; required unless a default is given.
  std::uint32_t count(const char* key, std::uint32_t max, std::optional<std::uint32_t> absent = std::nullopt) {
    if (!has(key) && absent) return *absent;
    const Json& value = has(key) ? at(key) : Json();
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() == 0 || value.get<std::uint64_t>() > max) {
      fail(key, "expected an integer from 1 to " + std::to_string(max));
      return 1;
    }
    return value.get<std::uint32_t>();
  }

  // Like count, and 0 is allowed.
  std::uint32_t count_or_zero(const char* key, std::uint32_t max, std::uint32_t absent) {
    if (has(key) && at(key).is_number_unsigned() && at(key).get<std::uint64_t>() == 0) return 0;
    return count(key, max, absent);
  }

  double number(const char* key, double min, double max, std::optional<double> absent = std::nullopt) {
    if (!has(key) && absent) return *absent;
    const Json& value = has(key) ? at(key) : Json();
    if (!value.is_number() || !(value.get<double>() >= min && value.get<double>() <= max)) {
      fail(key, "expected a number from " + Json(min).dump() + " to " + Json(max).dump());
      return min;
    }
    return value.get<double>();
  }

  bool flag(const char* key, bool absent) {
    if (!has(key)) return absent;
    if (!at(key).is_boolean()) fail(key, "expected true or false");
    return at(key).is_boolean() ? at(key).get<bool>() : absent;
  }

  std::string text(const char* key, const char* absent) {
    if (!has(key)) return absent;
    if (!at(key).is_string()) fail(key, "expected a string");
    return at(key).is_string() ? at(key).get<std::string>() : absent;
  }

  // Fails for a key that is not among `known`, so that a misspelt one does not go unnoticed.
  void only(std::span<const std::string_view> known) {
    for (const auto& [key, value] : json_.items()) {
      if (error_ || value.is_null() || std::find(known.begin(), known.end(), key) != known.end()) continue;
      error_ = Error{Code::bad_checkpoint, where_ + ": unknown key " + printable(key) + did_you_mean(key, known)};
    }
  }

  void fail(const char* key, const std::string& expectation) {
    if (error_) return;
    const std::string found = has(key) ? at(key).dump(-1, ' ', true, Json::error_handler_t::replace) : "nothing";
    error_ = Error{Code::bad_checkpoint, where_ + ": " + key + " is " + found.substr(0, 80) + ", " + expectation};
  }

  // Takes over what went wrong in a nested object.
  void adopt(const Error& error) {
    if (!error_) error_ = error;
  }

  const std::optional<Error>& error() const { return error_; }

private:
  const Json& json_;
  std::string where_;
  std::optional<Error> error_;
};

}  // namespace shoal::engine
