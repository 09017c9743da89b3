#include <algorithm>
#include <cmath>

#include "text/jinja/print.h"
#include "text/jinja/print_characters.h"

namespace shoal::text::jinja {
namespace {

void print_json_string(const PromptText& text, bool is_ascii, PromptText& out) {
  print_characters(
      text, "\"",
      [is_ascii](char32_t character, std::string_view as_it_is, std::string& written) {
        constexpr std::string_view special = "\"\\\n\r\t\b\f";
        constexpr std::string_view letters = "\"\\nrtbf";
        const std::size_t found = character < 0x80 ? special.find(static_cast<char>(character)) : special.npos;
        if (found != special.npos) {
          written = {'\\', letters[found]};
        } else if (character < 0x20 || (is_ascii && character >= 0x7F && character < 0x10000)) {
          if (character == 0x7F) {
            written = as_it_is;
            return;
          }
          written = "\\u";
          append_hex(written, character, 4);
        } else if (is_ascii && character >= 0x10000) {  // as a pair of surrogates
          written = "\\u";
          append_hex(written, 0xD800 + ((character - 0x10000) >> 10), 4);
          written += "\\u";
          append_hex(written, 0xDC00 + ((character - 0x10000) & 0x3FF), 4);
        } else {
          written = as_it_is;
        }
      },
      out);
}

class JsonPrinter {
public:
  JsonPrinter(Run& run, const JsonStyle& style, PromptText& out) : run_(run), style_(style), out_(out) {}

  void print(const Value& value, std::size_t level) {
    if (!run_.spend(1)) return;
    if (value.is_none()) return plain("null");
    if (const bool* flag = value.get<bool>()) return plain(*flag ? "true" : "false");
    if (const double* real = value.get<double>()) {
      return plain(std::isnan(*real)   ? "NaN"
                   : std::isinf(*real) ? (*real < 0 ? "-Infinity" : "Infinity")
                                       : print_real(*real));
    }
    if (const auto* integer = value.get<std::int64_t>()) return plain(std::to_string(*integer));
    if (const PromptText* text = value.text()) {
      if (run_.spend_bytes(text->size())) print_json_string(*text, style_.is_ascii, out_);
      return;
    }
    if (const Dict* dict = value.dict()) return print_dict(*dict, level);
    if (const List* list = value.list(); list != nullptr && list->kind <= List::Kind::tuple)
      return print_list(*list, level);
    run_.fail("Object of type " + std::string(type_name(value)) + " is not JSON serializable");
  }

private:
  void plain(std::string_view text) { out_.append(text, Parse::control); }

  void new_line(std::size_t level) {
    if (!style_.indent || !run_.spend_bytes(level * style_.indent->size())) return;
    plain("\n");
    for (std::size_t i = 0; i < level; ++i) plain(*style_.indent);
  }

  void print_list(const List& list, std::size_t level) {
    if (list.items.empty()) return plain("[]");
    plain("[");
    for (std::size_t i = 0; i < list.items.size() && !run_.failed(); ++i) {
      if (i > 0) plain(style_.item_separator);
      new_line(level + 1);
      print(list.items[i], level + 1);
    }
    new_line(level);
    plain("]");
  }

  void print_dict(const Dict& dict, std::size_t level) {
    if (dict.entries.empty()) return plain("{}");
    auto entries = dict.entries;
    if (style_.sorts_keys) {
      std::stable_sort(entries.begin(), entries.end(),
                       [&](const auto& a, const auto& b) { return run_.less(a.first, b.first); });
    }
    plain("{");
    for (std::size_t i = 0; i < entries.size() && !run_.failed(); ++i) {
      if (i > 0) plain(style_.item_separator);
      new_line(level + 1);
      print_key(entries[i].first);
      plain(style_.key_separator);
      print(entries[i].second, level + 1);
    }
    new_line(level);
    plain("}");
  }

  void print_key(const Value& key) {
    if (const PromptText* text = key.text()) return print_json_string(*text, style_.is_ascii, out_);
    if (key.list() != nullptr) {
      run_.fail("keys must be str, int, float, bool or None, not tuple");
      return;
    }
    plain("\"");
    print(key, 0);
    plain("\"");
  }

  Run& run_;
  const JsonStyle& style_;
  PromptText& out_;
};

}  // namespace

void print_json(Run& run, const Value& value, const JsonStyle& style, PromptText& out) {
  JsonPrinter(run, style, out).print(value, 0);
}

}  // namespace shoal::text::jinja
