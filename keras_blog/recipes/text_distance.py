"""How far texts are from each other, by the vectors of their words: cosines, mover's and rotator's distance, and their bounds.

`keras-blog text-distance FILE --vectors VECTORS` compares every two lines of a file; with `TEXT<TAB>TEXT<TAB>SCORE` in its
lines, these pairs, and tells how well the distances follow the scores. `--query TEXT` finds the lines nearest to a text.
`VECTORS` is a text file of word2vec or GloVe, the most frequent words first; without it, GloVe of 50 numbers (English).
Without a file: the 50 news texts of Lee, whose 1,225 pairs people have marked.

Command: `keras-blog text-distance`, 19 seconds of CPU time; Pearson's and Spearman's correlation with the marks, the vectors as
they are, without what all words share (`mining.convert_vectors`), and also without what all texts share:

                none            words           texts
    cosine   .396  .418      .541  .538      .480  .389
    RWMD     .368  .283      .312  .235      .309  .238
    RWRD     .463  .383      .636  .512      .583  .430
    WMD      .411  .363      .377  .326      .372  .323
    WRD      .494  .452      .645  .557      .589  .483

With `--skip 100`, without the hundred most frequent words of the vectors' table:

    cosine   .514  .495      .561  .549      .495  .396
    RWMD     .524  .333      .475  .290      .467  .280
    RWRD     .571  .423      .638  .511      .580  .421
    WMD      .578  .432      .543  .400      .534  .388
    WRD      .610  .498      .659  .559      .598  .476

The last column takes from fifty texts what "all texts" share, which is too few.
"""

import csv
import math
import os
import re
import time
from itertools import combinations

import numpy as np

from keras_blog import mining
from keras_blog.datasets import glove, lee, scored_pairs
from keras_blog.datasets.text_lines import numbered_lines
from keras_blog.recipes.chinese_font import font_families
from keras_blog.recipes.progress import progress_bar
from keras_blog.recipes.run_folder import whole, write_json

DISTANCES = {
    "cosine": lambda x, y: 1 - _cosine(x.sum(0), y.sum(0)),
    "RWMD": mining.relaxed_bound,
    "RWRD": mining.relaxed_rotator_bound,
    "WMD": mining.word_mover_distance,
    "WRD": mining.word_rotator_distance,
}
CONVERSIONS = ("none", "words", "texts")
_HAN = re.compile(r"[\u3400-\u9fff]")


