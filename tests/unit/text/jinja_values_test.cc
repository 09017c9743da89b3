// Expressions mean what Python and Jinja mean by them. Every expectation here was compared with Python's Jinja once.
#include <doctest/doctest.h>

#include "tests/unit/text/jinja_test.h"

using namespace shoal::text::jinja;

namespace {

struct Case {
  std::string_view source;
  std::string_view text;
};

void check(std::initializer_list<Case> cases) {
  for (const Case& one : cases) {
    CAPTURE(one.source);
    CHECK(rendered(one.source) == one.text);
  }
}

}  // namespace

TEST_CASE("numbers compute as Python's do") {
  check({{"{{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 4 / 2 }} {{ 2 ** 10 }} {{ 2 ** -1 }}",
          "3 -4 2 3.5 2.0 1024 0.5"},
         {"{{ 1e16 }} {{ 0.1 + 0.2 }} {{ 1e-5 }} {{ 100.0 }} {{ 1_000 }} {{ 2.5e3 }}",
          "1e+16 0.30000000000000004 1e-05 100.0 1000 2500.0"},
         {"{{ true + 1 }} {{ 1 == 1.0 }} {{ true == 1 }} {{ 1 < 2 < 3 }} {{ 3 > 2 > 2 }}", "2 True True True False"},
         {"{{ -3 | abs }} {{ 2.5 | round }} {{ 2.567 | round(2) }} {{ '12' | int + 1 }} {{ 'x' | int }} {{ '1.5' | "
          "float }}",
          "3 2.0 2.57 13 0 1.5"},
         {"{{ 7 is odd }} {{ 4 is even }} {{ 9 is divisibleby 3 }} {{ 1.0 is float }} {{ true is integer }}",
          "True True True True False"}});
}

TEST_CASE("what is written has the form of Python's str()") {
  check({{"{{ true }} {{ none }} {{ [1, 'a', none, 1.0] }} {{ {'a': [true]} }} {{ (1,) }} {{ () }}",
          "True None [1, 'a', None, 1.0] {'a': [True]} (1,) ()"},
         {"{{ [\"it's\", 'a\"b', 'x\\n', '\\u00e9\\u0007'] }}", "[\"it's\", 'a\"b', 'x\\n', 'é\\x07']"},
         {"{{ missing }}|{{ nothing }}|{{ [missing] }}", "|None|[Undefined]"},
         {"{{ 1, 2 }}", "(1, 2)"}});
}

TEST_CASE("strings are sequences of characters") {
  check(
      {{"{{ 'añb'[1] }}{{ 'añb'[-1] }}{{ '你好吗'[:2] }}{{ '你好吗'[::-1] }}{{ 'abc'[5:] }}", "ñb你好吗好你"},
       {"{{ 'añ' | length }} {{ 'abcdef'[1:5:2] }} {{ 'abc'[9] is defined }} {{ 'bc' in 'abcd' }}", "2 bd False True"},
       {"{{ 'a' ~ 1 ~ none ~ true }} {{ 'ab' * 2 }} {{ 'a' 'b' }} {{ 'a' < 'b' }}", "a1NoneTrue abab ab True"}});
}

TEST_CASE("methods of strings are Python's") {
  check(
      {{"{{ ' a b '.strip() }}|{{ 'xxay'.lstrip('x') }}|{{ 'ayyx'.rstrip('xy') }}|{{ '\\u3000a\\u00a0'.strip() }}",
        "a b|ay|a|a"},
       {"{{ 'a,b,,c'.split(',') }} {{ ' a  b '.split() }} {{ 'a b c'.split(' ', 1) }} {{ 'a b c'.rsplit(' ', 1)[0] }}",
        "['a', 'b', '', 'c'] ['a', 'b'] ['a', 'b c'] a b"},
       {"{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith(('x', 'c')) }} {{ 'hello world'.title() }} {{ "
        "'hELLO'.capitalize() }}",
        "True True Hello World Hello"},
       {"{{ 'aXbX'.replace('X', '-') }} {{ 'aXbX'.replace('X', '-', 1) }} {{ 'ab'.replace('', '.') }}",
        "a-b- a-bX .a.b."},
       {"{{ 'abcb'.find('b') }} {{ 'abcb'.rfind('b') }} {{ 'x'.find('b') }} {{ 'abab'.count('ab') }}", "1 3 -1 2"},
       {"{{ 'a\\nb\\r\\nc'.splitlines() }} {{ '-'.join(['a', 'b']) }} {{ 'straße'.upper() }}",
        "['a', 'b', 'c'] a-b STRASSE"},
       {"{{ '<{}|{}>'.format('a', none) }} {{ '{1}{0}{1}'.format(1, 2) }} {{ '{{{a}}} {}'.format('x', a=[1]) }}",
        "<a|None> 212 {[1]} x"},
       {"{{ 'ab'.removeprefix('a') }} {{ 'ab'.removesuffix('b') }} {{ '12'.isdigit() }} {{ 'Ab'.isupper() }}",
        "b a True False"}});
}

