"""Roman numerals from 1 to 3999, both ways, place by place."""

from tools.train.tasks.phrases import phrasings
from tools.train.tasks.sample import Problem, number

_ONES = ("I", "X", "C", "M")
_FIVES = ("V", "L", "D")
_PHRASES = {
    "en": {
        "to": phrasings("Convert the number {n} into Roman numerals.",
                        "[Write|Give|Express|Show] [|the number ]{n} in Roman numerals[|.]",
                        "[What is|How do you write] [|the number ]{n} in Roman numerals?",
                        "[Convert|Change|Turn] {n} [to|into] [a Roman numeral|Roman numerals][|.]",
                        "[Change|Turn] the number {n} into Roman numerals[|.]",
                        "{n} [as a Roman numeral|in Roman numerals|to Roman][|?]",
                        "What is the Roman numeral [for|of] {n}?", "[Give|Write|Express] {n} as a Roman numeral[|.]"),
        "from": phrasings("What is the Roman numeral {r} as a number?",
                          "[What|Which] number is [|the Roman numeral ]{r}?",
                          "[Convert|Turn|Change] [|the Roman numeral ]{r} "
                          "[to|into] [a number|an ordinary number|digits][|.]",
                          "What is [|the Roman numeral ]{r} in [ordinary numbers|digits|numbers]?",
                          "What does [|the Roman numeral ]{r} mean?", "{r} as a number[|?]", "What is {r} as a number?",
                          "What is the value of [|the Roman numeral ]{r}?",
                          "Read the Roman numeral {r}[|.]",
                          "[Write|Give] [|the Roman numeral ]{r} as [a number|an ordinary number|digits][|.]",
                          "What is {r}?"),
    },
    "zh": {
        "to": phrasings("请用罗马数字写出{n}。", "[数字|]{n}[用罗马数字怎么写|的罗马数字是什么|对应的罗马数字是什么|的罗马数字怎么写|用罗马数字怎么表示]？",
                        "[把|将|请把|请将]{n}[写成|转换为|换成|转成|转换成]罗马数字[|。]", "[用|请用]罗马数字表示{n}[|。]", "用罗马数字写出{n}[|。]",
                        "写出{n}的罗马数字[|。]",
                        "{n}[转换成|写成|换成]罗马数字是[什么|多少]？"),
        "from": phrasings("罗马数字{r}对应的数是多少？", "[罗马数字|]{r}[是多少|等于多少|表示多少|是几]？",
                          "[把|将|请把|请将][罗马数字|]{r}[转换为|写成|换成|转成][数字|阿拉伯数字|普通数字][|。]", "[罗马数字|]{r}[表示|代表|是][哪个数|什么数]？",
                          "{r}对应的[数字|数]是[多少|什么]？", "罗马数字{r}的值是多少？",
                          "罗马数字{r}对应[哪个数|什么数]？"),
    },
}


def digit_letters(digit, place):
    """The letters of one decimal digit; place 0 is the units. 0 has none."""
    if digit == 9:
        return _ONES[place] + _ONES[place + 1]
    if digit == 4:
        return _ONES[place] + _FIVES[place]
    return (_FIVES[place] if digit >= 5 else "") + _ONES[place] * (digit % 5)


def places(value):
    """[(digit, place)] from the first digit down."""
    text = str(value)
    return [(int(d), len(text) - 1 - i) for i, d in enumerate(text)]


def to_roman(value):
    return "".join(digit_letters(d, p) for d, p in places(value))


class Roman:
    name = "roman"
    phrases = _PHRASES

    @staticmethod
    def draw(rng):
        value = 0
        while not 1 <= value <= 3999:
            value = number(rng, rng.randint(1, 4))
        variant = rng.choice(("to", "from"))
        # The nine digits are what the others are put together from: none of them is held out.
        key = str(value) if value > 9 else f"digit {value}"
        return Problem(key, variant, len(str(value)), {"n": value})

    @staticmethod
    def fields(problem, language):
        return {"n": problem.values["n"], "r": to_roman(problem.values["n"])}

    @staticmethod
    def solve(problem, language):
        value = problem.values["n"]
        parts = [(d * 10**p, digit_letters(d, p)) for d, p in places(value)]
        if problem.variant == "to":
            return "\n".join(f"{n} {letters or '-'}" for n, letters in parts), to_roman(value)
        return "\n".join(f"{letters} {n}" for n, letters in parts if letters), str(value)
