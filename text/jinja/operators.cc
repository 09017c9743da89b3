// Arithmetic and comparison, with Python's meaning of each for each kind of value.
#include <algorithm>
#include <cmath>

#include "text/jinja/run.h"

namespace shoal::text::jinja {
namespace {

std::string_view spelling(Operator op) {
  switch (op) {
    case Operator::add:
      return "+";
    case Operator::subtract:
      return "-";
    case Operator::multiply:
      return "*";
    case Operator::divide:
      return "/";
    case Operator::divide_floor:
      return "//";
    case Operator::modulo:
      return "%";
    case Operator::power:
      return "**";
    default:
      return "<";
  }
}

std::string misfits(Operator op, const Value& left, const Value& right) {
  return "unsupported operand type(s) for " + std::string(spelling(op)) + ": '" + std::string(type_name(left)) +
         "' and '" + std::string(type_name(right)) + "'";
}

std::int64_t floor_quotient(std::int64_t left, std::int64_t right) {
  const std::int64_t quotient = left / right;
  return left % right != 0 && (left < 0) != (right < 0) ? quotient - 1 : quotient;
}

}  // namespace

Value Run::arithmetic(Operator op, const Value& left, const Value& right) {
  if (failed_) return {};
  for (const Value* value : {&left, &right}) {
    if (const auto* undefined = value->get<Undefined>()) return fail(describe(*undefined));
  }
  if (left.is_number() && right.is_number()) return compute(op, left, right);
  if (op == Operator::add) return add(left, right);
  if (op == Operator::multiply) {
    if (const auto* times = right.get<std::int64_t>()) return repeat(left, *times);
    if (const auto* times = left.get<std::int64_t>()) return repeat(right, *times);
  }
  return fail(misfits(op, left, right));
}

Value Run::add(const Value& left, const Value& right) {
  if (left.text() != nullptr && right.text() != nullptr) {
    if (!spend_bytes(left.text()->size() + right.text()->size())) return {};
    PromptText text = *left.text();
    text.append(*right.text());
    return make_string(std::move(text));
  }
  if (left.list() != nullptr && right.list() != nullptr && left.list()->kind == right.list()->kind &&
      left.list()->kind <= List::Kind::tuple) {
    std::vector<Value> items = left.list()->items;
    items.insert(items.end(), right.list()->items.begin(), right.list()->items.end());
    return spend(items.size()) ? make_list(std::move(items), left.list()->kind) : Value();
  }
  if (left.text() != nullptr) {
    return fail("can only concatenate str (not \"" + std::string(type_name(right)) + "\") to str");
  }
  return fail(misfits(Operator::add, left, right));
}

Value Run::repeat(const Value& what, std::int64_t times) {
  const auto count = static_cast<std::uint64_t>(std::clamp<std::int64_t>(times, 0, 1 << 30));
  if (const PromptText* text = what.text()) {
    if (!spend(count) || !spend_bytes(text->size() * count)) return {};
    PromptText out;
    for (std::uint64_t i = 0; i < count; ++i) out.append(*text);
    return make_string(std::move(out));
  }
  if (const List* list = what.list(); list != nullptr && list->kind <= List::Kind::tuple) {
    if (!spend(count) || !spend(list->items.size() * count)) return {};
    std::vector<Value> items;
    for (std::uint64_t i = 0; i < count; ++i) items.insert(items.end(), list->items.begin(), list->items.end());
    return make_list(std::move(items), list->kind);
  }
  return fail(misfits(Operator::multiply, what, Value::Data(times)));
}

Value Run::compute(Operator op, const Value& left, const Value& right) {
  Number a;
  Number b;
  to_number(left, a);
  to_number(right, b);
  const bool divides = op == Operator::divide || op == Operator::divide_floor || op == Operator::modulo;
  if (divides && b.real == 0) return fail("division by zero");
  if (!a.is_real && !b.is_real && op != Operator::divide && (op != Operator::power || b.integer >= 0)) {
    return compute_integers(op, a.integer, b.integer);
  }
  switch (op) {
    case Operator::add:
      return Value::Data(a.real + b.real);
    case Operator::subtract:
      return Value::Data(a.real - b.real);
    case Operator::multiply:
      return Value::Data(a.real * b.real);
    case Operator::divide:
      return Value::Data(a.real / b.real);
    case Operator::divide_floor:
      return Value::Data(std::floor(a.real / b.real));
    case Operator::modulo:
      return Value::Data(a.real - b.real * std::floor(a.real / b.real));
    case Operator::power:
      return Value::Data(std::pow(a.real, b.real));
    default:
      return fail(misfits(op, left, right));
  }
}

Value Run::compute_integers(Operator op, std::int64_t left, std::int64_t right) {
  std::int64_t out = 0;
  bool overflows = false;
  switch (op) {
    case Operator::add:
      overflows = __builtin_add_overflow(left, right, &out);
      break;
    case Operator::subtract:
      overflows = __builtin_sub_overflow(left, right, &out);
      break;
    case Operator::multiply:
      overflows = __builtin_mul_overflow(left, right, &out);
      break;
    case Operator::power:
      out = 1;
      for (std::int64_t i = 0; i < right && !overflows && spend(1); ++i) {
        overflows = __builtin_mul_overflow(out, left, &out);
      }
      break;
    default:
      if (right == -1) {  // the one quotient that may not fit
        overflows = op == Operator::divide_floor && __builtin_sub_overflow(std::int64_t{0}, left, &out);
      } else {
        out = op == Operator::divide_floor ? floor_quotient(left, right) : left - right * floor_quotient(left, right);
      }
  }
  return overflows ? fail("a number is too large") : Value(Value::Data(out));
}

bool Run::less(const Value& left, const Value& right) {
  for (const Value* value : {&left, &right}) {
    if (const auto* undefined = value->get<Undefined>()) {
      fail(describe(*undefined));
      return false;
    }
  }
  Number a;
  Number b;
  if (to_number(left, a) && to_number(right, b)) {
    return a.is_real || b.is_real ? a.real < b.real : a.integer < b.integer;
  }
  if (left.text() != nullptr && right.text() != nullptr) {  // UTF-8 has the order of code points
    return spend_bytes(std::min(left.text()->size(), right.text()->size())) &&
           left.text()->bytes() < right.text()->bytes();
  }
  if (left.list() != nullptr && right.list() != nullptr && left.list()->kind == right.list()->kind &&
      left.list()->has_items()) {
    const auto& one = left.list()->items;
    const auto& other = right.list()->items;
    for (std::size_t i = 0; i < std::min(one.size(), other.size()) && !failed_; ++i) {
      if (!equal(one[i], other[i])) return less(one[i], other[i]);
    }
    return one.size() < other.size();
  }
  fail("'<' not supported between instances of '" + std::string(type_name(left)) + "' and '" +
       std::string(type_name(right)) + "'");
  return false;
}

bool Run::compare(Operator op, const Value& left, const Value& right) {
  switch (op) {
    case Operator::equal:
      return equal(left, right);
    case Operator::not_equal:
      return !equal(left, right);
    case Operator::less:
      return less(left, right);
    case Operator::greater:
      return less(right, left);
    case Operator::less_equal:
      return less(left, right) || (!failed_ && equal(left, right));
    case Operator::greater_equal:
      return less(right, left) || (!failed_ && equal(left, right));
    case Operator::in:
      return contains(right, left);
    case Operator::not_in:
      return !contains(right, left);
    default:
      return false;
  }
}

bool Run::contains(const Value& container, const Value& item) {
  if (const PromptText* text = container.text()) {
    if (item.text() == nullptr) {
      fail("'in <string>' requires string as left operand, not " + std::string(type_name(item)));
      return false;
    }
    return spend_bytes(text->size()) && text->bytes().find(item.text()->bytes()) != std::string::npos;
  }
  if (const Dict* dict = container.dict()) {
    return std::any_of(dict->entries.begin(), dict->entries.end(),
                       [&](auto& entry) { return equal(entry.first, item); });
  }
  if (container.is_undefined()) return false;
  if (const List* list = container.list()) {
    return std::any_of(list->items.begin(), list->items.end(), [&](auto& one) { return equal(one, item); });
  }
  fail("argument of type '" + std::string(type_name(container)) + "' is not iterable");
  return false;
}

}  // namespace shoal::text::jinja