TEST_CASE("lists and dictionaries are Python's") {
  check({{"{{ numbers[0] }} {{ numbers[-1] }} {{ numbers[1:] }} {{ numbers[9] is defined }} {{ 2 in numbers }}",
          "3 2 [1, 2] False True"},
         {"{{ [1] + [2] }} {{ [1, 2] == [1, 2] }} {{ (1, 2) == [1, 2] }} {{ [[1], [0]] | sort }}",
          "[1, 2] True False [[0], [1]]"},
         {"{% set d = {'b': 1, 'a': 2} %}{{ d }} {{ d.b }} {{ d['a'] }} {{ 'a' in d }} {{ d.get('x', 5) }} {{ "
          "d.get('x') }}",
          "{'b': 1, 'a': 2} 1 2 True 5 None"},
         {"{% set d = {'b': 1, 'a': 2} %}{% for k, v in d.items() %}{{ k }}{{ v }}{% endfor %} {{ d | dictsort }} {{ "
          "d.keys() | list }}",
          "b1a2 [('a', 2), ('b', 1)] ['b', 'a']"},
         {"{{ {'items': 1}['items'] }} {{ dict(a=1) }} {{ {'a': 1} == {'a': 1.0} }} {{ {1: 2}[true] }}",
          "1 {'a': 1} True 2"},
         {"{{ range(3) | list }} {{ range(1, 7, 2) | list }} {{ range(3, 0, -1) | list }} {{ range(5)[2] }}",
          "[0, 1, 2] [1, 3, 5] [3, 2, 1] 2"}});
}

TEST_CASE("what is true is what Python takes for true") {
  check({{"{% for x in [0, 0.0, '', [], {}, none, missing, false, (), '0', [0], 'a', 1] %}{{ 1 if x else 0 }}{% endfor "
          "%}",
          "0000000001111"},
         {"{{ '' or 'x' }} {{ 1 and 2 }} {{ 0 or none }} {{ not '' }} {{ 'a' if false }}|", "x 2 None True |"},
         {"{{ 'some' if [] | map('upper') else 'none' }}", "some"}});
}

TEST_CASE("filters do what Jinja's do") {
  check(
      {{"{{ numbers | sort }} {{ numbers | sort(reverse=true) }} {{ numbers | first }} {{ numbers | last }} {{ numbers "
        "| sum }} {{ numbers | max }}",
        "[1, 2, 3] [3, 2, 1] 3 2 6 3"},
       {"{{ ['b', 'A'] | sort }} {{ ['a', 'A', 'b'] | unique | list }} {{ numbers | join('-') }} {{ 'abc' | reverse }}",
        "['A', 'b'] ['a', 'b'] 3-1-2 cba"},
       {"{{ [{'r': 'a'}, {'r': 'b'}] | selectattr('r', 'equalto', 'b') | list }} {{ [{'r': 1}] | map(attribute='r') | "
        "list }}",
        "[{'r': 'b'}] [1]"},
       {"{{ [0, 1, 2] | select | list }} {{ [0, 1, 2] | reject('odd') | list }} {{ [{'a': 0}] | rejectattr('a') | list "
        "| length }}",
        "[1, 2] [0, 2] 1"},
       {"{{ nothing | selectattr('r', 'equalto', 'b') | list }} {{ missing | map('upper') | list }} {{ 0 | reject | "
        "list "
        "| length }}",
        "[] [] 0"},
       {"{{ missing | default('d') }} {{ '' | default('d') }}| {{ '' | default('d', true) }} {{ none | d('x') }}",
        "d | d None"},
       {"{{ 'one two-three' | title }} {{ ' x ' | trim }} {{ 'aab' | replace('a', 'c', 1) }} {{ 'A' | lower }}",
        "One Two-Three x cab a"},
       {"{{ 'a\\nb\\n\\nc' | indent }}|{{ 'a\\nb' | indent(2, true) }}", "a\n    b\n\n    c|  a\n  b"},
       {"{{ {'k': 'v'} | items | list }} {{ 5 | string + '!' }} {{ '<b>' | safe }}", "[('k', 'v')] 5! <b>"}});
}

TEST_CASE("tojson writes what json.dumps writes") {
  check(
      {{"{{ {'a': [1, 2.0, none, true], 'é\\n': '\"<'} | tojson }}", R"({"a": [1, 2.0, null, true], "é\n": "\"<"})"},
       {"{{ {'b': [], 'a': {'x': 1}} | tojson(indent=2) }}", "{\n  \"b\": [],\n  \"a\": {\n    \"x\": 1\n  }\n}"},
       {"{{ 'é🐟' | tojson(ensure_ascii=true) }} {{ {'b': 1, 'a': 2} | tojson(sort_keys=true, separators=(',', ':')) }}",
        R"("\u00e9\ud83d\udc1f" {"a":2,"b":1})"}});
}

TEST_CASE("tests tell kinds of values apart") {
  check(
      {{"{{ 'a' is string }} {{ {} is mapping }} {{ [] is sequence }} {{ 'a' is iterable }} {{ 1 is number }} {{ none "
        "is none }}",
        "True True True True True True"},
       {"{{ missing is undefined }} {{ missing.x is defined }}", "line 1: 'missing' is undefined"},
       {"{{ message.foo is defined }} {{ message.content is not none }} {{ 1 is eq 1 }} {{ 1 is in [1] }} {{ true is "
        "true }} {{ 1 is true }}",
        "False True True True True False"},
       {"{{ {}.keys() is sequence }} {{ [1] | map('abs') is iterable }} {{ range is callable }} {{ false is boolean }}",
        "False True True True"}});
}

TEST_CASE("the clock is the caller's") { CHECK(rendered("{{ strftime_now('%d %b %Y') }}") == "26 Jul 2024"); }
