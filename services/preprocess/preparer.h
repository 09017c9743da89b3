// What a preprocess does with one request: template, tokenizer, page hashes. Immutable after opening; any thread.
#pragma once

#include <ctime>
#include <functional>
#include <memory>
#include <string>

#include "services/preprocess/preprocess_core.h"
#include "text/chat.h"

namespace shoal::preprocess {

// What a request leaves open is answered by the model's files: context (max_position_embeddings of config.json) and
// sampling (generation_config.json, where it exists).
struct ModelDefaults {
  std::uint32_t context_tokens = 0;
  protocol::Parameters parameters;
};

// Errors (bad_checkpoint) name file and entry. `bytes` has a context of 4,096 ids and is greedy.
Result<ModelDefaults> read_model_defaults(const std::string& model);

// Greedy unless do_sample is true; then temperature, top_p, top_k and min_p as given.
Result<protocol::Parameters> parse_generation_config(const std::string& json, const std::string& file);

class Preparer {
public:
  // What templates that write the date take it from; called by any thread.
  using Clock = std::function<std::tm()>;

  // `model` is a directory or `bytes`. Errors (bad_checkpoint) of tokenizer and defaults. A template that is missing or
  // not understood is none: raw prompts are served without, and conversations are refused with its sentence.
  static Result<std::shared_ptr<const Preparer>> open(const std::string& model, Clock clock);

  // Errors: unknown_model; invalid_request for roles and contents that cannot be rendered, what the template refuses,
  // and conversations without a template.
  Result<protocol::Prepared> prepare(const protocol::Prepare& request) const;

  const std::string& model() const { return model_; }
  const text::Tokenizer& tokenizer() const { return *tokenizer_; }
  // Why conversations are refused; empty if they are not.
  std::string chat_flaw() const { return chat_ ? "" : chat_.error().text; }

private:
  Preparer(std::string model, std::shared_ptr<const text::Tokenizer> tokenizer, Result<text::ChatTemplate> chat,
           ModelDefaults defaults, Clock clock)
      : model_(std::move(model)),
        tokenizer_(std::move(tokenizer)),
        chat_(std::move(chat)),
        defaults_(std::move(defaults)),
        clock_(std::move(clock)) {}

  // A prompt that is much too long is not cut to its end, only to say how long it is.
  std::size_t counted_max() const { return 2 * std::size_t{defaults_.context_tokens}; }
  Result<void> prepare_chat(const protocol::Prepare& request, protocol::Prepared& prepared) const;

  std::string model_;
  std::shared_ptr<const text::Tokenizer> tokenizer_;
  Result<text::ChatTemplate> chat_;
  ModelDefaults defaults_;
  Clock clock_;
};

}  // namespace shoal::preprocess
