#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/nearest.h"
#include "base/utf8.h"
#include "protocol/edge/edge.h"
#include "protocol/edge/schema.h"
#include "protocol/map_fields.h"
#include "protocol/map_reader.h"
#include "protocol/value.h"

namespace shoal::protocol::edge {
namespace {

using Kind = Value::Kind;

// Why a frame is no map of a client, as helpfully as its first bytes allow.
Error not_a_map(std::string_view frame, const Result<Document>& document) {
  if (frame.empty()) return {Code::malformed, "an empty frame: expected one msgpack map"};
  if (frame.size() > limits::edge_message_bytes_max) {
    return {Code::too_large,
            std::to_string(frame.size()) + " bytes, at most " + std::to_string(limits::edge_message_bytes_max)};
  }
  if (frame[0] == '{') return {Code::malformed, "this looks like JSON: send the same fields as one msgpack map"};
  if (!document) return {document.error().code, "expected one msgpack map: " + document.error().text};
  if (document->root().is(Kind::array)) {
    return {Code::wrong_port,
            "a message of the mesh arrived at the client port: processes dial the inbox of a router "
            "(5570 by default)"};
  }
  return {Code::malformed, expected("one msgpack map", document->root())};
}

const RequestType* find_type(std::string_view name) {
  for (const RequestType& type : request_types()) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

std::string nearest_type(std::string_view name) {
  std::vector<std::string_view> names;
  for (const RequestType& type : request_types()) names.push_back(type.name);
  return did_you_mean(name, names);
}

// The id, or the client, of a request that could not be read as it should be: what an answer may carry, else nothing.
std::string name_in(std::string_view frame, std::string_view key) {
  std::string name = salvage(frame, key).value_or("");
  return name.size() <= limits::client_id_bytes_max && is_utf8(name) ? name : std::string();
}

// On the publish port: who gets the answers. It is a topic, so it has to be there and is never empty.
void read_client(MapReader& map, std::string& client) {
  map.require("client");
  map.text("client", client, limits::client_id_bytes_max);
  if (client.empty()) map.fail("client", Code::invalid_request, "expected 1 to 64 bytes of text");
}

}  // namespace

std::variant<Request, BadRequest> parse(std::string_view frame, Port port) {
  Result<Document> document = Error{Code::malformed, "not read"};
  if (frame.size() <= limits::edge_message_bytes_max) document = Document::parse(frame);
  BadRequest bad;
  if (!document || !document->root().is(Kind::map)) {
    bad.id = name_in(frame, "id");
    if (port == Port::publish) bad.client = name_in(frame, "client");
    bad.error = not_a_map(frame, document);
    return bad;
  }

  // First, each on its own, what an error needs in order to reach the request that it is about.
  MapReader anything("request", document->root());
  read_id(anything, bad.id);
  if (bad.id.empty()) bad.id = name_in(frame, "id");
  MapReader sender("request", document->root());
  if (port == Port::publish) read_client(sender, bad.client);
  const auto refused = [&bad](const Error& error) {
    bad.error = error;
    return bad;
  };

  std::string name;
  MapReader map("request", document->root());
  map.require("type");
  map.text("type", name, limits::name_bytes_max);
  if (map.error()) return refused(*map.error());
  const RequestType* type = find_type(name);
  if (type == nullptr) {
    return refused({Code::unknown_type, "no request of type " + quoted(name) + nearest_type(name)});
  }
  bad.is_result = name == "RESULT";
  if (sender.error()) return refused(*sender.error());
  if (port == Port::publish && name != "SUBMIT") {
    return refused({Code::invalid_request, "only SUBMIT can be published; send " + name + " to the client port"});
  }
  MapReader fields(name, document->root());
  Request request = type->read(fields, port);
  if (fields.error()) return refused(*fields.error());
  return request;
}

std::string id_in(std::string_view frame) {
  const auto parsed = parse(frame);
  if (const auto* bad = std::get_if<BadRequest>(&parsed)) return bad->id;
  return std::visit([](const auto& request) { return request.id; }, std::get<Request>(parsed));
}

}  // namespace shoal::protocol::edge
