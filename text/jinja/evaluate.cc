// Expressions.
#include "base/limits.h"
#include "text/jinja/deeper.h"
#include "text/jinja/run.h"

namespace shoal::text::jinja {

using Kind = Expression::Kind;

Value Run::evaluate(const Expression& expression, Scope& scope) {
  if (expression.kind == Kind::constant) return expression.value;
  const Deeper deeper(*this);
  line_ = expression.line;
  if (!spend(1)) return {};
  Value value = evaluate_any(expression, scope);
  return failed_ ? Value() : bounded(std::move(value));
}

// Lists and dictionaries are walked recursively and with all that is in them: what is too deep is not made, and what is
// too large is refused before anybody compares or prints it.
Value Run::bounded(Value value) {
  const Extent extent = extent_of(value);
  if (extent.depth > limits::template_depth_max) return fail("a value is nested too deeply");
  if (extent.weight > limits::render_steps_max) return fail("a value is too large");
  return value;
}

Value Run::evaluate_any(const Expression& expression, Scope& scope) {
  const auto operand = [&](std::size_t i) -> Value {
    return i < expression.operands.size() && expression.operands[i] ? evaluate(*expression.operands[i], scope)
                                                                    : Value();
  };
  switch (expression.kind) {
    case Kind::constant:
      return expression.value;
    case Kind::variable:
      return variable(expression, scope);
    case Kind::attribute:
      return attribute(operand(0), *expression.value.get<String>());
    case Kind::subscript: {
      const Value value = operand(0);
      const Value key = operand(1);
      return failed_ ? Value() : item(value, key);
    }
    case Kind::slice: {
      const Value value = operand(0);
      const auto bound = [&](std::size_t i) {
        return expression.operands[i] ? operand(i) : Value(Value::Data(None{}));
      };
      const Value start = bound(1);
      const Value stop = bound(2);
      const Value step = bound(3);
      return failed_ ? Value() : slice(value, start, stop, step);
    }
    case Kind::call: {
      const Value callee = operand(0);
      if (failed_) return {};
      if (callee.is_undefined()) return fail(describe(*callee.get<Undefined>()));
      Arguments arguments = evaluate_arguments(expression, scope);
      return failed_ ? Value() : call(callee, std::move(arguments));
    }
    case Kind::filter:
    case Kind::test: {
      const Value self = operand(0);
      Arguments arguments = evaluate_arguments(expression, scope);
      return failed_ ? Value() : call(*expression.builtin, self, std::move(arguments));
    }
    case Kind::list:
      return make_list(evaluate_operands(expression, 0, scope));
    case Kind::tuple:
      return make_list(evaluate_operands(expression, 0, scope), List::Kind::tuple);
    case Kind::dict:
      return evaluate_dict(expression, scope);
    case Kind::negative:
      return arithmetic(Operator::subtract, Value::Data(std::int64_t{0}), operand(0));
    case Kind::positive:
      return arithmetic(Operator::add, Value::Data(std::int64_t{0}), operand(0));
    case Kind::negation:
      return Value::Data(!is_true(operand(0)));
    case Kind::conjunction: {
      Value left = operand(0);
      return is_true(left) ? operand(1) : left;
    }
    case Kind::disjunction: {
      Value left = operand(0);
      return is_true(left) ? left : operand(1);
    }
    case Kind::arithmetic: {
      const Value left = operand(0);
      const Value right = operand(1);
      return failed_ ? Value() : arithmetic(expression.operators[0], left, right);
    }
    case Kind::comparison:
      return evaluate_comparison(expression, scope);
    case Kind::concatenation:
      return evaluate_concatenation(expression, scope);
    case Kind::conditional:
      return is_true(operand(1)) ? operand(0) : operand(2);
    case Kind::refusal:
      return fail(expression.name());
  }
  return {};
}

Value Run::variable(const Expression& expression, Scope& scope) {
  if (const Value* value = scope.find(expression.name())) return *value;
  if (const Builtin* function = find_builtin(functions(), expression.name())) {
    return Value::Data(Function{.builtin = function});
  }
  return Value::Data(Undefined{.name = *expression.value.get<String>()});
}

Value Run::evaluate_dict(const Expression& expression, Scope& scope) {
  Dict dict;
  for (std::size_t i = 0; i + 1 < expression.operands.size() && !failed_; i += 2) {
    Value key = evaluate(*expression.operands[i], scope);
    if (key.dict() != nullptr || (key.list() != nullptr && key.list()->kind == List::Kind::list)) {
      return fail("unhashable type: '" + std::string(type_name(key)) + "'");
    }
    Value value = evaluate(*expression.operands[i + 1], scope);
    if (spend(dict.entries.size())) dict.set(std::move(key), std::move(value));
  }
  return make_dict(std::move(dict));
}

// a < b < c, as Python chains it.
Value Run::evaluate_comparison(const Expression& expression, Scope& scope) {
  Value left = evaluate(*expression.operands[0], scope);
  for (std::size_t i = 0; i < expression.operators.size(); ++i) {
    Value right = evaluate(*expression.operands[i + 1], scope);
    if (failed_ || !compare(expression.operators[i], left, right)) return Value::Data(false);
    left = std::move(right);
  }
  return Value::Data(true);
}

Value Run::evaluate_concatenation(const Expression& expression, Scope& scope) {
  PromptText text;
  for (const auto& operand : expression.operands) {
    const Value value = evaluate(*operand, scope);
    if (failed_) return {};
    print(value, text);
  }
  return string(std::move(text));
}

std::vector<Value> Run::evaluate_operands(const Expression& expression, std::size_t first, Scope& scope) {
  std::vector<Value> values;
  for (std::size_t i = first; i < expression.operands.size() && !failed_; ++i) {
    values.push_back(evaluate(*expression.operands[i], scope));
  }
  return values;
}

Arguments Run::evaluate_arguments(const Expression& expression, Scope& scope) {
  Arguments arguments{.positional = evaluate_operands(expression, 1, scope)};
  if (expression.spread && !failed_) {
    for (Value& more : items(evaluate(*expression.spread, scope))) arguments.positional.push_back(std::move(more));
  }
  for (const auto& [name, operand] : expression.keywords) {
    if (failed_) break;
    arguments.named.emplace_back(name, evaluate(*operand, scope));
  }
  if (expression.named_spread && !failed_) {
    arguments.spread = evaluate(*expression.named_spread, scope);
    if (arguments.spread.dict() == nullptr) {
      fail("argument after ** must be a mapping, not " + std::string(type_name(arguments.spread)));
    } else if (spend(arguments.spread.dict()->entries.size())) {
      for (const auto& [key, value] : arguments.spread.dict()->entries) {
        if (key.text() == nullptr) fail("keywords must be strings");
        if (key.text() != nullptr) arguments.named.emplace_back(key.text()->bytes(), value);
      }
    }
  }
  return arguments;
}

}  // namespace shoal::text::jinja
