// One rendering of a template: variables, budget, and what went wrong. Nothing throws: the first failure is kept, what
// comes after it is undefined and ends soon, since every step looks. For one thread.
#pragma once

#include <cstdint>
#include <ctime>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "text/jinja/builtins.h"
#include "text/jinja/tree.h"
#include "text/jinja/value.h"

namespace shoal::text::jinja {

// Why a value that does not exist cannot be used.
std::string describe(const Undefined& undefined);

// Names and what they mean, inside another scope.
class Scope {
public:
  explicit Scope(Scope* outer) : outer_(outer) {}

  void set(std::string_view name, Value value);
  // Here or in one of those outside; null if nobody knows the name. Until the next set().
  const Value* find(std::string_view name) const;

private:
  Scope* outer_;
  std::vector<std::pair<std::string_view, Value>> entries_;  // names belong to the template or to its caller
};

class Run {
public:
  // Whether the evaluation goes on.
  enum class Flow : std::uint8_t { next, continue_loop, break_loop };

  Run(Scope& root, const std::tm& now) : root_(root), now_(now) {}

  // Errors: what fail(), refuse() or a bound left behind.
  Result<PromptText> render(const Block& block);

  // ---- for builtins

  // What the template cannot do with this conversation; the line is added.
  Value fail(std::string text);
  // What raise_exception says, for the client as it is.
  Value refuse(std::string text);
  bool failed() const { return failed_; }

  // False, and failed, once the budget is used up.
  bool spend(std::size_t steps);
  bool spend_bytes(std::size_t bytes);

  // Python's == on values that may be large.
  bool equal(const Value& left, const Value& right);
  // Python's <, which not all values have.
  bool less(const Value& left, const Value& right);
  // Python's `item in container`.
  bool contains(const Value& container, const Value& item);

  // The items that a `for` walks over; fails for what has none. A generator has them once.
  std::vector<Value> items(const Value& value);
  // value.name and value[key], undefined if there is none; fails on what is undefined itself.
  Value attribute(const Value& value, const String& name);
  Value item(const Value& value, const Value& key);

  // The form of Python's str().
  PromptText print(const Value& value);
  void print(const Value& value, PromptText& out);

  // A new string, whose bytes are spent.
  Value string(PromptText text);

  Value call(const Value& callee, Arguments arguments);
  Value call(const Builtin& builtin, const Value& self, Arguments arguments);

  Namespace* make_namespace();
  const std::tm& now() const { return now_; }

private:
  class Deeper;

  // evaluate.cc
  Value evaluate(const Expression& expression, Scope& scope);
  Value evaluate_any(const Expression& expression, Scope& scope);
  Value evaluate_dict(const Expression& expression, Scope& scope);
  Value evaluate_comparison(const Expression& expression, Scope& scope);
  Value evaluate_concatenation(const Expression& expression, Scope& scope);
  std::vector<Value> evaluate_operands(const Expression& expression, std::size_t first, Scope& scope);
  Arguments evaluate_arguments(const Expression& expression, Scope& scope);
  Value variable(const Expression& expression, Scope& scope);
  Value bounded(Value value);

  // operators.cc
  Value arithmetic(Operator op, const Value& left, const Value& right);
  Value add(const Value& left, const Value& right);
  Value repeat(const Value& what, std::int64_t times);
  Value compute(Operator op, const Value& left, const Value& right);
  Value compute_integers(Operator op, std::int64_t left, std::int64_t right);
  bool compare(Operator op, const Value& left, const Value& right);
  Value slice(const Value& value, const Value& start, const Value& stop, const Value& step);

  // execute.cc
  Flow execute(const Block& block, Scope& scope, PromptText& out);
  Flow execute(const Statement& statement, Scope& scope, PromptText& out);
  Flow execute_branches(const Statement& statement, Scope& scope, PromptText& out);
  Flow execute_loop(const Statement& statement, Scope& scope, PromptText& out);
  Flow execute_captured(const Statement& statement, Scope& scope, PromptText& out);
  void assign(const Target& target, Value value, Scope& scope);
  void write(const PromptText& text, PromptText& out);
  Flow execute_call(const Statement& statement, Scope& scope, PromptText& out);
  Value call_macro(const Statement& macro, Scope& outer, Arguments& arguments);

  Scope& root_;
  const std::tm now_;
  std::deque<Namespace> namespaces_;
  std::uint64_t steps_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint32_t depth_ = 0;
  std::uint32_t line_ = 1;
  bool failed_ = false;
  Error error_;
};

}  // namespace shoal::text::jinja
