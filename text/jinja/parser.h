// From a template's source to its tree. Everything that the interpreter lacks is found here and not while rendering,
// and named; but for what a branch of an `if` calls. Used once, by one thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/jinja/lexer.h"
#include "text/jinja/tree.h"

namespace shoal::text::jinja {

class Parser {
public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  // Errors (bad_checkpoint) begin with "line N: " and name the construct.
  Result<Block> parse() &&;

private:
  // ---- tokens. The first failure is kept, and from then on only the end of the source is seen.

  const Token& peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  Token take();
  bool is_symbol(std::string_view text, std::size_t ahead = 0) const { return is(Token::Kind::symbol, text, ahead); }
  bool is_name(std::string_view text, std::size_t ahead = 0) const { return is(Token::Kind::name, text, ahead); }
  bool is(Token::Kind kind, std::string_view text, std::size_t ahead) const {
    return peek(ahead).kind == kind && peek(ahead).text == text;
  }
  bool take_symbol(std::string_view text);
  bool take_name(std::string_view text);
  void expect_symbol(std::string_view text);
  void expect(Token::Kind kind, std::string_view what);
  std::string expect_name(std::string_view what);
  void fail(std::uint32_t line, std::string_view what);
  void unexpected(std::string_view expected);
  bool failed() const { return failed_; }

  class Nesting;

  // ---- statements (parse_statement.cc)

  using Ends = std::initializer_list<std::string_view>;

  // Up to a block tag that begins with one of `ends`, which is left to be taken; empty ends: to the end of the source.
  Block block(Ends ends, std::string_view opened, std::uint32_t line);
  void end_block(std::string_view name);
  void statement(Block& out);
  void branches(Statement& out);
  void loop(Statement& out);
  void set(Statement& out);
  void macro(Statement& out);
  void parameters(Statement& out);
  void call_block(Statement& out);
  void with(Statement& out);
  Target target(bool may_be_entry);
  ExpressionPtr captured();

  // ---- expressions (parse_expression.cc), from the loosest binding to the tightest

  ExpressionPtr tuple(bool may_be_conditional = true);
  ExpressionPtr expression();
  ExpressionPtr disjunction();
  ExpressionPtr conjunction();
  ExpressionPtr negation();
  ExpressionPtr comparison();
  ExpressionPtr sum();
  ExpressionPtr concatenation();
  ExpressionPtr product();
  ExpressionPtr power();
  ExpressionPtr unary(bool may_be_filtered = true);
  ExpressionPtr primary();
  ExpressionPtr name();
  template <class T>
  ExpressionPtr number(T parsed);
  ExpressionPtr postfix(ExpressionPtr on);
  ExpressionPtr filters(ExpressionPtr on);
  ExpressionPtr filter(ExpressionPtr on);
  ExpressionPtr test(ExpressionPtr on);
  ExpressionPtr subscript(ExpressionPtr on);
  ExpressionPtr attribute(ExpressionPtr on);
  ExpressionPtr call(ExpressionPtr on);
  ExpressionPtr list();
  ExpressionPtr dict();
  void arguments(Expression& out);
  void check_call(const Expression& callee, Expression& out);
  // `out` cannot be: the template is refused, or inside a branch of an `if`, which no conversation may ever take, who
  // gets there. Jinja does so with filters and tests.
  void lack(Expression& out, std::string what);
  void check_arguments(const Expression& call, std::string_view what);
  bool ends_tuple() const;
  Expression make(Expression::Kind kind) const;
  ExpressionPtr finish(Expression&& expression);
  ExpressionPtr nothing();

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::uint32_t nesting_ = 0;
  std::uint32_t loops_ = 0;     // that the statement stands in
  std::uint32_t enclosed_ = 0;  // blocks with names of their own that it stands in
  std::uint32_t branches_ = 0;  // of an `if`
  bool failed_ = false;
  Result<void> result_;
};

}  // namespace shoal::text::jinja
