// The client's side of the edge, for tests: requests as JSON values, which another library turns into msgpack.
#pragma once

#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "protocol/edge/edge.h"

namespace shoal::protocol::samples {

using Json = nlohmann::json;

inline std::string pack(const Json& map) {
  const auto bytes = Json::to_msgpack(map);
  return {bytes.begin(), bytes.end()};
}

inline Json unpack(const std::string& frame) { return Json::from_msgpack(frame); }

inline std::string tier_name(Tier tier) {
  constexpr const char* names[] = {"vip", "realtime", "async", "batch"};
  return names[static_cast<std::size_t>(tier)];
}

inline Json to_json(const edge::Submit& submit) {
  Json map = {{"type", "SUBMIT"}, {"id", submit.id}, {"stream", submit.stream}, {"tier", tier_name(submit.tier)}};
  for (const ChatMessage& message : submit.messages) {
    map["messages"].push_back({{"role", message.role}, {"content", message.content}});
  }
  const auto put = [&map](const char* key, const auto& field) {
    if (field) map[key] = *field;
  };
  if (!submit.model.empty()) map["model"] = submit.model;
  if (!submit.stop.empty()) map["stop"] = submit.stop;
  put("prompt", submit.prompt);
  put("max_tokens", submit.max_tokens);
  put("temperature", submit.temperature);
  put("top_p", submit.top_p);
  put("top_k", submit.top_k);
  put("min_p", submit.min_p);
  put("seed", submit.seed);
  put("frequency_penalty", submit.frequency_penalty);
  put("presence_penalty", submit.presence_penalty);
  put("repetition_penalty", submit.repetition_penalty);
  if (submit.logprobs) map["logprobs"] = true;
  if (submit.top_logprobs > 0) map["top_logprobs"] = submit.top_logprobs;
  put("deadline_ms", submit.deadline_ms);
  put("window", submit.window);
  if (!submit.client.empty()) map["client"] = submit.client;
  return map;
}

inline Json to_json(const edge::Cancel& cancel) { return {{"type", "CANCEL"}, {"id", cancel.id}}; }
inline Json to_json(const edge::Status& status) { return {{"type", "STATUS"}, {"id", status.id}}; }
inline Json to_json(const edge::Ack& ack) { return {{"type", "ACK"}, {"id", ack.id}}; }
inline Json to_json(const edge::Credit& credit) {
  return {{"type", "CREDIT"}, {"id", credit.id}, {"position", credit.position}};
}
inline Json to_json(const edge::Resume& resume) {
  return {{"type", "RESUME"},
          {"id", resume.id},
          {"choice", resume.choice},
          {"request", to_hex(resume.request)},
          {"position", resume.position},
          {"chain", to_hex(resume.chain)}};
}

inline Json bytes(const std::string& raw) { return Json::binary(std::vector<std::uint8_t>(raw.begin(), raw.end())); }

inline Json to_json(const edge::Call& call) {
  Json map = {{"type", "CALL"},
              {"id", call.id},
              {"kind", call.kind},
              {"method", call.method},
              {"payload", bytes(call.payload.bytes)},
              {"deadline_ms", call.deadline_ms}};
  if (call.epoch) map["epoch"] = to_hex(*call.epoch);
  return map;
}
inline Json to_json(const edge::Serve& serve) { return {{"type", "SERVE"}, {"id", serve.id}, {"kind", serve.kind}}; }
inline Json to_json(const edge::Help& help) { return {{"type", "HELP"}, {"id", help.id}}; }
inline Json to_json(const edge::Reply& reply) {
  return {{"type", "RESULT"},
          {"id", reply.id},
          {"payload", bytes(reply.payload.bytes)},
          {"code", shoal::name(reply.code)},
          {"message", reply.message}};
}

inline std::string pack(const edge::Request& request) {
  return pack(std::visit([](const auto& typed) { return to_json(typed); }, request));
}

}  // namespace shoal::protocol::samples
