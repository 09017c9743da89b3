"""Trains the bundled model on one GPU for a given time and writes the model directory.

Run from the repository root on a GPU host: python3 -m tools.train.train --out=DIR --seconds=460 [--from=DIR to go on
from weights]. The learning rate follows the clock (warm-up, then a cosine down to nothing), so a run always ends where
it should.
"""

import argparse
import json
import math
import os
import pathlib
import time

import torch
import torch.nn.functional as F

from tools.train import batches, bpe, evaluate, export, mix
from tools.train.model import Model
from tools.train.shape import CONFIG


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True)
    parser.add_argument("--model", default="models/shoal-tiny", help="directory with tokenizer.json")
    parser.add_argument("--from", dest="start", help="model directory to go on from")
    parser.add_argument("--seconds", type=float, default=460, help="of training, compilation not counted")
    parser.add_argument("--rate", type=float, default=2e-3, help="peak learning rate")
    parser.add_argument("--rows", type=int, default=128, help="rows a step")
    parser.add_argument("--length", type=int, default=512, help="tokens a row")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 2))
    parser.add_argument("--per-task", type=int, default=100, help="held-out questions a task and language at the end")
    parser.add_argument("--shares", default="{}", help="JSON that overrides shares of the mix")
    parser.add_argument("--eager", action="store_true", help="do not compile")
    return parser.parse_args()


def rate_at(fraction, peak, warm_up=0.01):
    """Learning rate at a fraction of the run."""
    if fraction < warm_up:
        return peak * fraction / warm_up
    return peak * (0.5 + 0.5 * math.cos(math.pi * (fraction - warm_up) / (1 - warm_up)))


class Trainer:
    def __init__(self, args, source):
        torch.manual_seed(args.seed)
        torch.set_float32_matmul_precision("high")
        self.args, self.source = args, source
        self.model = Model(CONFIG).cuda()
        if args.start:
            export.load(self.model, args.start)
        matrices = [p for p in self.model.parameters() if p.dim() == 2]
        vectors = [p for p in self.model.parameters() if p.dim() < 2]
        groups = [{"params": matrices, "weight_decay": 0.05}, {"params": vectors, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=args.rate, betas=(0.9, 0.98), fused=True)
        self.forward = self._loss if args.eager else torch.compile(self._loss)

    def _loss(self, ids, positions, labels):
        with torch.autocast("cuda", torch.bfloat16):
            logits, gates = self.model(ids, positions)
        return F.cross_entropy(logits.float().flatten(0, 1), labels.flatten(), ignore_index=batches.IGNORE), gates

    def step(self, rate, gate_weights):
        """One step; gate_weights are those of the balance and the closeness of the experts' choice."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        ids, positions, labels = (torch.from_numpy(a).cuda(non_blocking=True).long() for a in self.source.next())
        loss, gates = self.forward(ids, positions, labels)
        (loss + gate_weights[0] * gates[0] + gate_weights[1] * gates[1]).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.detach(), gates.detach()

    def train(self):
        """Steps until the time is up; returns what the model card states."""
        args = self.args
        began = time.time()
        for _ in range(3):
            self.step(0.0, (0.0, 0.0))
        torch.cuda.synchronize()
        print(f"ready after {time.time() - began:.0f} s", flush=True)
        began, steps, exported = time.time(), 0, 0.0
        while (spent := time.time() - began) < args.seconds:
            fraction = spent / args.seconds
            loss, gates = self.step(rate_at(fraction, args.rate), (1e-2, 1e-3) if fraction < 0.3 else (1e-3, 1e-2))
            steps += 1
            if steps % 500 == 0:
                tokens = steps * args.rows * args.length
                print(f"step {steps} {spent:.0f} s loss {loss:.4f} balance {gates[0]:.3f} closeness {gates[1]:.3f} "
                      f"{tokens / spent / 1e6:.2f} M tokens/s queue {self.source.queue.qsize()}", flush=True)
            elif steps % 25 == 0:
                loss.item()  # keeps the host from running ahead of the clock that sets the rate
            if spent - exported > 120:
                exported = spent
                export.export(self.model, args.out)
        tokens = steps * args.rows * args.length
        return {"steps": steps, "tokens": tokens, "seconds": round(time.time() - began), "loss": round(float(loss), 5)}


def main():
    args = arguments()
    tokenizer_path = pathlib.Path(args.model) / "tokenizer.json"
    shares = {**mix.SHARES, **json.loads(args.shares)}
    source = batches.Source(tokenizer_path, args.seed, args.rows, args.length, args.workers, shares)
    trainer = Trainer(args, source)
    report = trainer.train()
    source.close()
    print(json.dumps(report), flush=True)
    export.export(trainer.model, args.out)
    export.load(trainer.model, args.out)  # what is measured is what is stored
    tokenizer = bpe.load(tokenizer_path)
    trainer.model.eval()
    if args.per_task:
        report["counts"] = evaluate.run(trainer.model, tokenizer, "cuda", 2 * args.per_task, seed=7, shown=12)
        report["shoal"] = evaluate.run_shoal(trainer.model, tokenizer, "cuda", shown=8)
        report["strange"] = evaluate.run_strange(trainer.model, tokenizer, "cuda")
    (pathlib.Path(args.out) / "report.json").write_text(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
