#include <algorithm>
#include <array>

#include "text/jinja/builtins.h"
#include "text/jinja/parser.h"
#include "text/jinja/parser_nesting.h"

namespace shoal::text::jinja {
namespace {

using Kind = Statement::Kind;

// `do` is an extension that transformers does not load.
constexpr std::array<std::string_view, 7> missing_statements = {"autoescape", "block",   "do",    "extends",
                                                                "from",       "include", "import"};
constexpr std::array<std::string_view, 6> reserved = {"true", "false", "none", "True", "False", "None"};

template <class Table>
bool contains(const Table& table, std::string_view text) {
  return std::find(table.begin(), table.end(), text) != table.end();
}

}  // namespace

Block Parser::block(Ends ends, std::string_view opened, std::uint32_t line) {
  const Nesting nesting(*this);
  Block out;
  while (!failed()) {
    if (peek().kind == Token::Kind::end) {
      if (ends.size() > 0) fail(line, "the block `" + std::string(opened) + "` has no end");
      break;
    }
    if (peek().kind == Token::Kind::block_begin && contains(ends, peek(1).text)) break;
    statement(out);
  }
  return out;
}

// The rest of a tag that is only a name: {% endif %}.
void Parser::end_block(std::string_view name) {
  expect(Token::Kind::block_begin, "{%");
  if (!take_name(name)) unexpected(name);
  expect(Token::Kind::block_end, "%}");
}

void Parser::statement(Block& out) {
  Statement one{.line = peek().line};
  if (peek().kind == Token::Kind::text) {
    one.value = make_string(std::string_view(take().text));
    out.push_back(std::make_unique<Statement>(std::move(one)));
    return;
  }
  if (peek().kind == Token::Kind::output_begin) {
    take();
    one.kind = Kind::output;
    one.expression = tuple();
    expect(Token::Kind::output_end, "}}");
    out.push_back(std::make_unique<Statement>(std::move(one)));
    return;
  }
  expect(Token::Kind::block_begin, "a tag");
  const std::string name = expect_name("the name of a tag");
  if (name == "generation") {  // marks for training what an assistant said; writes nothing
    expect(Token::Kind::block_end, "%}");
    for (auto& inner : block({"endgeneration"}, name, one.line)) out.push_back(std::move(inner));
    return end_block("endgeneration");
  }
  if (name == "if") {
    branches(one);
  } else if (name == "for") {
    loop(one);
  } else if (name == "set") {
    set(one);
  } else if (name == "macro") {
    macro(one);
  } else if (name == "call") {
    call_block(one);
  } else if (name == "with") {
    with(one);
  } else if (name == "filter") {
    one.kind = Kind::filter_block;
    Token pipe{Token::Kind::symbol, one.line, "|"};  // `filter trim` is written as `x | trim` without its x
    tokens_.insert(tokens_.begin() + static_cast<std::ptrdiff_t>(at_), std::move(pipe));
    one.expression = filters(captured());
    expect(Token::Kind::block_end, "%}");
    ++enclosed_;
    one.body = block({"endfilter"}, name, one.line);
    --enclosed_;
    end_block("endfilter");
  } else if (name == "break" || name == "continue") {
    one.kind = name == "break" ? Kind::break_loop : Kind::continue_loop;
    if (loops_ == 0) fail(one.line, "`" + name + "` stands outside a loop");
    expect(Token::Kind::block_end, "%}");
  } else if (contains(missing_statements, name)) {
    fail(one.line, "the statement `" + name + "` is not supported");
  } else {
    fail(one.line, "unknown tag `" + name + "`");
  }
  out.push_back(std::make_unique<Statement>(std::move(one)));
}

void Parser::branches(Statement& out) {
  out.kind = Kind::branches;
  while (!failed()) {
    Branch branch{.condition = tuple(false)};
    expect(Token::Kind::block_end, "%}");
    ++branches_;
    branch.body = block({"elif", "else", "endif"}, "if", out.line);
    --branches_;
    out.branches.push_back(std::move(branch));
    if (is_name("elif", 1)) {
      take();
      take();
      continue;
    }
    if (is_name("else", 1)) {
      end_block("else");
      ++branches_;
      out.otherwise = block({"endif"}, "else", out.line);
      --branches_;
    }
    return end_block("endif");
  }
}

void Parser::loop(Statement& out) {
  out.kind = Kind::loop;
  out.target = target(false);
  if (!take_name("in")) unexpected("`in`");
  out.expression = tuple(false);
  if (take_name("if")) out.condition = expression();
  if (is_name("recursive")) fail(out.line, "`recursive` loops are not supported");
  expect(Token::Kind::block_end, "%}");
  ++loops_;
  ++enclosed_;
  out.body = block({"else", "endfor"}, "for", out.line);
  --enclosed_;
  --loops_;
  if (is_name("else", 1)) {
    end_block("else");
    out.otherwise = block({"endfor"}, "else", out.line);
  }
  end_block("endfor");
}

void Parser::set(Statement& out) {
  out.target = target(true);
  if (take_symbol("=")) {
    out.kind = Kind::set;
    out.expression = tuple();
    return expect(Token::Kind::block_end, "%}");
  }
  out.kind = Kind::set_block;
  if (is_symbol("|")) out.expression = filters(captured());
  expect(Token::Kind::block_end, "%}");
  ++enclosed_;
  out.body = block({"endset"}, "set", out.line);
  --enclosed_;
  end_block("endset");
}

// Macros see the names of the template, so that they can live as long as it does.
void Parser::macro(Statement& out) {
  out.kind = Kind::macro;
  if (enclosed_ > 0) fail(out.line, "a macro inside a loop, a macro or another block is not supported");
  out.name = expect_name("the name of a macro");
  parameters(out);
  expect(Token::Kind::block_end, "%}");
  ++enclosed_;
  out.body = block({"endmacro"}, "macro", out.line);
  --enclosed_;
  end_block("endmacro");
}

void Parser::parameters(Statement& out) {
  expect_symbol("(");
  while (!failed() && !is_symbol(")")) {
    Parameter parameter{.name = expect_name("the name of a parameter")};
    if (take_symbol("=")) {
      parameter.otherwise = expression();
    } else if (!out.parameters.empty() && out.parameters.back().otherwise) {
      fail(out.line, "a parameter without a default follows one with a default");
    }
    out.parameters.push_back(std::move(parameter));
    if (!is_symbol(")")) expect_symbol(",");
  }
  expect_symbol(")");
}

// The block is a macro without a name, for the macro that is called to call.
void Parser::call_block(Statement& out) {
  out.kind = Kind::call;
  out.name = "caller";
  if (is_symbol("(")) parameters(out);
  out.expression = unary(false);
  if (!failed() && out.expression->kind != Expression::Kind::call) fail(out.line, "`call` needs a call");
  expect(Token::Kind::block_end, "%}");
  const std::uint32_t loops_outside = std::exchange(loops_, 0);
  ++enclosed_;
  out.body = block({"endcall"}, "call", out.line);
  --enclosed_;
  loops_ = loops_outside;
  end_block("endcall");
}

void Parser::with(Statement& out) {
  out.kind = Kind::with;
  while (!failed() && peek().kind != Token::Kind::block_end) {
    if (!out.assignments.empty()) expect_symbol(",");
    std::string name = expect_name("a name");
    expect_symbol("=");
    out.assignments.emplace_back(std::move(name), expression());
  }
  expect(Token::Kind::block_end, "%}");
  ++enclosed_;
  out.body = block({"endwith"}, "with", out.line);
  --enclosed_;
  end_block("endwith");
}

// What a chain of filters begins with that stands behind a tag instead of a value: the text inside the block.
ExpressionPtr Parser::captured() {
  Expression out = make(Expression::Kind::variable);
  out.value = make_string(captured_name);
  return finish(std::move(out));
}

Target Parser::target(bool may_be_entry) {
  Target out;
  const bool is_bracketed = take_symbol("(");
  do {
    if (out.unpacks && (is_symbol(")") || is_name("in") || is_symbol("="))) break;
    out.names.push_back(expect_name("a name to assign to"));
    if (contains(reserved, out.names.back())) fail(peek().line, "`" + out.names.back() + "` cannot be assigned to");
    if (out.names.back() == "loop" && !may_be_entry) fail(peek().line, "`loop` cannot be assigned to in a loop");
    if (may_be_entry && out.names.size() == 1 && take_symbol(".")) {
      out.entry = expect_name("the name of an entry");
      return out;
    }
    if (is_symbol(",")) out.unpacks = true;
  } while (take_symbol(","));
  if (is_bracketed) expect_symbol(")");
  return out;
}

}  // namespace shoal::text::jinja
