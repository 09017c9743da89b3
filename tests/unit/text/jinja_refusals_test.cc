// What cannot be rendered is refused by line and name: the template when it is read, the conversation when it comes.
#include <doctest/doctest.h>

#include "base/limits.h"
#include "tests/unit/text/jinja_test.h"

using namespace shoal;
using namespace shoal::text::jinja;

TEST_CASE("a construct that is not supported is named, with its line, before anything is rendered") {
  const auto refused = [](std::string_view source) {
    const auto parsed = Template::parse(source);
    return parsed ? "" : parsed.error().text;
  };
  CHECK(refused("a\n{{ x | frobnicate }}") == "line 2: the filter \"frobnicate\" is not supported");
  CHECK(refused("{% if x is frob %}{% endif %}") == "line 1: the test \"frob\" is not supported");
  CHECK(refused("{{ 'a'.zfill(3) }}") == "line 1: the method \"zfill\" is not supported");
  CHECK(refused("\n\n{% include 'x' %}") == "line 3: the statement `include` is not supported");
  CHECK(refused("{% do x %}") == "line 1: the statement `do` is not supported");
  CHECK(refused("{% frob %}") == "line 1: unknown tag `frob`");
  CHECK(refused("{{ cycler(1) }}") == "line 1: the function \"cycler\" is not supported");
  CHECK(refused("{{ 'a' | replace(*x) }}") == "line 1: `*` is not supported here");
  CHECK(refused("{% for x in y recursive %}{% endfor %}") == "line 1: `recursive` loops are not supported");
  CHECK(refused("{{ '%s' % x }}") == "line 1: formatting a string with % is not supported");
  CHECK(refused("{{ x | trim('a', 'b') }}") == "line 1: the filter \"trim\" takes 1 arguments, not 2");
  CHECK(refused("{{ x | tojson(indents=2) }}") == "line 1: the filter \"tojson\" has no argument \"indents\"");
}

TEST_CASE("what only a branch calls that is not supported is refused, with its line, where the branch is taken") {
  const auto branch = [](std::string_view condition, std::string_view body) {
    return rendered("{% if " + std::string(condition) + " %}\n{{ " + std::string(body) + " }}{% else %}b{% endif %}");
  };
  CHECK(branch("nothing", "said | from_json(1, *x) | length") == "b");
  CHECK(branch("said", "said | from_json | length") == "line 2: the filter \"from_json\" is not supported");
  CHECK(branch("nothing", "said is frob 1 or said is not frob") == "b");
  CHECK(branch("said", "said is not frob(1)") == "line 2: the test \"frob\" is not supported");
  CHECK(branch("nothing", "'a'.zfill(3) ~ cycler(*x)") == "b");
  CHECK(branch("said", "'a'.zfill(3)") == "line 2: the method \"zfill\" is not supported");
  CHECK(branch("said", "cycler(1)") == "line 2: the function \"cycler\" is not supported");
  CHECK(rendered("{% if said %}a{% else %}{{ x | frob }}{% endif %}") == "a");
  CHECK(rendered("{% if said %}a{% endif %}{{ x | frob }}") == "line 1: the filter \"frob\" is not supported");
  CHECK(rendered("{% if nothing %}{% include 'x' %}{% endif %}") == "line 1: the statement `include` is not supported");
}

TEST_CASE("a template that is no template is refused where it breaks") {
  const auto refused = [](std::string_view source) {
    const auto parsed = Template::parse(source);
    return parsed ? "" : parsed.error().text;
  };
  CHECK(refused("{% if x %}\na") == "line 1: the block `if` has no end");
  CHECK(refused("\n{{ x") == "line 2: {{ has no }}");
  CHECK(refused("{{ 'x }}") == "line 1: a string has no end");
  CHECK(refused("{{ }}") == "line 1: expected an expression, found the end of the tag");
  CHECK(refused("{{ a b }}") == "line 1: expected }}, found 'b'");
  CHECK(refused("{{ [1 }}") == "line 1: unexpected '}'");
  CHECK(refused("{# x") == "line 1: a comment has no end");
  CHECK(refused("{{ a $ }}") == "line 1: unexpected character '$'");
  CHECK(refused("{% endif %}") == "line 1: unknown tag `endif`");
  CHECK(refused("{% break %}") == "line 1: `break` stands outside a loop");
  CHECK(refused("\xFF") == "line 1: the template is not UTF-8");
}

TEST_CASE("raise_exception speaks for itself") {
  CHECK(rendered("a{{ raise_exception('Roles must alternate!') }}") == "Roles must alternate!");
  CHECK(rendered("{% if false %}{{ raise_exception('x') }}{% endif %}ok") == "ok");
}

