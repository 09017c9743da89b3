"""Fresh training batches from many processes: samples packed into rows of fixed length."""

import multiprocessing
import random

import numpy as np

from tools.train import bpe, encode, mix

IGNORE = -100  # label of a position that does not count


def document(tokenizer, rng, shares):
    """Ids of one sample, sometimes behind earlier turns, and the length of the part that the model only reads."""
    history = []
    if rng.random() < mix.HISTORY:
        turns = 1 + int(mix.TURNS_MAX * rng.random() ** 2)  # few, mostly
        history = [encode.history_text(mix.draw(rng, shares), rng) for _ in range(turns)]
    sample = mix.draw(rng, shares)
    read = encode.prompt(tokenizer, sample.question, history, mix.system_text(rng))
    return read + encode.target(tokenizer, sample), len(read)


class Packer:
    """Fills rows with whole documents, each into the open row that it leaves the least room in."""

    def __init__(self, tokenizer, seed, length, shares, open_rows=24):
        self.tokenizer, self.rng, self.length, self.shares = tokenizer, random.Random(seed), length, shares
        self.rows, self.open_rows = [], open_rows

    def row(self):
        """The documents of one full row, as [(ids, read)]."""
        while True:
            ids, read = document(self.tokenizer, self.rng, self.shares)
            if len(ids) > self.length:
                continue
            fitting = [row for row in self.rows if row[0] >= len(ids)]
            if fitting:
                best = min(fitting, key=lambda row: row[0])
                best[0] -= len(ids)
                best[1].append((ids, read))
            else:
                self.rows.append([self.length - len(ids), [(ids, read)]])
            full = min(self.rows, key=lambda row: row[0])
            if full[0] < 8 or len(self.rows) > self.open_rows:
                self.rows.remove(full)
                return full[1]

    def batch(self, rows):
        """int16 arrays ids, positions and labels, each [rows, length]. The label of a position is the id behind it."""
        ids, positions = (np.zeros((rows, self.length), np.int16) for _ in range(2))
        labels = np.full((rows, self.length), IGNORE, np.int16)
        for r in range(rows):
            at = 0
            for doc, read in self.row():
                end = at + len(doc)
                ids[r, at:end] = doc
                positions[r, at:end] = np.arange(len(doc))
                labels[r, at + read - 1 : end - 1] = doc[read:]
                at = end
        return ids, positions, labels


def _work(queue, tokenizer_path, seed, rows, length, shares):
    packer = Packer(bpe.load(tokenizer_path), seed, length, shares)
    while True:
        queue.put(packer.batch(rows))


class Source:
    """Worker processes that keep a queue of batches full. Start it before CUDA; close() ends the workers."""

    def __init__(self, tokenizer_path, seed, rows, length, workers, shares=mix.SHARES):
        self.queue = multiprocessing.Queue(maxsize=8 * workers)
        self.workers = [multiprocessing.Process(target=_work,
                                                args=(self.queue, tokenizer_path, f"{seed} {i}", rows, length, shares),
                                                daemon=True)
                        for i in range(workers)]
        for worker in self.workers:
            worker.start()

    def next(self):
        return self.queue.get()

    def close(self):
        for worker in self.workers:
            worker.terminate()
