"""Train the token table: symmetric InfoNCE over parallel texts, gradients by hand.

    python train.py --work DIR [--passes 4] [--batch 4096] [--dimension 512]

The embedding of a text is the sum of its token vectors brought to unit length, so the length of a
token's vector is its learnt weight. Every other text of a batch is a negative. For the last third the
space is turned to its principal axes and the first dimensions are trained to do without the others.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from dataset import Dataset, Ids, Index, encode, mixture, needles
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import embedding_bag

from semsearch.embedders.subwords import PIECES, Subwords


@dataclass(frozen=True, slots=True)
class Options:
    """What a run depends on."""

    passes: int = 4
    batch: int = 4096
    dimension: int = 512
    rate: float = 0.02
    temperature: float = 0.065
    token_dropout: float = 0.05
    warmup: int = 40
    scale: float = 1.0
    seed: int = 7
    prefixes: tuple[int, ...] = (256, 128, 64)
    prefix_weight: float = 0.25
    prefixes_from: float = 2 / 3
    without: tuple[str, ...] = ()


def gather(ids: Ids, offsets: Index, numbers: Index) -> tuple[Ids, Index]:
    """Concatenate the token ids of the numbered texts; return them and their lengths."""
    starts, lengths = offsets[numbers], offsets[numbers + 1] - offsets[numbers]
    ends = np.cumsum(lengths)
    places = np.arange(ends[-1]) + np.repeat(starts - (ends - lengths), lengths)
    return ids[places], lengths


def thin(ids: Ids, lengths: Index, rate: float, rng: np.random.Generator) -> tuple[Ids, Index]:
    """Drop tokens at random, never the first one of a text."""
    if rate == 0:
        return ids, lengths
    keep = rng.random(len(ids), dtype=np.float32) >= rate
    starts = np.cumsum(lengths) - lengths
    keep[starts[lengths > 0]] = True
    kept = np.concatenate([[0], np.cumsum(keep)])
    return ids[keep], kept[starts + lengths] - kept[starts]


def table_gradient(grad: Tensor, ids: Ids, lengths: Index, into: Tensor) -> Tensor:
    """Add up, for every token, the gradients of the texts it occurs in: a sum of bags again, written `into` a table."""
    rows = np.repeat(np.arange(len(lengths)), lengths)
    order = np.argsort(ids, kind="stable")
    tokens, starts = np.unique(ids[order], return_index=True)
    sums = embedding_bag(torch.from_numpy(rows[order]), grad, torch.from_numpy(starts), mode="sum")
    return into.zero_().index_copy_(0, torch.from_numpy(tokens.astype(np.int64)), sums)


def contrast(left: Tensor, right: Tensor, temperature: float, same: NDArray[np.int64]) -> tuple[float, Tensor, Tensor]:
    """Symmetric InfoNCE of unit rows: the loss and its gradients.

    `same` lists (row, column) cells that hold one text twice and are no negatives.
    """
    count = len(left)
    scores = left @ right.T
    own = scores.diagonal().clone()
    weights = scores.sub_(1.0).div_(temperature).exp_()
    weights[torch.from_numpy(same[:, 0]), torch.from_numpy(same[:, 1])] = 0
    by_row, by_column = weights.sum(1), weights.sum(0)
    loss = (by_row.log() + by_column.log()).mean() / 2 - ((own - 1) / temperature).mean()
    weights.mul_(by_row.reciprocal()[:, None] + by_column.reciprocal())
    grad_left = weights @ right - 2 * right
    grad_right = weights.T @ left - 2 * left
    factor = 1 / (2 * count * temperature)
    return float(loss), grad_left.mul_(factor), grad_right.mul_(factor)


def loss_and_gradient(sums: Tensor, temperature: float, same: NDArray[np.int64]) -> tuple[float, Tensor]:
    """Loss of the texts' vectors, left half against right half, and its gradient before normalisation."""
    norms = sums.norm(dim=1, keepdim=True).clamp_min(1e-6)
    units = sums / norms
    half = len(sums) // 2
    loss, *grads = contrast(units[:half], units[half:], temperature, same)
    grad = torch.cat(grads)
    return loss, (grad - (grad * units).sum(1, keepdim=True) * units) / norms


def repeats(numbers: Index) -> NDArray[np.int64]:
    """List the off-diagonal cells (i, j) where the same text stands in rows i and j."""
    left, right = numbers[:, 0], numbers[:, 1]
    cells = []
    for column in (left, right):
        order = np.argsort(column, kind="stable")
        for gap in range(1, 9):
            a, b = order[:-gap], order[gap:]
            hit = column[a] == column[b]
            cells += [np.stack([a[hit], b[hit]], 1), np.stack([b[hit], a[hit]], 1)]
    return np.concatenate(cells)


