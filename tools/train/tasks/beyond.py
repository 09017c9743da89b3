"""Questions of the other tasks with numbers or words that are none of theirs: said so, instead of answered wrongly."""

from tools.train.tasks.arithmetic import Add, Multiply, Subtract
from tools.train.tasks.letters import Count, Reverse
from tools.train.tasks.sample import Problem, number
from tools.train.tasks.words import draw_word

_THINK = {"number": {"en": "This number is too long.", "zh": "这个数太长了。"},
          "word": {"en": "This word is too long.", "zh": "这个单词太长了。"},
          "whole": {"en": "This is no whole number.", "zh": "这不是非负整数。"}}
ANSWERS = {
    "number": {"en": "These numbers are too long for me: I add and subtract up to 4 digits, and multiply 3 by 2.",
               "zh": "这些数对我来说太长了：我只会四位数以内的加减法，和三位数乘两位数。"},
    "whole": {"en": "I add, subtract and multiply whole numbers only, and none below zero.", "zh": "我只会非负整数的加减乘。"},
    "word": {"en": "This word is too long for me: I know words of up to 12 letters.",
             "zh": "这个单词对我来说太长了：我只会十二个字母以内的单词。"},
}
_NUMBERS = {"sum": Add, "difference": Subtract, "product": Multiply}


def _odd(rng):
    """A decimal, or a number below zero."""
    value = number(rng, rng.randint(1, 3))
    return f"{value}.{rng.randint(1, 99)}" if rng.random() < 0.6 else f"-{value + 1}"


def _numbers(variant, rng):
    """Two numbers, at least one of which the task does not take."""
    long = number(rng, rng.randint(5, 12))
    if variant != "product":
        return long, number(rng, rng.randint(1, 9))
    return rng.choice(((long, number(rng, rng.randint(1, 9))), (number(rng, 4), number(rng, rng.randint(2, 4))),
                       (number(rng, 3), number(rng, 3))))


class Beyond:
    name = "beyond"
    phrases = {language: {**{variant: task.phrases[language][variant] for variant, task in _NUMBERS.items()},
                          "count": Count.phrases[language]["count"],
                          "reverse": Reverse.phrases[language]["reverse"]} for language in ("en", "zh")}

    @staticmethod
    def draw(rng):
        variant = rng.choice(("sum", "difference", "product", "count", "reverse"))
        if variant in _NUMBERS:
            a, b = (_odd(rng), number(rng, rng.randint(1, 3))) if rng.random() < 0.4 else _numbers(variant, rng)
            if rng.random() < 0.5:
                a, b = b, a
            return Problem(f"{variant} {a} {b}", variant, max(len(str(a)), len(str(b))), {"a": a, "b": b})
        word = "".join(draw_word(rng, rng.randint(5, 12)) for _ in range(3))[: rng.randint(15, 26)]
        return Problem(f"{variant} {word}", variant, len(word), {"w": word, "c": rng.choice(word)})

    @staticmethod
    def solve(problem, language):
        what = "word"
        if problem.variant in _NUMBERS:
            what = "number" if all(str(problem.values[x]).isdigit() for x in "ab") else "whole"
        return _THINK[what][language], ANSWERS[what][language]
