#include "protocol/stage.h"

#include <array>
#include <utility>

#include "base/limits.h"
#include "base/nearest.h"
#include "base/tier_names.h"
#include "base/utf8.h"
#include "protocol/map_fields.h"
#include "protocol/pack.h"

namespace shoal::protocol {
namespace {

using edge::MapReader;

constexpr std::array<std::string_view, 3> verdicts = {"PASS", "REPLACE", "REFUSE"};
constexpr std::array<std::string_view, 2> channels = {"content", "reasoning"};

void pack_text(Packer& packer, std::string_view key, std::string_view value) {
  packer.string(key);
  packer.string(value);
}

void pack_messages(Packer& packer, const std::vector<ChatMessage>& messages) {
  packer.string("messages");
  packer.array(messages.size());
  for (const ChatMessage& message : messages) {
    packer.map(2);
    pack_text(packer, "role", message.role);
    pack_text(packer, "content", message.content);
  }
}

// Messages, or a prompt; not both and not neither.
void read_text(MapReader& map, std::vector<ChatMessage>& messages, std::optional<std::string>& prompt) {
  edge::read_messages(map, messages);
  if (map.find("prompt")) map.text("prompt", prompt.emplace(), limits::prompt_bytes_max);
  if (prompt && !messages.empty()) map.fail("prompt", Code::invalid_request, "messages and prompt exclude each other");
  if (!prompt && messages.empty()) map.fail("messages", Code::invalid_request, "is missing: messages, or a prompt");
}

void read_verdict(MapReader& map, Verdict& out) {
  std::string verdict;
  map.require("verdict");
  map.text("verdict", verdict, limits::name_bytes_max);
  const std::size_t index = edge::index_of(verdict, verdicts);
  if (index < verdicts.size()) {
    out = static_cast<Verdict>(index);
  } else {
    map.fail("verdict", Code::invalid_request,
             edge::quoted(verdict) + " is none of PASS, REPLACE, REFUSE" + did_you_mean(verdict, verdicts));
  }
}

void read_channel(MapReader& map, Channel& out) {
  std::string channel(channels[0]);
  map.text("channel", channel, limits::name_bytes_max);
  const std::size_t index = edge::index_of(channel, channels);
  if (index == channels.size()) {
    return map.fail("channel", Code::invalid_request, edge::quoted(channel) + " is none of content, reasoning");
  }
  out = static_cast<Channel>(index);
}

Result<Document> document_of(const Bytes& payload) {
  if (payload.bytes.size() > limits::payload_bytes_max) {
    return Error{Code::too_large,
                 std::to_string(payload.bytes.size()) + " bytes, at most " + std::to_string(limits::payload_bytes_max)};
  }
  return Document::parse(payload.bytes);
}

}  // namespace

StageAnswer pass_all_but(std::size_t hold) {
  StageAnswer answer;
  answer.hold = static_cast<std::uint32_t>(hold);
  return answer;
}

StageAnswer replace(std::vector<ChatMessage> messages) {
  StageAnswer answer;
  answer.verdict = Verdict::replace;
  answer.messages = std::move(messages);
  return answer;
}

StageAnswer replace_text(std::string text, std::size_t hold) {
  StageAnswer answer = pass_all_but(hold);
  answer.verdict = Verdict::replace;
  answer.text = std::move(text);
  return answer;
}

StageAnswer refuse(std::string code, std::string text) {
  StageAnswer answer;
  answer.verdict = Verdict::refuse;
  answer.code = std::move(code);
  answer.text = std::move(text);
  return answer;
}

Bytes pack(const StageRequest& request) {
  Packer packer;
  packer.map(4);
  if (request.prompt) {
    pack_text(packer, "prompt", *request.prompt);
  } else {
    pack_messages(packer, request.messages);
  }
  pack_text(packer, "model", request.model);
  pack_text(packer, "tenant", request.tenant);
  pack_text(packer, "tier", name(request.tier));
  return {packer.take()};
}

Bytes pack(const ReviewRequest& request) {
  Packer packer;
  packer.map(10);
  pack_text(packer, "text", request.text);
  pack_text(packer, "channel", channels[static_cast<std::size_t>(request.channel)]);
  pack_text(packer, "before", request.before);
  packer.string("position");
  packer.integer(request.position);
  packer.string("final");
  packer.boolean(request.is_final);
  packer.string("hold_max");
  packer.integer(request.hold_max);
  pack_text(packer, "stream", request.stream);
  pack_text(packer, "model", request.model);
  pack_text(packer, "tenant", request.tenant);
  pack_text(packer, "tier", name(request.tier));
  return {packer.take()};
}

Bytes pack(const StageAnswer& answer) {
  const bool replaces = answer.verdict == Verdict::replace;
  const bool refuses = answer.verdict == Verdict::refuse;
  const bool holds = !refuses && answer.hold > 0;
  Packer packer;
  packer.map((replaces ? 2 : refuses ? 3 : 1) + (holds ? 1 : 0));
  pack_text(packer, "verdict", verdicts[static_cast<std::size_t>(answer.verdict)]);
  if (replaces && answer.prompt) {
    pack_text(packer, "prompt", *answer.prompt);
  } else if (replaces && !answer.messages.empty()) {
    pack_messages(packer, answer.messages);
  } else if (replaces) {
    pack_text(packer, "text", answer.text);
  }
  if (holds) {
    packer.string("hold");
    packer.integer(answer.hold);
  }
  if (refuses) {
    pack_text(packer, "code", answer.code);
    pack_text(packer, "text", as_sentence(answer.text, limits::text_bytes_max));
  }
  return {packer.take()};
}

Result<StageRequest> parse_stage_request(const Bytes& payload) {
  const auto document = document_of(payload);
  if (!document) return Error{document.error().code, "stage request: " + document.error().text};
  StageRequest request;
  MapReader map("stage request", document->root());
  read_text(map, request.messages, request.prompt);
  map.text("model", request.model, limits::name_bytes_max);
  map.text("tenant", request.tenant, limits::name_bytes_max);
  edge::read_tier(map, request.tier);
  if (map.error()) return *map.error();
  return request;
}

Result<StageAnswer> parse_stage_answer(const Bytes& payload) {
  constexpr std::array<std::string_view, 5> known = {"verdict", "messages", "prompt", "code", "text"};
  const auto document = document_of(payload);
  if (!document) return Error{document.error().code, "stage answer: " + document.error().text};
  StageAnswer answer;
  MapReader map("stage answer", document->root());
  map.only(known);
  read_verdict(map, answer.verdict);
  if (answer.verdict == Verdict::replace) read_text(map, answer.messages, answer.prompt);
  map.text("code", answer.code, limits::name_bytes_max);
  map.text("text", answer.text, limits::text_bytes_max);
  if (map.error()) return *map.error();
  return answer;
}

Result<ReviewRequest> parse_review_request(const Bytes& payload) {
  const auto document = document_of(payload);
  if (!document) return Error{document.error().code, "review request: " + document.error().text};
  ReviewRequest request;
  MapReader map("review request", document->root());
  map.require("text");
  map.text("text", request.text, limits::prompt_bytes_max);
  read_channel(map, request.channel);
  map.text("before", request.before, limits::prompt_bytes_max);
  map.integer("position", request.position);
  map.boolean("final", request.is_final);
  map.integer("hold_max", request.hold_max);
  map.text("stream", request.stream, limits::name_bytes_max);
  map.text("model", request.model, limits::name_bytes_max);
  map.text("tenant", request.tenant, limits::name_bytes_max);
  edge::read_tier(map, request.tier);
  if (map.error()) return *map.error();
  return request;
}

Result<StageAnswer> parse_review_answer(const Bytes& payload) {
  constexpr std::array<std::string_view, 4> known = {"verdict", "text", "code", "hold"};
  const auto document = document_of(payload);
  if (!document) return Error{document.error().code, "review answer: " + document.error().text};
  StageAnswer answer;
  MapReader map("review answer", document->root());
  map.only(known);
  read_verdict(map, answer.verdict);
  const bool replaces = answer.verdict == Verdict::replace;
  if (replaces) map.require("text");
  map.text("text", answer.text, replaces ? limits::review_text_bytes_max : limits::text_bytes_max);
  map.text("code", answer.code, limits::name_bytes_max);
  map.integer("hold", answer.hold, 0, limits::review_hold_bytes_max);
  if (map.error()) return *map.error();
  return answer;
}

}  // namespace shoal::protocol
