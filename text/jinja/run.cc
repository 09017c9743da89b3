#include "text/jinja/run.h"

#include "base/limits.h"

namespace shoal::text::jinja {

void Scope::set(std::string_view name, Value value) {
  for (auto& [one, old] : entries_) {
    if (one == name) {
      old = std::move(value);
      return;
    }
  }
  entries_.emplace_back(name, std::move(value));
}

const Value* Scope::find(std::string_view name) const {
  for (const Scope* scope = this; scope != nullptr; scope = scope->outer_) {
    for (const auto& [one, value] : scope->entries_) {
      if (one == name) return &value;
    }
  }
  return nullptr;
}

Result<PromptText> Run::render(const Block& block) {
  PromptText out;
  execute(block, root_, out);
  if (failed_) return error_;
  return out;
}

Value Run::fail(std::string text) {
  if (!failed_) error_ = {Code::invalid_request, "line " + std::to_string(line_) + ": " + std::move(text)};
  failed_ = true;
  return {};
}

Value Run::refuse(std::string text) {
  if (!failed_) error_ = {Code::invalid_request, std::move(text)};
  failed_ = true;
  return {};
}

bool Run::spend(std::size_t steps) {
  steps_ += steps;
  if (steps_ > limits::render_steps_max) {
    fail("the conversation takes more than " + std::to_string(limits::render_steps_max) + " steps to render");
  }
  return !failed_;
}

bool Run::spend_bytes(std::size_t bytes) {
  bytes_ += bytes;
  if (bytes_ > limits::render_work_bytes_max) {
    fail("the conversation takes more than " + std::to_string(limits::render_work_bytes_max) + " bytes to render");
  }
  return !failed_;
}

bool Run::equal(const Value& left, const Value& right) {
  return spend(std::min(extent_of(left).weight, extent_of(right).weight)) && equals(left, right);
}

Value Run::string(PromptText text) { return spend_bytes(text.size()) ? make_string(std::move(text)) : Value(); }

Namespace* Run::make_namespace() { return &namespaces_.emplace_back(); }

Value Run::call(const Value& callee, Arguments arguments) {
  const auto* function = callee.get<Function>();
  if (function == nullptr) return fail("a " + std::string(type_name(callee)) + " cannot be called");
  if (function->macro != nullptr) {
    Scope* const outer = function->site ? *function->site : &root_;
    return outer == nullptr ? fail("the block of a `call` that is over")
                            : call_macro(*function->macro, *outer, arguments);
  }
  return call(*function->builtin, function->self ? *function->self : Value(), std::move(arguments));
}

Value Run::call(const Builtin& builtin, const Value& self, Arguments arguments) {
  if (builtin.takes_any) return builtin.call(*this, self, arguments);
  std::vector<std::string_view> names;
  for (const auto& [name, value] : arguments.named) names.push_back(name);
  const std::string why = misfit(builtin, arguments.positional.size(), names);
  if (!why.empty()) return fail("\"" + std::string(builtin.name) + "\" " + why);
  arguments.positional.resize(builtin.parameters.size());
  for (auto& [name, value] : arguments.named) {
    for (std::size_t i = 0; i < builtin.parameters.size(); ++i) {
      if (builtin.parameters[i] == name) arguments.positional[i] = std::move(value);
    }
  }
  return builtin.call(*this, self, arguments);
}

}  // namespace shoal::text::jinja
