#include <string>

#include "base/check.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "protocol/edge/edge.h"
#include "protocol/pack.h"

namespace shoal::protocol::edge {
namespace {

std::string_view finish_name(Finish finish) {
  SHOAL_CHECK(finish != Finish::none);
  return finish == Finish::stop ? "stop" : "length";
}

// Opens a map of `fields` fields after type and id.
void begin(Packer& packer, std::size_t fields, std::string_view type, const std::string& id) {
  packer.map(2 + fields);
  packer.string("type");
  packer.string(type);
  packer.string("id");
  packer.string(id);
}

void text(Packer& packer, std::string_view key, std::string_view value) {
  packer.string(key);
  packer.string(value);
}

void integer(Packer& packer, std::string_view key, std::uint64_t value) {
  packer.string(key);
  packer.integer(value);
}

// Three fields. A token that is not text by itself is spelled with \xe4\xb8 for its bytes, as OpenAI does.
void token_logprob(Packer& packer, const TokenLogprob& entry) {
  text(packer, "token", as_sentence(entry.token.bytes, 4 * limits::token_bytes_max + 3));
  packer.string("logprob");
  packer.number(entry.logprob);
  packer.string("bytes");
  if (entry.token.bytes.empty()) return packer.nil();  // an id that spells nothing
  packer.array(entry.token.bytes.size());
  for (const char byte : entry.token.bytes) packer.integer(static_cast<std::uint8_t>(byte));
}

// The field of a DELTA or DONE.
std::string logprobs(const Logprobs& logprobs) {
  Packer packer;
  packer.string("logprobs");
  packer.map(1);
  packer.string("content");
  packer.array(logprobs.count());
  return packer.take() + logprobs.packed();
}

}  // namespace

std::string accepted(const std::string& id, const RequestId& request, const std::vector<std::string>& gateways) {
  Packer packer;
  begin(packer, 2, "ACCEPTED", id);
  text(packer, "request", to_hex(request));
  packer.string("gateways");
  packer.array(gateways.size());
  for (const std::string& gateway : gateways) packer.string(gateway);
  return packer.take();
}

void Logprobs::add(const std::vector<TextLogprobs>& entries) {
  Packer packer;
  for (const TextLogprobs& entry : entries) {
    packer.map(4);
    token_logprob(packer, entry.chosen);
    packer.string("top_logprobs");
    packer.array(entry.top.size());
    for (const TokenLogprob& top : entry.top) {
      packer.map(3);
      token_logprob(packer, top);
    }
  }
  count_ += entries.size();
  packed_ += packer.take();
}

std::string delta(const Delta& delta) {
  Packer packer;
  begin(packer, 5 + (delta.logprobs ? 1 : 0), "DELTA", delta.id);
  integer(packer, "position", delta.position);
  text(packer, "chain", to_hex(delta.chain));
  packer.string("ids");
  packer.array(delta.ids.size());
  for (const TokenId id : delta.ids) packer.integer(id);
  text(packer, "content", delta.content);
  text(packer, "reasoning_content", delta.reasoning_content);
  return delta.logprobs ? packer.take() + logprobs(*delta.logprobs) : packer.take();
}

std::string done(const Done& done) {
  Packer packer;
  const int optional_fields = (done.content ? 1 : 0) + (done.reasoning_content ? 1 : 0) + (done.logprobs ? 1 : 0);
  begin(packer, 2 + static_cast<std::size_t>(optional_fields), "DONE", done.id);
  text(packer, "finish_reason", finish_name(done.finish));
  packer.string("usage");
  packer.map(3);
  integer(packer, "prompt_tokens", done.prompt_tokens);
  integer(packer, "completion_tokens", done.completion_tokens);
  integer(packer, "total_tokens", std::uint64_t{done.prompt_tokens} + done.completion_tokens);
  if (done.content) text(packer, "content", *done.content);
  if (done.reasoning_content) text(packer, "reasoning_content", *done.reasoning_content);
  return done.logprobs ? packer.take() + logprobs(*done.logprobs) : packer.take();
}

std::string error(const std::string& id, const Error& error, std::uint32_t retry_after_ms, const std::string& reason) {
  Packer packer;
  begin(packer, 2 + (retry_after_ms > 0 ? 1 : 0) + (reason.empty() ? 0 : 1), "ERROR", id);
  text(packer, "code", name(error.code));
  text(packer, "message", as_sentence(error.text, limits::text_bytes_max));
  if (!reason.empty()) text(packer, "reason", reason);
  if (retry_after_ms > 0) integer(packer, "retry_after_ms", retry_after_ms);
  return packer.take();
}

std::string keepalive(const std::string& id, Attempt attempt, Position position, Chain chain) {
  Packer packer;
  begin(packer, 3, "KEEPALIVE", id);
  integer(packer, "attempt", attempt.to_u32());
  integer(packer, "position", position);
  text(packer, "chain", to_hex(chain));
  return packer.take();
}

std::string serving(const std::string& id, const std::string& kind) {
  Packer packer;
  begin(packer, 1, "SERVING", id);
  text(packer, "kind", kind);
  return packer.take();
}

std::string call(const std::string& id, const protocol::Call& call, std::uint32_t budget_ms) {
  Packer packer;
  begin(packer, 4, "CALL", id);
  text(packer, "kind", call.kind);
  text(packer, "method", call.method);
  packer.string("payload");
  packer.bytes(call.payload.bytes);
  integer(packer, "budget_ms", budget_ms);
  return packer.take();
}

std::string result(const std::string& id, const Bytes& payload) {
  Packer packer;
  begin(packer, 1, "RESULT", id);
  packer.string("payload");
  packer.bytes(payload.bytes);
  return packer.take();
}

std::string status(const std::string& id, const std::vector<Process>& processes) {
  Packer packer;
  begin(packer, 1, "STATUS", id);
  packer.string("processes");
  return packer.take() + pack_processes(processes).bytes;
}

}  // namespace shoal::protocol::edge