class Trainer:
    """The token table, its optimiser and the flat texts."""

    def __init__(self, data: Dataset, tokens: int, options: Options) -> None:
        torch.manual_seed(options.seed)
        self.options, self.data = options, data
        self.rng = np.random.default_rng(options.seed)
        self.table = torch.nn.Parameter(torch.randn(tokens, options.dimension) * 0.05)
        self.table.grad = self.gradient = torch.zeros_like(self.table)
        self.optimiser = torch.optim.Adam([self.table], lr=options.rate, betas=(0.9, 0.99), fused=True)
        self.prefixes: Sequence[int] = ()

    @torch.no_grad()
    def step(self, numbers: Index, ids: Ids, offsets: Index) -> float:
        """Take one step on pairs of text numbers and return the loss."""
        flat, lengths = gather(ids, offsets, numbers.T.reshape(-1))
        flat, lengths = thin(flat, lengths, self.options.token_dropout, self.rng)
        starts = torch.from_numpy(np.cumsum(lengths) - lengths)
        sums = embedding_bag(torch.from_numpy(flat.astype(np.int64)), self.table, starts, mode="sum")
        same = repeats(numbers)
        loss, grad = loss_and_gradient(sums, self.options.temperature, same)
        for size in self.prefixes:
            _, part = loss_and_gradient(sums[:, :size].contiguous(), self.options.temperature, same)
            grad[:, :size] += self.options.prefix_weight * part
        table_gradient(grad, flat, lengths, self.gradient)
        self.optimiser.step()
        return loss

    @torch.no_grad()
    def turn_to_principal_axes(self, numbers: Index, ids: Ids, offsets: Index) -> None:
        """Rotate the space, which changes no cosine, so that the first dimensions say most of the texts `numbers`."""
        flat, lengths = gather(ids, offsets, numbers)
        starts = torch.from_numpy(np.cumsum(lengths) - lengths)
        sums = embedding_bag(torch.from_numpy(flat.astype(np.int64)), self.table, starts, mode="sum")
        units = sums / sums.norm(dim=1, keepdim=True).clamp_min(1e-6)
        axes = torch.linalg.eigh(units.T @ units).eigenvectors.flip(1).contiguous()
        state = self.optimiser.state[self.table]
        self.table.copy_(self.table @ axes)
        state["exp_avg"].copy_(state["exp_avg"] @ axes)
        state["exp_avg_sq"].copy_(state["exp_avg_sq"].mean(1, keepdim=True).expand_as(self.table))

    def set_rate(self, done: float, step: int) -> None:
        """Warm up, then fall linearly to nothing."""
        rate = self.options.rate * min(1.0, (step + 1) / self.options.warmup) * max(0.0, 1 - done)
        for group in self.optimiser.param_groups:
            group["lr"] = rate


def run(data: Dataset, subwords: Subwords, options: Options, target: Path) -> None:
    """Train for `options.passes` passes and save the table."""
    trainer = Trainer(data, len(subwords.pieces), options)
    step, started = 0, time.time()
    for number in range(options.passes):
        ids, offsets, pairs = one_pass(data, subwords, trainer.rng, options)
        steps = len(pairs) // options.batch
        for place in range(steps):
            done = (number + place / steps) / options.passes
            if done >= options.prefixes_from and options.prefixes and not trainer.prefixes:
                trainer.turn_to_principal_axes(pairs[:50_000].reshape(-1), ids, offsets)
                trainer.prefixes = options.prefixes
            trainer.set_rate(done, step)
            loss = trainer.step(pairs[place * options.batch : (place + 1) * options.batch], ids, offsets)
            if step % 50 == 0:
                print(f"{number} {place}/{steps} loss {loss:.3f} {time.time() - started:.0f} s", flush=True)
            step += 1
    np.save(target, trainer.table.detach().numpy())


def one_pass(data: Dataset, subwords: Subwords, rng: np.random.Generator, options: Options) -> tuple[Ids, Index, Index]:
    """Draw a pass: the flat ids with the needle texts appended, and shuffled pairs of texts."""
    made = list(needles(data, subwords, rng, options.scale, options.without))
    queries, passages = [a for a, _ in made], [b for _, b in made]
    ids = np.concatenate([data.ids, *queries, *passages])
    ends = data.offsets[-1] + np.cumsum([len(row) for row in (*queries, *passages)])
    offsets = np.concatenate([data.offsets, ends.astype(np.int64)])
    first = len(data.offsets) - 1
    pairs = np.stack([np.arange(len(made)) + first, np.arange(len(made)) + first + len(made)], 1)
    drawn = mixture(data, rng, options.scale, options.without)
    return ids, offsets, rng.permutation(np.concatenate([drawn, pairs]))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--name", default="table.npy")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--without", nargs="*", default=[], help="groups to leave out, by the start of their names")
    parser.add_argument("--prefixes", nargs="*", type=int, default=list(Options().prefixes))
    for field in ("passes", "batch", "dimension", "seed"):
        parser.add_argument(f"--{field}", type=int, default=getattr(Options(), field))
    for field in ("rate", "temperature", "token_dropout", "scale", "prefix_weight"):
        parser.add_argument(f"--{field.replace('_', '-')}", type=float, default=getattr(Options(), field))
    given = vars(parser.parse_args())
    work, name = given.pop("work"), given.pop("name")
    torch.set_num_threads(given.pop("threads"))
    torch.set_float32_matmul_precision("medium")  # bfloat16 where the processor has it: half the time, no loss seen
    given |= {"without": tuple(given["without"]), "prefixes": tuple(given["prefixes"])}
    subwords = Subwords(work)
    cache = work / "encoded.npz"
    if not cache.exists() or cache.stat().st_mtime < (work / PIECES).stat().st_mtime:
        encode(work, subwords).save(cache)
    run(Dataset.load(cache), subwords, Options(**given), work / name)


if __name__ == "__main__":
    main()
