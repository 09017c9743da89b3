// The filters, tests, methods and functions of this interpreter. A template that names another one is refused when it
// is parsed, by that name, or, where only a branch of an `if` does so, when that is reached. To add one: a function,
// and its line in the table of its file. Immutable tables; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja/value.h"

namespace shoal::text::jinja {

class Run;

struct Arguments {
  std::vector<Value> positional = {};
  std::vector<std::pair<std::string_view, Value>> named = {};  // names of the template or of `spread`
  Value spread = {};                                           // the dictionary behind **, if there was one
};

struct Builtin {
  // `self` is what is filtered, tested or asked; undefined for functions. The positional arguments are one for each
  // parameter, undefined where none was given; unless it takes any, when they come as they were given. Fails by
  // Run::fail, and what it returns is not looked at then.
  using Function = Value (*)(Run& run, const Value& self, const Arguments& arguments);

  std::string_view name;
  Function call = nullptr;
  std::array<std::string_view, 4> parameters = {};  // empty names at the end: fewer
  std::uint8_t required = 0;                        // of the parameters, from the first on
  bool takes_any = false;
};

std::span<const Builtin> text_filters();
std::span<const Builtin> list_filters();
std::span<const Builtin> number_filters();
std::span<const Builtin> tests();
std::span<const Builtin> string_methods();
std::span<const Builtin> dict_methods();
std::span<const Builtin> list_methods();
std::span<const Builtin> loop_methods();
std::span<const Builtin> functions();

const Builtin* find_builtin(std::span<const Builtin> table, std::string_view name);

// None for a name that is unknown.
const Builtin* find_filter(std::string_view name);
inline const Builtin* find_test(std::string_view name) { return find_builtin(tests(), name); }

// Of values of this kind.
const Builtin* find_method(const Value& value, std::string_view name);

// Whether values of any kind have such a method, or have one that templates must not call because it changes them.
bool is_method(std::string_view name);

// Whether Python has it, and its sandbox keeps it from templates.
bool is_unsafe_method(const Value& value, std::string_view name);

// Python's functions that this interpreter lacks.
bool is_missing_function(std::string_view name);

// Why a call with so many positional arguments and these names cannot be; empty if it can.
std::string misfit(const Builtin& builtin, std::size_t positional, std::span<const std::string_view> named);

}  // namespace shoal::text::jinja
