// HELP, the parser and the specification name the same fields.
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "edge_pack.h"
#include "protocol/edge/edge.h"

namespace shoal::protocol {
namespace {

using samples::Json;
using samples::pack;

const Json& requests() {
  static const Json all = samples::unpack(edge::help("h"))["requests"];
  return all;
}

std::string spell(const Json& number) {
  std::string text = number.dump();
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

// A field as a row of the specification: "top_p | number, above 0 to 1 | the model's".
std::string row_of(const Json& field) {
  std::string type = field["type"];
  if (type == "integer") type += " ≥ " + spell(field["min"]);
  if (type == "number") {
    type += field["above_min"] ? ", above " : ", ";
    type += spell(field["min"]) + " to " + spell(field["max"]);
  }
  const std::string fallback = field["required"] ? "required" : field.value("default", "");
  return field["name"].get<std::string>() + " | " + type + " | " + fallback;
}

// The first table under each heading of the fourth level, in the same form.
std::map<std::string, std::vector<std::string>> rows_of_specification() {
  std::ifstream in(SHOAL_SOURCE_DIR "/protocol/README.md");
  std::map<std::string, std::vector<std::string>> rows;
  std::string heading;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("#")) heading = line.starts_with("#### ") ? line.substr(5) : "";
    if (heading.empty() || !line.starts_with("| `")) continue;
    std::erase(line, '`');
    std::vector<std::string> cells;
    for (std::size_t at = 2, bar = line.find('|', at); bar != std::string::npos;
         at = bar + 2, bar = line.find('|', at)) {
      cells.push_back(bar > at ? line.substr(at, bar - at - 1) : "");
      if (bar + 2 > line.size()) break;
    }
    if (cells.size() == 4) rows[heading].push_back(cells[0] + " | " + cells[1] + " | " + cells[2]);
  }
  return rows;
}

std::string code_of_parsing(const Json& map) {
  const auto parsed = edge::parse(pack(map));
  const auto* bad = std::get_if<edge::BadRequest>(&parsed);
  return bad == nullptr ? "ok" : std::string(name(bad->error.code));
}

}  // namespace

TEST_CASE("HELP shows for each request what the specification says of it") {
  const auto specified = rows_of_specification();
  for (const Json& request : requests()) {
    std::vector<std::string> rows;
    for (const Json& field : request["fields"]) rows.push_back(row_of(field));
    const auto found = specified.find(request["type"]);
    REQUIRE_MESSAGE(found != specified.end(), request["type"]);
    CHECK(found->second == rows);
  }
}

TEST_CASE("a field that HELP shows is known to the parser, and one that it does not show is not") {
  for (const Json& request : requests()) {
    for (const Json& field : request["fields"]) {
      CAPTURE(field["name"]);
      const Json probe = {{"type", request["type"]}, {field["name"].get<std::string>(), Json::object()}};
      CHECK(code_of_parsing(probe) == "invalid_request");  // of the wrong type, not unknown
    }
    CHECK(code_of_parsing({{"type", request["type"]}, {"id", "1"}, {"surprise", 1}}) == "unknown_field");
  }
}

TEST_CASE("the range that HELP shows is the one that is enforced") {
  for (const Json& field : requests()[0]["fields"]) {
    if (!field.contains("min")) continue;
    CAPTURE(field["name"]);
    const auto with = [&](const Json& value) {
      Json map = {{"type", "SUBMIT"}, {"id", "1"}, {"prompt", ""}, {"logprobs", true}};  // top_logprobs needs it
      map[field["name"].get<std::string>()] = value;
      return code_of_parsing(map);
    };
    CHECK(with(field["max"]) == "ok");
    CHECK(with(field["min"]) == (field.value("above_min", false) ? "invalid_request" : "ok"));
    CHECK(with(field["min"].get<double>() - 0.5) == "invalid_request");
  }
}

TEST_CASE("every request, and every field of it, is explained in a sentence") {
  CHECK(requests().size() == std::variant_size_v<edge::Request>);
  for (const Json& request : requests()) {
    CHECK_FALSE(request["meaning"].get<std::string>().empty());
    CHECK_FALSE(request["answers"].get<std::string>().empty());
    for (const Json& field : request["fields"]) CHECK_FALSE(field["meaning"].get<std::string>().empty());
  }
}

}  // namespace shoal::protocol
