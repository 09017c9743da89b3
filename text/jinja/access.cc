// Attributes, items, slices, and what can be walked over.
#include <algorithm>

#include "text/jinja/run.h"
#include "text/jinja/unicode.h"
#include "text/utf8.h"

namespace shoal::text::jinja {
namespace {

// Of an error, as Jinja says it.
std::string owner_of(const Value& value) {
  return value.is_none() ? "None" : std::string(type_name(value)) + " object";
}

Value missing(const Value& owner, const String& name, bool is_unsafe = false) {
  return Value::Data(Undefined{.name = name, .owner = owner_of(owner), .is_unsafe = is_unsafe});
}

Value loop_attribute(const Value& value, const Loop& loop, const String& name) {
  const std::string& what = name->bytes();
  const std::vector<Value>& all = loop.items->items;
  const auto number = [](std::size_t one) -> Value { return Value::Data(static_cast<std::int64_t>(one)); };
  if (what == "index") return number(loop.index + 1);
  if (what == "index0") return number(loop.index);
  if (what == "revindex") return number(all.size() - loop.index);
  if (what == "revindex0") return number(all.size() - loop.index - 1);
  if (what == "first") return Value::Data(loop.index == 0);
  if (what == "last") return Value::Data(loop.index + 1 == all.size());
  if (what == "length") return number(all.size());
  if (what == "depth") return number(1);  // of recursive loops, which there are none of
  if (what == "depth0") return number(0);
  if (what == "previtem" && loop.index > 0) return all[loop.index - 1];
  if (what == "nextitem" && loop.index + 1 < all.size()) return all[loop.index + 1];
  return missing(value, name);
}

// A bound of a slice within [low, high], counted from the end if it is negative.
std::int64_t place(std::int64_t bound, std::int64_t size, std::int64_t low, std::int64_t high) {
  return std::clamp(bound < 0 ? bound + size : bound, low, high);
}

}  // namespace

std::string describe(const Undefined& undefined) {
  const std::string name = undefined.name ? undefined.name->bytes() : std::string();
  if (undefined.is_unsafe) {
    const std::string type = undefined.owner.substr(0, undefined.owner.find(' '));
    return "access to attribute '" + name + "' of '" + type + "' object is unsafe.";
  }
  if (!undefined.owner.empty()) return "'" + undefined.owner + "' has no attribute '" + name + "'";
  return name.empty() ? "a value is undefined" : "'" + name + "' is undefined";
}

Value Run::attribute(const Value& value, const String& name) {
  if (failed_) return {};
  if (const auto* undefined = value.get<Undefined>()) return fail(describe(*undefined));
  if (is_unsafe_method(value, name->bytes())) return missing(value, name, true);
  if (const Builtin* method = find_method(value, name->bytes())) {
    return Value::Data(Function{.builtin = method, .self = std::make_shared<Value>(value)});
  }
  if (const auto* loop = value.get<std::shared_ptr<Loop>>()) return loop_attribute(value, **loop, name);
  if (const Dict* dict = value.dict()) {
    if (!spend(dict->entries.size() / 8)) return {};
    const Value* found = dict->find(name->bytes());
    return found != nullptr ? *found : missing(value, name);
  }
  if (const auto* space = value.get<Namespace*>()) {
    const auto& all = (*space)->entries;
    const auto found = std::find_if(all.begin(), all.end(), [&](auto& one) { return one.first == name->bytes(); });
    if (found != all.end()) return found->second;
  }
  return missing(value, name);
}

Value Run::item(const Value& value, const Value& key) {
  if (const auto* undefined = value.get<Undefined>()) return fail(describe(*undefined));
  if (const Dict* dict = value.dict()) {
    for (const auto& [one, found] : dict->entries) {
      if (equal(one, key)) return found;
    }
  }
  if (const auto* name = key.get<String>()) return attribute(value, *name);
  Number number;
  if (!to_number(key, number) || number.is_real) return missing(value, *make_string(print(key)).get<String>());
  const std::int64_t index = number.integer;
  if (const List* list = value.list(); list != nullptr && list->has_items()) {
    const auto size = static_cast<std::int64_t>(list->items.size());
    const std::int64_t at = index < 0 ? index + size : index;
    if (at >= 0 && at < size) return list->items[static_cast<std::size_t>(at)];
  } else if (const PromptText* text = value.text()) {
    if (!spend_bytes(text->size())) return {};
    const auto size = static_cast<std::int64_t>(count_code_points(text->bytes()));
    const std::int64_t at = index < 0 ? index + size : index;
    if (at >= 0 && at < size) {
      const std::size_t begin = offset_of(text->bytes(), static_cast<std::size_t>(at));
      const std::size_t bytes = code_point_bytes(std::string_view(text->bytes()).substr(begin));
      return make_string(text->part(begin, begin + bytes));
    }
  }
  return Value::Data(Undefined{.name = *make_string(std::to_string(index)).get<String>(), .owner = owner_of(value)});
}

Value Run::slice(const Value& value, const Value& start, const Value& stop, const Value& step) {
  if (const auto* undefined = value.get<Undefined>()) return fail(describe(*undefined));
  const PromptText* text = value.text();
  const List* list = value.list();
  if (text == nullptr && (list == nullptr || !list->has_items()))
    return missing(value, *make_string("slice").get<String>());
  const auto bound = [&](const Value& one, std::int64_t otherwise) {
    Number number;
    if (one.is_none()) return otherwise;
    if (!to_number(one, number) || number.is_real) fail("slice indices must be integers or None");
    constexpr std::int64_t far = std::int64_t{1} << 40;
    return std::clamp(number.integer, -far, far);
  };
  if (text != nullptr && !spend_bytes(text->size())) return {};
  const auto size = static_cast<std::int64_t>(text != nullptr ? count_code_points(text->bytes()) : list->items.size());
  const std::int64_t stride = bound(step, 1);
  if (!failed_ && stride == 0) return fail("slice step cannot be zero");
  const bool forward = stride > 0;
  const std::int64_t low = forward ? 0 : -1;
  const std::int64_t high = forward ? size : size - 1;
  const std::int64_t begin = start.is_none() ? (forward ? 0 : size - 1) : place(bound(start, 0), size, low, high);
  const std::int64_t end = stop.is_none() ? (forward ? size : -1) : place(bound(stop, 0), size, low, high);
  if (failed_) return {};
  if (text != nullptr && stride == 1) {
    const std::size_t from = offset_of(text->bytes(), static_cast<std::size_t>(begin));
    return string(text->part(from, std::max(from, offset_of(text->bytes(), static_cast<std::size_t>(end)))));
  }
  const std::vector<Value> all = text != nullptr ? items(value) : list->items;
  std::vector<Value> taken;
  for (std::int64_t i = begin; forward ? i < end : i > end; i += stride)
    taken.push_back(all[static_cast<std::size_t>(i)]);
  if (failed_ || !spend(taken.size())) return {};
  if (list != nullptr) return make_list(std::move(taken), list->kind);
  PromptText out;
  for (const Value& character : taken) out.append(*character.text());
  return string(std::move(out));
}

std::vector<Value> Run::items(const Value& value) {
  std::vector<Value> out;
  if (const List* list = value.list()) {
    if (!spend(list->items.size())) return {};
    if (list->kind == List::Kind::generator && std::exchange(list->is_consumed, true)) return {};
    return list->items;
  }
  if (const Dict* dict = value.dict()) {
    for (const auto& [key, entry] : dict->entries) out.push_back(key);
  } else if (const PromptText* text = value.text()) {
    if (!spend(text->size())) return {};
    for (std::size_t at = 0; at < text->size();) {
      const std::size_t end = at + code_point_bytes(std::string_view(text->bytes()).substr(at));
      out.push_back(make_string(text->part(at, end)));
      at = end;
    }
  } else if (!value.is_undefined()) {
    fail("'" + std::string(type_name(value)) + "' object is not iterable");
  }
  return out;
}

}  // namespace shoal::text::jinja
