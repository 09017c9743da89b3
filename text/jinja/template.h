// A chat template in Jinja's language, as transformers renders it. Immutable: any number of threads may render one at a
// time.
#pragma once

#include <ctime>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "text/jinja/tree.h"
#include "text/prompt_text.h"

namespace shoal::text::jinja {

using Variables = std::vector<std::pair<std::string, Value>>;

class Template {
public:
  // Errors (bad_checkpoint): "line N: " and what is wrong there or not supported, by name. Whatever the interpreter
  // lacks is found here, also in parts that a conversation may never reach.
  static Result<Template> parse(std::string_view source);

  // `now` is what strftime_now writes. What `variables` hold as Parse::plain is never Parse::control in the result,
  // through whatever it went. Errors: invalid_request with the text of raise_exception as it is; invalid_request with
  // "line N: " and what cannot be done with these variables; too_large.
  Result<PromptText> render(const Variables& variables, const std::tm& now) const;

private:
  explicit Template(Block block) : block_(std::move(block)) {}

  Block block_;
};

}  // namespace shoal::text::jinja
