"""Word vectors whose inner products are mutual information: trained, and in closed form, beside skip-gram on the same text.

`keras-blog train word-vectors` takes Chinese corpora (the People's Daily, iNews, shopping reviews), whose words it first
finds by itself, `--language en` English ones (newsgroups, Reuters), `--train FILE` your text. `models.PMIEmbedding` is
trained on pairs of words that stand near each other; `mining.pmi_vectors` solves the same without training; `--peers` adds
gensim's skip-gram. English vectors are asked how alike words are (WordSim-353, SimLex-999) and for analogies; of Chinese
ones it is counted how often the nearest word has the same part of speech. What stands beside a word, and what is like it,
is printed for a few, written for a hundred.

Command: `keras-blog train word-vectors --language en --peers`, 5,974,233 words, TensorFlow, two busy cores:

                 wordsim353  simlex999  analogies  CPU seconds
    trained            .237       .120       .013           79
    closed form        .499       .121       .121            9
    skip-gram          .501       .191       .114          106

The seconds are those after the counting of pairs, which takes 4 and which skip-gram does without. The training sees only pairs
that occur, as in the article; the closed form takes the others for 0, which on a text of this size is worth more.

Chinese, `keras-blog train word-vectors --texts 19000 --most 10000 --epochs 3 --peers` on torch: the People's Daily alone, in
1,023,544 words of its own vocabulary; the share of words whose nearest one has their part of speech, .170 by chance:

    trained .287 in 9 s, closed form .333 in 5 s, skip-gram .369 in 21 s

With iNews besides, 3,458,117 words (`--texts 23000 --epochs 6`), .184 by chance:

    trained .311 in 69 s, closed form .391 in 12 s, skip-gram .473 in 82 s
"""

import csv
import importlib.util
import time
from collections import Counter, defaultdict
from pathlib import Path

import keras
import numpy as np

from keras_blog import mining, models
from keras_blog.datasets import analogies, inews, newsgroups, people_daily, reuters, shopping_reviews, word_pairs
from keras_blog.recipes.found_words import cut_texts, is_chinese, word_cutter
from keras_blog.recipes.run_folder import whole, write_csv
from keras_blog.recipes.run_options import settings_of
from keras_blog.recipes.training import resumed_fit, write_metrics

SHOWN = {"en": ("space", "doctor", "hockey", "windows", "oil"), "zh": ("经济", "北京", "足球", "医生", "学习")}


def add_arguments(parser):
    """The arguments of the recipe."""
    parser.add_argument("--language", choices=["en", "zh"], default="zh", help="of the corpora (default: %(default)s)")
    parser.add_argument("--train", metavar="FILE", help="your text instead, UTF-8, a text a line")
    parser.add_argument("--texts", type=int, metavar="N", help="the first N texts of the corpora only")
    parser.add_argument("--dim", type=int, default=100, help="of the vectors (default: %(default)s)")
    parser.add_argument("--window", type=int, default=5, help="farthest distance of two words (default: %(default)s)")
    parser.add_argument("--min-count", type=int, default=10, help="of a word (default: %(default)s)")
    parser.add_argument("--most", type=int, default=20_000, help="most words (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=10, help="default: %(default)s")
    parser.add_argument("--batch-size", type=int, default=8192, help="default: %(default)s")
    parser.add_argument("--learning-rate", type=float, default=0.1, help="of Adagrad (default: %(default)s)")
    parser.add_argument("--peers", action="store_true", help="beside gensim's skip-gram on the same words")
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("runs/word-vectors"), help="default: %(default)s")
    parser.add_argument("--fresh", action="store_true", help="forget an unfinished run in DIR")


def run(options):
    """Cut, count, train, solve, ask, write."""
    if options.peers and importlib.util.find_spec("gensim") is None:
        raise ValueError("`--peers` needs gensim: pip install gensim==4.4.0")
    texts = options.train or _corpora(options.language)[: options.texts]
    chinese = is_chinese(texts)
    settings = settings_of(options, "peers")
    start, seconds = time.process_time(), {}
    sentences = cut_texts(texts, word_cutter(texts), "Counting pairs")
    sentences = list(sentences) if options.peers else sentences
    seconds["words"] = time.process_time() - start
    start = time.process_time()
    found = mining.cooccurrence(sentences, options.window, options.min_count, most=options.most)
    seconds["pairs"] = time.process_time() - start
    print(f"{found.tokens:,} tokens, {len(found):,} words, {len(found.pairs.left):,} pairs; backend {keras.config.backend()}")
    start = time.process_time()
    trained, backup = _trained(found, options, settings)
    seconds["trained"] = time.process_time() - start
    start = time.process_time()
    solved = mining.pmi_vectors(found, min(options.dim, len(found) - 1), marginals="pairs", power=0.75)
    seconds["closed form"] = time.process_time() - start
    kinds = {"trained": trained, "closed form": solved}
    if options.peers:
        start = time.process_time()
        kinds["skip-gram"] = _skip_gram(sentences, options)
        seconds["skip-gram"] = time.process_time() - start
    evaluate = _part_of_speech() if chinese else _english
    report = {name: evaluate(vectors) for name, vectors in kinds.items()}
    print("\n" + " " * 12 + "".join(f"{name:>16}" for name in next(iter(report.values()))) + f"{'CPU seconds':>14}")
    for name, figures in report.items():
        print(f"{name:12}" + "".join(f"{figure:16.3f}" for figure in figures.values()) + f"{seconds[name]:14.0f}")
    for word in SHOWN["zh" if chinese else "en"]:
        if word in solved:
            print(
                f"\n{word}\n  beside it   {_line(trained.correlated(word, 6))}\n  like it     {_line(solved.similar(word, 6))}"
            )
    out = options.out
    for name, vectors in (("trained", trained), ("closed", solved)):
        with whole(out / f"{name}.txt") as unfinished:
            vectors.save(unfinished)
    _write_neighbours(solved, out / "neighbours.csv")
    write_csv(out / "history.csv", backup.history)
    write_metrics(out / "metrics.json", settings, test=report, seconds=seconds)
    _draw(trained, out / "norms.png")
    print(f"\nIn {out}: trained.txt, closed.txt, neighbours.csv, metrics.json, history.csv, norms.png")
    backup.clear()


