// A JSON file of a model directory, and a place inside it that knows its name: every wrong entry is reported with file,
// entry and expectation, as bad_checkpoint. For one thread, while the file's value lives.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace shoal::text {

inline constexpr std::size_t json_bytes_max = 64u << 20;

// The value of a JSON file. Errors (bad_checkpoint): missing, over a bound, not JSON; the text names the file.
Result<nlohmann::json> read_json(const std::filesystem::path& file);

class JsonView {
public:
  JsonView(const nlohmann::json& value, std::string where) : value_(&value), where_(std::move(where)) {}

  const nlohmann::json& value() const { return *value_; }

  // "<where>: expected <what>".
  Error expected(std::string_view what) const { return failed("expected " + std::string(what)); }
  // "<where>: <text>".
  Error failed(std::string_view text) const { return {Code::bad_checkpoint, where_ + ": " + std::string(text)}; }

  // A member of an object; find() takes a missing one and null for nothing, at() for an error.
  std::optional<JsonView> find(const std::string& key) const;
  Result<JsonView> at(const std::string& key) const;

  // A member with its type. With `otherwise` a missing one is no error, one of another type still is.
  Result<std::string> string_at(const std::string& key) const;
  Result<bool> bool_at(const std::string& key, std::optional<bool> otherwise = std::nullopt) const;
  Result<std::uint32_t> id_at(const std::string& key) const;
  Result<std::vector<JsonView>> array_at(const std::string& key) const;

private:
  const nlohmann::json* value_;
  std::string where_;
};

}  // namespace shoal::text
