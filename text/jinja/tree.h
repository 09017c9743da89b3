// A parsed template. Made by parser.h, read by run.h, and never changed in between: renderings share it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "text/jinja/value.h"

namespace shoal::text::jinja {

// The variable that holds the text of the block that filters are applied to; no template can spell it.
inline constexpr std::string_view captured_name = "text of the block";

struct Expression;
using ExpressionPtr = std::unique_ptr<const Expression>;

enum class Operator : std::uint8_t {
  add,
  subtract,
  multiply,
  divide,
  divide_floor,
  modulo,
  power,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  in,
  not_in,
};

struct Expression {
  enum class Kind : std::uint8_t {
    constant,       // value
    variable,       // name
    attribute,      // operands[0].name
    subscript,      // operands[0][operands[1]]
    slice,          // operands[0][operands[1] : operands[2] : operands[3]], each of the three may be null
    call,           // operands[0](the others, keywords)
    filter,         // operands[0] | builtin(the others, keywords)
    test,           // operands[0] is builtin(the others, keywords)
    list,           // operands
    tuple,          // operands
    dict,           // operands: key, value, key, value ...
    negative,       // -operands[0]
    positive,       // +operands[0]
    negation,       // not operands[0]
    conjunction,    // operands[0] and operands[1]
    disjunction,    // operands[0] or operands[1]
    arithmetic,     // operands[0] operators[0] operands[1]
    comparison,     // operands[0] operators[0] operands[1] operators[1] operands[2] ...
    concatenation,  // operands[0] ~ operands[1] ~ ...
    conditional,    // operands[0] if operands[1] else operands[2], which may be null
    refusal,        // fails with the text `value`: what this interpreter lacks
  };

  Kind kind = Kind::constant;
  std::uint32_t line = 1;
  std::uint32_t depth = 1;  // of the tree below, this node included
  Value value = {};         // of attributes and variables their name
  const Builtin* builtin = nullptr;
  std::vector<ExpressionPtr> operands = {};
  std::vector<std::pair<std::string, ExpressionPtr>> keywords = {};
  ExpressionPtr spread = nullptr;        // of a call: more arguments, as *spread
  ExpressionPtr named_spread = nullptr;  // likewise, as **named_spread
  std::vector<Operator> operators = {};

  const std::string& name() const { return value.text()->bytes(); }
};

struct Statement;
using Block = std::vector<std::unique_ptr<const Statement>>;

// What `set` and `for` assign to: one name, several that unpack a sequence, or an entry of a namespace.
struct Target {
  std::vector<std::string> names = {};
  bool unpacks = false;
  std::string entry = {};  // of the namespace names[0]; empty if it is none
};

struct Branch {
  ExpressionPtr condition;
  Block body = {};
};

struct Parameter {
  std::string name;
  ExpressionPtr otherwise = nullptr;  // null: undefined
};

struct Statement {
  enum class Kind : std::uint8_t {
    text,          // value
    output,        // expression
    branches,      // the first of branches that holds, or else otherwise
    loop,          // over expression, of items that meet condition, into target: body; nothing done: otherwise
    set,           // target = expression
    set_block,     // target = expression over the text of body; expression is a chain of filters or null
    filter_block,  // expression over the text of body
    macro,         // name, parameters, body
    call,          // expression, a call, with parameters and body as its `caller`
    with,          // assignments, for body alone
    continue_loop,
    break_loop,
  };

  Kind kind = Kind::text;
  std::uint32_t line = 1;
  Value value = {};
  ExpressionPtr expression = nullptr;
  ExpressionPtr condition = nullptr;
  Target target = {};
  std::vector<Branch> branches = {};
  std::vector<std::pair<std::string, ExpressionPtr>> assignments = {};
  std::string name = {};
  std::vector<Parameter> parameters = {};
  Block body = {};
  Block otherwise = {};
};

}  // namespace shoal::text::jinja
