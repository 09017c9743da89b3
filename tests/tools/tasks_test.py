"""The questions of the bundled model: answers by other means, and what training must never see."""

import ast
import datetime
import decimal
import json
import pathlib
import random
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools.accuracy.table import Tally  # noqa: E402
from tools.train import mix, tasks  # noqa: E402
from tools.train.tasks import beyond, chat, units, weekday  # noqa: E402
from tools.train.tasks.sample import LANGUAGES, held_out, plain  # noqa: E402

DRAWS = 1000
ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def roman_value(letters):
    """A letter counts against the number when a larger one follows."""
    values = [ROMAN[c] for c in letters] + [0]
    return sum(-v if v < following else v for v, following in zip(values, values[1:]))


def compare_answer(problem, language):
    a, b = problem.values["a"], problem.values["b"]
    if problem.variant == "true":
        return {"en": ("no", "yes"), "zh": ("否", "是")}[language][float(a) > float(b)]
    return (max if problem.variant == "larger" else min)(a, b, key=float)


def units_answer(problem, language):
    factor, large, small = units._UNITS[problem.values["unit"]]
    value = decimal.Decimal(problem.values["v"]) / problem.values["scale"]
    result, unit = (value * factor, small) if problem.values["down"] else (value / factor, large)
    result = f"{result.normalize():f}"
    names = unit[language == "zh"]
    name = names[int(problem.values["form"] * len(names))]
    return f"{result}{name}" if language == "zh" else f"{result} {name[result != '1']}"


def object_answer(problem, language):
    keys = list(json.loads(problem.values["o"]))
    if language == "en":
        return f"This object has the fields {', '.join(keys)}. Which one do you want?"
    return f"这个对象有字段{'、'.join(keys)}。要取哪一个？"


def beyond_answer(problem, language):
    if "w" in problem.values:
        return beyond.ANSWERS["word"][language]
    whole = all(str(problem.values[x]).isdigit() for x in "ab")
    return beyond.ANSWERS["number" if whole else "whole"][language]


def weekday_answer(problem, language):
    monday = datetime.date(2024, 1, 1)
    days = problem.values["n"] * (1 if problem.variant == "later" else -1)
    day = monday + datetime.timedelta(days=problem.values["d"] + days)
    return weekday._DAYS[language][day.weekday()]


def json_answer(problem, language):
    value = json.loads(problem.values["o"])[problem.values["key"]]
    return value if isinstance(value, str) else json.dumps(value)


EXPECTED = {
    "add": lambda p, _: str(p.values["a"] + p.values["b"]),
    "subtract": lambda p, _: str(p.values["a"] - p.values["b"]),
    "multiply": lambda p, _: str(p.values["a"] * p.values["b"]),
    "products": lambda p, _: str(p.values["a"] * p.values["b"]),
    "compare": compare_answer,
    "sort": lambda p, _: ", ".join(map(str, sorted(p.values["numbers"], reverse=p.variant == "down"))),
    "count": lambda p, _: str(p.values["w"].lower().count(p.values["c"])),
    "reverse": lambda p, _: p.values["w"][::-1],
    "units": units_answer,
    "amounts": units_answer,
    "weekday": weekday_answer,
    "json": json_answer,
    "object": object_answer,
    "beyond": beyond_answer,
    "unknown": lambda _, language: chat.REFUSAL[language],
}


class Answers(unittest.TestCase):
    def test_every_answer_is_what_another_computation_gives(self):
        rng = random.Random(1)
        for name, task in tasks.TASKS.items():
            for i in range(DRAWS):
                problem, language = task.draw(rng), LANGUAGES[i % 2]
                answer = plain(task.solve(problem, language)[1])
                if name == "roman":
                    value = int(answer) if problem.variant == "from" else roman_value(answer)
                    self.assertEqual(value, problem.values["n"])
                else:
                    self.assertEqual(answer, EXPECTED[name](problem, language), problem)

    def test_every_equation_in_a_working_holds(self):
        rng, seen = random.Random(2), 0
        for name in ("add", "subtract", "multiply", "products", "units", "amounts"):
            for i in range(DRAWS):
                think = tasks.make(name, LANGUAGES[i % 2], rng).think
                for left, operator, right, carry, result in re.findall(r"(?m)^(\d)([+×-])(\d)[+-](\d)=(\d+)\D", think):
                    values = {"+": int(left) + int(right) + int(carry), "×": int(left) * int(right) + int(carry),
                              "-": int(left) - int(right) - int(carry)}
                    self.assertEqual(values[operator], int(result), think)
                    seen += 1
        self.assertGreater(seen, DRAWS)


