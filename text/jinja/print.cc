#include "text/jinja/print.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/limits.h"
#include "text/jinja/print_characters.h"
#include "text/jinja/unicode.h"

namespace shoal::text::jinja {
namespace {

void print_string(const PromptText& text, PromptText& out) {
  const bool has_single = text.bytes().find('\'') != std::string::npos;
  const char quote = has_single && text.bytes().find('"') == std::string::npos ? '"' : '\'';
  print_characters(
      text, std::string_view(&quote, 1),
      [quote](char32_t character, std::string_view as_it_is, std::string& written) {
        if (character == static_cast<char32_t>(quote) || character == '\\') {
          written = '\\';
          written += as_it_is;
        } else if (character == '\n') {
          written = "\\n";
        } else if (character == '\r') {
          written = "\\r";
        } else if (character == '\t') {
          written = "\\t";
        } else if (is_printable(character)) {
          written = as_it_is;
        } else {
          written = character < 0x100 ? "\\x" : character < 0x10000 ? "\\u" : "\\U";
          append_hex(written, character, character < 0x100 ? 2 : character < 0x10000 ? 4 : 8);
        }
      },
      out);
}

template <class Items, class One>
void print_all(Run& run, const Items& items, std::string_view open, std::string_view close, PromptText& out, One one) {
  out.append(open, Parse::control);
  bool is_first = true;
  for (const auto& item : items) {
    if (!run.spend(1)) return;
    if (!is_first) out.append(", ", Parse::control);
    is_first = false;
    one(item);
  }
  out.append(close, Parse::control);
}

}  // namespace

std::string print_real(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  std::array<char, 40> buffer{};
  const auto written =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::scientific);
  std::string text(buffer.data(), written.ptr);
  const std::size_t at = text.find('e');
  const int exponent = std::stoi(text.substr(at + 1));
  if (exponent < -4 || exponent >= 16) return text;
  const auto fixed = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed);
  text.assign(buffer.data(), fixed.ptr);
  return text.find('.') == text.npos ? text + ".0" : text;
}

PromptText Run::print(const Value& value) {
  PromptText out;
  print(value, out);
  return out;
}

void Run::print(const Value& value, PromptText& out) {
  if (const PromptText* text = value.text()) {
    if (spend_bytes(text->size())) out.append(*text);
  } else if (const auto* undefined = value.get<Undefined>()) {
    if (undefined->is_unsafe) fail(describe(*undefined));
  } else {
    print_quoted(*this, value, out);
  }
}

void print_quoted(Run& run, const Value& value, PromptText& out) {
  const auto plain = [&](std::string_view text) { out.append(text, Parse::control); };
  if (value.is_undefined()) return plain("Undefined");
  if (value.is_none()) return plain("None");
  if (const bool* flag = value.get<bool>()) return plain(*flag ? "True" : "False");
  if (const auto* integer = value.get<std::int64_t>()) return plain(std::to_string(*integer));
  if (const double* real = value.get<double>()) return plain(print_real(*real));
  if (const PromptText* text = value.text()) {
    if (run.spend_bytes(text->size())) print_string(*text, out);
    return;
  }
  if (const Dict* dict = value.dict()) {
    return print_all(run, dict->entries, "{", "}", out, [&](const auto& entry) {
      print_quoted(run, entry.first, out);
      plain(": ");
      print_quoted(run, entry.second, out);
    });
  }
  const List* list = value.list();
  if (list != nullptr && list->kind <= List::Kind::tuple) {
    const bool is_tuple = list->kind == List::Kind::tuple;
    const std::string_view close = !is_tuple ? "]" : list->items.size() == 1 ? ",)" : ")";
    return print_all(run, list->items, is_tuple ? "(" : "[", close, out,
                     [&](const Value& item) { print_quoted(run, item, out); });
  }
  run.fail("a " + std::string(type_name(value)) + " has no written form");
}

}  // namespace shoal::text::jinja
