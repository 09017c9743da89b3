// Conversations as prompts: the model's own chat template renders them (text/jinja), and what it wrote itself may
// become control tokens while what people wrote never does. Pure; any thread.
#pragma once

#include <ctime>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "text/jinja/template.h"
#include "text/tokenizer.h"

namespace shoal::text {

enum class Role { system, user, assistant };

// As the client edge spells it, and as templates do; nothing for any other name.
std::optional<Role> role_of(std::string_view name);
std::string_view name(Role role);

struct Message {
  Role role = Role::user;
  std::string content;
};

// What of the answer to a prompt is reasoning.
enum class Thinking {
  none,     // nothing: <think> is text like any other
  divided,  // the answer may begin with <think>; up to </think> it is reasoning then
  begun,    // up to </think> it is reasoning, whether <think> comes or not
};

class ChatTemplate {
public:
  // The template of a model. Errors (bad_checkpoint): the model has none, or it uses what text/jinja lacks; the text
  // names file, line and construct.
  static Result<ChatTemplate> open(const Tokenizer& tokenizer);

  // What the template writes for the conversation and the beginning of its answer; `now` is for templates that write
  // the date. Errors (invalid_request): no messages; a content that is not UTF-8; what the template refuses, in its
  // words; what it cannot do with these messages. too_large: over a bound of the rendering.
  Result<PromptText> render(std::span<const Message> messages, const std::tm& now) const;

  // What of the answer to this prompt is reasoning. The rule of DeepSeek-R1, whose models may leave <think> out: it is
  // begun if the template wrote <think> last, and also if it wrote neither but knows how to take </think> out of
  // earlier answers; a </think> that it wrote ended it.
  Thinking thinking(const PromptText& prompt) const;

private:
  // Without a template, that of the model `bytes`: the last user message, as it is.
  std::shared_ptr<const jinja::Template> template_;
  std::string file_;
  jinja::Variables tokens_;
  bool knows_thinking_ = false;
};

// The ids of a rendered conversation. Nothing is put before or after them: a template writes BOS itself. Not all of
// them if they are more than `ids_max`, here and below.
Result<std::vector<TokenId>> encode_chat(const Tokenizer& tokenizer, const PromptText& prompt,
                                         std::size_t ids_max = Tokenizer::all);

// The prompt of a raw completion: BOS, if the model's raw prompts begin with it, and the text. With Parse::control its
// spellings of control tokens become those, and a BOS that it begins with is not put before it again. Its output is
// content from the first byte.
Result<std::vector<TokenId>> render_prompt(const Tokenizer& tokenizer, std::string_view text,
                                           Parse parse = Parse::plain, std::size_t ids_max = Tokenizer::all);

}  // namespace shoal::text
