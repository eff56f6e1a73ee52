"""Word mover's distance beside POT called by hand and gensim, and pruned search beside brute force.

    OMP_NUM_THREADS=1 python benchmarks/word_distances.py [--pairs 1000] [--texts 1000]

Needs POT; gensim 4.4.0 is left out if it is not installed. Texts have 15, 40 and 120 words, vectors 100 dimensions; the texts
of the search come in topics, as real ones. One thread, process CPU time; all sides on the same texts, in turns. Values are
first checked to be equal.

Measured with `--pairs 100` on one of two busy cores, November 2026:

     words  ours, ms     POT   ratio   gensim   ratio
        15     0.103   0.163   1.58x    0.406   3.94x
        40     0.231   0.288   1.24x    0.764   3.30x
       120     1.353   1.410   1.04x    3.125   2.31x
    top 10 of 1,000 texts: 43 ms, brute force 232 ms, 5.3x

At 120 words nearly all of our time is the solver's, which is POT's.
"""

import argparse
import time

import numpy as np
import ot

from keras_blog import mining

DIM = 100


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--texts", type=int, default=1000)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(5000, DIM))
    peer = gensim_vectors(vectors)
    print(f"{'words':>6}{'ours, ms':>10}{'POT':>8}{'ratio':>8}" + (f"{'gensim':>9}{'ratio':>8}" if peer else ""))
    for words in (15, 40, 120):
        ids = [rng.choice(5000, size=words, replace=False) for _ in range(2 * args.pairs)]
        pairs = list(zip(ids[::2], ids[1::2], strict=True))
        sides = {
            "ours": lambda a, b: mining.word_mover_distance(vectors[a], vectors[b]),
            "POT": lambda a, b: by_hand(vectors, a, b),
        }
        if peer:
            names = [[str(i) for i in row] for row in ids]
            by_ids = {id(row): text for row, text in zip(ids, names, strict=True)}
            sides["gensim"] = lambda a, b, by_ids=by_ids: peer.wmdistance(by_ids[id(a)], by_ids[id(b)], norm=False)
        for side in sides.values():
            assert abs(side(*pairs[0]) - sides["ours"](*pairs[0])) < 1e-4
        ours, *theirs = turns(list(sides.values()), pairs)
        line = f"{words:6}{ours:10.3f}"
        for value, width in zip(theirs, (8, 9), strict=False):
            line += f"{value:{width}.3f}{value / ours:7.2f}x"
        print(line, flush=True)
    topics = rng.normal(size=(50, DIM))
    found = [0.7 * topics[i % 50] + rng.normal(size=(int(rng.integers(20, 60)), DIM)) for i in range(args.texts)]

    def brute(query):
        exact = [mining.word_mover_distance(query, text) for text in found]
        return np.argsort(exact, kind="stable")[:10]

    queries = [(found[i],) for i in range(3)]
    assert all((brute(*q) == mining.nearest_texts(*q, found, 10)[0]).all() for q in queries)
    pruned, all_of_them = turns([lambda query: mining.nearest_texts(query, found, 10), brute], queries)
    print(f"top 10 of {args.texts:,} texts: {pruned:.0f} ms, brute force {all_of_them:.0f} ms, {all_of_them / pruned:.1f}x")


def by_hand(vectors, a, b):
    p, q = np.full(len(a), 1 / len(a)), np.full(len(b), 1 / len(b))
    return ot.emd2(p, q, ot.dist(vectors[a], vectors[b], metric="euclidean"))


def gensim_vectors(vectors):
    try:
        from gensim.models import KeyedVectors
    except ImportError:
        return None
    keyed = KeyedVectors(DIM)
    keyed.add_vectors([str(i) for i in range(len(vectors))], vectors.astype(np.float32))
    return keyed


def turns(sides, cases):
    """Mean CPU milliseconds of each side, in turns over blocks of the cases."""
    total = [0.0] * len(sides)
    for first in range(0, len(cases), 50):
        for i, side in enumerate(sides):
            start = time.process_time()
            for case in cases[first : first + 50]:
                side(*case)
            total[i] += time.process_time() - start
    return [1e3 * seconds / len(cases) for seconds in total]


if __name__ == "__main__":
    main()
