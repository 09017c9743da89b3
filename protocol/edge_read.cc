#include <array>
#include <string>
#include <utility>

#include "base/limits.h"
#include "base/nearest.h"
#include "base/utf8.h"
#include "protocol/edge.h"
#include "protocol/edge_fields.h"
#include "protocol/edge_map.h"
#include "protocol/value.h"

namespace shoal::protocol::edge {
namespace {

using Kind = Value::Kind;

Request read_submit(MapReader& map) {
  constexpr std::array<std::string_view, 16> known = {
      "type",  "id",    "messages", "prompt", "stream", "model", "max_tokens",  "temperature",
      "top_p", "top_k", "min_p",    "seed",   "stop",   "tier",  "deadline_ms", "window"};
  Submit submit;
  map.only(known);
  read_id(map, submit.id);
  read_messages(map, submit.messages);
  if (map.find("prompt")) map.text("prompt", submit.prompt.emplace(), limits::prompt_bytes_max);
  if (submit.prompt && !submit.messages.empty()) {
    map.fail("prompt", Code::invalid_request, "messages and prompt exclude each other");
  }
  if (!submit.prompt && submit.messages.empty()) {
    map.fail("messages", Code::invalid_request, "is missing: a request has messages, or a prompt");
  }
  map.boolean("stream", submit.stream);
  map.text("model", submit.model, limits::name_bytes_max);
  map.integer("max_tokens", submit.max_tokens, 1);
  map.number("temperature", submit.temperature, 0.0F, 2.0F);
  map.number("top_p", submit.top_p, 0.0F, 1.0F, false);
  map.integer("top_k", submit.top_k);
  map.number("min_p", submit.min_p, 0.0F, 1.0F);
  map.integer("seed", submit.seed);
  read_stop(map, submit.stop);
  read_tier(map, submit.tier);
  map.integer("deadline_ms", submit.deadline_ms, 1);
  map.integer("window", submit.window, 1);
  return submit;
}

Request read_credit(MapReader& map) {
  constexpr std::array<std::string_view, 3> known = {"type", "id", "position"};
  Credit credit;
  map.only(known);
  read_id(map, credit.id);
  map.require("position");
  map.integer("position", credit.position);
  return credit;
}

Request read_resume(MapReader& map) {
  constexpr std::array<std::string_view, 6> known = {"type", "id", "request", "choice", "position", "chain"};
  Resume resume;
  map.only(known);
  read_id(map, resume.id);
  std::string request;
  map.require("request");
  map.text("request", request, limits::name_bytes_max);
  if (const auto number = request_of_hex(request)) {
    resume.request = *number;
  } else {
    map.fail("request", Code::invalid_request, "expected 32 hexadecimal digits");
  }
  map.integer("choice", resume.choice);
  map.require("position");
  map.integer("position", resume.position);
  std::string chain = to_hex(Chain{0});
  map.text("chain", chain, limits::name_bytes_max);
  if (resume.position > 0) map.require("chain");
  if (const auto number = number_of_hex(chain)) {
    resume.chain = *number;
  } else {
    map.fail("chain", Code::invalid_request, "expected 16 hexadecimal digits");
  }
  return resume;
}

// Requests that consist of their id.
template <class T>
Request read_plain(MapReader& map) {
  constexpr std::array<std::string_view, 2> known = {"type", "id"};
  T request;
  map.only(known);
  read_id(map, request.id);
  return request;
}

constexpr std::array<std::string_view, 6> types = {"SUBMIT", "CANCEL", "CREDIT", "STATUS", "RESUME", "ACK"};
constexpr std::array<Request (*)(MapReader&), types.size()> readers = {
    read_submit, read_plain<Cancel>, read_credit, read_plain<Status>, read_resume, read_plain<Ack>};

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

}  // namespace

std::variant<Request, BadRequest> parse(std::string_view frame) {
  Result<Document> document = Error{Code::malformed, "not read"};
  if (frame.size() <= limits::edge_message_bytes_max) document = Document::parse(frame);
  if (!document || !document->root().is(Kind::map)) return BadRequest{"", not_a_map(frame, document)};

  // The id first, on its own: an error should reach the request that it is about.
  std::string id;
  MapReader anything("request", document->root());
  read_id(anything, id);

  std::string type;
  MapReader map("request", document->root());
  map.require("type");
  map.text("type", type, limits::name_bytes_max);
  if (map.error()) return BadRequest{id, *map.error()};
  const std::size_t index = index_of(type, types);
  if (index == types.size()) {
    return BadRequest{id, {Code::unknown_type, "no request of type " + quoted(type) + did_you_mean(type, types)}};
  }
  MapReader fields(type, document->root());
  Request request = readers[index](fields);
  if (fields.error()) return BadRequest{id, *fields.error()};
  return request;
}

}  // namespace shoal::protocol::edge
