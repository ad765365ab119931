#!/usr/bin/env python3
"""linear_layer_torch.py LINEAR_LAYER [EPOCHS] - the logistic regression of examples/linear_layer.c by PyTorch beside
it: the same files, 50000 pictures that train and 10000 that validate, minibatches of 64 that lie as there and come in
an order of each epoch's own, the same penalty and rate, one thread. The program runs before and after PyTorch, so that
both are seen under the same load. The first parameters are others of the same kind, so validation losses agree to
about one in a hundred. Needs torch (Debian: python3-torch)."""
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

BATCH, RATE, DECAY, SAMPLES = 64, 2e-2, 1e-5, 50000


def read_idx(directory, name):
    path = glob.glob(f"{directory}/digits-{name}-ubyte*")[0]
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


def theirs(directory, kind, epochs):
    x, y = (part[:SAMPLES].contiguous() for part in read_set(directory, "train", kind))
    layer = torch.nn.Linear(x.shape[1], 10).to(kind)  # Kaiming's uniform, a = sqrt 5
    times = []
    for _ in range(epochs):
        start = time.perf_counter()
        epoch(layer, x, y)
        times.append(time.perf_counter() - start)
    u, v = read_set(directory, "validate", kind)
    with torch.no_grad():
        loss = torch.nn.functional.cross_entropy(layer(u), v).item()
    return 1e3 * statistics.median(times), loss


def ours(program, directory, flags, epochs):
    """Times of all its epochs, of both first parameters, and the validation loss of kaiming."""
    command = [program, "--out", directory, "--epochs", str(epochs), "--samples", str(SAMPLES), *flags]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout
    times = [float(t) for t in re.findall(r"epoch +[1-9]\d* .* epoch ([\d.]+) ms", text)]
    return times, float(re.search(r"final loss ([\d.]+)", text).group(1))


def compare(program, directory, kind, flags, epochs):
    before, loss = ours(program, directory, flags, epochs)
    time_theirs, loss_theirs = theirs(directory, kind, epochs)
    after, _ = ours(program, directory, flags, epochs)
    time_ours = statistics.median(before + after)
    print(
        f"{kind}, {epochs} epochs: linear_layer {time_ours:.1f} ms an epoch, loss {loss:.4f}; "
        f"PyTorch {torch.__version__} {time_theirs:.1f} ms, loss {loss_theirs:.4f}; "
        f"ratio {time_theirs / time_ours:.2f}",
        flush=True,
    )


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    torch.set_num_threads(1)
    torch.manual_seed(1)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    with tempfile.TemporaryDirectory() as work:
        compare(sys.argv[1], work, torch.float32, ["--f32"], count)
        compare(sys.argv[1], work, torch.float64, [], count)
