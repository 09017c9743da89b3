#include "text/chat.h"

#include <algorithm>

#include "base/utf8.h"

namespace shoal::text {
namespace {

constexpr std::string_view opening = "<think>";
constexpr std::string_view closing = "</think>";

using jinja::make_string;

// A role is one of three names and no text of the client, so that templates may build markers of it.
jinja::Value value_of(const Message& message) {
  jinja::Dict out;
  out.entries.emplace_back(make_string("role"), make_string(name(message.role)));
  out.entries.emplace_back(make_string("content"), make_string(PromptText(message.content, Parse::plain)));
  return jinja::make_dict(std::move(out));
}

Result<void> check(std::span<const Message> messages) {
  if (messages.empty()) return Error{Code::invalid_request, "messages: expected at least one"};
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const std::size_t valid = valid_utf8_bytes(messages[i].content);
    if (valid == messages[i].content.size()) continue;
    return Error{Code::invalid_request, "messages: the content of message " + std::to_string(i) +
                                            " is not UTF-8 at byte " + std::to_string(valid)};
  }
  return {};
}

}  // namespace

std::optional<Role> role_of(std::string_view name) {
  if (name == "system") return Role::system;
  if (name == "user") return Role::user;
  if (name == "assistant") return Role::assistant;
  return std::nullopt;
}

std::string_view name(Role role) { return role == Role::system ? "system" : role == Role::user ? "user" : "assistant"; }

Result<ChatTemplate> ChatTemplate::open(const Tokenizer& tokenizer) {
  ChatTemplate chat;
  if (tokenizer.is_bytes()) return chat;
  const ChatTemplateFile& file = tokenizer.chat_template_file();
  const auto refused = [&](const std::string& why) {
    return Error{Code::bad_checkpoint, file.name + ": " + why + ". Raw prompts need no template"};
  };
  if (!file.flaw.empty()) return refused(file.flaw);
  auto parsed = jinja::Template::parse(file.source);
  if (!parsed) return refused(parsed.error().text);
  chat.template_ = std::make_shared<const jinja::Template>(std::move(*parsed));
  chat.file_ = file.name;
  for (const auto& [key, content] : tokenizer.named_tokens()) chat.tokens_.emplace_back(key, make_string(content));
  chat.knows_thinking_ = file.source.find(closing) != file.source.npos;
  return chat;
}

Result<PromptText> ChatTemplate::render(std::span<const Message> messages, const std::tm& now) const {
  SHOAL_TRY(check(messages));
  if (!template_) {
    const auto last = std::find_if(messages.rbegin(), messages.rend(), [](auto& m) { return m.role == Role::user; });
    if (last == messages.rend()) return Error{Code::invalid_request, "messages: the model bytes needs a user message"};
    return PromptText(last->content, Parse::plain);
  }
  std::vector<jinja::Value> values;
  for (const Message& message : messages) values.push_back(value_of(message));
  jinja::Variables variables = tokens_;
  variables.emplace_back("messages", jinja::make_list(std::move(values)));
  variables.emplace_back("tools", jinja::Value::Data(jinja::None{}));
  variables.emplace_back("documents", jinja::Value::Data(jinja::None{}));
  variables.emplace_back("add_generation_prompt", jinja::Value::Data(true));
  auto prompt = template_->render(variables, now);
  if (!prompt) return Error{prompt.error().code, "messages: " + file_ + ": " + prompt.error().text};
  return prompt;
}

Thinking ChatTemplate::thinking(const PromptText& prompt) const {
  const auto& stretches = prompt.stretches();
  std::string_view tail = prompt.bytes();  // what the template wrote behind the last text of a person
  for (std::size_t i = 0; i + 1 < stretches.size(); ++i) {
    if (stretches[i].parse == Parse::plain) tail = std::string_view(prompt.bytes()).substr(stretches[i].end);
  }
  if (!template_ || (!stretches.empty() && stretches.back().parse == Parse::plain)) tail = {};
  const std::size_t opened = tail.rfind(opening);
  const std::size_t closed = tail.rfind(closing);
  if (opened != tail.npos && (closed == tail.npos || closed < opened)) return Thinking::begun;
  if (closed != tail.npos) return Thinking::divided;
  return knows_thinking_ ? Thinking::begun : Thinking::none;
}

Result<std::vector<TokenId>> encode_chat(const Tokenizer& tokenizer, const PromptText& prompt, std::size_t ids_max) {
  std::vector<TokenId> ids;
  SHOAL_TRY(tokenizer.encode(prompt, ids, ids_max));
  return ids;
}

Result<std::vector<TokenId>> render_prompt(const Tokenizer& tokenizer, std::string_view text, Parse parse,
                                           std::size_t ids_max) {
  std::vector<TokenId> ids;
  SHOAL_TRY(tokenizer.encode(text, parse, ids, ids_max));
  const bool has_bos = parse == Parse::control && !ids.empty() && ids.front() == tokenizer.bos_id();
  if (tokenizer.adds_bos() && !has_bos) ids.insert(ids.begin(), *tokenizer.bos_id());
  return ids;
}

}  // namespace shoal::text