class Reach(unittest.TestCase):
    """What the tasks and their refusals cover, so that every question is one or the other."""

    def test_amounts_have_decimals_in_either_direction(self):
        rng, seen = random.Random(8), set()
        for _ in range(DRAWS):
            problem = tasks.TASKS["amounts"].draw(rng)
            if "." in tasks.TASKS["amounts"].solve(problem, "en")[1] or problem.values["scale"] > 1:
                seen.add(problem.values["down"])
        self.assertEqual(seen, {False, True})

    def test_what_is_said_to_be_too_long_is_too_long(self):
        rng = random.Random(9)
        for _ in range(DRAWS):
            problem = tasks.TASKS["beyond"].draw(rng)
            if problem.variant in ("count", "reverse"):
                self.assertGreater(len(problem.values["w"]), 12)
                continue
            if not all(str(problem.values[x]).isdigit() for x in "ab"):
                continue  # not too long, but no whole number
            digits = sorted(len(str(problem.values[x])) for x in "ab")
            self.assertTrue(digits[1] > 4 or (problem.variant == "product" and digits[0] > 1 and sum(digits) > 5))

    def test_a_model_is_taught_to_answer_nothing_and_everything_in_valid_sentences(self):
        rng = random.Random(10)
        for i in range(DRAWS):
            sample = mix.draw(rng)
            self.assertTrue(plain(sample.answer).strip(), sample)
            sample.answer.encode()


class HeldOut(unittest.TestCase):
    def test_training_draws_no_held_out_problem_and_tests_draw_nothing_else(self):
        rng = random.Random(3)
        for name, task in tasks.TASKS.items():
            keys = []
            draw = task.draw

            def noted(source):
                keys.append(draw(source))
                return keys[-1]

            task.draw = staticmethod(noted)
            try:
                for test in (False, True):
                    for _ in range(50):
                        tasks.make(name, "en", rng, test)
                        self.assertEqual(held_out(name, keys[-1].key), test)
            finally:
                task.draw = staticmethod(draw)

    def test_training_never_uses_the_last_phrasing_of_a_list(self):
        rng = random.Random(4)
        kept = {phrases[language][variant][-1] for phrases in (t.phrases for t in tasks.TASKS.values())
                for language in LANGUAGES for variant in phrases[language]}
        known = {phrase for t in tasks.TASKS.values() for language in LANGUAGES
                 for phrases in t.phrases[language].values() for phrase in phrases[:-1]}
        self.assertFalse(kept & known)
        facts = {sample.question for language in LANGUAGES for sample in tasks.chat.shoal_tests(language)}
        for _ in range(20 * DRAWS):
            self.assertNotIn(mix.draw(rng).question, facts)

    def test_a_test_asks_as_often_in_each_language(self):
        counts = {language: 0 for language in LANGUAGES}
        for sample in tasks.tests(10, random.Random(5)):
            counts[sample.language] += 1
        self.assertEqual(counts, {"en": 55, "zh": 55})


class Tokenizing(unittest.TestCase):
    def test_training_splits_text_by_the_expressions_of_the_bundled_tokenizer(self):
        source = ast.parse((ROOT / "tools" / "train" / "bpe.py").read_text(encoding="utf-8"))  # it imports `regex`
        value, = (node.value for node in source.body
                  if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "SPLITS")
        splits = eval(compile(ast.Expression(value), "bpe.py", "eval"), {})
        tokenizer = json.loads((ROOT / "models" / "shoal-tiny" / "tokenizer.json").read_text(encoding="utf-8"))
        stages = tokenizer["pre_tokenizer"]["pretokenizers"]
        self.assertEqual(list(splits), [stage["pattern"]["Regex"] for stage in stages if stage["type"] == "Split"])


class Counting(unittest.TestCase):
    def test_a_wrong_answer_counts_against_task_language_and_size(self):
        tally = Tally()
        for i, sample in enumerate(tasks.tests(2, random.Random(6))):
            tally.add(sample, i > 0)
        self.assertEqual((tally.right, tally.asked), (21, 22))
        self.assertEqual(tally.cell("add"), "1/2")
        self.assertEqual(tally.cell("en"), "10/11")
        self.assertIn("| add | 1/2 | 0/1 | 1/1 |", tally.table())


if __name__ == "__main__":
    unittest.main()
