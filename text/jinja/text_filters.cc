// Filters that give a string.
#include <algorithm>

#include "text/jinja/print.h"
#include "text/jinja/string_work.h"
#include "text/jinja/unicode.h"

namespace shoal::text::jinja {
namespace {

using Args = Arguments;

template <Case wanted>
Value in_case(Run& run, const Value& self, const Args&) {
  const String text = as_string(run, self);
  return text ? change_case(run, *text, wanted) : Value();
}

Value trim(Run& run, const Value& self, const Args& args) {
  const String text = as_string(run, self);
  return text ? strip(run, *text, args.positional[0], Sides::both) : Value();
}

Value to_string(Run& run, const Value& self, const Args&) {
  const String text = as_string(run, self);
  return text ? Value(Value::Data(text)) : Value();
}

Value replace_filter(Run& run, const Value& self, const Args& args) {
  const String text = as_string(run, self);
  const String old = text ? as_string(run, args.positional[0]) : nullptr;
  const String fresh = old ? as_string(run, args.positional[1]) : nullptr;
  const auto count = expect_integer(run, args.positional[2], -1);
  return fresh && count ? replace(run, *text, *old, *fresh, *count) : Value();
}

Value join(Run& run, const Value& self, const Args& args) {
  const String separator = as_string(run, args.positional[0]);
  const auto* attribute = args.positional[1].get<String>();
  PromptText out;
  bool is_first = true;
  for (const Value& item : run.items(self)) {
    if (run.failed()) return {};
    if (!std::exchange(is_first, false)) out.append(*separator);
    run.print(attribute != nullptr ? run.attribute(item, *attribute) : item, out);
    if (!run.spend_bytes(separator->size())) return {};
  }
  return run.failed() ? Value() : run.string(std::move(out));
}

// Every line but the first, unless it is empty; `first` and `blank` lift the two exceptions.
Value indent(Run& run, const Value& self, const Args& args) {
  const String text = as_string(run, self);
  if (!text || !run.spend_bytes(text->size())) return {};
  PromptText indention;
  if (const PromptText* given = args.positional[0].text()) {
    indention = *given;
  } else {
    const auto width = expect_integer(run, args.positional[0], 4);
    if (!width || !run.spend_bytes(static_cast<std::size_t>(std::clamp<std::int64_t>(*width, 0, 1 << 30)))) return {};
    indention =
        PromptText(std::string(static_cast<std::size_t>(std::max<std::int64_t>(*width, 0)), ' '), Parse::control);
  }
  const bool indents_first = is_true(args.positional[1]);
  const bool indents_blank = is_true(args.positional[2]);
  PromptText whole = *text;
  whole.append("\n", Parse::control);  // so that a newline at the end is kept
  PromptText out;
  bool is_first = true;
  for (const PromptText& line : lines_of(whole)) {
    if (!run.spend_bytes(indention.size() + line.size() + 1)) return {};
    if (!is_first) out.append("\n", Parse::control);
    if (is_first ? indents_first : indents_blank || !line.empty()) out.append(indention);
    out.append(line);
    is_first = false;
  }
  return make_string(std::move(out));
}

// As transformers replaces Jinja's own: json.dumps, without escapes for HTML.
Value to_json(Run& run, const Value& self, const Args& args) {
  JsonStyle style{.is_ascii = is_true(args.positional[0]), .sorts_keys = is_true(args.positional[3])};
  if (const PromptText* indent = args.positional[1].text()) {
    style.indent = indent->bytes();
  } else if (!args.positional[1].is_none() && !args.positional[1].is_undefined()) {
    const auto width = expect_integer(run, args.positional[1], 0);
    if (!width || !run.spend_bytes(static_cast<std::size_t>(std::clamp<std::int64_t>(*width, 0, 1 << 30)))) return {};
    style.indent = std::string(static_cast<std::size_t>(std::max<std::int64_t>(*width, 0)), ' ');
  }
  if (style.indent) style.item_separator = ",";
  if (const List* separators = args.positional[2].list()) {
    if (separators->items.size() != 2) return run.fail("tojson: separators are two strings");
    const PromptText* item = expect_text(run, separators->items[0], "a separator");
    const PromptText* key = expect_text(run, separators->items[1], "a separator");
    if (item == nullptr || key == nullptr) return {};
    style.item_separator = item->bytes();
    style.key_separator = key->bytes();
  }
  PromptText out;
  print_json(run, self, style, out);
  return run.failed() ? Value() : run.string(std::move(out));
}

constexpr Builtin all[] = {
    {"upper", in_case<Case::upper>},
    {"lower", in_case<Case::lower>},
    {"title", in_case<Case::title_filter>},
    {"capitalize", in_case<Case::capitalized>},
    {"trim", trim, {"chars"}},
    {"string", to_string},
    {"safe", to_string},  // nothing is escaped, so nothing needs to be kept from it
    {"replace", replace_filter, {"old", "new", "count"}, 2},
    {"join", join, {"d", "attribute"}},
    {"indent", indent, {"width", "first", "blank"}},
    {"tojson", to_json, {"ensure_ascii", "indent", "separators", "sort_keys"}},
};

}  // namespace

std::span<const Builtin> text_filters() { return all; }

}  // namespace shoal::text::jinja
