"""Counting a text that does not fit into memory: speed and peak memory of n-grams and of co-occurrence.

    python benchmarks/text_counts.py [--bytes 1000000000] [--rows ngrams cooccurrence]

The text is the People's Daily of 1998, its paragraphs in a new random order each time round, until the file has that many
bytes; co-occurrence reads the printed words of it, window 5, the 20,000 most frequent. Each row runs in a process of its own,
one thread; CPU time, and the process's highest resident size less that before it began.

Measured on one of two busy cores, November 2026:

    ngrams: 1,003 MB, 337 M characters
      2,550,836 n-grams of 295 M symbols in 58 s of CPU time, 5.06 M a second, 423 MB
    cooccurrence: 1,003 MB, 447 M characters
      1,545,828 pairs of 20,000 words of 169 M symbols in 104 s of CPU time, 1.63 M a second, 487 MB

The text repeats itself, so the n-grams and pairs to be kept are those of 22 megabytes; of one that does not they are more.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

import numpy as np


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bytes", type=int, default=1_000_000_000)
    parser.add_argument("--rows", nargs="+", default=["ngrams", "cooccurrence"], choices=["ngrams", "cooccurrence"])
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)  # row, path
    args = parser.parse_args()
    if args.worker:
        return worker(*args.worker)
    with tempfile.TemporaryDirectory() as folder:
        for row in args.rows:
            path = os.path.join(folder, "text.txt")
            characters = write(path, args.bytes, " " if row == "cooccurrence" else "")
            print(f"{row}: {os.path.getsize(path) / 1e6:,.0f} MB, {characters / 1e6:,.0f} M characters", flush=True)
            environment = {**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")}
            subprocess.run([sys.executable, __file__, "--worker", row, path], env=environment, check=True)


def write(path, size, between):
    from keras_blog.datasets import people_daily

    rng, characters = np.random.default_rng(0), 0
    lines = [between.join(word for word, _ in row) + "\n" for row in people_daily.load_words()]
    with open(path, "wb") as file:
        while file.tell() < size:
            text = "".join(lines[i] for i in rng.permutation(len(lines)))
            file.write(text.encode("utf-8"))
            characters += len(text)
    return characters


def worker(row, path):
    from keras_blog import mining

    before, start = high_water(), time.process_time()
    if row == "ngrams":
        counts = mining.count_ngrams(path)
        what, size = f"{sum(len(keys) for keys, _ in counts.tables.values()):,} n-grams", counts.total
    else:
        found = mining.cooccurrence((line.split() for line in mining.lines(path)), window=5, min_count=5, most=20_000)
        what, size = repr(found)[1:-1], found.tokens
    seconds = time.process_time() - start
    rate = size / seconds / 1e6
    print(f"  {what} of {size / 1e6:,.0f} M symbols in {seconds:.0f} s of CPU time, {rate:.2f} M a second, "
          f"{high_water() - before:,.0f} MB", flush=True)  # fmt: skip


def high_water():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
