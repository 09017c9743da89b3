#include "text/jinja/value.h"

#include <algorithm>

namespace shoal::text::jinja {
namespace {

constexpr std::size_t bytes_of_weight = 64;
constexpr std::size_t weight_max = std::size_t{1} << 40;  // where it stops growing

void add(Extent& extent, const Value& inner) {
  const Extent one = extent_of(inner);
  extent.depth = std::max(extent.depth, one.depth + 1);
  extent.weight = std::min(weight_max, extent.weight + one.weight);
}

bool equal_items(const List& left, const List& right) {
  return std::equal(left.items.begin(), left.items.end(), right.items.begin(), right.items.end(), equals);
}

bool equal_entries(const Dict& left, const Dict& right) {
  if (left.entries.size() != right.entries.size()) return false;
  return std::all_of(left.entries.begin(), left.entries.end(), [&](const auto& entry) {
    const Value* other = right.find(entry.first);
    return other != nullptr && equals(entry.second, *other);
  });
}

}  // namespace

const PromptText* Value::text() const {
  const String* text = get<String>();
  return text == nullptr ? nullptr : text->get();
}

const List* Value::list() const {
  const auto* list = get<std::shared_ptr<const List>>();
  return list == nullptr ? nullptr : list->get();
}

const Dict* Value::dict() const {
  const auto* dict = get<std::shared_ptr<const Dict>>();
  return dict == nullptr ? nullptr : dict->get();
}

const Value* Dict::find(const Value& key) const {
  for (const auto& [one, value] : entries) {
    if (equals(one, key)) return &value;
  }
  return nullptr;
}

const Value* Dict::find(std::string_view key) const {
  for (const auto& [one, value] : entries) {
    if (const PromptText* text = one.text(); text != nullptr && text->bytes() == key) return &value;
  }
  return nullptr;
}

void Dict::set(Value key, Value value) {
  for (auto& [one, old] : entries) {
    if (equals(one, key)) {
      old = std::move(value);
      return;
    }
  }
  entries.emplace_back(std::move(key), std::move(value));
}

void Namespace::set(const std::string& name, Value value) {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.first == name; });
  if (found != entries.end()) {
    found->second = std::move(value);
  } else {
    entries.emplace_back(name, std::move(value));
  }
}

Value make_string(PromptText text) { return Value::Data(String(std::make_shared<PromptText>(std::move(text)))); }

Value make_string(std::string_view text) { return make_string(PromptText(text, Parse::control)); }

Value make_list(std::vector<Value> items, List::Kind kind) {
  auto list = std::make_shared<List>(List{.kind = kind, .items = std::move(items), .extent = {.depth = 1}});
  for (const Value& item : list->items) add(list->extent, item);
  return Value::Data(std::shared_ptr<const List>(std::move(list)));
}

Value make_dict(Dict dict) {
  dict.extent = {.depth = 1, .weight = 1};
  for (const auto& [key, value] : dict.entries) {
    add(dict.extent, key);
    add(dict.extent, value);
  }
  return Value::Data(std::shared_ptr<const Dict>(std::make_shared<Dict>(std::move(dict))));
}

bool is_true(const Value& value) {
  if (const bool* flag = value.get<bool>()) return *flag;
  if (const std::int64_t* integer = value.get<std::int64_t>()) return *integer != 0;
  if (const double* real = value.get<double>()) return *real != 0;
  if (const PromptText* text = value.text()) return !text->empty();
  if (const List* list = value.list()) return list->kind == List::Kind::generator || !list->items.empty();
  if (const Dict* dict = value.dict()) return !dict->entries.empty();
  return !value.is_undefined() && !value.is_none();
}

bool equals(const Value& left, const Value& right) {
  Number a;
  Number b;
  if (to_number(left, a) && to_number(right, b)) {
    return a.is_real || b.is_real ? a.real == b.real : a.integer == b.integer;
  }
  if (left.text() != nullptr && right.text() != nullptr) return left.text()->bytes() == right.text()->bytes();
  if (left.list() != nullptr && right.list() != nullptr) {
    if (!left.list()->has_items()) return left.list() == right.list();
    return left.list()->kind == right.list()->kind && equal_items(*left.list(), *right.list());
  }
  if (left.dict() != nullptr && right.dict() != nullptr) return equal_entries(*left.dict(), *right.dict());
  if (const auto* space = left.get<Namespace*>()) {
    return right.is<Namespace*>() && *space == *right.get<Namespace*>();
  }
  if (const auto* function = left.get<Function>()) {
    const auto* other = right.get<Function>();
    return other != nullptr && function->macro == other->macro && function->builtin == other->builtin &&
           (!function->self || (other->self && equals(*function->self, *other->self)));
  }
  return (left.is_undefined() && right.is_undefined()) || (left.is_none() && right.is_none());
}

std::string_view type_name(const Value& value) {
  if (value.is_undefined()) return "Undefined";
  if (value.is_none()) return "NoneType";
  if (value.is<bool>()) return "bool";
  if (value.is<std::int64_t>()) return "int";
  if (value.is<double>()) return "float";
  if (value.text() != nullptr) return "str";
  if (value.dict() != nullptr) return "dict";
  if (value.is<Namespace*>()) return "Namespace";
  if (value.is<std::shared_ptr<Loop>>()) return "LoopContext";
  if (const auto* function = value.get<Function>()) return function->macro != nullptr ? "Macro" : "function";
  switch (value.list()->kind) {
    case List::Kind::tuple:
      return "tuple";
    case List::Kind::range:
      return "range";
    case List::Kind::view:
      return "dict_view";
    case List::Kind::generator:
      return "generator";
    default:
      return "list";
  }
}

bool to_number(const Value& value, Number& out) {
  if (const double* real = value.get<double>()) {
    out = {.is_real = true, .integer = 0, .real = *real};
    return true;
  }
  if (const bool* flag = value.get<bool>()) {
    out = {.is_real = false, .integer = *flag ? 1 : 0, .real = *flag ? 1.0 : 0.0};
    return true;
  }
  if (const std::int64_t* integer = value.get<std::int64_t>()) {
    out = {.is_real = false, .integer = *integer, .real = static_cast<double>(*integer)};
    return true;
  }
  return false;
}

Extent extent_of(const Value& value) {
  if (const PromptText* text = value.text()) return {.depth = 0, .weight = 1 + text->size() / bytes_of_weight};
  if (const List* list = value.list()) return list->extent;
  if (const Dict* dict = value.dict()) return dict->extent;
  if (const auto* loop = value.get<std::shared_ptr<Loop>>()) return (*loop)->items->extent;
  if (const auto* function = value.get<Function>(); function != nullptr && function->self) {
    return extent_of(*function->self);
  }
  return {};
}

}  // namespace shoal::text::jinja
