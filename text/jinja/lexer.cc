#include "text/jinja/lexer.h"

#include <algorithm>
#include <array>

#include "text/jinja/literals.h"
#include "text/jinja/unicode.h"
#include "text/utf8.h"

namespace shoal::text::jinja {
namespace {

constexpr std::array<std::string_view, 6> long_symbols = {"//", "**", "==", "!=", ">=", "<="};
constexpr std::string_view short_symbols = "+-/*%~[](){}><=.:|,";

bool is_name_start(char byte) { return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_'; }
bool is_decimal(char byte) { return byte >= '0' && byte <= '9'; }
bool is_name_byte(char byte) { return is_name_start(byte) || is_decimal(byte); }

class Lexer {
public:
  explicit Lexer(std::string_view source) : source_(normalize_newlines(source)) {}

  Result<std::vector<Token>> run() && {
    while (at_ < source_.size()) SHOAL_TRY(next_tag());
    push(Token::Kind::end, {});
    return std::move(tokens_);
  }

private:
  std::string_view rest() const { return std::string_view(source_).substr(at_); }
  bool looking_at(std::string_view text) const { return rest().starts_with(text); }

  void push(Token::Kind kind, std::string text) { tokens_.push_back({kind, line_, std::move(text)}); }

  void skip(std::size_t bytes) {
    line_ += static_cast<std::uint32_t>(std::count(source_.begin() + static_cast<std::ptrdiff_t>(at_),
                                                   source_.begin() + static_cast<std::ptrdiff_t>(at_ + bytes), '\n'));
    at_ += bytes;
  }
  void skip_space() { skip(leading_space(rest())); }

  Result<void> next_tag();
  std::size_t kept_before_tag(std::string_view text, char sign, bool is_output) const;
  void end_tag(std::size_t bytes, char sign, bool trims_newline);
  Result<bool> raw_block(std::size_t sign_bytes);
  Result<void> comment();
  Result<void> inside(bool is_output);
  Result<void> token();
  Result<void> number();
  Result<void> string(char quote);
  Result<void> symbol();

  const std::string source_;
  std::vector<Token> tokens_;
  std::vector<char> brackets_;  // open in this tag
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  bool begins_line_ = true;
};

// The text up to the next tag, and the tag.
Result<void> Lexer::next_tag() {
  std::size_t begin = at_;
  const auto is_tag = [&] {
    return source_[begin] == '{' && begin + 1 < source_.size() &&
           (source_[begin + 1] == '{' || source_[begin + 1] == '%' || source_[begin + 1] == '#');
  };
  while (begin < source_.size() && !is_tag()) ++begin;
  const std::string_view text = rest().substr(0, begin - at_);
  if (begin == source_.size()) {
    push(Token::Kind::text, std::string(text));
    skip(text.size());
    return {};
  }
  const char kind = source_[begin + 1];
  const char next = begin + 2 < source_.size() ? source_[begin + 2] : ' ';
  const char sign = next == '-' || next == '+' ? next : ' ';
  if (const std::size_t kept = kept_before_tag(text, sign, kind == '{'); kept > 0) {
    push(Token::Kind::text, std::string(text.substr(0, kept)));
  }
  skip(text.size());
  const std::size_t sign_bytes = sign == ' ' ? 0 : 1;
  if (kind == '%') {
    auto is_raw = raw_block(sign_bytes);
    SHOAL_TRY(is_raw);
    if (*is_raw) return {};
  }
  skip(2 + sign_bytes);
  begins_line_ = false;
  if (kind == '#') return comment();
  push(kind == '{' ? Token::Kind::output_begin : Token::Kind::block_begin, {});
  return inside(kind == '{');
}

std::size_t Lexer::kept_before_tag(std::string_view text, char sign, bool is_output) const {
  if (sign == '-') return text.size() - trailing_space(text);
  if (sign == '+' || is_output) return text.size();
  const std::size_t newline = text.rfind('\n');
  const std::size_t line_begin = newline == text.npos ? 0 : newline + 1;
  if (line_begin == 0 && !begins_line_) return text.size();
  return leading_space(text.substr(line_begin)) == text.size() - line_begin ? line_begin : text.size();
}

// Behind the tag's end of so many bytes.
void Lexer::end_tag(std::size_t bytes, char sign, bool trims_newline) {
  skip(bytes);
  if (sign == '-') {
    skip_space();
  } else if (sign != '+' && trims_newline && looking_at("\n")) {
    skip(1);
  }
  begins_line_ = at_ > 0 && source_[at_ - 1] == '\n';
}

// {% raw %} ... {% endraw %}, whose inside is text. False if something else stands here.
Result<bool> Lexer::raw_block(std::size_t sign_bytes) {
  const auto tag_end = [&](std::size_t at, std::string_view name, char& sign) -> std::size_t {
    const std::string_view source = source_;
    at += leading_space(source.substr(at));
    if (!source.substr(at).starts_with(name)) return 0;
    at += name.size();
    at += leading_space(source.substr(at));
    sign = at < source.size() && (source[at] == '-' || source[at] == '+') ? source[at] : ' ';
    if (sign != ' ') ++at;
    return source.substr(at).starts_with("%}") ? at + 2 : 0;
  };
  char sign = ' ';
  const std::size_t begun = tag_end(at_ + 2 + sign_bytes, "raw", sign);
  if (begun == 0) return false;
  const std::uint32_t begin_line = line_;
  end_tag(begun - at_, sign, false);
  for (std::size_t i = source_.find("{%", at_); i != source_.npos; i = source_.find("{%", i + 2)) {
    const char before = i + 2 < source_.size() ? source_[i + 2] : ' ';
    const std::size_t ended = tag_end(i + (before == '-' || before == '+' ? 3 : 2), "endraw", sign);
    if (ended == 0) continue;
    const std::string_view text = rest().substr(0, i - at_);
    push(Token::Kind::text, std::string(text.substr(0, kept_before_tag(text, before, false))));
    end_tag(ended - at_, sign, true);
    return true;
  }
  return at_line(begin_line, "the block `raw` has no end");
}

Result<void> Lexer::comment() {
  const std::size_t end = rest().find("#}");
  if (end == rest().npos) return at_line(line_, "a comment has no end");
  const char sign = end > 0 ? rest()[end - 1] : ' ';
  end_tag(end + 2, sign, true);
  return {};
}

Result<void> Lexer::inside(bool is_output) {
  const std::uint32_t begin_line = line_;
  const std::string_view closing = is_output ? "}}" : "%}";
  while (true) {
    skip_space();
    if (at_ == source_.size()) return at_line(begin_line, is_output ? "{{ has no }}" : "{% has no %}");
    const char sign = source_[at_];
    const bool is_signed = sign == '-' || (sign == '+' && !is_output);
    if (brackets_.empty() && rest().substr(is_signed ? 1 : 0).starts_with(closing)) {
      push(is_output ? Token::Kind::output_end : Token::Kind::block_end, {});
      end_tag(is_signed ? 3 : 2, is_signed ? sign : ' ', !is_output);
      return {};
    }
    SHOAL_TRY(token());
  }
}

Result<void> Lexer::token() {
  const char first = source_[at_];
  if (is_decimal(first)) return number();
  if (first == '\'' || first == '"') return string(first);
  if (!is_name_start(first)) return symbol();
  std::size_t bytes = 1;
  while (at_ + bytes < source_.size() && is_name_byte(source_[at_ + bytes])) ++bytes;
  push(Token::Kind::name, source_.substr(at_, bytes));
  skip(bytes);
  return {};
}

// Decimal, without the marks that may stand between digits.
Result<void> Lexer::number() {
  const bool follows_dot = at_ > 0 && source_[at_ - 1] == '.';  // the item of `pair.0`
  std::string digits;
  const auto take = [&] {
    while (at_ < source_.size() && (is_decimal(source_[at_]) || source_[at_] == '_')) {
      if (source_[at_] != '_') digits += source_[at_];
      ++at_;
    }
  };
  take();
  if (digits == "0" && at_ < source_.size() && is_name_start(source_[at_]) && source_[at_] != 'e') {
    return at_line(line_, "a number that is not decimal is not supported");
  }
  bool is_real = false;
  if (!follows_dot && looking_at(".") && at_ + 1 < source_.size() && is_decimal(source_[at_ + 1])) {
    is_real = true;
    digits += source_[at_++];
    take();
  }
  if (!follows_dot && (looking_at("e") || looking_at("E"))) {
    const bool is_signed = at_ + 1 < source_.size() && (source_[at_ + 1] == '+' || source_[at_ + 1] == '-');
    const std::size_t exponent = at_ + (is_signed ? 2 : 1);
    if (exponent < source_.size() && is_decimal(source_[exponent])) {
      is_real = true;
      digits += source_.substr(at_, exponent - at_);
      at_ = exponent;
      take();
    }
  }
  push(is_real ? Token::Kind::real : Token::Kind::integer, std::move(digits));
  return {};
}

Result<void> Lexer::string(char quote) {
  std::size_t end = at_ + 1;
  while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
  if (end >= source_.size()) return at_line(line_, "a string has no end");
  auto text = unescape(std::string_view(source_).substr(at_ + 1, end - at_ - 1));
  if (!text) return at_line(line_, text.error().text);
  push(Token::Kind::string, std::move(*text));
  skip(end + 1 - at_);
  return {};
}

Result<void> Lexer::symbol() {
  const auto found = std::find_if(long_symbols.begin(), long_symbols.end(), [&](auto one) { return looking_at(one); });
  std::string text(found != long_symbols.end() ? *found : rest().substr(0, 1));
  if (found == long_symbols.end() && short_symbols.find(text[0]) == short_symbols.npos) {
    return at_line(line_, "unexpected character '" + std::string(rest().substr(0, code_point_bytes(rest()))) + "'");
  }
  constexpr std::string_view opening = "([{";
  constexpr std::string_view closing = ")]}";
  if (opening.find(text) != opening.npos) brackets_.push_back(closing[opening.find(text)]);
  if (closing.find(text) != closing.npos) {
    if (brackets_.empty() || brackets_.back() != text[0]) return at_line(line_, "unexpected '" + text + "'");
    brackets_.pop_back();
  }
  push(Token::Kind::symbol, text);
  skip(text.size());
  return {};
}

}  // namespace

Error at_line(std::uint32_t line, std::string_view what) {
  return {Code::bad_checkpoint, "line " + std::to_string(line) + ": " + std::string(what)};
}

Result<std::vector<Token>> tokenize(std::string_view source) { return Lexer(source).run(); }

}  // namespace shoal::text::jinja
