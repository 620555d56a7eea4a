"""Compares decoding and resizing of JPEG files with Pillow, on the same number of threads, in one run.

    python Benchmarks/peers/images.py NN_BENCH [--size 224] [--threads 2] [--rounds 5]

The files are 200 random pictures of 500x375 pixels. Each side makes float32 numbers from 0 to 1 with channels first.
"""

import argparse
import os
import re
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image


def write_pictures(folder, count=200):
    random = np.random.default_rng(1)
    for index in range(count):
        # Smooth colors, with some noise.
        coarse = Image.fromarray(random.integers(0, 256, (12, 16, 3), dtype=np.uint8))
        pixels = np.asarray(coarse.resize((500, 375), Image.BICUBIC)) + random.normal(0, 4, (375, 500, 3))
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(os.path.join(folder, f"{index:03}.jpg"), quality=85)


def pillow_seconds(paths, size, pool):
    def read(path):
        picture = Image.open(path).convert("RGB").resize((size, size), Image.BILINEAR)
        return np.asarray(picture).transpose(2, 0, 1).astype(np.float32) / 255

    start = time.perf_counter()
    for first in range(0, len(paths), 50):
        np.stack(list(pool.map(read, paths[first : first + 50])))
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bench")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as root, ThreadPoolExecutor(options.threads) as pool:
        folder = os.path.join(root, "pictures")
        os.mkdir(folder)
        write_pictures(folder)
        paths = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
        command = [options.bench, "images", root, "--passes", "1", "--size", str(options.size)]
        command += ["--decoders", str(options.threads)]

        def swift_milliseconds(*more):
            line = subprocess.check_output([*command, *more], text=True)
            return float(re.search(r"([0-9.]+) ms each", line)[1])

        ours, reduced, theirs = [], [], []
        # In turn, so that what else runs on the machine slows all of them down.
        for _ in range(options.rounds):
            ours.append(swift_milliseconds())
            reduced.append(swift_milliseconds("--reduced"))
            theirs.append(pillow_seconds(paths, options.size, pool) / len(paths) * 1000)
    for name, times in [("Pillow", theirs), ("swift-nn", ours), ("swift-nn, reduced decoding", reduced)]:
        print(f"{name:28} {np.median(times):.3f} ms a picture, {np.median(theirs) / np.median(times):.2f} times Pillow")


if __name__ == "__main__":
    main()
