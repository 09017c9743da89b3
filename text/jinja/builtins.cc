#include "text/jinja/builtins.h"

#include <algorithm>

namespace shoal::text::jinja {
namespace {

constexpr std::array<std::string_view, 8> list_changes = {"append", "clear",  "extend",  "insert",
                                                          "pop",    "remove", "reverse", "sort"};
constexpr std::array<std::string_view, 5> dict_changes = {"clear", "pop", "popitem", "setdefault", "update"};
constexpr std::array<std::string_view, 3> missing_functions = {"cycler", "joiner", "lipsum"};

template <class Names>
bool has(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

const Builtin* find_builtin(std::span<const Builtin> table, std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Builtin& one) { return one.name == name; });
  return found == table.end() ? nullptr : &*found;
}

const Builtin* find_filter(std::string_view name) {
  for (const auto table : {text_filters(), list_filters(), number_filters()}) {
    if (const Builtin* found = find_builtin(table, name)) return found;
  }
  return nullptr;
}

const Builtin* find_method(const Value& value, std::string_view name) {
  if (value.text() != nullptr) return find_builtin(string_methods(), name);
  if (value.dict() != nullptr) return find_builtin(dict_methods(), name);
  if (value.list() != nullptr) return find_builtin(list_methods(), name);
  if (value.is<std::shared_ptr<Loop>>()) return find_builtin(loop_methods(), name);
  return nullptr;
}

bool is_method(std::string_view name) {
  if (has(list_changes, name) || has(dict_changes, name)) return true;
  for (const auto table : {string_methods(), dict_methods(), list_methods(), loop_methods()}) {
    if (find_builtin(table, name) != nullptr) return true;
  }
  return false;
}

bool is_unsafe_method(const Value& value, std::string_view name) {
  if (value.list() != nullptr && value.list()->kind == List::Kind::list) return has(list_changes, name);
  return value.dict() != nullptr && has(dict_changes, name);
}

bool is_missing_function(std::string_view name) { return has(missing_functions, name); }

std::string misfit(const Builtin& builtin, std::size_t positional, std::span<const std::string_view> named) {
  if (builtin.takes_any) return {};
  const auto known = static_cast<std::size_t>(std::find(builtin.parameters.begin(), builtin.parameters.end(), "") -
                                              builtin.parameters.begin());
  if (positional > known) return "takes " + std::to_string(known) + " arguments, not " + std::to_string(positional);
  std::size_t given = std::min<std::size_t>(positional, builtin.required);
  for (const std::string_view name : named) {
    const auto at = static_cast<std::size_t>(
        std::find(builtin.parameters.begin(), builtin.parameters.begin() + static_cast<std::ptrdiff_t>(known), name) -
        builtin.parameters.begin());
    if (at >= known) return "has no argument \"" + std::string(name) + "\"";
    if (at < positional) return "is given \"" + std::string(name) + "\" twice";
    if (at < builtin.required) ++given;
  }
  if (given < builtin.required) return "needs " + std::to_string(builtin.required) + " arguments";
  return {};
}

}  // namespace shoal::text::jinja
