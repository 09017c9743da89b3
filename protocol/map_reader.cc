#include "protocol/map_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/nearest.h"
#include "base/utf8.h"

namespace shoal::protocol::edge {
namespace {

std::string spell(double number) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::general, 6);
  return {buffer, end.ptr};
}

}  // namespace

std::string expected(std::string_view what, const Value& got) {
  std::string text = "expected " + std::string(what) + ", got ";
  if (got.is(Value::Kind::integer)) return text + std::to_string(got.integer());
  if (got.is(Value::Kind::negative)) return text + std::to_string(got.negative());
  if (got.is(Value::Kind::number)) return text + spell(*got.number());
  return text.append(got.kind_name());
}

MapReader::MapReader(std::string path, const Value& map) : path_(std::move(path)) {
  if (!map.is(Value::Kind::map)) {
    error_ = Error{Code::invalid_request, path_ + ": " + expected("a map", map)};
    return;
  }
  fields_.reserve(map.size());
  map.each_pair([this](const Value& key, const Value& value) {
    if (!key.is(Value::Kind::string) || !is_utf8(key.text())) {
      return adopt(Error{Code::invalid_request, path_ + ": the name of a field is not text"});
    }
    for (const auto& field : fields_) {
      if (field.first == key.text()) return fail(key.text(), Code::invalid_request, "appears twice");
    }
    fields_.emplace_back(key.text(), value);
  });
}

void MapReader::only(std::span<const std::string_view> known, std::span<const Foreign> foreign) {
  for (const auto& field : fields_) {
    if (std::find(known.begin(), known.end(), field.first) != known.end()) continue;
    for (const auto& [name, advice] : foreign) {
      if (name == field.first) return fail(name, Code::unknown_field, "no such field here: " + std::string(advice));
    }
    return fail(field.first, Code::unknown_field, "no such field" + did_you_mean(field.first, known));
  }
}

std::optional<Value> MapReader::find(std::string_view key) const {
  for (const auto& field : fields_) {
    if (field.first == key && !field.second.is(Value::Kind::nil)) return field.second;
  }
  return std::nullopt;
}

void MapReader::text(std::string_view key, std::string& out, std::size_t bytes_max) {
  const auto value = find(key);
  if (!value) return;
  if (!value->is(Value::Kind::string)) return fail(key, Code::invalid_request, expected("a string", *value));
  if (value->text().size() > bytes_max) {
    return fail(key, Code::too_large,
                std::to_string(value->text().size()) + " bytes, at most " + std::to_string(bytes_max));
  }
  if (!is_utf8(value->text())) return fail(key, Code::invalid_request, "is not UTF-8");
  out = value->text();
}

void MapReader::bytes(std::string_view key, std::string& out, std::size_t bytes_max) {
  const auto value = find(key);
  if (!value) return;
  if (!value->is(Value::Kind::bytes)) return fail(key, Code::invalid_request, expected("bytes", *value));
  if (value->text().size() > bytes_max) {
    return fail(key, Code::too_large,
                std::to_string(value->text().size()) + " bytes, at most " + std::to_string(bytes_max));
  }
  out = value->text();
}

void MapReader::boolean(std::string_view key, bool& out) {
  const auto value = find(key);
  if (!value) return;
  if (!value->is(Value::Kind::boolean)) return fail(key, Code::invalid_request, expected("true or false", *value));
  out = value->boolean();
}

std::optional<std::uint64_t> MapReader::integer_within(std::string_view key, std::uint64_t min, std::uint64_t max) {
  const auto value = find(key);
  if (!value) return std::nullopt;
  if (value->is(Value::Kind::integer) && value->integer() >= min && value->integer() <= max) return value->integer();
  fail(key, Code::invalid_request,
       expected("an integer from " + std::to_string(min) + " to " + std::to_string(max), *value));
  return std::nullopt;
}

void MapReader::number(std::string_view key, std::optional<float>& out, float min, float max, bool min_allowed) {
  const auto value = find(key);
  if (!value) return;
  const auto number = value->number();
  // Compared as a float, because that is what is sent on; NaN compares with nothing and so is refused.
  const float narrow = number ? static_cast<float>(std::clamp(*number, -1e9, 1e9)) : NAN;
  if (narrow <= max && (narrow > min || (min_allowed && narrow == min))) {
    out = narrow;
    return;
  }
  const std::string range = (min_allowed ? "from " + spell(min) + " to " : "above " + spell(min) + " and up to ");
  fail(key, Code::invalid_request, expected("a number " + range + spell(max), *value));
}

void MapReader::require(std::string_view key) {
  if (!find(key)) fail(key, Code::invalid_request, "is missing");
}

void MapReader::fail(std::string_view key, Code code, const std::string& text) {
  if (!error_) error_ = Error{code, path_ + "." + printable(key) + ": " + text};
}

}  // namespace shoal::protocol::edge
