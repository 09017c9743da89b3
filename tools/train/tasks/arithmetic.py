"""Addition, subtraction and multiplication of whole numbers."""

from tools.train.tasks.columns import add_lines, pad, subtract_lines, times_lines
from tools.train.tasks.phrases import phrasings
from tools.train.tasks.sample import Problem, number

_ZH = "[|计算|请计算|算一下|求]"
_SUM = {
    "en": phrasings("What is the sum of {a} and {b}?", "[|What is |Calculate |Work out |Compute ]{a}+{b}[|?]",
                    "[|What is |How much is |Find ]{a} + {b}[|?]",
                    "[|What is |How much is |Find |Tell me ]{a} plus {b}[|?|.]", "{a} + {b} =[| ?]", "{a}+{b}=[|?]",
                    "{a} plus {b} equals what?",
                    "[Add|Sum|Sum up|Please add] {a} and {b}[|.]", "Add {b} to {a}[|.]", "[Sum|Total|Add]: {a}, {b}",
                    "[Calculate|Compute|Find|Work out|Tell me|What's|Give me] the sum of {a} and {b}[|.|?]",
                    "[Find|What is] the total of {a} and {b}[.|?]",
                    "What do you get if you add {a} and {b}?", "[What|How much] is {a} and {b} added together?",
                    "If I have {a} and get {b} more, how many do I have?"),
    "zh": phrasings("{a}与{b}相加等于多少？", _ZH + "{a}+{b}[|。|=|=？]", "{a} + {b} =[| ?]",
                    "{a}[+|加|加上]{b}[等于多少|是多少|等于几|得几|得多少]？",
                    "[计算|请计算|算一下]{a}[加|加上]{b}[|。]", "[求|计算|请算出]{a}[与|和]{b}的和[|。]", "{a}[与|和]{b}的和[是多少|等于多少]？",
                    "[把|将|请把]{a}[和|与]{b}[加起来|相加][|。]", "{a}和{b}相加[是多少|得多少]？", "{a}和{b}加起来[是|等于]多少？"),
}
_DIFFERENCE = {
    "en": phrasings("What is left if you take {b} from {a}?", "[|What is |Calculate |Work out |Compute ]{a}-{b}[|?]",
                    "[|What is |How much is |Find ]{a} - {b}[|?]",
                    "[|What is |How much is |Find |Tell me |Compute ]{a} minus {b}[|?|.]", "{a} - {b} =[| ?]",
                    "{a}-{b}=[|?]", "{a} minus {b} equals what?",
                    "[Subtract|Take|Please subtract] {b} from {a}[|.]", "Take {b} away from {a}[|.]",
                    "What do you get if you [subtract|take] {b} from {a}?",
                    "[What|How much] is left [when|if] {b} is taken [from|away from] {a}?",
                    "[How much|What] is left of {a} if you take away {b}?",
                    "If I have {a} and give away {b}, how many are left?"),
    "zh": phrasings("{a}减掉{b}等于多少？", _ZH + "{a}-{b}[|。|=|=？]", "{a} - {b} =[| ?]",
                    "{a}[-|减|减去]{b}[等于多少|是多少|等于几|得几|得多少]？",
                    "{a}减掉{b}[是多少|得几]？", "[计算|请计算|算一下]{a}[减|减去|减掉]{b}[|。]", "[求|计算|请算出]{a}[与|和]{b}的差[|。]",
                    "{a}[与|和]{b}的差[是多少|等于多少]？",
                    "从{a}[里|中][减去|减掉]{b}[|。]", "[把|将]{a}减去{b}[|。]"),
}
_PRODUCT = {
    "en": phrasings("What is the product of {a} and {b}?", "[|What is |Calculate |Work out |Compute ]{a}[×|*|x]{b}[|?]",
                    "[|What is |How much is |Find ]{a} [×|*|x] {b}[|?]",
                    "[|What is |How much is |Find |Tell me ]{a} times {b}[|?|.]", "{a} [×|*|x] {b} =[| ?]",
                    "{a}[×|*]{b}=[|?]", "{a} times {b} equals what?",
                    "[Multiply|Please multiply] {a} [by|and|with] {b}[|.]",
                    "[Calculate|Compute|Find|Work out|Tell me|What's|Give me] the product of {a} and {b}[|.|?]",
                    "What do you get if you multiply {a} [and|by] {b}?", "[What|How much] is {a} multiplied by {b}?"),
    "zh": phrasings("{a}与{b}相乘等于多少？", _ZH + "{a}[×|*]{b}[|。|=|=？]", "{a} [×|*] {b} =[| ?]",
                    "{a}[×|*|乘|乘以]{b}[等于多少|是多少|等于几|得几|得多少]？",
                    "[计算|请计算|算一下]{a}[乘|乘以]{b}[|。]", "[求|计算|请算出]{a}[与|和]{b}的积[|。]", "{a}[与|和]{b}的积[是多少|等于多少]？",
                    "[把|将|请把]{a}[和|与]{b}相乘[|。]", "{a}和{b}相乘[是多少|得多少]？"),
}


class Add:
    name = "add"
    phrases = {language: {"sum": list_} for language, list_ in _SUM.items()}

    @staticmethod
    def draw(rng):
        a, b = (number(rng, rng.randint(1, 4)) for _ in range(2))
        return Problem(f"{min(a, b)} {max(a, b)}", "sum", len(str(max(a, b))), {"a": a, "b": b})

    @staticmethod
    def solve(problem, language):
        a, b = problem.values["a"], problem.values["b"]
        return "\n".join(add_lines(a, b, language)), str(a + b)


class Subtract:
    name = "subtract"
    phrases = {language: {"difference": list_} for language, list_ in _DIFFERENCE.items()}

    @staticmethod
    def draw(rng):
        a, b = (number(rng, rng.randint(1, 4)) for _ in range(2))
        return Problem(f"{a} {b}", "difference", len(str(max(a, b))), {"a": a, "b": b})

    @staticmethod
    def solve(problem, language):
        a, b = problem.values["a"], problem.values["b"]
        x, y = pad(a, b)
        relation = "=" if a == b else "<" if a < b else ">"
        lines = [f"{x} {y} {relation}"] + subtract_lines(max(a, b), min(a, b), language)
        return "\n".join(lines), str(a - b)


class Multiply:
    name = "multiply"
    phrases = {language: {"product": list_} for language, list_ in _PRODUCT.items()}

    @staticmethod
    def draw(rng):
        a, b = number(rng, rng.choice((1, 2, 3, 3, 3))), number(rng, rng.choice((1, 2, 2, 2)))
        return Problem(f"{min(a, b)} {max(a, b)}", "product", len(str(a)) + len(str(b)), {"a": a, "b": b})

    @staticmethod
    def solve(problem, language):
        a, b = problem.values["a"], problem.values["b"]
        if len(str(a)) < len(str(b)):
            a, b = b, a  # the working multiplies the longer number
        return "\n".join(times_lines(a, b, language)), str(a * b)


class Products(Multiply):
    """The same with the shorter factor in front."""

    name = "products"

    @staticmethod
    def draw(rng):
        a, b = number(rng, rng.choice((1, 2, 2, 2))), number(rng, 3)
        return Problem(f"{a} {b}", "product", len(str(a)) + 3, {"a": a, "b": b})