def _corpora(language):
    if language == "en":
        parts = [texts for corpus in (newsgroups, reuters) for texts, _ in corpus.load_data()]
    else:
        parts = [["".join(word for word, _ in row) for row in people_daily.load_words()]]
        parts += [texts for _, texts, _ in inews.load_data()] + [shopping_reviews.load_data()[0]]
    return list(dict.fromkeys(text for part in parts for text in part))


def _trained(found, options, settings):
    keras.utils.set_random_seed(1)
    left, right, targets = found.pmi()
    model = models.PMIEmbedding(len(found), options.dim)
    loss = keras.losses.MeanSquaredError(reduction="sum")  # the article's; of a mean Adagrad sees next to nothing
    model.compile(keras.optimizers.Adagrad(options.learning_rate), loss)
    model.build()
    backup = resumed_fit(
        model, (left, right), targets, path=options.out / "state.npz", settings=settings, fresh=options.fresh,
        epochs=options.epochs, batch_size=options.batch_size, sample_weight=found.weights(), verbose=2,
    )  # fmt: skip
    return mining.WordVectors(found.words, model.vectors(), found.counts), backup


def _skip_gram(sentences, options):
    from gensim.models import Word2Vec

    model = Word2Vec(
        sentences, vector_size=options.dim, window=options.window, min_count=options.min_count, max_final_vocab=options.most,
        sg=1, negative=5, epochs=5, workers=1, seed=1,
    )  # fmt: skip
    return mining.WordVectors(model.wv.index_to_key, model.wv.vectors)


def _unit(vectors):
    return vectors.vectors / np.maximum(np.linalg.norm(vectors.vectors, axis=1, keepdims=True), 1e-9)


def _english(vectors):
    """Spearman's correlation of cosines with people's marks, and the share of analogies that come out, of known words."""
    from scipy.stats import spearmanr

    unit, places, figures = _unit(vectors), {word: i for i, word in enumerate(vectors.words)}, {}
    for name in ("wordsim353", "simlex999"):
        rows = [(first.lower(), second.lower(), mark) for first, second, mark in word_pairs.load_data(name)]
        rows = [(unit[places[a]] @ unit[places[b]], mark) for a, b, mark in rows if a in places and b in places]
        figures[name] = float(spearmanr(*zip(*rows, strict=True))[0]) if len(rows) > 2 else 0.0
    right = asked = 0
    for group in analogies.load_data().values():
        rows = [[places.get(word.lower(), -1) for word in row] for row in group]
        rows = np.array([row for row in rows if min(row) >= 0], int).reshape(-1, 4)
        for some in np.array_split(rows, 1 + len(rows) // 500):
            a, b, c, d = some.T
            scores = (unit[b] - unit[a] + unit[c]) @ unit.T
            for given in (a, b, c):
                scores[np.arange(len(some)), given] = -np.inf
            right, asked = right + int((scores.argmax(1) == d).sum()), asked + len(some)
    figures["analogies"] = right / max(asked, 1)
    return figures


def _part_of_speech():
    """How often the word nearest by cosine has the same part of speech, of the 5,000 first words that have one.

    A word's is that which the People's Daily gives it most often: 44 kinds, names of people and of places among them.
    """
    tags = defaultdict(Counter)
    for row in people_daily.load_words():
        for word, tag in row:
            tags[word][tag] += 1

    def evaluate(vectors):
        some = [i for i, word in enumerate(vectors.words) if word in tags][:5000]
        own = np.array([tags[vectors.words[i]].most_common(1)[0][0] for i in some])
        unit = _unit(vectors)[some]
        scores = unit @ unit.T
        np.fill_diagonal(scores, -np.inf)
        chance = sum((count / len(own)) ** 2 for count in Counter(own.tolist()).values())
        return {"part of speech": float((own[scores.argmax(1)] == own).mean()), "by chance": chance}

    return evaluate


def _line(words):
    return " ".join(word for word, _ in words)


def _write_neighbours(vectors, path):
    with whole(path) as unfinished, open(unfinished, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["word", "beside it", "like it"])
        for word in vectors.words[:100]:
            writer.writerow([word, _line(vectors.correlated(word)), _line(vectors.similar(word))])


def _draw(vectors, path):
    """The squared norm of a vector, beside the information of its word: the article expects a line."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axis = figure.subplots()
    information = -np.log(vectors.counts / vectors.counts.sum())
    axis.scatter(information, (vectors.vectors**2).sum(1), s=2, alpha=0.3)
    axis.set(xlabel="-log P(word), nats", ylabel="squared norm of its vector")
    with whole(path) as unfinished:
        figure.savefig(unfinished, dpi=120)
