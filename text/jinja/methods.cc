// The methods of strings, lists, dictionaries and `loop`.
#include <algorithm>

#include "text/jinja/string_work.h"
#include "text/jinja/unicode.h"

namespace shoal::text::jinja {
namespace {

using Args = Arguments;

template <Sides sides>
Value strip_method(Run& run, const Value& self, const Args& args) {
  return strip(run, *self.text(), args.positional[0], sides);
}

template <Case wanted>
Value case_method(Run& run, const Value& self, const Args&) {
  return change_case(run, *self.text(), wanted);
}

template <bool from_right>
Value split_method(Run& run, const Value& self, const Args& args) {
  const auto most = expect_integer(run, args.positional[1], -1);
  return most ? split(run, *self.text(), args.positional[0], *most, from_right) : Value();
}

// A string, or one of several in a tuple.
template <bool at_end>
Value has_affix(Run& run, const Value& self, const Args& args) {
  const Value& wanted = args.positional[0];
  const std::string_view text = self.text()->bytes();
  const auto has = [&](const Value& one) {
    const PromptText* affix = expect_text(run, one, "what a text starts or ends with");
    return affix != nullptr && run.spend_bytes(affix->size()) &&
           (at_end ? text.ends_with(affix->bytes()) : text.starts_with(affix->bytes()));
  };
  const List* several = wanted.list();
  if (several == nullptr || several->kind != List::Kind::tuple) return Value::Data(has(wanted));
  return Value::Data(std::any_of(several->items.begin(), several->items.end(), has));
}

Value replace_method(Run& run, const Value& self, const Args& args) {
  const PromptText* old = expect_text(run, args.positional[0], "what is replaced");
  const PromptText* fresh = old == nullptr ? nullptr : expect_text(run, args.positional[1], "the replacement");
  const auto count = expect_integer(run, args.positional[2], -1);
  return fresh == nullptr || !count ? Value() : replace(run, *self.text(), *old, *fresh, *count);
}

// The place of a text as a number of characters, -1 if it is not there.
template <bool from_right>
Value find_method_of_text(Run& run, const Value& self, const Args& args) {
  const PromptText* wanted = expect_text(run, args.positional[0], "what is sought");
  const std::string& text = self.text()->bytes();
  if (wanted == nullptr || !run.spend_bytes(2 * text.size())) return {};
  const std::size_t at = from_right ? text.rfind(wanted->bytes()) : text.find(wanted->bytes());
  if (at == std::string::npos) return Value::Data(std::int64_t{-1});
  return Value::Data(static_cast<std::int64_t>(count_code_points(std::string_view(text).substr(0, at))));
}

Value count_text(Run& run, const Value& self, const Args& args) {
  const PromptText* wanted = expect_text(run, args.positional[0], "what is counted");
  const std::string& text = self.text()->bytes();
  if (wanted == nullptr || !run.spend_bytes(text.size())) return {};
  if (wanted->empty()) return Value::Data(static_cast<std::int64_t>(count_code_points(text) + 1));
  std::int64_t count = 0;
  for (std::size_t at = text.find(wanted->bytes()); at != text.npos; ++count) {
    at = text.find(wanted->bytes(), at + wanted->size());
  }
  return Value::Data(count);
}

Value split_lines(Run& run, const Value& self, const Args&) {
  if (!run.spend_bytes(self.text()->size())) return {};
  std::vector<Value> out;
  for (PromptText& line : lines_of(*self.text())) out.push_back(make_string(std::move(line)));
  return run.spend(out.size()) ? make_list(std::move(out)) : Value();
}

Value join_method(Run& run, const Value& self, const Args& args) {
  PromptText out;
  bool is_first = true;
  for (const Value& item : run.items(args.positional[0])) {
    const PromptText* text = expect_text(run, item, "what is joined");
    if (text == nullptr || !run.spend_bytes(text->size() + self.text()->size())) return {};
    if (!std::exchange(is_first, false)) out.append(*self.text());
    out.append(*text);
  }
  return make_string(std::move(out));
}

template <bool at_end>
Value remove_affix(Run& run, const Value& self, const Args& args) {
  const PromptText& text = *self.text();
  const PromptText* affix = expect_text(run, args.positional[0], "what is removed");
  if (affix == nullptr || !run.spend_bytes(text.size())) return {};
  if (at_end && text.bytes().ends_with(affix->bytes())) return make_string(text.part(0, text.size() - affix->size()));
  if (!at_end && text.bytes().starts_with(affix->bytes())) return make_string(text.part(affix->size(), text.size()));
  return self;
}

Value format_method(Run& run, const Value& self, const Args& args) { return format(run, *self.text(), args); }

// Whether there are characters and all of them are of a kind.
template <bool (*is_one)(char32_t)>
Value all_are(Run& run, const Value& self, const Args&) {
  const std::string_view text = self.text()->bytes();
  if (!run.spend_bytes(text.size())) return {};
  for (std::size_t at = 0, bytes = 0; at < text.size(); at += bytes) {
    if (!is_one(code_point(text.substr(at), bytes))) return Value::Data(false);
  }
  return Value::Data(!text.empty());
}

bool is_letter_or_digit(char32_t character) { return is_letter(character) || is_digit(character); }

// Whether some have a case, and all of those this one.
template <bool upper>
Value is_in_case(Run& run, const Value& self, const Args&) {
  const std::string_view text = self.text()->bytes();
  if (!run.spend_bytes(text.size())) return {};
  bool has_case = false;
  for (std::size_t at = 0, bytes = 0; at < text.size(); at += bytes) {
    const char32_t character = code_point(text.substr(at), bytes);
    if (upper ? is_lower(character) : is_upper(character)) return Value::Data(false);
    has_case = has_case || (upper ? is_upper(character) : is_lower(character));
  }
  return Value::Data(has_case);
}

constexpr Builtin of_strings[] = {
    {"strip", strip_method<Sides::both>, {"chars"}},
    {"lstrip", strip_method<Sides::left>, {"chars"}},
    {"rstrip", strip_method<Sides::right>, {"chars"}},
    {"split", split_method<false>, {"sep", "maxsplit"}},
    {"rsplit", split_method<true>, {"sep", "maxsplit"}},
    {"splitlines", split_lines},
    {"startswith", has_affix<false>, {"prefix"}, 1},
    {"endswith", has_affix<true>, {"suffix"}, 1},
    {"upper", case_method<Case::upper>},
    {"lower", case_method<Case::lower>},
    {"title", case_method<Case::title>},
    {"capitalize", case_method<Case::capitalized>},
    {"replace", replace_method, {"old", "new", "count"}, 2},
    {"find", find_method_of_text<false>, {"sub"}, 1},
    {"rfind", find_method_of_text<true>, {"sub"}, 1},
    {"count", count_text, {"sub"}, 1},
    {"join", join_method, {"iterable"}, 1},
    {"format", format_method, {}, 0, true},
    {"removeprefix", remove_affix<false>, {"prefix"}, 1},
    {"removesuffix", remove_affix<true>, {"suffix"}, 1},
    {"isdigit", all_are<is_digit>},
    {"isalpha", all_are<is_letter>},
    {"isalnum", all_are<is_letter_or_digit>},
    {"isspace", all_are<is_space>},
    {"isupper", is_in_case<true>},
    {"islower", is_in_case<false>},
};

// ---- dictionaries

Value get(Run& run, const Value& self, const Args& args) {
  for (const auto& [key, value] : self.dict()->entries) {
    if (run.equal(key, args.positional[0])) return value;
  }
  return args.positional[1].is_undefined() ? Value(Value::Data(None{})) : args.positional[1];
}

template <class Pick>
Value view(Run& run, const Value& self, Pick pick) {
  std::vector<Value> out;
  if (!run.spend(self.dict()->entries.size())) return {};
  for (const auto& [key, value] : self.dict()->entries) out.push_back(pick(key, value));
  return make_list(std::move(out), List::Kind::view);
}

Value items(Run& run, const Value& self, const Args&) {
  return view(run, self, [](auto& key, auto& value) { return make_list({key, value}, List::Kind::tuple); });
}
Value keys(Run& run, const Value& self, const Args&) {
  return view(run, self, [](auto& key, auto&) { return key; });
}
Value values(Run& run, const Value& self, const Args&) {
  return view(run, self, [](auto&, auto& value) { return value; });
}
Value copy(Run&, const Value& self, const Args&) { return self; }

constexpr Builtin of_dicts[] = {
    {"get", get, {"key", "default"}, 1}, {"items", items}, {"keys", keys}, {"values", values}, {"copy", copy},
};

// ---- lists

Value index(Run& run, const Value& self, const Args& args) {
  for (std::size_t i = 0; i < self.list()->items.size(); ++i) {
    if (run.equal(self.list()->items[i], args.positional[0])) return Value::Data(static_cast<std::int64_t>(i));
  }
  return run.fail("the value is not in list");
}

Value count(Run& run, const Value& self, const Args& args) {
  const auto& items = self.list()->items;
  return Value::Data(static_cast<std::int64_t>(
      std::count_if(items.begin(), items.end(), [&](auto& one) { return run.equal(one, args.positional[0]); })));
}

constexpr Builtin of_lists[] = {{"index", index, {"value"}, 1}, {"count", count, {"value"}, 1}, {"copy", copy}};

Value cycle(Run& run, const Value& self, const Args& args) {
  if (args.positional.empty()) return run.fail("no items for cycling given");
  return args.positional[(*self.get<std::shared_ptr<Loop>>())->index % args.positional.size()];
}

constexpr Builtin of_loops[] = {{"cycle", cycle, {}, 0, true}};

}  // namespace

std::span<const Builtin> string_methods() { return of_strings; }
std::span<const Builtin> dict_methods() { return of_dicts; }
std::span<const Builtin> list_methods() { return of_lists; }
std::span<const Builtin> loop_methods() { return of_loops; }

}  // namespace shoal::text::jinja
