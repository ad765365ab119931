#!/usr/bin/env python3
"""linear_layer_torch.py LINEAR_LAYER [ROUNDS] - the logistic regression of examples/linear_layer.c by PyTorch beside
it: the same files, 50000 pictures that train and 10000 that validate, minibatches of 64 that lie as there and come in
an order of each epoch's own, the same penalty and rate, one thread. In each round each of them trains for the same few
epochs, so that both are seen under the same load; least and median times over all rounds, and the median of the
rounds' ratios. The first parameters are others of the same kind, so validation losses agree to about one in a hundred.
Needs torch (Debian: python3-torch)."""
import glob
import gzip
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

import torch

BATCH, RATE, DECAY, SAMPLES, EPOCHS = 64, 2e-2, 1e-5, 50000, 2


def path_of(directory, name):
    return glob.glob(f"{directory}/digits-{name}-ubyte*")[0]


def read_idx(directory, name):
    path = path_of(directory, name)
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
        data = bytearray(f.read())
    rank = data[3]
    extents = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(rank)]
    return torch.frombuffer(data, dtype=torch.uint8, offset=4 + 4 * rank).reshape(extents)


def read_set(directory, name, kind):
    images, labels = read_idx(directory, f"{name}-images-idx3"), read_idx(directory, f"{name}-labels-idx1")
    return images.reshape(len(images), -1).to(kind) / 255, labels.to(torch.int64)


def epoch(layer, x, y):
    parameters = list(layer.parameters())
    for i in torch.randperm((len(x) + BATCH - 1) // BATCH).tolist():
        rows = slice(i * BATCH, (i + 1) * BATCH)
        loss = torch.nn.functional.cross_entropy(layer(x[rows]), y[rows])
        loss = loss + DECAY * sum(p.square().sum() for p in parameters)
        layer.zero_grad(set_to_none=True)
        loss.backward()
        with torch.no_grad():
            for p in parameters:
                p -= RATE * p.grad


class Theirs:
    def __init__(self, directory, kind):
        self.x, self.y = (part[:SAMPLES].contiguous() for part in read_set(directory, "train", kind))
        self.check = read_set(directory, "validate", kind)

    def run(self):
        """Times of EPOCHS epochs from new parameters, and the validation loss after them."""
        layer = torch.nn.Linear(self.x.shape[1], 10).to(self.x.dtype)  # Kaiming's uniform, a = sqrt 5
        times = []
        for _ in range(EPOCHS):
            start = time.perf_counter()
            epoch(layer, self.x, self.y)
            times.append(1e3 * (time.perf_counter() - start))
        with torch.no_grad():
            return times, torch.nn.functional.cross_entropy(layer(self.check[0]), self.check[1]).item()


def ours(program, directory, flags, epochs=EPOCHS):
    """Times of all its epochs, of both first parameters, and the validation loss of kaiming."""
    command = [program, "--out", directory, "--epochs", str(epochs), *flags]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout
    times = [float(t) for t in re.findall(r"epoch +[1-9]\d* .* epoch ([\d.]+) ms", text)]
    return times, float(re.search(r"final loss ([\d.]+)", text).group(1))


def data_flags(directory):
    names = {"images": "train-images-idx3", "labels": "train-labels-idx1"}
    names |= {"check-images": "validate-images-idx3", "check-labels": "validate-labels-idx1"}
    return sum(([f"--{option}", path_of(directory, name)] for option, name in names.items()), [])


def show(name, times, loss):
    least, middle = min(times), statistics.median(times)
    print(f"  {name}: {least:.1f} ms an epoch, median {middle:.1f} ms; loss {loss:.4f}", flush=True)


def compare(program, directory, kind, flags, rounds):
    flags, peer = flags + data_flags(directory) + ["--samples", str(SAMPLES)], Theirs(directory, kind)
    times_ours, times_theirs, ratios = [], [], []
    for _ in range(rounds):
        a, loss_ours = ours(program, directory, flags)
        b, loss_theirs = peer.run()
        times_ours += a
        times_theirs += b
        ratios.append(statistics.median(b) / statistics.median(a))
    print(f"{kind}, {rounds} rounds of {EPOCHS} epochs:")
    show("linear_layer", times_ours, loss_ours)
    show(f"PyTorch {torch.__version__}", times_theirs, loss_theirs)
    print(f"  ratio of least times {min(times_theirs) / min(times_ours):.2f}, median of the rounds' ratios "
          f"{statistics.median(ratios):.2f}, from {min(ratios):.2f} to {max(ratios):.2f}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    torch.set_num_threads(1)
    torch.manual_seed(1)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as work:
        ours(sys.argv[1], work, [], 0)  # which makes the pictures
        compare(sys.argv[1], work, torch.float32, ["--f32"], count)
        compare(sys.argv[1], work, torch.float64, [], count)
