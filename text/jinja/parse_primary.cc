// Names, literals, lists, dictionaries and what stands in parentheses.
#include <charconv>

#include "text/jinja/parser.h"

namespace shoal::text::jinja {

using Kind = Expression::Kind;

ExpressionPtr Parser::primary() {
  switch (peek().kind) {
    case Token::Kind::name:
      return name();
    case Token::Kind::integer:
      return number(std::int64_t{0});
    case Token::Kind::real:
      return number(0.0);
    case Token::Kind::string: {
      Expression out = make(Kind::constant);
      std::string text;
      while (peek().kind == Token::Kind::string) text += take().text;
      out.value = make_string(std::string_view(text));
      return finish(std::move(out));
    }
    default:
      break;
  }
  if (is_symbol("[")) return list();
  if (is_symbol("{")) return dict();
  Expression empty = make(Kind::tuple);
  if (!take_symbol("(")) {
    unexpected("an expression");
    return nothing();
  }
  if (take_symbol(")")) return finish(std::move(empty));
  ExpressionPtr inner = tuple();
  expect_symbol(")");
  return inner;
}

ExpressionPtr Parser::name() {
  Expression out = make(Kind::constant);
  if (is_name("true") || is_name("True")) {
    out.value = Value::Data(true);
  } else if (is_name("false") || is_name("False")) {
    out.value = Value::Data(false);
  } else if (is_name("none") || is_name("None")) {
    out.value = Value::Data(None{});
  } else {
    out.kind = Kind::variable;
    out.value = make_string(std::string_view(peek().text));
  }
  take();
  return finish(std::move(out));
}

template <class T>
ExpressionPtr Parser::number(T parsed) {
  Expression out = make(Kind::constant);
  const std::string_view digits = peek().text;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed);
  if (error != std::errc() || end != digits.data() + digits.size()) fail(out.line, "the number is too large");
  out.value = Value::Data(parsed);
  take();
  return finish(std::move(out));
}

ExpressionPtr Parser::list() {
  Expression out = make(Kind::list);
  expect_symbol("[");
  while (!failed() && !is_symbol("]")) {
    out.operands.push_back(expression());
    if (!is_symbol("]")) expect_symbol(",");
  }
  expect_symbol("]");
  return finish(std::move(out));
}

ExpressionPtr Parser::dict() {
  Expression out = make(Kind::dict);
  expect_symbol("{");
  while (!failed() && !is_symbol("}")) {
    out.operands.push_back(expression());
    expect_symbol(":");
    out.operands.push_back(expression());
    if (!is_symbol("}")) expect_symbol(",");
  }
  expect_symbol("}");
  return finish(std::move(out));
}

}  // namespace shoal::text::jinja
