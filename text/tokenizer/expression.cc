#include "text/tokenizer/expression.h"

#include <cctype>

namespace shoal::text {
namespace {

// White_Space of the Unicode Character Database (PropList.txt), and its complement, as the inside of a class.
constexpr std::string_view white_space =
    R"(\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000})";
constexpr std::string_view not_white_space =
    R"(\x{00}-\x{08}\x{0E}-\x{1F}\x{21}-\x{84}\x{86}-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF}\x{200B}-\x{2027})"
    R"(\x{202A}-\x{202E}\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{D7FF}\x{E000}-\x{10FFFF})";

// Reads the expression once, left to right, and writes the translation.
class Translator {
public:
  explicit Translator(std::string_view expression) : in_(expression) {}

  Result<std::string> run() {
    while (at_ < in_.size()) {
      const char c = in_[at_];
      if (c == '\\') {
        SHOAL_TRY(escape());
      } else if (in_class_) {
        SHOAL_TRY(in_class(c));
      } else if (c == '[') {
        open_class();
      } else if (c == '(') {
        SHOAL_TRY(group());
      } else if (c == '{') {
        SHOAL_TRY(interval());
      } else {
        copy(1);
      }
    }
    if (in_class_) return unsupported("a class without its ]");
    return std::move(out_);
  }

private:
  bool follows(std::string_view text) const { return in_.substr(at_).starts_with(text); }

  void copy(std::size_t count) {
    out_.append(in_.substr(at_, count));
    at_ += count;
  }

  static Error unsupported(std::string_view what) {
    return {Code::bad_checkpoint, "the expression uses " + std::string(what) + ", which is not supported"};
  }

  // A `]` directly after the opening is a literal in both libraries.
  void open_class() {
    in_class_ = true;
    copy(follows("[^") ? 2 : 1);
    if (follows("]")) copy(1);
  }

  // Inside a class Oniguruma reads `[` as a nested set and `&&` as an intersection; PCRE2 as plain characters.
  Result<void> in_class(char c) {
    if (c == '[') return unsupported("a set inside a class");
    if (follows("&&")) return unsupported("an intersection of classes");
    if (c == ']') in_class_ = false;
    copy(1);
    return {};
  }

  // Groups that mean the same in both; others (options such as (?m), names, conditions) do not.
  Result<void> group() {
    if (!follows("(?")) {
      copy(1);
      return {};
    }
    for (const std::string_view known : {"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?i)"}) {
      if (!follows(known)) continue;
      copy(known.size());
      return {};
    }
    return unsupported("the group " + std::string(in_.substr(at_, 4)));
  }

  // {n}, {n,} and {n,m}. Oniguruma reads {,m} as {0,m} and a + after the brace as one more repetition; PCRE2 does not.
  Result<void> interval() {
    const std::size_t end = in_.find('}', at_);
    const std::string_view inside = in_.substr(at_ + 1, end == in_.npos ? in_.npos : end - at_ - 1);
    bool counts = end != in_.npos && !inside.empty() && std::isdigit(static_cast<unsigned char>(inside.front()));
    for (const char c : inside) counts = counts && (c == ',' || std::isdigit(static_cast<unsigned char>(c)));
    if (!counts) return unsupported("a { that is no {n,m}; write \\{ for the character");
    if (end + 1 < in_.size() && in_[end + 1] == '+') return unsupported("a + after {n,m}");
    copy(end + 1 - at_);
    return {};
  }

  Result<void> escape() {
    if (at_ + 1 == in_.size()) return unsupported("a \\ at its end");
    const char c = in_[at_ + 1];
    if (c == 's' || c == 'S') return space(c == 's' ? white_space : not_white_space);
    if (c == 'p' || c == 'P') return property();
    if (c == 'u' || c == 'x') return code_point(c);
    const bool letter = std::isalnum(static_cast<unsigned char>(c)) != 0;
    const bool same =
        std::string_view("rntfaedDAzZ").find(c) != std::string_view::npos;  // one meaning in both libraries
    if (letter && !same) return unsupported(std::string("\\") + c);
    copy(2);
    return {};
  }

  Result<void> space(std::string_view characters) {
    at_ += 2;
    out_.append(in_class_ ? "" : "[").append(characters).append(in_class_ ? "" : "]");
    return {};
  }

  // \p{L}, \p{^L}, \P{L}, \pL; a name longer than a general category is taken for a script.
  Result<void> property() {
    if (at_ + 2 < in_.size() && in_[at_ + 2] != '{') {
      copy(3);
      return {};
    }
    const std::size_t end = in_.find('}', at_);
    if (end == in_.npos) return unsupported("\\p without its }");
    std::string_view name = in_.substr(at_ + 3, end - at_ - 3);
    out_.append(in_.substr(at_, 3));
    if (name.starts_with('^')) {
      out_.push_back('^');
      name.remove_prefix(1);
    }
    out_.append(name.size() > 2 ? "sc:" : "").append(name).push_back('}');
    at_ = end + 1;
    return {};
  }

  // \uHHHH and \x{H...}. A \xHH above 7F is a byte to Oniguruma, so it is refused.
  Result<void> code_point(char kind) {
    if (kind == 'x' && follows("\\x{")) {
      const std::size_t end = in_.find('}', at_);
      if (end == in_.npos) return unsupported("\\x without its }");
      copy(end + 1 - at_);
      return {};
    }
    const std::size_t digits = kind == 'u' ? 4 : 2;
    const std::string_view number = in_.substr(at_ + 2, digits);
    bool hex = number.size() == digits;
    for (const char c : number) hex = hex && std::isxdigit(static_cast<unsigned char>(c));
    if (!hex || (kind == 'x' && number.front() > '7')) return unsupported(std::string("\\") + kind);
    out_.append("\\x{").append(number).push_back('}');
    at_ += 2 + digits;
    return {};
  }

  std::string_view in_;
  std::size_t at_ = 0;
  bool in_class_ = false;
  std::string out_;
};

}  // namespace

Result<std::string> translate_expression(std::string_view expression) { return Translator(expression).run(); }

std::string quote_expression(std::string_view text) {
  std::string quoted;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && !std::isalnum(byte)) quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted;
}

}  // namespace shoal::text
