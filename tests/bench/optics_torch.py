#!/usr/bin/env python3
"""optics_torch.py [BENCH] - the gradient of fft.c by PyTorch: light through 32 plates of 128 x 128 samples, by the same
formulas, on one thread. With the path of the benchmark `fft` that one is run before and after, so that both are seen under the same
load. Needs torch (Debian: python3-torch)."""
import math
import subprocess
import sys
import time

import torch

N, PLATES, TRIALS = 128, 32, 41
SIDE, APERTURE, WAVELENGTH, DISTANCE = 32e-3, 8e-3, 550e-9, 50e-3


def transfer():
    k = 2 * math.pi / WAVELENGTH
    f = 2 * math.pi * torch.fft.fftfreq(N, SIDE / N, dtype=torch.float64)
    z2 = k * k - f[None, :] ** 2 - f[:, None] ** 2
    return torch.exp(1j * DISTANCE * torch.sqrt(z2.to(torch.complex128)))


def gradient(plates, field, h, target):
    plates.grad = None
    for plate in plates:
        field = torch.fft.ifft2(torch.fft.fft2(plate * field) * h)
    d = field.abs() ** 2 - target
    loss = (d**2 + d.abs()).mean()
    loss.backward()
    return loss


def trial(kind):
    middle = (torch.arange(N, dtype=torch.float64) + 0.5) / N - 0.5
    inside = (middle.abs() * SIDE < APERTURE / 2).to(kind)
    x = 2 * torch.rand(PLATES, N, N, dtype=torch.float64) - 1
    plates = torch.exp(1j * x).to(kind).requires_grad_()
    target = torch.rand(N, N, dtype=plates.real.dtype)
    field, h = inside[None, :] * inside[:, None], transfer().to(kind)
    times = []
    for _ in range(TRIALS):
        start = time.perf_counter()
        gradient(plates, field, h, target)
        times.append(time.perf_counter() - start)
    print(f"PyTorch {torch.__version__}, {kind}: {1e3 * min(times):.2f} ms, median {1e3 * sorted(times)[TRIALS // 2]:.2f} ms", flush=True)


def ours():
    if len(sys.argv) > 1:
        subprocess.run([sys.argv[1]], check=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    ours()
    trial(torch.complex128)
    trial(torch.complex64)
    ours()
