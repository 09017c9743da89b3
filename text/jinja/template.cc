#include "text/jinja/template.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "text/jinja/parser.h"
#include "text/jinja/run.h"

namespace shoal::text::jinja {

Result<Template> Template::parse(std::string_view source) {
  if (source.size() > limits::template_bytes_max) {
    return at_line(1, "the template is over " + std::to_string(limits::template_bytes_max) + " bytes");
  }
  if (!is_utf8(source)) return at_line(1, "the template is not UTF-8");
  auto tokens = tokenize(source);
  SHOAL_TRY(tokens);
  auto block = Parser(std::move(*tokens)).parse();
  SHOAL_TRY(block);
  return Template(std::move(*block));
}

Result<PromptText> Template::render(const Variables& variables, const std::tm& now) const {
  Scope outside(nullptr);
  for (const auto& [name, value] : variables) outside.set(name, value);
  Scope root(&outside);
  return Run(root, now).render(block_);
}

}  // namespace shoal::text::jinja
