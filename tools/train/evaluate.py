"""Greedy answers to held-out questions, on the device: exact answers by task, language and size."""

import json
import random

import torch

from tools.accuracy.table import Tally
from tools.train import bpe, encode, tasks
from tools.train.tasks import unknown
from tools.train.tasks.sample import LANGUAGES, Sample, plain

TOKENS_MAX = 320  # generated


@torch.no_grad()
def generate(model, tokenizer, prompts, device):
    """Continues every prompt greedily up to EOS. Recomputes the whole sequence at each step: simple, and fast enough
    for a small model.
    """
    pad, eos = tokenizer.special(bpe.PAD), tokenizer.special(bpe.EOS)
    longest = max(map(len, prompts)) + TOKENS_MAX
    ids = torch.full((len(prompts), longest), pad, device=device)
    for row, prompt in enumerate(prompts):
        ids[row, : len(prompt)] = torch.tensor(prompt, device=device)
    ends = torch.tensor([len(p) for p in prompts], device=device)
    limits = ends + TOKENS_MAX
    live = torch.arange(len(prompts), device=device)
    while len(live):
        width = int(ends[live].max())
        positions = torch.arange(width, device=device).expand(len(live), -1)
        logits = model(ids[live, :width], positions)[0]
        following = logits[torch.arange(len(live), device=device), ends[live] - 1].argmax(-1)
        ids[live, ends[live]] = following
        ends[live] += 1
        live = live[(following != eos) & (ends[live] < limits[live])]
    return [ids[row, len(p) : ends[row]].tolist() for row, p in enumerate(prompts)]


def answers(model, tokenizer, samples, device, chunk=1100):
    """The generated text of every sample, in order."""
    texts = []
    for at in range(0, len(samples), chunk):
        prompts = [encode.prompt(tokenizer, s.question) for s in samples[at : at + chunk]]
        texts += [tokenizer.decode(ids) for ids in generate(model, tokenizer, prompts, device)]
    return texts


def run(model, tokenizer, device, per_task, seed, shown=0):
    """Asks held-out questions, prints some wrong answers and the table, and returns the counts."""
    samples = tasks.tests(per_task, random.Random(seed), tuple(tasks.TASKS))
    tally = Tally()
    for sample, text in zip(samples, answers(model, tokenizer, samples, device)):
        if not tally.add(sample, encode.answer_of(text) == plain(sample.answer)) and shown > 0:
            shown -= 1
            print(json.dumps({"task": sample.task, "question": sample.question, "answer": plain(sample.answer),
                              "text": text}, ensure_ascii=False))
    print(tally.table(), flush=True)
    return tally.counts


def run_strange(model, tokenizer, device):
    """Shows what strange inputs are answered; returns how many of the answers are whole sentences, and of how many."""
    samples = [Sample("strange", "en", 0, text, "", "", True) for text in unknown.STRANGE]
    replies = [encode.answer_of(text) for text in answers(model, tokenizer, samples, device)]
    whole = [bool(reply) and "\ufffd" not in reply for reply in replies]
    print(f"strange: {sum(whole)}/{len(whole)}")
    for sample, reply in zip(samples, replies):
        print(json.dumps({"question": sample.question[:40], "text": reply}, ensure_ascii=False))
    return sum(whole), len(whole)


def run_shoal(model, tokenizer, device, shown=0):
    """The test question of every Shoal fact: shown, and counted apart."""
    samples = [s for language in LANGUAGES for s in tasks.chat.shoal_tests(language)]
    texts = answers(model, tokenizer, samples, device)
    right = [encode.answer_of(t) == s.answer for s, t in zip(samples, texts)]
    print(f"shoal: {sum(right)}/{len(right)}")
    for sample, text, ok in zip(samples, texts, right):
        if not ok and shown > 0:
            shown -= 1
            print(json.dumps({"question": sample.question, "text": encode.answer_of(text)}, ensure_ascii=False))
    return sum(right), len(right)