TEST_CASE("what cannot be done with a conversation is said with its line") {
  CHECK(rendered("\n{{ missing.x }}") == "line 2: 'missing' is undefined");
  CHECK(rendered("{{ message.foo.bar }}") == "line 1: 'dict object' has no attribute 'foo'");
  CHECK(rendered("{{ 'a' + nothing }}") == "line 1: can only concatenate str (not \"NoneType\") to str");
  CHECK(rendered("{{ 1 + 'a' }}") == "line 1: unsupported operand type(s) for +: 'int' and 'str'");
  CHECK(rendered("{% for x in 5 %}{% endfor %}") == "line 1: 'int' object is not iterable");
  CHECK(rendered("{{ 1 in 'a' }}") == "line 1: 'in <string>' requires string as left operand, not int");
  CHECK(rendered("{{ 1 < 'a' }}") == "line 1: '<' not supported between instances of 'int' and 'str'");
  CHECK(rendered("{{ 1 // 0 }}") == "line 1: division by zero");
  CHECK(rendered("{{ missing() }}") == "line 1: 'missing' is undefined");
  CHECK(rendered("{{ '{} {}'.format(1) }}") == "line 1: Replacement index 1 out of range for positional args tuple");
  CHECK(rendered("{{ '{:>3}'.format(1) }}").starts_with("line 1: the format field {:>3} is not supported"));
  CHECK(rendered("{{ '{0.real}'.format(1) }}").starts_with("line 1: the format field {0.real} is not supported"));
  CHECK(rendered("{{ '{0} {}'.format(1) }}") == "line 1: cannot mix {} and {0} in a format string");
  CHECK(rendered("{{ '{a}'.format(1) }}") == "line 1: format has no argument 'a'");
  CHECK(rendered("{{ 'a}'.format(1) }}") == "line 1: Single '}' encountered in format string");
  CHECK(rendered("{{ '{'.format(1) }}") == "line 1: expected '}' before end of string");
  CHECK(rendered("{{ '{99999999999999999999}'.format(1) }}") == "line 1: Too many decimal digits in format string");
  CHECK(rendered("{{ range(2) | tojson }}") == "line 1: Object of type range is not JSON serializable");
  CHECK(rendered("{{ 9223372036854775807 + 1 }}") == "line 1: a number is too large");
}

TEST_CASE("templates may not change values, as in the sandbox of transformers") {
  CHECK(rendered("{{ numbers.append(1) }}") == "line 1: access to attribute 'append' of 'list' object is unsafe.");
  CHECK(rendered("{{ message.pop('role') }}") == "line 1: access to attribute 'pop' of 'dict' object is unsafe.");
}

TEST_CASE("a template is bounded in bytes and depth") {
  CHECK(rendered(std::string(limits::template_bytes_max + 1, 'x')).find("the template is over") != std::string::npos);
  CHECK(rendered("{{ " + std::string(100'000, '(') + std::string(100'000, ')') + " }}").find("too deeply") !=
        std::string::npos);
  CHECK(rendered("{{ " + std::string(100'000, '-') + "1 }}").find("too deeply") != std::string::npos);
  std::string sum = "{{ 1";
  for (int i = 0; i < 1000; ++i) sum += " + 1";
  CHECK(rendered(sum + " }}").find("too deeply") != std::string::npos);
  std::string ifs;
  for (int i = 0; i < 1000; ++i) ifs += "{% if true %}";
  CHECK(rendered(ifs).find("too deeply") != std::string::npos);
}

TEST_CASE("a rendering is bounded in steps, bytes, depth and output") {
  CHECK(rendered("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}")
            .find("steps to render") != std::string::npos);
  CHECK(rendered("{{ ('a' * 1000000 * 1000000) | length }}").find("bytes to render") != std::string::npos);
  CHECK(rendered("{{ 'a' * 1000 * 20000 }}").find("is over") != std::string::npos);
  CHECK(rendered("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}").find("calls itself too deeply") !=
        std::string::npos);
  CHECK(rendered("{% set ns = namespace(x=[]) %}{% for i in range(1000) %}{% set ns.x = [ns.x] %}{% endfor %}")
            .find("nested too deeply") != std::string::npos);
  CHECK(rendered("{% set ns = namespace(x=[1]) %}{% for i in range(90) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ "
                 "ns.x == ns.x }}")
            .find("a value is too large") != std::string::npos);
}

TEST_CASE("a namespace may hold itself") {
  CHECK(rendered("{% set ns = namespace() %}{% set ns.self = ns %}{{ ns.self.self == ns }}") == "True");
}
