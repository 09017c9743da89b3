"""The tasks of the bundled model: a seeded source of questions, workings and answers. Needs nothing but Python.

Training never sees: a problem whose key falls into the held-out bucket (sample.held_out), nor the last phrasing of any
list. A test asks only held-out problems, half of them in the held-out phrasing.
"""

from tools.train.tasks import chat
from tools.train.tasks.arithmetic import Add, Multiply, Products, Subtract
from tools.train.tasks.beyond import Beyond
from tools.train.tasks.json_field import JsonField, JsonObject
from tools.train.tasks.letters import Count, Reverse
from tools.train.tasks.ordering import Compare, Sort
from tools.train.tasks.roman import Roman
from tools.train.tasks.sample import LANGUAGES, Sample, held_out
from tools.train.tasks.units import Amounts, Units
from tools.train.tasks.unknown import Unknown
from tools.train.tasks.weekday import Weekday
from tools.train.tasks.wording import reworded

TASKS = {task.name: task for task in (Add, Subtract, Multiply, Compare, Sort, Count, Reverse, Units, Weekday, Roman,
                                      JsonField, Products, Amounts, JsonObject, Beyond, Unknown)}
# Those that the stored weights were taught, as their card says: the others are in the mix of the next training.
TAUGHT = tuple(TASKS)[:11]
CHAT = {"shoal": chat.shoal, "talk": chat.talk, "other": chat.other}


def make(task, language, rng, test=False):
    """One sample of one of TASKS. `test` draws from the held-out problems, otherwise from all others."""
    source = TASKS[task]
    problem = source.draw(rng)
    while held_out(task, problem.key) != test:
        problem = source.draw(rng)
    phrases = source.phrases[language][problem.variant]
    phrase_held_out = test and rng.random() < 0.5
    phrase = phrases[-1] if phrase_held_out else rng.choice(phrases[:-1])
    fields = source.fields(problem, language) if hasattr(source, "fields") else problem.values
    question = phrase.format(**fields)
    if hasattr(source, "tidy"):
        question = source.tidy(question)
    question = reworded(question, language, rng)
    think, answer = source.solve(problem, language)
    return Sample(task, language, problem.size, question, think, answer, phrase_held_out)


def tests(per_task, rng, names=TAUGHT):
    """`per_task` held-out samples of each of these tasks, half in each language."""
    return [make(task, LANGUAGES[i % 2], rng, test=True) for task in names for i in range(per_task)]
