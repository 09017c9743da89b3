"""How often each task appears in training, and the stream of samples with that mix."""

from tools.train import tasks
from tools.train.tasks.sample import LANGUAGES

# Shares in percent of samples. Longer and harder tasks weigh more.
SHARES = {"add": 11, "subtract": 11, "multiply": 10, "products": 5, "compare": 8, "sort": 9, "count": 8, "reverse": 9,
          "units": 7, "amounts": 9, "weekday": 7, "roman": 6, "json": 7, "object": 4, "beyond": 5, "unknown": 5,
          "shoal": 9, "talk": 2, "other": 5}
HISTORY = 0.12  # share of samples with earlier turns in front
TURNS_MAX = 12  # of them
SYSTEM = 0.05  # share of samples behind a system message, which changes nothing
_SYSTEM_TEXTS = ("You are a helpful assistant.", "You are Shoal.", "Answer briefly.",
                 "You are a careful assistant. Think step by step.",
                 "Please reason step by step.", "你是一个有用的助手。", "请一步一步思考。", "请简短回答。")


def system_text(rng):
    """The system message of a sample: mostly none."""
    return rng.choice(_SYSTEM_TEXTS) if rng.random() < SYSTEM else ""


def draw(rng, shares=SHARES):
    """One training sample."""
    name = rng.choices(tuple(shares), tuple(shares.values()))[0]
    language = rng.choice(LANGUAGES)
    if name in tasks.CHAT:
        return tasks.CHAT[name](rng, language, False)
    return tasks.make(name, language, rng)
