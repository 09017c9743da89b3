#include <algorithm>

#include "base/limits.h"
#include "text/jinja/builtins.h"
#include "text/jinja/parser.h"
#include "text/jinja/parser_nesting.h"

namespace shoal::text::jinja {
namespace {

using Kind = Expression::Kind;

struct Spelled {
  std::string_view symbol;
  Operator meant;
};
constexpr Spelled comparisons[] = {{"==", Operator::equal},  {"!=", Operator::not_equal},
                                   {"<", Operator::less},    {"<=", Operator::less_equal},
                                   {">", Operator::greater}, {">=", Operator::greater_equal}};
constexpr Spelled sums[] = {{"+", Operator::add}, {"-", Operator::subtract}};
constexpr Spelled products[] = {
    {"*", Operator::multiply}, {"/", Operator::divide}, {"//", Operator::divide_floor}, {"%", Operator::modulo}};

const Operator* find_operator(std::span<const Spelled> among, const Token& token) {
  if (token.kind != Token::Kind::symbol) return nullptr;
  const auto found = std::find_if(among.begin(), among.end(), [&](auto& one) { return one.symbol == token.text; });
  return found == among.end() ? nullptr : &found->meant;
}

}  // namespace

Expression Parser::make(Kind kind) const { return Expression{.kind = kind, .line = peek().line}; }

ExpressionPtr Parser::nothing() { return std::make_unique<Expression>(); }

// Knows how deep the tree has become, however it was built: `a + b + c` is as deep as it is long.
ExpressionPtr Parser::finish(Expression&& expression) {
  for (const auto& operand : expression.operands) {
    if (operand) expression.depth = std::max(expression.depth, operand->depth + 1);
  }
  for (const auto* operand : {expression.spread.get(), expression.named_spread.get()}) {
    if (operand != nullptr) expression.depth = std::max(expression.depth, operand->depth + 1);
  }
  for (const auto& [name, operand] : expression.keywords) {
    expression.depth = std::max(expression.depth, operand->depth + 1);
  }
  if (expression.depth > limits::template_depth_max) fail(expression.line, "the expression is nested too deeply");
  return std::make_unique<Expression>(std::move(expression));
}

bool Parser::ends_tuple() const {
  return peek().kind == Token::Kind::output_end || peek().kind == Token::Kind::block_end || is_symbol(")") ||
         is_symbol("=") || is_name("in");
}

// One expression, or several with commas between them.
ExpressionPtr Parser::tuple(bool may_be_conditional) {
  Expression out = make(Kind::tuple);
  out.operands.push_back(may_be_conditional ? expression() : disjunction());
  if (!is_symbol(",")) return std::move(out.operands[0]);
  while (take_symbol(",")) {
    if (ends_tuple()) break;
    out.operands.push_back(may_be_conditional ? expression() : disjunction());
  }
  return finish(std::move(out));
}

ExpressionPtr Parser::expression() {
  const Nesting nesting(*this);
  if (failed()) return nothing();
  ExpressionPtr left = disjunction();
  while (is_name("if")) {
    Expression out = make(Kind::conditional);
    take();
    out.operands.push_back(std::move(left));
    out.operands.push_back(disjunction());
    out.operands.push_back(take_name("else") ? expression() : nullptr);
    left = finish(std::move(out));
  }
  return left;
}

ExpressionPtr Parser::disjunction() {
  ExpressionPtr left = conjunction();
  while (is_name("or")) {
    Expression out = make(Kind::disjunction);
    take();
    out.operands.push_back(std::move(left));
    out.operands.push_back(conjunction());
    left = finish(std::move(out));
  }
  return left;
}

ExpressionPtr Parser::conjunction() {
  ExpressionPtr left = negation();
  while (is_name("and")) {
    Expression out = make(Kind::conjunction);
    take();
    out.operands.push_back(std::move(left));
    out.operands.push_back(negation());
    left = finish(std::move(out));
  }
  return left;
}

ExpressionPtr Parser::negation() {
  const Nesting nesting(*this);
  if (failed()) return nothing();
  if (!is_name("not")) return comparison();
  Expression out = make(Kind::negation);
  take();
  out.operands.push_back(negation());
  return finish(std::move(out));
}

ExpressionPtr Parser::comparison() {
  Expression out = make(Kind::comparison);
  out.operands.push_back(sum());
  while (true) {
    if (const Operator* found = find_operator(comparisons, peek())) {
      take();
      out.operators.push_back(*found);
    } else if (take_name("in")) {
      out.operators.push_back(Operator::in);
    } else if (is_name("not") && is_name("in", 1)) {
      take();
      take();
      out.operators.push_back(Operator::not_in);
    } else {
      break;
    }
    out.operands.push_back(sum());
  }
  return out.operators.empty() ? std::move(out.operands[0]) : finish(std::move(out));
}

ExpressionPtr Parser::sum() {
  ExpressionPtr left = concatenation();
  while (const Operator* found = find_operator(sums, peek())) {
    Expression out = make(Kind::arithmetic);
    take();
    out.operators.push_back(*found);
    out.operands.push_back(std::move(left));
    out.operands.push_back(concatenation());
    left = finish(std::move(out));
  }
  return left;
}

ExpressionPtr Parser::concatenation() {
  Expression out = make(Kind::concatenation);
  out.operands.push_back(product());
  while (take_symbol("~")) out.operands.push_back(product());
  return out.operands.size() == 1 ? std::move(out.operands[0]) : finish(std::move(out));
}

ExpressionPtr Parser::product() {
  ExpressionPtr left = power();
  while (const Operator* found = find_operator(products, peek())) {
    Expression out = make(Kind::arithmetic);
    take();
    if (*found == Operator::modulo && left->kind == Kind::constant && left->value.text() != nullptr) {
      fail(out.line, "formatting a string with % is not supported");
    }
    out.operators.push_back(*found);
    out.operands.push_back(std::move(left));
    out.operands.push_back(power());
    left = finish(std::move(out));
  }
  return left;
}

ExpressionPtr Parser::power() {
  ExpressionPtr left = unary();
  while (is_symbol("**")) {
    Expression out = make(Kind::arithmetic);
    take();
    out.operators.push_back(Operator::power);
    out.operands.push_back(std::move(left));
    out.operands.push_back(unary());
    left = finish(std::move(out));
  }
  return left;
}

ExpressionPtr Parser::unary(bool may_be_filtered) {
  const Nesting nesting(*this);
  if (failed()) return nothing();
  ExpressionPtr out;
  if (is_symbol("-") || is_symbol("+")) {
    Expression signed_one = make(is_symbol("-") ? Kind::negative : Kind::positive);
    take();
    signed_one.operands.push_back(unary(false));
    out = finish(std::move(signed_one));
  } else {
    out = primary();
  }
  out = postfix(std::move(out));
  return may_be_filtered ? filters(std::move(out)) : std::move(out);
}

}  // namespace shoal::text::jinja
