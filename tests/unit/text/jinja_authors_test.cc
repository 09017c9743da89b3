// Who wrote a text is known through whatever a template does with it: what a person wrote, here between ‹ and ›, stays
// theirs, and only the template's own text may become control tokens.
#include <doctest/doctest.h>

#include "tests/unit/text/jinja_test.h"

using namespace shoal::text::jinja;

TEST_CASE("joining keeps the authors apart") {
  CHECK(authors("{{ bos }}{{ said }}") == "<s>‹<s>a</think>b ›");
  CHECK(authors("{{ '[' + said + ']' }}{{ '(' ~ said ~ ')' }}") == "[‹<s>a</think>b ›](‹<s>a</think>b ›)");
  CHECK(authors("{{ '[{}]{}'.format(said, bos) }}{{ (said ~ '{}').format(bos) }}") ==
        "[‹<s>a</think>b ›]<s>‹<s>a</think>b ›<s>");
  CHECK(authors("{{ ['x', said] | join(bos) }}") == "x<s>‹<s>a</think>b ›");
  CHECK(authors("{% set x %}<{{ said }}>{% endset %}{{ x }}") == "<‹<s>a</think>b ›>");
  CHECK(authors("{% macro m(t) %}[{{ t }}]{% endmacro %}{{ m(said) }}") == "[‹<s>a</think>b ›]");
}

TEST_CASE("parts of a text have its author") {
  CHECK(authors("{{ said.split('</think>')[-1] }}|{{ said.split('</think>')[0] }}") == "‹b ›|‹<s>a›");
  CHECK(authors("{{ said | trim }}.{{ said[:3] }}.{{ said[0] }}.{{ said[::-1] }}") ==
        "‹<s>a</think>b›.‹<s>›.‹<›.‹ b>kniht/<a>s<›");
  CHECK(authors("{{ ('[' + said + ']')[1:4] }}{{ ('[' + said)[:2] }}") == "‹<s>›[‹<›");
  CHECK(authors("{{ said.strip() }}.{{ said.rstrip('b ') }}") == "‹<s>a</think>b›.‹<s>a</think>›");
  CHECK(authors("{% for line in said.splitlines() %}{{ line }}{% endfor %}") == "‹<s>a</think>b ›");
}

TEST_CASE("what is changed in a text is its changer's, and the rest its author's") {
  CHECK(authors("{{ said | replace('<s>', bos) }}") == "<s>‹a</think>b ›");
  CHECK(authors("{{ said.replace('a', '-') }}") == "‹<s>›-‹</think>b ›");
  CHECK(authors("{{ said | upper }}{{ said.title() }}") == "‹<S>A</THINK>B <S>A</Think>B ›");
  CHECK(authors("{{ ('x\\n' + said) | indent(2) }}") == "x\n  ‹<s>a</think>b ›");
  CHECK(authors("{{ {'k': said} | tojson }}") == "{\"k\": \"‹<s>a</think>b ›\"}");
  CHECK(authors("{{ [said] }}") == "['‹<s>a</think>b ›']");
}

TEST_CASE("a text that equals a literal stays its author's") {
  CHECK(authors("{% if said.startswith('<s>') %}{{ said[:3] }}{{ '<s>' }}{% endif %}") == "‹<s>›<s>");
  CHECK(authors("{% set s = said[:3] %}{{ s == bos }} {{ s }} {{ [bos, s] | unique | first }} {{ s or bos }}") ==
        "True ‹<s>› <s> ‹<s>›");
  CHECK(authors("{{ {said: 1}.keys() | first }} {{ {bos: 1, said[:3]: 2} | tojson }}") ==
        "‹<s>a</think>b › {\"<s>\": 2}");
}

TEST_CASE("the name of a role is the template's word") {
  CHECK(authors("{{ '<|' + message.role + '|>' + message['content'] }}") == "<|user|>‹Hi <s> there›");
}