def add_arguments(parser):
    """The arguments of the command."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="a text a line, or text TAB text TAB score (default: Lee-50)")
    parser.add_argument("--vectors", metavar="FILE", help="of words, as word2vec or GloVe write them (default: GloVe-50d)")
    parser.add_argument(
        "--convert", nargs="+", choices=CONVERSIONS, default=list(CONVERSIONS),
        help="the vectors as they are, without what all words share, and also without what all texts share (default: each)",
    )  # fmt: skip
    parser.add_argument("--skip", type=int, default=0, help="so many of the most frequent words (default: %(default)s)")
    parser.add_argument("--query", metavar="TEXT", help="find the lines nearest to this text by mover's distance")
    parser.add_argument("--top", type=int, default=10, help="pairs or lines to print (default: %(default)s)")
    parser.add_argument(
        "--out", default=os.path.join("runs", "text-distance"), help="folder of the results (default: %(default)s)"
    )


def run(options):
    """Read, measure, print, write."""
    for backend in ("CUPY", "JAX", "PYTORCH", "TENSORFLOW"):
        os.environ.setdefault(f"POT_BACKEND_DISABLE_{backend}", "1")  # POT would import all that are installed
    texts, pairs = _texts(options)
    vectors = mining.WordVectors.load(options.vectors) if options.vectors else mining.WordVectors(*glove.load_data())
    cut = _cutter(vectors, options.skip)
    words = [cut(text) for text in texts]
    known = sum(map(len, words))
    print(f"{len(texts):,} texts, {known:,} words with a vector of {len(vectors):,}")
    if not known:
        raise ValueError(f"`texts` must hold words that have a vector; received none, as {texts[0][:40]!r}")
    if options.query is not None:
        return _search(options, texts, words, vectors, cut(options.query))
    columns, rates = {}, {}
    for conversion in options.convert:
        rows = _rows(vectors, words, conversion)
        for name, distance in DISTANCES.items():
            start = time.perf_counter()
            with progress_bar(len(pairs), f"{name}, {conversion}") as advance:
                column = []
                for i, j, _ in pairs:
                    column.append(distance(rows[i], rows[j]))
                    advance(1)
            rates[name] = 1e3 * (time.perf_counter() - start) / len(pairs)
            columns[f"{name} {conversion}"] = np.array(column)
    scored = pairs[0][2] is not None
    report = {"milliseconds_a_pair": rates}
    if scored:
        report |= _agreement(columns, np.array([score for _, _, score in pairs]), options.convert)
    best, out = f"WRD {options.convert[-1]}", options.out
    order = np.argsort(columns[best], kind="stable")
    for place in () if scored else order[: options.top]:
        i, j, _ = pairs[place]
        print(f"{columns[best][place]:7.4f}  {texts[i][:60]} | {texts[j][:60]}")
    with whole(os.path.join(out, "distances.csv")) as unfinished, open(unfinished, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["first", "second", *(["score"] if scored else []), *columns])
        for pair, row in zip(pairs, np.stack(list(columns.values()), 1).tolist(), strict=True):
            writer.writerow([*pair[: 3 if scored else 2], *row])
    write_json(os.path.join(out, "metrics.json"), report)
    _draw(pairs[order[0]], rows, words, os.path.join(out, "plan.png"))
    print(f"\nIn {out}: distances.csv, metrics.json, plan.png")


def _texts(options):
    if options.file is None:
        return lee.load_data()
    if options.query is None and any("\t" in line for _, line in numbered_lines(options.file)):
        return scored_pairs.load_data(options.file)
    texts = [line for _, line in numbered_lines(options.file)]
    if len(texts) < 2:
        raise ValueError(f"{options.file}: no two texts; expected a text a line; received {len(texts)}")
    return texts, [(i, j, None) for i, j in combinations(range(len(texts)), 2)]


def _cutter(vectors, skip):
    """A function from a text to those of its words that have a vector.

    Words are in lower case. Chinese is cut by the words that have a vector, at the least sum of the logarithms of their ranks.
    """
    ranks = {word: rank for rank, word in enumerate(vectors.words)}
    chinese = {word: -math.log(rank + 2.7) for word, rank in ranks.items() if _HAN.search(word)}
    cut = mining.Vocabulary(chinese).tokenize if chinese else lambda run: [run]

    def words(text):
        runs = re.findall(r"\w+", text.lower())
        pieces = (piece for run in runs for piece in (cut(run) if _HAN.search(run) else [run]))
        return [piece for piece in pieces if ranks.get(piece, -1) >= skip]

    return words


def _rows(vectors, words, conversion):
    """Each text as an array of the vectors of its words."""
    if conversion != "none":
        places = {word: place for place, word in enumerate(vectors.words)}
        known = [[places[word] for word in text] for text in words] if conversion == "texts" else None
        vectors = mining.WordVectors(vectors.words, mining.convert_vectors(vectors.vectors, texts=known))
    return [np.array([vectors[word] for word in text]).reshape(-1, vectors.vectors.shape[1]) for text in words]


def _search(options, texts, words, vectors, query):
    if not query:
        raise ValueError(f"`--query` must hold a word that has a vector; received {options.query!r}")
    rows = _rows(vectors, [*words, query], options.convert[0])
    for place, distance in zip(*mining.nearest_texts(rows[-1], rows[:-1], options.top), strict=True):
        print(f"{distance:7.4f}  {texts[place][:100]}")


def _agreement(columns, scores, conversions):
    """Correlations with the scores, printed and returned."""
    from scipy.stats import pearsonr, spearmanr

    found = {}
    print(f"\n{'Pearson, Spearman':18}" + "".join(f"{name:>16}" for name in conversions))
    for name in DISTANCES:
        line = f"{name:18}"
        for conversion in conversions:
            near = -columns[f"{name} {conversion}"]
            both = {"pearson": float(pearsonr(near, scores)[0]), "spearman": float(spearmanr(near, scores)[0])}
            found[f"{name} {conversion}"] = both
            line += f"{both['pearson']:9.3f}{both['spearman']:7.3f}"
        print(line, flush=True)
    return {"correlations": found}


def _cosine(x, y):
    lengths = np.linalg.norm(x) * np.linalg.norm(y)
    return x @ y / lengths if lengths else 0.0


def _draw(pair, rows, words, path):
    """What goes where between the two texts that are nearest."""
    from matplotlib.figure import Figure

    i, j, _ = pair
    _, plan = mining.word_rotator_distance(rows[i], rows[j], plan=True)
    figure = Figure(figsize=(2 + 0.2 * len(words[j]), 2 + 0.2 * len(words[i])), layout="constrained")
    axes = figure.subplots()
    axes.imshow(plan, cmap="Blues", aspect="auto")
    axes.set_xticks(range(len(words[j])), words[j], rotation=90, fontsize=7, fontfamily=font_families())
    axes.set_yticks(range(len(words[i])), words[i], fontsize=7, fontfamily=font_families())
    with whole(path) as unfinished:
        figure.savefig(unfinished, dpi=120)
