// What follows a value: attributes, items, calls, filters and tests.
#include <algorithm>
#include <charconv>

#include "text/jinja/builtins.h"
#include "text/jinja/parser.h"

namespace shoal::text::jinja {
namespace {

using Kind = Expression::Kind;

}  // namespace

ExpressionPtr Parser::postfix(ExpressionPtr on) {
  while (!failed()) {
    if (is_symbol(".")) {
      on = attribute(std::move(on));
    } else if (is_symbol("[")) {
      on = subscript(std::move(on));
    } else if (is_symbol("(")) {
      on = call(std::move(on));
    } else {
      break;
    }
  }
  return on;
}

ExpressionPtr Parser::filters(ExpressionPtr on) {
  while (!failed()) {
    if (is_symbol("|")) {
      on = filter(std::move(on));
    } else if (is_name("is")) {
      on = test(std::move(on));
    } else if (is_symbol("(")) {
      on = call(std::move(on));
    } else {
      break;
    }
  }
  return on;
}

ExpressionPtr Parser::filter(ExpressionPtr on) {
  Expression out = make(Kind::filter);
  expect_symbol("|");
  const std::string name = expect_name("the name of a filter");
  out.builtin = find_filter(name);
  if (out.builtin == nullptr) lack(out, "the filter \"" + name + "\"");
  out.operands.push_back(std::move(on));
  if (is_symbol("(")) arguments(out);
  check_arguments(out, "filter");
  return finish(std::move(out));
}

ExpressionPtr Parser::test(ExpressionPtr on) {
  Expression out = make(Kind::test);
  expect(Token::Kind::name, "is");
  const bool is_negated = take_name("not");
  const std::string name = expect_name("the name of a test");
  out.builtin = find_test(name);
  if (out.builtin == nullptr) lack(out, "the test \"" + name + "\"");
  out.operands.push_back(std::move(on));
  const auto begins_value = [&] {
    if (peek().kind == Token::Kind::name) return !is_name("else") && !is_name("or") && !is_name("and");
    return peek().kind == Token::Kind::string || peek().kind == Token::Kind::integer ||
           peek().kind == Token::Kind::real || is_symbol("[") || is_symbol("{");
  };
  if (is_symbol("(")) {
    arguments(out);
  } else if (begins_value() && !is_name("if") && !is_name("in") && !is_name("not")) {
    if (is_name("is")) fail(peek().line, "tests cannot be chained with `is`");
    out.operands.push_back(postfix(primary()));
  }
  check_arguments(out, "test");
  ExpressionPtr tested = finish(std::move(out));
  if (!is_negated) return tested;
  Expression negated = make(Kind::negation);
  negated.operands.push_back(std::move(tested));
  return finish(std::move(negated));
}

ExpressionPtr Parser::attribute(ExpressionPtr on) {
  Expression out = make(Kind::attribute);
  expect_symbol(".");
  out.operands.push_back(std::move(on));
  if (peek().kind == Token::Kind::integer) {
    out.kind = Kind::subscript;
    out.operands.push_back(primary());
    return finish(std::move(out));
  }
  out.value = make_string(std::string_view(expect_name("the name of an attribute")));
  return finish(std::move(out));
}

ExpressionPtr Parser::subscript(ExpressionPtr on) {
  Expression out = make(Kind::subscript);
  expect_symbol("[");
  out.operands.push_back(std::move(on));
  const auto part = [&]() -> ExpressionPtr { return is_symbol(":") || is_symbol("]") ? nullptr : expression(); };
  out.operands.push_back(part());
  if (is_symbol(":")) {
    out.kind = Kind::slice;
    while (out.operands.size() < 4 && take_symbol(":")) out.operands.push_back(part());
    out.operands.resize(4);
  } else if (!out.operands[1]) {
    unexpected("an expression");
  } else if (is_symbol(",")) {
    fail(out.line, "an item of several indices is not supported");
  }
  expect_symbol("]");
  return finish(std::move(out));
}

ExpressionPtr Parser::call(ExpressionPtr on) {
  Expression out = make(Kind::call);
  check_call(*on, out);
  out.operands.push_back(std::move(on));
  arguments(out);
  return finish(std::move(out));
}

// What can be known before anything is called: functions and methods that exist elsewhere and not here.
void Parser::check_call(const Expression& callee, Expression& out) {
  if (callee.kind == Kind::attribute && !is_method(callee.name())) lack(out, "the method \"" + callee.name() + '"');
  if (callee.kind == Kind::variable && is_missing_function(callee.name())) {
    lack(out, "the function \"" + callee.name() + '"');
  }
}

void Parser::lack(Expression& out, std::string what) {
  what += " is not supported";
  if (branches_ == 0) return fail(out.line, what);
  out.kind = Kind::refusal;
  out.value = make_string(what);
}

void Parser::arguments(Expression& out) {
  expect_symbol("(");
  while (!failed() && !is_symbol(")")) {
    if (is_symbol("*") || is_symbol("**")) {
      ExpressionPtr& spread = is_symbol("*") ? out.spread : out.named_spread;
      if (out.kind == Kind::filter || out.kind == Kind::test || spread)
        fail(peek().line, "`" + peek().text + "` is not supported here");
      take();
      spread = expression();
    } else if (peek().kind == Token::Kind::name && is_symbol("=", 1)) {
      std::string name = take().text;
      take();
      out.keywords.emplace_back(std::move(name), expression());
    } else {
      if (!out.keywords.empty()) fail(peek().line, "an argument without a name follows one with a name");
      out.operands.push_back(expression());
    }
    if (!is_symbol(")")) expect_symbol(",");
  }
  expect_symbol(")");
}

void Parser::check_arguments(const Expression& call, std::string_view what) {
  if (failed() || call.kind == Kind::refusal) return;
  std::vector<std::string_view> names;
  for (const auto& [name, value] : call.keywords) names.push_back(name);
  const std::string why = misfit(*call.builtin, call.operands.size() - 1, names);
  if (!why.empty()) fail(call.line, "the " + std::string(what) + " \"" + std::string(call.builtin->name) + "\" " + why);
}

}  // namespace shoal::text::jinja
