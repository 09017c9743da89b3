// What may stand behind `is`.
#include <algorithm>

#include "text/jinja/string_work.h"
#include "text/jinja/unicode.h"

namespace shoal::text::jinja {
namespace {

using Args = Arguments;

template <bool (*holds)(const Value&)>
Value plain(Run&, const Value& self, const Args&) {
  return Value::Data(holds(self));
}

bool is_defined(const Value& value) { return !value.is_undefined(); }
bool is_not_defined(const Value& value) { return value.is_undefined(); }
bool is_none(const Value& value) { return value.is_none(); }
bool is_string(const Value& value) { return value.text() != nullptr; }
bool is_mapping(const Value& value) { return value.dict() != nullptr; }
bool is_boolean(const Value& value) { return value.is<bool>(); }
bool is_integer(const Value& value) { return value.is<std::int64_t>(); }
bool is_float(const Value& value) { return value.is<double>(); }
bool is_number(const Value& value) { return value.is_number(); }
bool is_callable(const Value& value) { return value.is<Function>(); }
bool is_just_true(const Value& value) { return value.is<bool>() && *value.get<bool>(); }
bool is_just_false(const Value& value) { return value.is<bool>() && !*value.get<bool>(); }
bool is_iterable(const Value& value) {
  return value.text() != nullptr || value.list() != nullptr || value.dict() != nullptr || value.is_undefined() ||
         value.is<std::shared_ptr<Loop>>();
}
bool is_sequence(const Value& value) {
  if (const List* list = value.list()) return list->has_items();
  return value.text() != nullptr || value.dict() != nullptr || value.is_undefined();
}

template <std::int64_t remainder>
Value is_even_or_odd(Run& run, const Value& self, const Args&) {
  const auto number = expect_integer(run, self, 0);
  return number ? Value(Value::Data((*number % 2 != 0) == (remainder == 1))) : Value();
}

Value is_divisible(Run& run, const Value& self, const Args& args) {
  const auto number = expect_integer(run, self, 0);
  const auto by = expect_integer(run, args.positional[0], 0);
  if (!number || !by) return {};
  if (*by == 0) return run.fail("division by zero");
  return Value::Data(*by == -1 || *number % *by == 0);
}

Value is_equal(Run& run, const Value& self, const Args& args) {
  return Value::Data(run.equal(self, args.positional[0]));
}
Value is_unequal(Run& run, const Value& self, const Args& args) {
  return Value::Data(!run.equal(self, args.positional[0]));
}
Value is_less(Run& run, const Value& self, const Args& args) { return Value::Data(run.less(self, args.positional[0])); }
Value is_greater(Run& run, const Value& self, const Args& args) {
  return Value::Data(run.less(args.positional[0], self));
}
Value is_at_most(Run& run, const Value& self, const Args& args) {
  return Value::Data(run.less(self, args.positional[0]) || run.equal(self, args.positional[0]));
}
Value is_at_least(Run& run, const Value& self, const Args& args) {
  return Value::Data(run.less(args.positional[0], self) || run.equal(self, args.positional[0]));
}
Value is_in(Run& run, const Value& self, const Args& args) {
  return Value::Data(run.contains(args.positional[0], self));
}

Value is_same(Run& run, const Value& self, const Args& args) {
  const Value& other = args.positional[0];
  const bool can_tell = self.is_none() || self.is<bool>() || other.is_none() || other.is<bool>();
  if (!can_tell) return run.fail("sameas is supported for none, true and false alone");
  return Value::Data(type_name(self) == type_name(other) && run.equal(self, other));
}

// As the methods isupper() and islower().
template <bool upper>
Value is_in_case(Run& run, const Value& self, const Args&) {
  const String text = as_string(run, self);
  const Builtin* method = find_builtin(string_methods(), upper ? "isupper" : "islower");
  return text ? method->call(run, Value::Data(text), {}) : Value();
}

constexpr Builtin all[] = {
    {"defined", plain<is_defined>},
    {"undefined", plain<is_not_defined>},
    {"none", plain<is_none>},
    {"string", plain<is_string>},
    {"mapping", plain<is_mapping>},
    {"iterable", plain<is_iterable>},
    {"sequence", plain<is_sequence>},
    {"boolean", plain<is_boolean>},
    {"integer", plain<is_integer>},
    {"float", plain<is_float>},
    {"number", plain<is_number>},
    {"callable", plain<is_callable>},
    {"true", plain<is_just_true>},
    {"false", plain<is_just_false>},
    {"even", is_even_or_odd<0>},
    {"odd", is_even_or_odd<1>},
    {"divisibleby", is_divisible, {"num"}, 1},
    {"eq", is_equal, {"other"}, 1},
    {"equalto", is_equal, {"other"}, 1},
    {"==", is_equal, {"other"}, 1},
    {"ne", is_unequal, {"other"}, 1},
    {"!=", is_unequal, {"other"}, 1},
    {"lt", is_less, {"other"}, 1},
    {"lessthan", is_less, {"other"}, 1},
    {"<", is_less, {"other"}, 1},
    {"gt", is_greater, {"other"}, 1},
    {"greaterthan", is_greater, {"other"}, 1},
    {">", is_greater, {"other"}, 1},
    {"le", is_at_most, {"other"}, 1},
    {"<=", is_at_most, {"other"}, 1},
    {"ge", is_at_least, {"other"}, 1},
    {">=", is_at_least, {"other"}, 1},
    {"in", is_in, {"seq"}, 1},
    {"sameas", is_same, {"other"}, 1},
    {"upper", is_in_case<true>},
    {"lower", is_in_case<false>},
};

}  // namespace

std::span<const Builtin> tests() { return all; }

}  // namespace shoal::text::jinja
