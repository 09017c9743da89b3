// Filters over the items of a value.
#include <algorithm>
#include <charconv>

#include "text/jinja/string_work.h"

namespace shoal::text::jinja {
namespace {

using Args = Arguments;

const Value* named(const Args& args, std::string_view name) {
  const auto found = std::find_if(args.named.begin(), args.named.end(), [&](auto& one) { return one.first == name; });
  return found == args.named.end() ? nullptr : &found->second;
}

// An item's attribute "a.b.0"; the item itself if there is none to take.
Value pick(Run& run, const Value& item, const Value& path) {
  if (path.is_undefined() || path.is_none()) return item;
  if (path.text() == nullptr) return run.item(item, path);
  std::string_view rest = path.text()->bytes();
  Value out = item;
  while (!run.failed()) {
    const std::string_view part = rest.substr(0, rest.find('.'));
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    const bool is_number = error == std::errc() && end == part.data() + part.size();
    out = run.item(out, is_number ? Value(Value::Data(number)) : make_string(part));
    if (part.size() == rest.size()) break;
    rest.remove_prefix(part.size() + 1);
  }
  return out;
}

// What orders values where the case of letters does not count.
Value folded(Run& run, const Value& value, bool counts_case) {
  return counts_case || value.text() == nullptr ? value : change_case(run, *value.text(), Case::lower);
}

Value walk_once(std::vector<Value> items) { return make_list(std::move(items), List::Kind::generator); }

Value length(Run& run, const Value& self, const Args&) {
  if (self.is_undefined()) return Value::Data(std::int64_t{0});
  if (const Dict* dict = self.dict()) return Value::Data(static_cast<std::int64_t>(dict->entries.size()));
  if (const List* list = self.list(); list != nullptr && list->kind != List::Kind::generator) {
    return Value::Data(static_cast<std::int64_t>(list->items.size()));
  }
  if (self.text() == nullptr) return run.fail("object of type '" + std::string(type_name(self)) + "' has no len()");
  if (!run.spend_bytes(self.text()->size())) return {};
  const std::string& text = self.text()->bytes();
  return Value::Data(static_cast<std::int64_t>(std::count_if(
      text.begin(), text.end(), [](char byte) { return (static_cast<std::uint8_t>(byte) & 0xC0) != 0x80; })));
}

Value first(Run& run, const Value& self, const Args&) {
  const std::vector<Value> items = run.items(self);
  return items.empty() ? Value::Data(Undefined{}) : items.front();
}

Value last(Run& run, const Value& self, const Args&) {
  if (self.list() != nullptr && self.list()->kind == List::Kind::generator) {
    return run.fail("'generator' object is not reversible");
  }
  const std::vector<Value> items = run.items(self);
  return items.empty() ? Value::Data(Undefined{}) : items.back();
}

Value to_list(Run& run, const Value& self, const Args&) { return make_list(run.items(self)); }

Value reverse(Run& run, const Value& self, const Args&) {
  std::vector<Value> items = run.items(self);
  std::reverse(items.begin(), items.end());
  if (self.text() == nullptr) return walk_once(std::move(items));
  PromptText out;
  for (const Value& character : items) out.append(*character.text());
  return run.string(std::move(out));
}

Value items(Run& run, const Value& self, const Args&) {
  if (self.is_undefined()) return walk_once({});
  if (self.dict() == nullptr) return run.fail("Can only get item pairs from a mapping.");
  std::vector<Value> out;
  for (const auto& [key, value] : self.dict()->entries) out.push_back(make_list({key, value}, List::Kind::tuple));
  return run.spend(out.size()) ? walk_once(std::move(out)) : Value();
}

void sort_by(Run& run, std::vector<std::pair<Value, Value>>& keyed, bool is_reversed) {
  std::size_t steps = keyed.size();
  for (std::size_t n = keyed.size(); n > 1; n /= 2) steps += keyed.size();
  if (!run.spend(steps)) return;
  std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
    return is_reversed ? run.less(b.first, a.first) : run.less(a.first, b.first);
  });
}

Value sort(Run& run, const Value& self, const Args& args) {
  std::vector<std::pair<Value, Value>> keyed;
  const PromptText* path = args.positional[2].text();
  if (path != nullptr && path->bytes().find(',') != std::string::npos) {
    return run.fail("sorting by several attributes is not supported");
  }
  for (const Value& item : run.items(self)) {
    keyed.emplace_back(folded(run, pick(run, item, args.positional[2]), is_true(args.positional[1])), item);
  }
  sort_by(run, keyed, is_true(args.positional[0]));
  std::vector<Value> out;
  for (auto& [key, item] : keyed) out.push_back(std::move(item));
  return make_list(std::move(out));
}

