// HELP's answer, from the rows that the parser reads by.

#include "protocol/edge/edge.h"
#include "protocol/edge/schema.h"
#include "protocol/pack.h"

namespace shoal::protocol::edge {
namespace {

void text(Packer& packer, std::string_view key, std::string_view value) {
  packer.string(key);
  packer.string(value);
}

void pack_field(Packer& packer, const FieldInfo& field) {
  const bool is_integer = field.type == "integer";
  const bool is_number = field.type == "number";
  const bool is_bounded = !is_integer && field.max > 0;
  const bool has_default = !field.required() && !field.fallback.empty();
  packer.map(4 + (has_default ? 1 : 0) + (is_integer ? 2 : 0) + (is_number ? 3 : 0) + (is_bounded ? 1 : 0));
  text(packer, "name", field.name);
  text(packer, "type", field.type);
  packer.string("required");
  packer.boolean(field.required());
  text(packer, "meaning", field.meaning);
  if (has_default) text(packer, "default", field.fallback);
  if (is_integer) {
    packer.string("min");
    packer.integer(field.min);
    packer.string("max");
    packer.integer(field.max);
  }
  if (is_number) {
    packer.string("min");
    packer.number(field.low);
    packer.string("max");
    packer.number(field.high);
    packer.string("above_min");
    packer.boolean(field.above_low);
  }
  if (is_bounded) {
    packer.string("bytes_max");
    packer.integer(field.max);
  }
}

}  // namespace

std::string help(const std::string& id) {
  Packer packer;
  packer.map(4);
  text(packer, "type", "HELP");
  text(packer, "id", id);
  text(packer, "version", std::to_string(version_major) + "." + std::to_string(version & 0xff));
  packer.string("requests");
  packer.array(request_types().size());
  for (const RequestType& request : request_types()) {
    packer.map(4);
    text(packer, "type", request.name);
    text(packer, "meaning", request.meaning);
    text(packer, "answers", request.answers);
    packer.string("fields");
    packer.array(request.fields.size());
    for (const FieldInfo& field : request.fields) pack_field(packer, field);
  }
  return packer.take();
}

}  // namespace shoal::protocol::edge
