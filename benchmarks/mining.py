"""Mining beside its peers: CPU time, and peak memory.

    python benchmarks/mining.py [--rows NAME ...] [--peers NAME ...] [--repeat 3] [--json FILE]

Peers: mlxtend 0.25.0, efficient-apriori 2.0.6, pyfim 6.28 (`pip install mlxtend efficient-apriori pyfim`); one that is not
installed is left out. For memory each side runs once in a process of its own; for time they take turns in one process, on
the same baskets and one thread. What counts is process CPU time, the least of the repeats; all give Python sets.
Baskets: what Debian's packages depend on (the index of apt), and 20,000 made rows of 11 items from 1,000.

Measured on one of two busy cores, November 2026; mlxtend's time, most of it the kernel's for its memory, varied from 1.4 to 3.6
seconds in the row of 1 %; its row of 0.3 % was run once, not in turns:

           row               peer     sets  ours, ms    theirs   ratio   goal     MB  theirs
     dense 1 %              pyfim    1,556        30        36   1.18x  0.33x     24       4
     dense 1 %  efficient-apriori    1,556        30       713  23.53x  6.00x     24      17
     dense 1 %            mlxtend    1,556        25      1441  56.80x 80.00x     24    3135
   dense 0.3 %              pyfim    9,042        56        83   1.47x  0.33x     25       8
   dense 0.3 %  efficient-apriori    9,042        50      1256  25.32x  6.00x     25      23
   dense 0.3 %            mlxtend    9,042        48     13674 285.06x 80.00x     25    4997
    debian 1 %              pyfim      136        66        49   0.74x  0.33x     10       6
    debian 1 %  efficient-apriori      136        67       164   2.46x  6.00x     10      29
    debian 1 %            mlxtend      136        65     14846 228.82x 80.00x     10    3715

In the rows of Debian at 1 % nearly all the time goes into looking up 273,922 strings in a dictionary.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time

import numpy as np

PEERS = {"pyfim": "fim", "efficient-apriori": "efficient_apriori", "mlxtend": "mlxtend"}
GOALS = {"pyfim": 1 / 3, "efficient-apriori": 6, "mlxtend": 80}
ROWS = {
    "dense 1 %": ("dense", 0.01, PEERS),
    "dense 0.3 %": ("dense", 0.003, PEERS),
    "debian 1 %": ("debian", 0.01, PEERS),
    "debian 0.1 %": ("debian", 0.001, ["pyfim", "efficient-apriori"]),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=list(PEERS))  # mlxtend takes up to 13 GB
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", help="also write the rows to this file")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)  # row, side
    args = parser.parse_args()
    if args.worker:
        return worker(*args.worker, args.repeat)
    found = []
    print(f"{'row':>14} {'peer':>18} {'sets':>8}{'ours, ms':>10}{'theirs':>10}{'ratio':>8}{'goal':>7}{'MB':>7}{'theirs':>8}")
    for name in args.rows:
        ours = run(name, "ours", 1)["mb"]
        for peer in ROWS[name][2]:
            if peer not in args.peers or importlib.util.find_spec(PEERS[peer]) is None:
                continue
            row = {"row": name, "peer": peer, "goal": GOALS[peer], "mb": ours, **run(name, peer, args.repeat)}
            found.append(row)
            times = f"{row['ours']:10.0f}{row['theirs']:10.0f}{row['theirs'] / row['ours']:7.2f}x{row['goal']:6.2f}x"
            print(f"{name:>14} {peer:>18} {row['sets']:8,}{times}{ours:7.0f}{row['their_mb']:8.0f}", flush=True)
    if args.json:
        with open(args.json, "w") as file:
            json.dump(found, file, indent=1)


def run(name, side, repeat):
    environment = {**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")}
    command = [sys.executable, __file__, "--worker", name, side, "--repeat", str(repeat)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def worker(name, side, repeat):
    from keras_blog import mining

    data, support, _ = ROWS[name]
    baskets = dense() if data == "dense" else dependencies()

    def ours():
        return mining.apriori(baskets, support, max_len=MAX_LEN).counts

    if side == "ours":
        before = high_water()
        print(json.dumps({"sets": len(ours()), "mb": high_water() - before}))
        return
    theirs = {"pyfim": pyfim, "efficient-apriori": efficient, "mlxtend": mlxtend}[side](baskets, support)
    before = high_water()
    theirs()
    memory = high_water() - before
    assert theirs() == ours(), side
    times = ([], [])
    for _ in range(repeat):
        for call, kept in zip((ours, theirs), times, strict=True):
            start = time.process_time()
            call()
            kept.append(1e3 * (time.process_time() - start))
    print(json.dumps({"sets": len(ours()), "ours": min(times[0]), "theirs": min(times[1]), "their_mb": memory}))


MAX_LEN = 8  # the longest sets that efficient-apriori looks for unless told


def pyfim(baskets, support):
    import fim

    return lambda: {frozenset(items): n for items, n in fim.apriori(baskets, "s", 100 * support, zmax=MAX_LEN, report="a")}


def efficient(baskets, support):
    from efficient_apriori import itemsets_from_transactions

    def call():
        levels, _ = itemsets_from_transactions(baskets, support, max_length=MAX_LEN)
        return {frozenset(items): n for level in levels.values() for items, n in level.items()}

    return call


def mlxtend(baskets, support):
    import pandas
    from mlxtend.frequent_patterns import apriori
    from mlxtend.preprocessing import TransactionEncoder

    def call():
        encoder = TransactionEncoder()
        frame = pandas.DataFrame(encoder.fit_transform(baskets), columns=encoder.columns_)
        found = apriori(frame, min_support=support, use_colnames=True, max_len=MAX_LEN)
        counts = (found["support"] * len(baskets)).round().astype(int)
        return dict(zip(found["itemsets"], counts.tolist(), strict=True))

    return call


def dense(rows=20_000, items=1000, patterns=300, mean=10, seed=0):
    """Baskets that overlay parts of 300 patterns, as the Quest generator's."""
    rng = np.random.default_rng(seed)
    popular = rng.dirichlet(np.full(items, 0.5))
    pattern = [rng.choice(items, size=max(1, rng.poisson(4)), replace=False, p=popular) for _ in range(patterns)]
    weights = rng.exponential(size=patterns)
    baskets = []
    for _ in range(rows):
        basket, size = set(), max(1, rng.poisson(mean))
        while len(basket) < size:
            chosen = pattern[rng.choice(patterns, p=weights / weights.sum())]
            basket.update(chosen[rng.random(len(chosen)) < 0.7].tolist())
        baskets.append(sorted(basket))
    return baskets


def dependencies():
    from keras_blog.datasets import debian

    return debian.load_dependencies()[1]


def high_water():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
