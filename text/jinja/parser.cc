// The parser's tokens; its statements and expressions have files of their own.
#include "text/jinja/parser.h"

namespace shoal::text::jinja {

Result<Block> Parser::parse() && {
  Block all = block({}, {}, 1);
  SHOAL_TRY(result_);
  return all;
}

Token Parser::take() {
  Token token = peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool Parser::take_symbol(std::string_view text) {
  if (!is_symbol(text)) return false;
  take();
  return true;
}

bool Parser::take_name(std::string_view text) {
  if (!is_name(text)) return false;
  take();
  return true;
}

void Parser::expect_symbol(std::string_view text) {
  if (!take_symbol(text)) unexpected("'" + std::string(text) + "'");
}

void Parser::expect(Token::Kind kind, std::string_view what) {
  if (peek().kind == kind) {
    take();
  } else {
    unexpected(what);
  }
}

std::string Parser::expect_name(std::string_view what) {
  if (peek().kind == Token::Kind::name) return take().text;
  unexpected(what);
  return {};
}

void Parser::fail(std::uint32_t line, std::string_view what) {
  if (failed_) return;
  failed_ = true;
  result_ = at_line(line, what);
  at_ = tokens_.size() - 1;
}

void Parser::unexpected(std::string_view expected) {
  const Token& token = peek();
  std::string found = "'" + token.text.substr(0, 32) + "'";
  if (token.kind == Token::Kind::output_end || token.kind == Token::Kind::block_end) found = "the end of the tag";
  if (token.kind == Token::Kind::end) found = "the end of the template";
  fail(token.line, "expected " + std::string(expected) + ", found " + found);
}

}  // namespace shoal::text::jinja
