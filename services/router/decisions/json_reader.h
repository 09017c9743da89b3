// Reads the fields of one JSON object strictly; the first mistake is kept with its path and later ones are ignored.
// For event_json.cc alone.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/ids.h"
#include "base/limits.h"
#include "base/result.h"

namespace shoal::router {

class JsonReader {
public:
  using Json = nlohmann::ordered_json;

  // `json` and `error` outlive the reader.
  JsonReader(const Json& json, std::string path, std::optional<Error>& error)
      : json_(&json), path_(std::move(path)), error_(&error) {
    if (!json.is_object()) fail("", "expected an object");
  }

  bool ok() const { return !error_->has_value(); }
  void fail(const std::string& key, const std::string& expected) {
    if (ok()) *error_ = Error{Code::malformed, path_ + key + ": " + expected};
  }

  std::uint64_t number(const char* key, std::uint64_t max = UINT64_MAX) {
    const Json* value = find(key);
    if (value != nullptr && value->is_number_unsigned() && value->get<std::uint64_t>() <= max) {
      return value->get<std::uint64_t>();
    }
    fail(key, "expected an integer from 0 to " + std::to_string(max));
    return 0;
  }

  double real(const char* key) { return real(find(key), key); }

  std::array<double, 3> three(const char* key) {
    std::array<double, 3> numbers{};
    const Json* value = find(key);
    if (value == nullptr || !value->is_array() || value->size() != numbers.size()) {
      fail(key, "expected three numbers");
      return numbers;
    }
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = real(&(*value)[i], key);
    return numbers;
  }

  std::string text(const char* key) {
    const Json* value = find(key);
    if (value != nullptr && value->is_string()) return value->get<std::string>();
    fail(key, "expected text");
    return {};
  }

  std::uint64_t hex(const char* key) {
    const auto number = number_of_hex(text(key));
    if (!number) fail(key, "expected 16 hexadecimal digits");
    return number.value_or(0);
  }

  RequestId request(const char* key) {
    const auto request = request_of_hex(text(key));
    if (!request) fail(key, "expected 32 hexadecimal digits");
    return request.value_or(RequestId{});
  }

  // The enumerator whose name() it is, from 0 to `last`.
  template <class Enum>
  Enum one_of(const char* key, Enum last) {
    const std::string given = text(key);
    std::string known;
    for (int i = 0; i <= static_cast<int>(last); ++i) {
      if (given == name(static_cast<Enum>(i))) return static_cast<Enum>(i);
      known += (i == 0 ? "" : ", ") + std::string(name(static_cast<Enum>(i)));
    }
    fail(key, "expected one of " + known);
    return {};
  }

  JsonReader object(const char* key) {
    const Json* value = find(key);
    return {value == nullptr ? *json_ : *value, path_ + key + ".", *error_};
  }

  template <class Visit>
  void each(const char* key, std::size_t entries_max, Visit visit) {
    const Json* value = find(key);
    if (value == nullptr || !value->is_array() || value->size() > entries_max) {
      return fail(key, "expected an array of at most " + std::to_string(entries_max));
    }
    for (std::size_t i = 0; i < value->size() && ok(); ++i) {
      visit(JsonReader((*value)[i], path_ + key + "[" + std::to_string(i) + "].", *error_));
    }
  }

private:
  const Json* find(const char* key) {
    if (!json_->is_object()) return nullptr;
    const auto found = json_->find(key);
    if (found != json_->end()) return &*found;
    fail(key, "is missing");
    return nullptr;
  }

  double real(const Json* value, const char* key) {
    if (value != nullptr && value->is_number() && std::isfinite(value->get<double>())) return value->get<double>();
    fail(key, "expected a number");
    return 0;
  }

  const Json* json_;
  std::string path_;
  std::optional<Error>* error_;
};

}  // namespace shoal::router
