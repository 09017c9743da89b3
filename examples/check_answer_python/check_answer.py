"""A stage after the model that ends answers with listed words. usage: check_answer.py WORD,WORD... [GATEWAY...]"""

import re
import sys

import shoal  # clients/python/shoal.py, on PYTHONPATH or copied here

words = set(sys.argv[1].casefold().split(","))


def review(piece):
    text = piece["text"]
    unfinished = re.search(r"\w*$", text)[0]  # the next piece may go on with it: "bomb", "bombast"
    hold = len(unfinished.encode())
    if hold > piece["hold_max"]:
        unfinished, hold = "", 0
    found = words.intersection(re.findall(r"\w+", text.removesuffix(unfinished).casefold()))
    if found:
        return shoal.refuse("listed_word", f"the answer was going to say \"{min(found)}\", which is not allowed here")
    return shoal.PASS | {"hold": hold}


shoal.serve("check_answer", shoal.stage(review=review), sys.argv[2:] or ["tcp://127.0.0.1:5555"])
