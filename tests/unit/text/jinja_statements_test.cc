// Statements, scopes and white space, as transformers sets Jinja up.
#include <doctest/doctest.h>

#include "tests/unit/text/jinja_test.h"

using namespace shoal::text::jinja;

TEST_CASE("loops know where they are") {
  CHECK(rendered(
            "{% for n in numbers %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.first }}{{ loop.last }} "
            "{% endfor %}") == "103TrueFalse 212FalseFalse 321FalseTrue ");
  CHECK(rendered("{% for n in numbers %}{{ loop.previtem }}<{{ n }}>{{ loop.nextitem }};{% endfor %}") ==
        "<3>1;3<1>2;1<2>;");
  CHECK(rendered("{% for n in numbers %}{{ loop.cycle('a', 'b') }}{{ loop.length }}{% endfor %}") == "a3b3a3");
  CHECK(rendered("{% for a in [1, 2] %}{% for b in [1] %}{{ loop.depth }}{% endfor %}{{ loop.index }}{% endfor %}") ==
        "1112");
}

TEST_CASE("loops filter, unpack, stop early and may do nothing") {
  CHECK(rendered("{% for n in numbers if n > 1 %}{{ n }}{{ loop.length }}{% else %}none{% endfor %}") == "3222");
  CHECK(rendered("{% for n in numbers if n > 5 %}{{ n }}{% else %}none{% endfor %}") == "none");
  CHECK(rendered("{% for a, (b) in [(1, 2)] %}{{ a }}{% endfor %}").find("line 1: expected a name") == 0);
  CHECK(rendered("{% for a, b in [(1, 2), (3, 4)] %}{{ a + b }} {% endfor %}") == "3 7 ");
  CHECK(rendered(
            "{% for n in [1, 2, 3, 4] %}{% if n == 2 %}{% continue %}{% endif %}{% if n == 4 %}{% break %}{% endif %}"
            "{{ n }}{% endfor %}") == "13");
  CHECK(rendered("{% for c in 'añ' %}{{ c }}.{% endfor %}{% for k in {'x': 1} %}{{ k }}{% endfor %}") == "a.ñ.x");
  CHECK(rendered("{% for x in missing %}{{ x }}{% endfor %}ok") == "ok");
}

TEST_CASE("names set in a loop end with its turn, those of an if do not, and a namespace keeps them") {
  CHECK(rendered("{% set x = 1 %}{% for n in numbers %}{{ x }}{% set x = n %}{{ x }} {% endfor %}{{ x }}") ==
        "13 11 12 1");
  CHECK(rendered("{% if true %}{% set x = 1 %}{% endif %}{{ x }}") == "1");
  CHECK(
      rendered("{% set ns = namespace(x=0) %}{% for n in numbers %}{% set ns.x = ns.x + n %}{% endfor %}{{ ns.x }}") ==
      "6");
  CHECK(rendered("{% set x = 1 %}{% set x.y = 2 %}") == "line 1: 'x' is not a namespace");
  CHECK(rendered("{% set a, b = 1, 2 %}{{ a }}{{ b }}{% with a = 5 %}{{ a }}{% endwith %}{{ a }}") == "1251");
}

TEST_CASE("branches are taken in order") {
  CHECK(rendered("{% if 0 %}a{% elif 1 %}b{% else %}c{% endif %}{% if none %}a{% else %}c{% endif %}") == "bc");
}

TEST_CASE("blocks of text can be set and filtered") {
  CHECK(rendered("{% set x %}a{{ 1 }}{% endset %}[{{ x }}]{% set y | upper %}b{% endset %}{{ y }}") == "[a1]B");
  CHECK(rendered("{% filter upper | replace('A', 'x') %}a{{ 'b' }}{% endfilter %}") == "xB");
  CHECK(rendered("a{% generation %}b{{ 1 }}{% endgeneration %}c{# not shown #}d") == "ab1cd");
  CHECK(rendered("{% raw %}{{ x }}{% endraw %}!") == "{{ x }}!");
}

TEST_CASE("macros take arguments by place and name, and see the template's names") {
  CHECK(rendered("{% macro m(a, b='x', c=a) %}{{ a }}{{ b }}{{ c }}{{ g }}{% endmacro %}{% set g = '!' %}"
                 "{{ m(1) }} {{ m(1, c=3) }} {{ m(b=2, a=1) }}") == "1x1! 1x3! 121!");
  CHECK(rendered("{% macro m(n) %}{{ n }}{% if n > 0 %}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(3) }}") == "3210");
  CHECK(rendered("{% macro m(a) %}{{ a }}{% endmacro %}{{ m() }}|{{ m(1, 2) }}") ==
        "line 1: macro 'm' takes not more than 1 argument(s)");
}

TEST_CASE("a macro may be called with a block, which sees the names of where it stands") {
  CHECK(rendered("{% macro m(a) %}[{{ a }}{{ caller(a + 1) }}]{% endmacro %}"
                 "{% for n in [5] %}{% call(x) m(1) %}{{ x }}{{ n }}{% endcall %}{% endfor %}") == "[125]");
  CHECK(rendered("{% macro m() %}{{ caller is defined }}{% endmacro %}{{ m() }}{% call m() %}{% endcall %}") ==
        "FalseTrue");
  CHECK(rendered("{% set ns = namespace() %}{% macro m() %}{% set ns.f = caller %}{% endmacro %}"
                 "{% call m() %}x{% endcall %}{% set f = ns.f %}{{ f() }}") ==
        "line 1: the block of a `call` that is over");
}

TEST_CASE("lists and dictionaries can be spread into arguments") {
  CHECK(rendered("{% macro m(a, b, c=3) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(*[1, 2]) }} {{ m(1, **{'c': 5, 'b': "
                 "4}) }}") == "123 145");
  CHECK(rendered("{{ dict(**{'a': 1}) }} {{ range(*[1, 3]) | list }}") == "{'a': 1} [1, 2]");
  CHECK(rendered("{{ dict(**[1]) }}") == "line 1: argument after ** must be a mapping, not list");
}

TEST_CASE("white space around tags goes as with trim_blocks and lstrip_blocks") {
  CHECK(rendered("a\n  {% if true %}\n  b\n  {% endif %}\nc\n") == "a\n  b\nc");
  CHECK(rendered("a  {%- if true -%}  \n b {%- endif %}\n\nc") == "ab\nc");
  CHECK(rendered("  {{ 1 }}\n  {{- 2 -}}  \n3") == "  123");
  CHECK(rendered("a\n  {%+ if true +%}\nb{% endif %}") == "a\n  \nb");
  CHECK(rendered("  {# note #}\nx {# note #}\ny") == "x y");
  CHECK(rendered("a\r\nb\rc\n\n") == "a\nb\nc\n");
}

TEST_CASE("strings know Python's escapes") {
  CHECK(rendered(R"({{ 'a\tb\x41\u00e9\\\'\q' }})") == "a\tbAé\\'\\q");
  CHECK(rendered("{{ '}}' }}{{ {'a': {'b': '%}'}}['a'].b }}") == "}}%}");
}