Value dictsort(Run& run, const Value& self, const Args& args) {
  if (self.dict() == nullptr) return run.fail("dictsort takes a mapping, not " + std::string(type_name(self)));
  const PromptText* by = args.positional[1].text();
  const bool by_value = by != nullptr && by->bytes() == "value";
  if (by != nullptr && !by_value && by->bytes() != "key") return run.fail("dictsort sorts by \"key\" or \"value\"");
  std::vector<std::pair<Value, Value>> keyed;
  for (const auto& [key, value] : self.dict()->entries) {
    keyed.emplace_back(folded(run, by_value ? value : key, is_true(args.positional[0])),
                       make_list({key, value}, List::Kind::tuple));
  }
  sort_by(run, keyed, is_true(args.positional[2]));
  std::vector<Value> out;
  for (auto& [key, pair] : keyed) out.push_back(std::move(pair));
  return make_list(std::move(out));
}

Value unique(Run& run, const Value& self, const Args& args) {
  std::vector<Value> seen;
  std::vector<Value> out;
  for (const Value& item : run.items(self)) {
    Value key = folded(run, pick(run, item, args.positional[1]), is_true(args.positional[0]));
    if (run.failed()) return {};
    if (std::any_of(seen.begin(), seen.end(), [&](auto& one) { return run.equal(one, key); })) continue;
    seen.push_back(std::move(key));
    out.push_back(item);
  }
  return walk_once(std::move(out));
}

template <bool largest>
Value extreme(Run& run, const Value& self, const Args& args) {
  const std::vector<Value> items = run.items(self);
  Value best = Value::Data(Undefined{});
  Value best_key;
  for (std::size_t i = 0; i < items.size() && !run.failed(); ++i) {
    Value key = folded(run, pick(run, items[i], args.positional[1]), is_true(args.positional[0]));
    if (i > 0 && !(largest ? run.less(best_key, key) : run.less(key, best_key))) continue;
    best = items[i];
    best_key = std::move(key);
  }
  return best;
}

// map('upper'), map('replace', 'a', 'b') or map(attribute='name', default='x'). Here and in select(), what is false has
// no items, whatever it is.
Value map(Run& run, const Value& self, const Args& args) {
  if (!is_true(self)) return walk_once({});
  std::vector<Value> out;
  if (const Value* path = named(args, "attribute"); path != nullptr && args.positional.empty()) {
    const Value* otherwise = named(args, "default");
    for (const Value& item : run.items(self)) {
      const Value picked = pick(run, item, *path);
      out.push_back(picked.is_undefined() && otherwise != nullptr ? *otherwise : picked);
    }
    return walk_once(std::move(out));
  }
  const PromptText* name = args.positional.empty() ? nullptr : args.positional[0].text();
  if (name == nullptr) return run.fail("map requires a filter argument");
  const Builtin* filter = find_filter(name->bytes());
  if (filter == nullptr) return run.fail("the filter \"" + name->bytes() + "\" is not supported");
  Args rest{.positional = {args.positional.begin() + 1, args.positional.end()}, .named = args.named};
  for (const Value& item : run.items(self)) {
    if (!run.spend(1)) return {};
    out.push_back(run.call(*filter, item, rest));
  }
  return walk_once(std::move(out));
}

// The items, or their attributes, that meet a test, or are true if there is none.
template <bool wanted, bool by_attribute>
Value select(Run& run, const Value& self, const Args& args) {
  constexpr std::size_t before = by_attribute ? 1 : 0;
  if (!is_true(self)) return walk_once({});
  if (args.positional.size() < before) return run.fail("Missing parameter for attribute name");
  const Builtin* test = nullptr;
  Args rest{.named = args.named};
  if (args.positional.size() > before) {
    const PromptText* name = expect_text(run, args.positional[before], "the name of a test");
    if (name == nullptr) return {};
    test = find_test(name->bytes());
    if (test == nullptr) return run.fail("the test \"" + name->bytes() + "\" is not supported");
    rest.positional = {args.positional.begin() + before + 1, args.positional.end()};
  }
  std::vector<Value> out;
  for (const Value& item : run.items(self)) {
    if (!run.spend(1)) return {};
    const Value seen = by_attribute ? pick(run, item, args.positional[0]) : item;
    if (run.failed()) return {};
    if (is_true(test == nullptr ? seen : run.call(*test, seen, rest)) == wanted) out.push_back(item);
  }
  return walk_once(std::move(out));
}

constexpr Builtin all[] = {
    {"length", length},
    {"count", length},
    {"first", first},
    {"last", last},
    {"list", to_list},
    {"reverse", reverse},
    {"items", items},
    {"sort", sort, {"reverse", "case_sensitive", "attribute"}},
    {"dictsort", dictsort, {"case_sensitive", "by", "reverse"}},
    {"unique", unique, {"case_sensitive", "attribute"}},
    {"min", extreme<false>, {"case_sensitive", "attribute"}},
    {"max", extreme<true>, {"case_sensitive", "attribute"}},
    {"map", map, {}, 0, true},
    {"select", select<true, false>, {}, 0, true},
    {"reject", select<false, false>, {}, 0, true},
    {"selectattr", select<true, true>, {}, 0, true},
    {"rejectattr", select<false, true>, {}, 0, true},
};

}  // namespace

std::span<const Builtin> list_filters() { return all; }

}  // namespace shoal::text::jinja
