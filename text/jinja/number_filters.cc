// Filters that turn values into numbers or choose between values, and the functions of a template.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ctime>

#include "text/jinja/string_work.h"
#include "text/jinja/unicode.h"

namespace shoal::text::jinja {
namespace {

using Args = Arguments;

// A text without the space around it and the sign that from_chars does not know.
std::string_view digits_of(const PromptText& text) {
  std::string_view digits = text.bytes();
  digits.remove_prefix(leading_space(digits));
  digits.remove_suffix(trailing_space(digits));
  if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
  return digits;
}

template <class T>
bool parse_number(std::string_view digits, T& out) {
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return error == std::errc() && end == digits.data() + digits.size();
}

Value otherwise(const Value& given, Value::Data usual) {
  return given.is_undefined() ? Value(std::move(usual)) : given;
}

Value truncated(Run& run, double number, const Value& instead) {
  if (std::isnan(number) || std::isinf(number)) return instead;
  if (std::abs(number) >= 9.2e18) return run.fail("a number is too large");
  return Value::Data(static_cast<std::int64_t>(number));
}

Value to_int(Run& run, const Value& self, const Args& args) {
  const Value instead = otherwise(args.positional[0], std::int64_t{0});
  if (!args.positional[1].is_undefined()) return run.fail("int with another base than 10 is not supported");
  Number number;
  if (to_number(self, number)) {
    return number.is_real ? truncated(run, number.real, instead) : Value(Value::Data(number.integer));
  }
  if (self.text() == nullptr || !run.spend_bytes(self.text()->size())) return instead;
  const std::string_view digits = digits_of(*self.text());
  if (parse_number(digits, number.integer)) return Value::Data(number.integer);
  return parse_number(digits, number.real) ? truncated(run, number.real, instead) : instead;
}

Value to_float(Run& run, const Value& self, const Args& args) {
  Number number;
  if (to_number(self, number)) return Value::Data(number.real);
  const bool is_text = self.text() != nullptr && run.spend_bytes(self.text()->size());
  if (is_text && parse_number(digits_of(*self.text()), number.real)) return Value::Data(number.real);
  return otherwise(args.positional[0], 0.0);
}

Value absolute(Run& run, const Value& self, const Args&) {
  Number number;
  if (!to_number(self, number)) return run.fail("bad operand type for abs(): '" + std::string(type_name(self)) + "'");
  if (number.is_real) return Value::Data(std::abs(number.real));
  if (number.integer == INT64_MIN) return run.fail("a number is too large");
  return Value::Data(std::abs(number.integer));
}

// Halves go to the even neighbour, as in Python, unless the method says otherwise.
Value round(Run& run, const Value& self, const Args& args) {
  Number number;
  if (!to_number(self, number)) return run.fail("type " + std::string(type_name(self)) + " cannot be rounded");
  const auto precision = expect_integer(run, args.positional[0], 0);
  const PromptText* method = args.positional[1].text();
  const std::string_view how = method == nullptr ? "common" : std::string_view(method->bytes());
  if (!precision) return {};
  if (how != "common" && how != "ceil" && how != "floor") return run.fail("method must be common, ceil or floor");
  if (how == "common" && !number.is_real && *precision >= 0) return self;
  const double scale = std::pow(10.0, static_cast<double>(std::clamp<std::int64_t>(*precision, -300, 300)));
  const double scaled = number.real * scale;
  const double rounded = how == "ceil"    ? std::ceil(scaled)
                         : how == "floor" ? std::floor(scaled)
                                          : std::nearbyint(scaled);
  return Value::Data(rounded / scale);
}

Value sum(Run& run, const Value& self, const Args& args) {
  Number total;
  Number number;
  if (!args.positional[1].is_undefined() && !to_number(args.positional[1], total)) return run.fail("sum adds numbers");
  const auto* attribute = args.positional[0].get<String>();
  for (const Value& item : run.items(self)) {
    const Value one = attribute != nullptr ? run.attribute(item, *attribute) : item;
    if (run.failed()) return {};
    if (!to_number(one, number)) return run.fail("sum adds numbers, not " + std::string(type_name(one)));
    if (__builtin_add_overflow(total.integer, number.integer, &total.integer)) return run.fail("a number is too large");
    total.real += number.real;
    total.is_real = total.is_real || number.is_real;
  }
  return total.is_real ? Value(Value::Data(total.real)) : Value(Value::Data(total.integer));
}

// What is undefined, or with the second argument what is not true, becomes the first.
Value instead(Run&, const Value& self, const Args& args) {
  const bool is_missing = self.is_undefined() || (is_true(args.positional[1]) && !is_true(self));
  return is_missing ? (args.positional[0].is_undefined() ? make_string("") : args.positional[0]) : self;
}

constexpr Builtin all_filters[] = {
    {"int", to_int, {"default", "base"}},
    {"float", to_float, {"default"}},
    {"abs", absolute},
    {"round", round, {"precision", "method"}},
    {"sum", sum, {"attribute", "start"}},
    {"default", instead, {"default_value", "boolean"}},
    {"d", instead, {"default_value", "boolean"}},
};

// ---- functions

Value range(Run& run, const Value&, const Args& args) {
  std::array<std::int64_t, 3> given{0, 0, 1};
  if (args.positional.empty() || args.positional.size() > 3 || !args.named.empty()) {
    return run.fail("range takes 1 to 3 integers");
  }
  for (std::size_t i = 0; i < args.positional.size(); ++i) {
    const auto number = args.positional[i].is<std::int64_t>() || args.positional[i].is<bool>()
                            ? expect_integer(run, args.positional[i], 0)
                            : std::nullopt;
    if (!number) return run.fail("'" + std::string(type_name(args.positional[i])) + "' is no integer for range");
    given[args.positional.size() == 1 ? 1 : i] = *number;
  }
  const auto [start, stop, step] = given;
  if (step == 0) return run.fail("range() arg 3 must not be zero");
  std::vector<Value> out;
  for (std::int64_t at = start; (step > 0 ? at < stop : at > stop) && run.spend(1);) {
    out.push_back(Value::Data(at));
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  return run.failed() ? Value() : make_list(std::move(out), List::Kind::range);
}

// The entries of an optional dictionary, and the named arguments.
template <class Set>
bool gather(Run& run, const Args& args, Set set) {
  if (args.positional.size() > 1 || (!args.positional.empty() && args.positional[0].dict() == nullptr)) {
    run.fail("expected a dictionary and named values");
    return false;
  }
  if (!args.positional.empty()) {
    if (!run.spend(args.positional[0].dict()->entries.size())) return false;
    for (const auto& [key, value] : args.positional[0].dict()->entries) set(key, value);
  }
  for (const auto& [name, value] : args.named) set(make_string(name), value);
  return !run.failed();
}

Value dict(Run& run, const Value&, const Args& args) {
  Dict out;
  const bool gathered = gather(run, args, [&](const Value& key, const Value& value) {
    if (run.spend(out.entries.size())) out.set(key, value);
  });
  return gathered ? make_dict(std::move(out)) : Value();
}

Value make_namespace(Run& run, const Value&, const Args& args) {
  Namespace* space = run.make_namespace();
  const bool gathered = gather(run, args, [&](const Value& key, const Value& value) {
    if (key.text() != nullptr && run.spend(space->entries.size())) space->set(key.text()->bytes(), value);
  });
  return gathered ? Value(Value::Data(space)) : Value();
}

Value raise_exception(Run& run, const Value&, const Args& args) {
  const PromptText message = run.print(args.positional[0]);
  return run.failed() ? Value() : run.refuse(message.bytes());
}

Value strftime_now(Run& run, const Value&, const Args& args) {
  const PromptText* format = expect_text(run, args.positional[0], "the format of a time");
  if (format == nullptr || format->empty()) return make_string("");
  std::array<char, 256> out{};
  const std::string ends = format->bytes() + " ";  // so that an empty result is told from one that does not fit
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  const std::size_t bytes = std::strftime(out.data(), out.size(), ends.c_str(), &run.now());
#pragma GCC diagnostic pop
  if (bytes == 0) return run.fail("the written time is too long");
  return make_string(std::string_view(out.data(), bytes - 1));
}

constexpr Builtin all_functions[] = {
    {"range", range, {}, 0, true},
    {"dict", dict, {}, 0, true},
    {"namespace", make_namespace, {}, 0, true},
    {"raise_exception", raise_exception, {"message"}, 1},
    {"strftime_now", strftime_now, {"format"}, 1},
};

}  // namespace

std::span<const Builtin> number_filters() { return all_filters; }
std::span<const Builtin> functions() { return all_functions; }

}  // namespace shoal::text::jinja
