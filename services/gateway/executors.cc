// What the owner knows of the executors that a stream may be placed on, before a router chooses one.

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "services/gateway/gateway_core.h"

namespace shoal::gateway {

// Which checkpoint of the model generates the answer: every holder's journal names it, since only another executor of
// the same may go on. While nothing is generated it is one that is alive, by the request's hash, so that the
// checkpoints of a model that is being replaced have their shares.
void GatewayCore::choose_checkpoint(Stream& stream) const {
  if (stream.position() > 0) return;
  std::vector<std::string_view> digests;
  for (const auto* executor : executors_for(stream)) digests.push_back(actors::label(*executor, "model_digest"));
  stream.journal.model_digest = digests.empty() ? "" : digests[RequestHash{}(stream.id.request) % digests.size()];
}

// Those alive that have the stream's model and tokenizer, but for those that it was lost with.
std::vector<const protocol::Entry*> GatewayCore::executors_for(const Stream& stream) const {
  auto alive = peers_.of("inference");
  std::erase_if(alive, [&](const auto* entry) {
    return actors::label(*entry, "model") != stream.journal.model ||
           actors::label(*entry, "tokenizer_digest") != stream.journal.tokenizer_digest ||
           std::find(stream.exclude.begin(), stream.exclude.end(), entry->epoch) != stream.exclude.end();
  });
  return alive;
}

// Of an answer to a prompt that names no max_tokens: as many as fit `room` and any executor of the model that could
// hold the prompt at all.
std::uint32_t GatewayCore::default_tokens(const std::string& model, std::uint32_t prompt, std::uint32_t room) const {
  for (const protocol::Entry* entry : peers_.of("inference")) {
    if (actors::label(*entry, "model") != model) continue;
    const std::string text(actors::label(*entry, "stream_tokens"));
    std::uint32_t held = 0;
    std::from_chars(text.data(), text.data() + text.size(), held);
    if (held > prompt) room = std::min(room, held - prompt);
  }
  return room;
}

}  // namespace shoal::gateway
