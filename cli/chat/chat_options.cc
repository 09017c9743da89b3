#include "cli/chat/chat_options.h"

#include <string_view>
#include <variant>

#include "cli/command.h"
#include "protocol/edge/edge.h"

namespace shoal::cli {
namespace {

// The parser reads -1 as the largest number there is.
const CLI::Validator not_negative(
    [](std::string& text) { return std::string(text.starts_with('-') ? "expected a whole number of at least 0" : ""); },
    "");

}  // namespace

void add_chat_options(CLI::App& command, ChatOptions& options) {
  const auto shown_as = [](CLI::Option* option, const char* value) { option->type_name(value); };
  command.add_option("prompt", options.words, "What to ask; without it, a conversation")->type_name("");
  add_connect_option(command, options.connect);
  shown_as(command.add_option("--system", options.system, "A system message that goes before the conversation"),
           "TEXT");
  shown_as(
      command.add_option("--max-tokens,--max_tokens", options.max_tokens, "The most tokens that an answer may have"),
      "N");
  shown_as(command.add_option("--temperature", options.temperature,
                              "0 to 2: 0 always takes the likeliest token, 1 draws as the model was trained"),
           "X");
  shown_as(command.add_option("--top-p,--top_p", options.top_p,
                              "Above 0, to 1: draw only from the likeliest tokens that make up this share"),
           "X");
  shown_as(command.add_option("--seed", options.seed, "The same seed draws the same answer")->check(not_negative), "N");
  shown_as(command.add_option("--stop", options.stop, "End the answer before this text; may be given several times")
               ->expected(1)
               ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll),
           "TEXT");
  shown_as(command.add_option("--tier", options.tier, "vip, realtime, async or batch: who goes first"), "NAME");
  command.add_flag("--no-reasoning", options.no_reasoning, "Do not show what the model thinks before it answers");
  command.add_flag("--quiet", options.quiet, "No line of tokens, time and request after an answer");
  command.add_flag("--json", options.json, "Print each answer as one line of JSON: content, reasoning_content, ...");
}

Json parameters_of(const ChatOptions& options) {
  Json fields = Json::object();
  if (options.max_tokens) fields["max_tokens"] = *options.max_tokens;
  if (options.temperature) fields["temperature"] = *options.temperature;
  if (options.top_p) fields["top_p"] = *options.top_p;
  if (options.seed) fields["seed"] = *options.seed;
  if (!options.stop.empty()) fields["stop"] = options.stop;
  if (options.tier) fields["tier"] = *options.tier;
  return fields;
}

Result<void> check_parameters(const Json& parameters) {
  Json submit = parameters;
  submit.update({{"type", "SUBMIT"}, {"id", "1"}, {"prompt", "?"}});
  const std::vector<std::uint8_t> frame = Json::to_msgpack(submit);
  const auto read = protocol::edge::parse({reinterpret_cast<const char*>(frame.data()), frame.size()});
  const auto* const bad = std::get_if<protocol::edge::BadRequest>(&read);
  if (bad == nullptr) return {};
  return bad->error;
}

}  // namespace shoal::cli
