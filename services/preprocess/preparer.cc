#include "services/preprocess/preparer.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json_depth.h"
#include "base/limits.h"
#include "base/page.h"
#include "services/model_name.h"

namespace shoal::preprocess {
namespace {

using nlohmann::json;

constexpr std::uint32_t bytes_context_tokens = 4096;

Error bad(const std::string& file, const std::string& what) { return {Code::bad_checkpoint, file + ": " + what}; }

Result<std::string> read_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  if (!stream || !(text << stream.rdbuf())) return bad(file.string(), "cannot be read");
  return text.str();
}

Result<json> parse_object(const std::string& text, const std::string& file) {
  if (depth_of_json(text) > json_depth_max) {
    return bad(file, "it nests deeper than " + std::to_string(json_depth_max) + " levels");
  }
  json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return bad(file, "expected a JSON object");
  return object;
}

Result<std::uint32_t> parse_context(const std::string& text, const std::string& file) {
  const auto config = parse_object(text, file);
  SHOAL_TRY(config);
  const auto entry = config->find("max_position_embeddings");
  if (entry == config->end() || !entry->is_number_unsigned()) {
    return bad(file, "max_position_embeddings: expected a number of positions");
  }
  const auto context = entry->get<std::uint64_t>();
  if (context < 2) return bad(file, "max_position_embeddings: expected at least 2");
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(context, limits::context_tokens_max));
}

// Leaves `out` as it is if the entry is absent or null.
template <class Number>
Result<void> read_number(const json& object, const char* key, double least, double most, const std::string& file,
                         Number& out) {
  const auto entry = object.find(key);
  if (entry == object.end() || entry->is_null()) return {};
  if (!entry->is_number() || !(entry->get<double>() >= least && entry->get<double>() <= most)) {
    return bad(file, std::string(key) + ": expected a number from " + json(least).dump() + " to " + json(most).dump());
  }
  out = entry->get<Number>();
  return {};
}

}  // namespace

Result<protocol::Parameters> parse_generation_config(const std::string& text, const std::string& file) {
  const auto parsed = parse_object(text, file);
  SHOAL_TRY(parsed);
  const json& config = *parsed;
  protocol::Parameters parameters;
  parameters.temperature = 0;
  SHOAL_TRY(read_number(config, "repetition_penalty", 0.01, limits::penalty_max, file, parameters.repetition_penalty));
  const auto sampled = config.find("do_sample");
  if (sampled == config.end() || !sampled->is_boolean() || !sampled->get<bool>()) return parameters;
  parameters.temperature = 1;
  SHOAL_TRY(read_number(config, "temperature", 0, 2, file, parameters.temperature));
  SHOAL_TRY(read_number(config, "top_p", 1e-6, 1, file, parameters.top_p));
  SHOAL_TRY(read_number(config, "top_k", 0, 1 << 20, file, parameters.top_k));
  SHOAL_TRY(read_number(config, "min_p", 0, 1, file, parameters.min_p));
  return parameters;
}

Result<ModelDefaults> read_model_defaults(const std::string& model) {
  ModelDefaults defaults;
  defaults.parameters.temperature = 0;
  if (model == "bytes") {
    defaults.context_tokens = bytes_context_tokens;
    return defaults;
  }
  const std::filesystem::path directory(model);
  const auto config = read_file(directory / "config.json");
  SHOAL_TRY(config);
  const auto context = parse_context(*config, (directory / "config.json").string());
  SHOAL_TRY(context);
  defaults.context_tokens = *context;
  const auto file = directory / "generation_config.json";
  if (!std::filesystem::exists(file)) {
    defaults.parameters.temperature = 1;  // the field's convention where the model says nothing
    return defaults;
  }
  const auto generation = read_file(file);
  SHOAL_TRY(generation);
  auto parameters = parse_generation_config(*generation, file.string());
  SHOAL_TRY(parameters);
  defaults.parameters = std::move(*parameters);
  return defaults;
}

Result<std::shared_ptr<const Preparer>> Preparer::open(const std::string& model, Clock clock) {
  auto tokenizer = text::Tokenizer::open(model);
  SHOAL_TRY(tokenizer);
  auto chat = text::ChatTemplate::open(**tokenizer);
  auto defaults = read_model_defaults(model);
  SHOAL_TRY(defaults);
  return std::shared_ptr<const Preparer>(new Preparer(services::model_name(model), std::move(*tokenizer),
                                                      std::move(chat), std::move(*defaults), std::move(clock)));
}

Result<void> Preparer::prepare_chat(const protocol::Prepare& request, protocol::Prepared& prepared) const {
  if (!chat_) return Error{Code::invalid_request, "messages: " + chat_.error().text};
  std::vector<text::Message> messages;
  for (const protocol::ChatMessage& message : request.messages) {
    const auto role = text::role_of(message.role);
    if (!role) {
      return Error{Code::invalid_request,
                   "messages: the role \"" + message.role + "\" is not one of system, user and assistant"};
    }
    messages.push_back({*role, message.content});
  }
  const auto prompt = chat_->render(messages, clock_());
  SHOAL_TRY(prompt);
  auto ids = text::encode_chat(*tokenizer_, *prompt, counted_max());
  SHOAL_TRY(ids);
  prepared.prompt.ids = std::move(*ids);
  switch (chat_->thinking(*prompt)) {
    case text::Thinking::none:
      prepared.reasoning = protocol::Reasoning::none;
      break;
    case text::Thinking::divided:
      prepared.reasoning = protocol::Reasoning::divided;
      break;
    case text::Thinking::begun:
      prepared.reasoning = protocol::Reasoning::begun;
      break;
  }
  return {};
}

Result<protocol::Prepared> Preparer::prepare(const protocol::Prepare& request) const {
  if (!request.model.empty() && request.model != model_) {
    return Error{Code::unknown_model, "the model \"" + request.model + "\" is not served here; \"" + model_ + "\" is"};
  }
  protocol::Prepared prepared;
  prepared.model = model_;
  prepared.tokenizer_digest = tokenizer_->digest();
  prepared.context_tokens = defaults_.context_tokens;
  prepared.defaults = defaults_.parameters;
  prepared.stop_ids.assign(tokenizer_->eos_ids().begin(), tokenizer_->eos_ids().end());
  if (request.messages.empty()) {
    auto ids = text::render_prompt(*tokenizer_, request.prompt,
                                   request.allow_special ? text::Parse::control : text::Parse::plain, counted_max());
    SHOAL_TRY(ids);
    prepared.prompt.ids = std::move(*ids);
  } else {
    SHOAL_TRY(prepare_chat(request, prepared));
  }
  if (prepared.prompt.ids.empty()) return Error{Code::invalid_request, "the prompt is empty"};
  // Here and not at the owner, which could not even be sent the ids of the longest text that a client may send.
  if (const std::size_t ids = prepared.prompt.ids.size(); ids >= prepared.context_tokens) {
    const std::string count = ids > counted_max() ? "more than " + std::to_string(counted_max()) : std::to_string(ids);
    return Error{Code::context_length, "the prompt has " + count + " tokens, and the context of " + model_ + " holds " +
                                           std::to_string(prepared.context_tokens) + "; send a shorter one"};
  }
  prepared.page_hashes = page_hashes(0, prepared.prompt.ids);
  return prepared;
}

}  // namespace shoal::preprocess
