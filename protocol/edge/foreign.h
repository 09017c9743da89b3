// Fields of other servers' requests (OpenAI's chat API, and what vLLM, SGLang, llama.cpp and Anthropic's API add to it)
// that Shoal does not have, each with what its sender wants and how to get that here, or that there is no way yet.
// A field that Shoal comes to have leaves the list. Constants.
#pragma once

#include <span>

#include "protocol/map_reader.h"

namespace shoal::protocol::edge {

// Of SUBMIT.
std::span<const Foreign> foreign_fields();

// Of one message of a conversation.
std::span<const Foreign> foreign_message_fields();

}  // namespace shoal::protocol::edge
