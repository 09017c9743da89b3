// The values of a template: Python's, as far as chat templates meet them. Cheap to copy; a string, list or dictionary
// never changes once it is made. For one rendering and its thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "text/prompt_text.h"

namespace shoal::text::jinja {

struct Builtin;
struct Dict;
struct List;
struct Loop;
struct Namespace;
struct Statement;
class Scope;
class Value;

using String = std::shared_ptr<const PromptText>;

// What a name, an attribute or an item that does not exist is: empty where it is written, an error where it is used.
struct Undefined {
  String name = nullptr;   // of what was sought; none if there is nothing to say
  std::string owner = {};  // where it was sought: "dict object"; empty for variables
  bool is_unsafe = false;  // it exists, and templates must not have it
};

struct None {};

// A macro of the template, the block of a `call`, a function of this interpreter, or one bound to the value that it was
// asked of.
struct Function {
  const Statement* macro = nullptr;
  const Builtin* builtin = nullptr;
  std::shared_ptr<const Value> self = nullptr;
  std::shared_ptr<Scope*> site = nullptr;  // of a block: whose names it sees, null once its `call` is over
};

class Value {
public:
  using Data = std::variant<Undefined, None, bool, std::int64_t, double, String, std::shared_ptr<const List>,
                            std::shared_ptr<const Dict>, Namespace*, std::shared_ptr<Loop>, Function>;

  Value() = default;
  Value(Data data) : data_(std::move(data)) {}

  template <class T>
  bool is() const {
    return std::holds_alternative<T>(data_);
  }
  template <class T>
  const T* get() const {
    return std::get_if<T>(&data_);
  }

  bool is_undefined() const { return is<Undefined>(); }
  bool is_none() const { return is<None>(); }
  bool is_number() const { return is<bool>() || is<std::int64_t>() || is<double>(); }
  const PromptText* text() const;  // none if it is not a string
  const List* list() const;        // likewise
  const Dict* dict() const;

private:
  Data data_;
};

// What walking through a value costs, so that it can be bounded before anybody does.
struct Extent {
  std::size_t depth = 0;   // how deeply lists and dictionaries stand in one another: 0 for what is neither
  std::size_t weight = 1;  // all values in it, however often one of them occurs, long texts counting for more
};
Extent extent_of(const Value& value);

// Whatever Python has in order: what can be done with it differs.
struct List {
  enum class Kind : std::uint8_t {
    list,
    tuple,
    range,      // has items, as the two above
    view,       // of a dictionary: can be walked and counted
    generator,  // can be walked once
  };

  Kind kind = Kind::list;
  std::vector<Value> items;
  Extent extent = {};
  mutable bool is_consumed = false;

  bool has_items() const { return kind <= Kind::range; }
};

struct Dict {
  std::vector<std::pair<Value, Value>> entries;  // in the order of insertion
  Extent extent = {};                            // of a finished one

  const Value* find(const Value& key) const;
  const Value* find(std::string_view key) const;
  void set(Value key, Value value);
};

// The only value that changes. Belongs to the rendering.
struct Namespace {
  std::vector<std::pair<std::string, Value>> entries;

  void set(const std::string& name, Value value);
};

// `loop`, inside a `for`.
struct Loop {
  std::shared_ptr<const List> items;
  std::size_t index = 0;
};

Value make_string(PromptText text);
Value make_string(std::string_view text);  // the template's own
Value make_list(std::vector<Value> items, List::Kind kind = List::Kind::list);
Value make_dict(Dict dict);

// Python's bool().
bool is_true(const Value& value);

// Python's ==.
bool equals(const Value& left, const Value& right);

// Python's name of the value's type: "str".
std::string_view type_name(const Value& value);

// A number as Python computes with it: booleans are 0 and 1. None for other values.
struct Number {
  bool is_real = false;
  std::int64_t integer = 0;
  double real = 0;
};
bool to_number(const Value& value, Number& out);

}  // namespace shoal::text::jinja
