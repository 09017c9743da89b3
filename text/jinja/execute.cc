// Statements.
#include "base/limits.h"
#include "text/jinja/deeper.h"
#include "text/jinja/run.h"

namespace shoal::text::jinja {

using Kind = Statement::Kind;

Run::Flow Run::execute(const Block& block, Scope& scope, PromptText& out) {
  for (const auto& statement : block) {
    const Flow flow = execute(*statement, scope, out);
    if (failed_ || flow != Flow::next) return flow;
  }
  return Flow::next;
}

void Run::write(const PromptText& text, PromptText& out) {
  if (out.size() + text.size() > limits::rendered_bytes_max) {
    if (!failed_) {
      error_ = {Code::too_large,
                "the rendered conversation is over " + std::to_string(limits::rendered_bytes_max) + " bytes"};
    }
    failed_ = true;
    return;
  }
  if (spend_bytes(text.size())) out.append(text);
}

Run::Flow Run::execute(const Statement& statement, Scope& scope, PromptText& out) {
  const Deeper deeper(*this);
  line_ = statement.line;
  if (!spend(1)) return Flow::next;
  switch (statement.kind) {
    case Kind::text:
      write(*statement.value.text(), out);
      break;
    case Kind::output: {
      const Value value = evaluate(*statement.expression, scope);
      if (failed_) break;
      if (const PromptText* text = value.text()) {
        write(*text, out);
      } else {
        write(print(value), out);
      }
      break;
    }
    case Kind::branches:
      return execute_branches(statement, scope, out);
    case Kind::loop:
      return execute_loop(statement, scope, out);
    case Kind::set: {
      Value value = evaluate(*statement.expression, scope);
      if (!failed_) assign(statement.target, std::move(value), scope);
      break;
    }
    case Kind::set_block:
    case Kind::filter_block:
      return execute_captured(statement, scope, out);
    case Kind::call:
      return execute_call(statement, scope, out);
    case Kind::macro:
      scope.set(statement.name, Value::Data(Function{.macro = &statement}));
      break;
    case Kind::with: {
      Scope inner(&scope);
      std::vector<Value> values;
      for (const auto& [name, expression] : statement.assignments) values.push_back(evaluate(*expression, scope));
      for (std::size_t i = 0; i < values.size(); ++i) inner.set(statement.assignments[i].first, std::move(values[i]));
      return execute(statement.body, inner, out);
    }
    case Kind::continue_loop:
      return Flow::continue_loop;
    case Kind::break_loop:
      return Flow::break_loop;
  }
  return Flow::next;
}

Run::Flow Run::execute_branches(const Statement& statement, Scope& scope, PromptText& out) {
  for (const Branch& branch : statement.branches) {
    const bool holds = is_true(evaluate(*branch.condition, scope));
    if (failed_) return Flow::next;
    if (holds) return execute(branch.body, scope, out);
  }
  return execute(statement.otherwise, scope, out);
}

Run::Flow Run::execute_loop(const Statement& statement, Scope& scope, PromptText& out) {
  const Value over = evaluate(*statement.expression, scope);
  if (failed_) return Flow::next;
  std::vector<Value> walked = items(over);
  if (statement.condition) {
    std::vector<Value> met;
    for (Value& item : walked) {
      Scope inner(&scope);
      assign(statement.target, item, inner);
      if (failed_) return Flow::next;
      if (is_true(evaluate(*statement.condition, inner))) met.push_back(std::move(item));
    }
    walked = std::move(met);
  }
  if (failed_) return Flow::next;
  if (walked.empty()) return execute(statement.otherwise, scope, out);

  const Value all = make_list(std::move(walked));
  const auto loop = std::make_shared<Loop>(Loop{.items = *all.get<std::shared_ptr<const List>>(), .index = 0});
  for (; loop->index < loop->items->items.size() && !failed_; ++loop->index) {
    Scope inner(&scope);
    inner.set("loop", Value::Data(loop));
    assign(statement.target, loop->items->items[loop->index], inner);
    if (failed_ || execute(statement.body, inner, out) == Flow::break_loop) break;
  }
  return Flow::next;
}

// The block's text goes through the filters, and then to a name or out.
Run::Flow Run::execute_captured(const Statement& statement, Scope& scope, PromptText& out) {
  Scope inner(&scope);
  PromptText text;
  const Flow flow = execute(statement.body, inner, text);
  if (failed_) return Flow::next;
  Value value = string(std::move(text));
  if (statement.expression) {
    Scope captured(&scope);
    captured.set(captured_name, std::move(value));
    value = evaluate(*statement.expression, captured);
    if (failed_) return Flow::next;
  }
  if (statement.kind == Kind::set_block) {
    assign(statement.target, std::move(value), scope);
  } else {
    write(print(value), out);
  }
  return flow;
}

void Run::assign(const Target& target, Value value, Scope& scope) {
  if (!target.entry.empty()) {
    const Value* found = scope.find(target.names[0]);
    const auto* space = found == nullptr ? nullptr : found->get<Namespace*>();
    if (space == nullptr) {
      fail("'" + target.names[0] + "' is not a namespace");
    } else {
      (*space)->set(target.entry, std::move(value));
    }
    return;
  }
  if (!target.unpacks) return scope.set(target.names[0], std::move(value));
  const std::vector<Value> values = items(value);
  if (failed_) return;
  if (values.size() != target.names.size()) {
    fail("expected " + std::to_string(target.names.size()) + " values to unpack, found " +
         std::to_string(values.size()));
    return;
  }
  for (std::size_t i = 0; i < values.size(); ++i) scope.set(target.names[i], values[i]);
}

// Calls a macro that finds the block under the name `caller`, for as long as the call lasts.
Run::Flow Run::execute_call(const Statement& statement, Scope& scope, PromptText& out) {
  const Value callee = evaluate(*statement.expression->operands[0], scope);
  Arguments arguments = evaluate_arguments(*statement.expression, scope);
  if (failed_) return Flow::next;
  const auto* function = callee.get<Function>();
  if (function == nullptr || function->macro == nullptr) {
    fail("`call` calls macros alone");
    return Flow::next;
  }
  const auto site = std::make_shared<Scope*>(&scope);
  arguments.named.emplace_back(statement.name, Value::Data(Function{.macro = &statement, .site = site}));
  const Value value = call(callee, std::move(arguments));
  *site = nullptr;
  if (!failed_) write(print(value), out);
  return Flow::next;
}

Value Run::call_macro(const Statement& macro, Scope& outer, Arguments& arguments) {
  const Deeper deeper(*this);
  if (failed_) return {};
  if (arguments.positional.size() > macro.parameters.size()) {
    return fail("macro '" + macro.name + "' takes not more than " + std::to_string(macro.parameters.size()) +
                " argument(s)");
  }
  Scope inner(&outer);
  for (std::size_t i = 0; i < macro.parameters.size(); ++i) {
    const Parameter& parameter = macro.parameters[i];
    const Value* given = i < arguments.positional.size() ? &arguments.positional[i] : nullptr;
    for (auto& [name, value] : arguments.named) {
      if (name != parameter.name) continue;
      if (given != nullptr) return fail("macro '" + macro.name + "' got two values for '" + parameter.name + "'");
      given = &value;
      name = {};
    }
    if (given != nullptr) {
      inner.set(parameter.name, *given);
    } else if (parameter.otherwise) {
      inner.set(parameter.name, evaluate(*parameter.otherwise, inner));
    } else {
      inner.set(parameter.name, Value::Data(Undefined{.name = *make_string(parameter.name).get<String>()}));
    }
  }
  for (const auto& [name, value] : arguments.named) {
    if (name == "caller") {
      inner.set(name, value);
      continue;
    }
    if (!name.empty()) return fail("macro '" + macro.name + "' has no parameter '" + std::string(name) + "'");
  }
  PromptText text;
  execute(macro.body, inner, text);
  return string(std::move(text));
}

}  // namespace shoal::text::jinja
