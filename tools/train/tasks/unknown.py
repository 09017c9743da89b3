"""What is none of the tasks and in no language that the model was taught: other scripts, emoji, code, garbage, long
texts. The answer is always the same sentence, so that nobody gets an empty one or broken bytes.
"""

from tools.train.tasks.chat import REFUSAL, THINK, TOPICS
from tools.train.tasks.phrases import phrasings
from tools.train.tasks.sample import Problem
from tools.train.tasks.words import draw_word

# (first, last) code point of letters that people write with, and of emoji.
_SCRIPTS = ((0x0410, 0x044F), (0x0391, 0x03C9), (0x3041, 0x3096), (0x30A1, 0x30FA), (0xAC00, 0xD7A3), (0x0621, 0x064A),
            (0x05D0, 0x05EA), (0x0E01, 0x0E2E), (0x0905, 0x0939), (0x00C0, 0x017F), (0x1F300, 0x1F5FF),
            (0x1F600, 0x1F64F), (0x1F680, 0x1F6C5), (0x2600, 0x26FF), (0x4E00, 0x9FA5))
_MARKS = "!?.,;:#$%&@*+-=/\\|<>()[]{}^~_'\"0123456789abcdefghijklmnopqrstuvwxyzABCXYZ"
_CODE = ("def {w}({v}): return {v}", "SELECT * FROM {w} WHERE {v} = 1", "for (int i = 0; i < {n}; ++i) {w}({v});",
         "<div class=\"{w}\">{v}</div>", "import {w} as {v}", "#include <{w}.h>", "const {w} = ({v}) => {v} + {n};",
         "git commit -m \"{w} {v}\"", "curl http://{w}.com/{v}", "print(\"{w}\")", 
         "if {w} == {n}: {v}()", "sudo apt install {w}", "\\frac{{{w}}}{{{n}}}", "{w}@{v}.com", "f({w}) = {n}x + {v}")
_PHRASES = {
    "en": {"text": phrasings("Read this: {x}", "{x}",
                             "[What is|What does|Who is|Explain|Translate|Read|Repeat] {x}[|?|.]",
                             "[Fix|Run|Check|Summarize|Continue] this: {x}", "{x} [means|is] what?", "Say {x}[|.|!]",
                             "[Reverse|Sort|Count the letters of|Add|Convert] {x}[|.]")},
    "zh": {"text": phrasings("请读一下：{x}", "{x}是什么[|意思]？", "[翻译|解释|总结|继续写|重复|检查]：{x}", "[什么是|请看|这是]{x}[|？|。]",
                             "[把|将]{x}[倒过来|排序|翻译成中文][|。]", "{x}怎么[读|写|用]？")},
}

# As people may really type; for tests only, which ask that the answer is a whole sentence.
STRANGE = ("Привет, как дела?", "こんにちは、元気ですか？", "안녕하세요", "مرحبا كيف حالك", "Xin chào, bạn khỏe không?", "¿Qué hora es?",
           "Grüß Gott, wie spät ist es?", "नमस्ते", "🙂🙂🙂", "👩‍👩‍👧‍👦 count them",
           "What is 17 + 25 in Roman numerals, please, my friend?",
           "import numpy as np\nprint(np.zeros(3))", "aGVsbG8gd29ybGQ=", "0x1F4A9", "1/3 + 1/6", "3.14 * 2",
           "-5 - 7", "∫ x dx", "√16",
           "\t\t", "a" * 200, "ha " * 60, "999999999999 + 1", "once upon a time there was", "{\"a\": {\"b\": 1}}",
           "[1, 2, 3]",
           "null", "<b>hi</b>", "; DROP TABLE users; --", "What time is it now?",
           "Tell me about yourself and then add 3 and 4",
           "二加三等于几", "三千五百克是多少公斤", "帮我写一封信", "ＡＢＣ", "Ünïcödé", "\u200b", "\ufeffhello", "e\u0301", "ok?" * 30)


def _script(rng):
    first, last = rng.choice(_SCRIPTS)
    words = ["".join(chr(rng.randint(first, last)) for _ in range(rng.randint(1, 8))) for _ in range(rng.randint(1, 6))]
    return " ".join(words)


def _garbage(rng):
    return "".join(rng.choice(_MARKS) for _ in range(rng.randint(5, 60)))


def _code(rng):
    return rng.choice(_CODE).format(w=draw_word(rng, rng.randint(3, 8)), v=draw_word(rng, rng.randint(3, 6)),
                                    n=rng.randint(0, 999))


def _long(rng):
    topics = TOPICS["en"]
    return " ".join(rng.choice((rng.choice(topics), draw_word(rng, rng.randint(3, 10)))) for _ in range(
        rng.randint(20, 90))).capitalize() + "."


class Unknown:
    name = "unknown"
    phrases = _PHRASES

    @staticmethod
    def draw(rng):
        kind, make = rng.choice(((1, _script), (1, _script), (2, _garbage), (3, _code), (4, _long)))
        text = make(rng)
        return Problem(text, "text", kind, {"x": text})

    @staticmethod
    def solve(problem, language):
        return THINK["other"][language], REFUSAL[language]
