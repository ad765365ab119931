#!/usr/bin/env python3
"""gradient_tape_torch.py GRADIENT_TAPE - the linear regression of examples/gradient_tape by PyTorch, on one thread:
the same points, from the same start. That both go the same way is checked; then both are timed in turn, so that they
are seen under the same load. An epoch is gradient and update. Needs torch (Debian: python3-torch)."""
import csv
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

import torch

TURNS, EPOCHS, REPEAT, RATE, START = 9, 40, 1000, 0.1, (16.0, 10.0)


def ours(directory):
    command = [sys.argv[1], "--epochs", str(EPOCHS), "--learning-rate", str(RATE), "--out", directory]
    env = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    out = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
    return [float(us) for us in re.search(r"takes ([\d.]+) us by the tape, ([\d.]+) us by backward", out).groups()]


def table(path):
    with open(path, newline="") as f:
        return torch.tensor([[float(v) for v in row] for row in list(csv.reader(f))[1:]], dtype=torch.float64)


def by_hand(w, b, x, y):  # the tutorials' update
    def epoch():
        loss = ((w * x + b - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w.sub_(RATE * w.grad)
            b.sub_(RATE * b.grad)
        w.grad = b.grad = None
        return loss

    return epoch


def by_sgd(w, b, x, y):
    optimizer = torch.optim.SGD([w, b], lr=RATE)

    def epoch():
        loss = ((w * x + b - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss

    return epoch


def start(way, points):
    w, b = (torch.tensor(v, dtype=points.dtype, requires_grad=True) for v in START)
    x, y = points[:, 0].contiguous(), points[:, 1].contiguous()
    return w, b, way(w, b, x, y)


def check(way, points, epochs):
    """The largest difference from the program's W, b and loss."""
    w, b, epoch = start(way, points)
    rows = []
    for _ in range(len(epochs)):
        before = w.item(), b.item()
        rows.append([*before, epoch().item()])
    worst = (torch.tensor(rows, dtype=torch.float64) - epochs[:, 1:4]).abs().max().item()
    print(f"{way.__name__}: W, b and loss of {EPOCHS} epochs within {worst:.1e} of the program's")
    if not worst < 1e-11:
        sys.exit("they are not the same regression")


def timed(way, points):
    _, _, epoch = start(way, points)
    begin = time.perf_counter()
    for _ in range(REPEAT):
        epoch()
    return 1e6 * (time.perf_counter() - begin) / REPEAT


def main(directory):
    ours(directory)
    points = table(f"{directory}/points.csv")
    for way in by_hand, by_sgd:
        check(way, points, table(f"{directory}/epochs.csv"))
    trials = [(way, p) for way in (by_hand, by_sgd) for p in (points, points.float())]
    taken = []
    for _ in range(TURNS):
        taken.append(ours(directory) + [timed(*trial) for trial in trials])
    tape, backward, *torches = (statistics.median(column) for column in zip(*taken))
    print(f"{len(points)} points, medians of {TURNS} turns; an epoch:")
    print(f"jets: {tape:.2f} us by the tape, {backward:.2f} us by backward and step")
    for i, ((way, p), us) in enumerate(zip(trials, torches), 2):
        ratio = statistics.median(row[i] / row[0] for row in taken)
        print(f"PyTorch {torch.__version__}, {way.__name__}, {p.dtype}: {us:.1f} us, {ratio:.0f} times the tape's")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        main(scratch)
