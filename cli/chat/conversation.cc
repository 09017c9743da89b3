#include "cli/chat/conversation.h"

namespace shoal::cli {
namespace {

Json message(const char* role, const std::string& content) { return {{"role", role}, {"content", content}}; }

}  // namespace

Conversation::Conversation(const std::string& system) {
  if (!system.empty()) messages_.push_back(message("system", system));
  first_ = messages_.size();
}

Json Conversation::asking(const std::string& question) const {
  Json messages = messages_;
  messages.push_back(message("user", question));
  return messages;
}

void Conversation::add(const std::string& question, const std::string& answer) {
  messages_.push_back(message("user", question));
  messages_.push_back(message("assistant", answer));
}

std::size_t Conversation::forget_older() {
  const std::size_t count = (turns() + 1) / 2;
  const auto oldest = messages_.begin() + static_cast<std::ptrdiff_t>(first_);
  messages_.erase(oldest, oldest + static_cast<std::ptrdiff_t>(2 * count));
  return count;
}

void Conversation::clear() {
  messages_.erase(messages_.begin() + static_cast<std::ptrdiff_t>(first_), messages_.end());
}

}  // namespace shoal::cli
