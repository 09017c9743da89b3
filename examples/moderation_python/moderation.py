"""A stage of the pipeline that refuses prompts with listed words. usage: moderation.py WORD,WORD... [GATEWAY...]"""

import re
import sys

import shoal  # clients/python/shoal.py, on PYTHONPATH or copied here

words = set(sys.argv[1].casefold().split(","))


def judge(request):
    found = words.intersection(re.findall(r"\w+", shoal.text_of(request).casefold()))
    if not found:
        return shoal.PASS
    return shoal.refuse("listed_word", f"the prompt has the word \"{min(found)}\", which is not allowed here")


shoal.serve("moderate", shoal.stage(judge), sys.argv[2:] or ["tcp://127.0.0.1:5555"])
