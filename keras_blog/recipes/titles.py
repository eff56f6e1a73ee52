"""A title for a text: with and without what the text tells beforehand, from the left, from the right, and from both ends.

Task: the title of a news article, a character at a time, or the short description of a Debian package out of its long one, in
words; ROUGE-1, -2 and -L (F1, by rouge-metric), and the share of the first four and of the last four tokens of a title that
stand in the output at the same place, counted from that end. Data: `datasets.inews`, or `datasets.debian_titles`, split by
source package (`--data debian`), or your lines of `text<TAB>title`.

`plain` and `prior` are the article's recurrent models without and with `layers.SourcePrior`. `apart` and `both-ends` are one
network, a Transformer decoder with that prior, whose sides cannot and can read each other (`future_weight` 0 and .1); each
side's own outputs are scored too, and the search in which every pair is joined. A beam is that of each direction.

Command: `keras-blog train titles --data debian --pairs 12000 --test-pairs 512 --epochs 2 --max-source 32 --min-count 20`;
measured on TensorFlow, one thread, with `--seeds 3`. 750 updates, 2,079 tokens: a minute of CPU time
for each recurrent model, 1.3 for each from both ends:

                                      ROUGE-1      ROUGE-2      ROUGE-L      first 4      last 4
    beginning of the text             .261         .104         .233         .055         .029
    prior, beam 1                     .258 ± .003  .078 ± .003  .241 ± .004  .110 ± .011  .106 ± .006
    prior, beam 3                     .276 ± .002  .092 ± .007  .257 ± .001  .116 ± .001  .118 ± .003
    plain, beam 1                     .264 ± .004  .085 ± .005  .243 ± .002  .116 ± .004  .094 ± .006
    plain, beam 3                     .272 ± .005  .095 ± .003  .253 ± .005  .114 ± .002  .104 ± .007
    apart, from the left, beam 1      .220 ± .002  .067 ± .003  .208 ± .003  .098 ± .002  .090 ± .007
    apart, from the left, beam 3      .221 ± .002  .073 ± .001  .207 ± .001  .088 ± .007  .095 ± .002
    apart, from the right, beam 1     .225 ± .012  .063 ± .007  .211 ± .010  .077 ± .008  .131 ± .002
    apart, from the right, beam 3     .223 ± .011  .070 ± .004  .211 ± .008  .077 ± .003  .122 ± .011
    apart, the better, beam 1         .235 ± .003  .071 ± .004  .222 ± .004  .091 ± .008  .117 ± .008
    apart, the better, beam 3         .225 ± .011  .077 ± .002  .214 ± .010  .085 ± .007  .114 ± .010
    both-ends, from the left, beam 1  .220 ± .004  .065 ± .003  .206 ± .004  .097 ± .003  .090 ± .003
    both-ends, from the left, beam 3  .221 ± .001  .070 ± .005  .208 ± .002  .088 ± .005  .094 ± .009
    both-ends, from the right, beam 1 .225 ± .002  .063 ± .003  .212 ± .002  .077 ± .001  .129 ± .005
    both-ends, from the right, beam 3 .220 ± .006  .067 ± .002  .208 ± .006  .076 ± .002  .123 ± .006
    both-ends, the better, beam 1     .235 ± .001  .072 ± .007  .221 ± .002  .088 ± .003  .116 ± .007
    both-ends, the better, beam 3     .223 ± .010  .074 ± .003  .212 ± .007  .083 ± .006  .114 ± .005
    both-ends, every pair, beam 3     .223 ± .008  .073 ± .003  .211 ± .006  .083 ± .006  .114 ± .002

The recurrent models read: in ROUGE-1 and -L they pass the beginning of the text, in ROUGE-2, runs that are copied, they do
not. With the table tied the prior adds little, .004 ROUGE-1 and .014 at the last four. From both ends a seventh or more of
ROUGE-1 is lost: one network has to learn both directions, and had no more updates. Each side is better at its own end; the
right one is better than `prior` at the last four, and the choice between two sides than either of them at beam 1, .235 for
.220 and .225. That is where both ends help. Whether the sides see each other changes nothing here, nor does every pair.

All pairs: `keras-blog train titles --data debian --test-pairs 512 --epochs 4 --max-source 32 --min-count 20 --models prior
plain`, TensorFlow, seed 1, 53,190 pairs, 6,652 updates, 5,745 tokens, 11 and 10 minutes of CPU time:

    prior, beam 1                     .336         .131         .311         .174         .136
    prior, beam 3                     .349         .145         .325         .168         .148
    plain, beam 1                     .325         .132         .293         .153         .110
    plain, beam 3                     .341         .148         .312         .149         .128

Both are ahead of the beginning of the text in every column now, the prior .008 ROUGE-1 and .013 ROUGE-L before plain.

Before, none read: when the prior began with the article's half a nat and the outputs had a table of their own, 384 updates of
64 pairs ended at ROUGE-1 .12. On 300 updates of 64 (dim 128, 5,745 tokens, beam 3, one seed; trials of an unfinished version) a
prior that begins with three nats alone had .204, one table for both in addition .248, and with the embeddings in what is
attended to, and a rate of 5e-3, .268.

News of iNews, characters: `keras-blog train titles --models prior plain --epochs 6`, TensorFlow, seed 1, 1,008 updates on
5,355 pairs, three minutes of CPU time a model:

    beginning of the text             .298         .222         .275         .146         .006
    prior, beam 3                     .151         .053         .129         .056         .029
    plain, beam 1                     .169         .064         .147         .106         .035
    plain, beam 3                     .175         .078         .157         .104         .039

They write fluent phrases that have little to do with the text: the article learns from more than 800,000. The prior
whose start of six was found on Debian is behind here.
"""

import importlib.util
import time
from pathlib import Path

import keras
import numpy as np

from keras_blog import models
from keras_blog.datasets import debian_titles, inews, text_pairs
from keras_blog.recipes import writer_training
from keras_blog.recipes.run_folder import whole, write_csv
from keras_blog.recipes.run_options import check_positive, settings_of
from keras_blog.recipes.sample_deviation import sample_deviation
from keras_blog.recipes.training import write_metrics, write_model
from keras_blog.recipes.words import has_han, pieces_of

PRIOR = 6.0  # the article's 1 is half a nat, too little for thousands of tokens
FROM_BOTH = {"prior": PRIOR, "depth": 1, "tied": True}
WRITERS = {
    "prior": lambda *vocabulary, **options: models.Seq2Seq(*vocabulary, prior=PRIOR, tied=True, **options),
    "plain": lambda *vocabulary, **options: models.Seq2Seq(*vocabulary, tied=True, **options),
    "apart": lambda *vocabulary, **options: models.BidirectionalSeq2Seq(*vocabulary, **FROM_BOTH, future_weight=0.0, **options),
    "both-ends": lambda *vocabulary, **options: models.BidirectionalSeq2Seq(*vocabulary, **FROM_BOTH, **options),
}
SIDES = {"from the left": 0, "from the right": 1, "the better": None}
COLUMNS = ("ROUGE-1", "ROUGE-2", "ROUGE-L", "first 4", "last 4")
PLACES = 4


def add_arguments(parser):
    """The arguments of the recipe."""
    parser.add_argument("--data", choices=("inews", "debian"), default="inews", help="debian needs apt-get, once")
    parser.add_argument("--train", metavar="FILE", help="your lines of text<TAB>title instead")
    parser.add_argument("--test", metavar="FILE", help="the same, for the figures (default: the last twentieth of --train)")
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("runs/titles"), help="default: %(default)s")
    parser.add_argument(
        "--models", nargs="+", choices=list(WRITERS), default=list(WRITERS), help="saves the first; default: all"
    )
    parser.add_argument("--pairs", type=int, metavar="N", help="train on N pairs only, drawn at random")
    parser.add_argument("--test-pairs", type=int, metavar="N", help="test on N pairs only, drawn at random")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="trainings a model; default: %(default)s")
    parser.add_argument("--epochs", type=int, default=10, help="default: %(default)s")
    parser.add_argument("--batch-size", type=int, default=32, help="default: %(default)s")
    parser.add_argument("--learning-rate", type=float, default=3e-3, help="at the start, then a cosine; default: %(default)s")
    parser.add_argument("--dim", type=int, default=128, help="of embeddings and states; default: %(default)s")
    parser.add_argument("--dropout", type=float, default=0.1, help="default: %(default)s")
    parser.add_argument("--max-source", type=int, default=96, metavar="N", help="read N tokens; default: %(default)s")
    parser.add_argument(
        "--min-count", type=int, default=10, metavar="N", help="of a token in the vocabulary; default: %(default)s"
    )
    parser.add_argument("--beams", type=int, nargs="+", default=[1, 3], help="of each direction, to report; default: 1 3")
    parser.add_argument("--fresh", action="store_true", help="forget an unfinished run in DIR")


def run(options):
    """Train the models, print their figures, write the run folder."""
    check_positive(options, "epochs", "batch_size", "dim", "seeds", "max_source", "min_count", "pairs", "test_pairs", "beams")
    if options.dim % 4:
        raise ValueError(f"--dim must be a multiple of 4, for four heads; received {options.dim}")
    if importlib.util.find_spec("rouge_metric") is None:
        raise RuntimeError("titles are scored by rouge-metric, which is not installed; try: pip install 'keras-blog[text]'")
    train, test = _load(options)
    if not any(map(has_han, train[1])):  # words; of Chinese texts, characters
        train, test = (tuple([pieces_of(text) for text in side] for side in part) for part in (train, test))
    train = [text[: options.max_source] for text in train[0]], train[1]
    vocabulary = models.Seq2Seq.vocabulary_of([*train[0], *train[1]], options.min_count)
    steps = max(map(len, train[1])) + 1
    print(f"{len(train[0]):,} training, {len(test[0]):,} test pairs; {len(vocabulary):,} tokens; "
          f"backend {keras.config.backend()}")  # fmt: skip
    lead = [text[: round(np.mean([len(title) for title in train[1]]))] for text in test[0]]
    found, seconds, backups = {"beginning of the text": [_figures(lead, test[1])]}, {}, []
    settings = settings_of(options, "models", "beams", "seeds", "test_pairs")
    first = None
    for seed in range(1, options.seeds + 1):
        for name in dict.fromkeys(options.models):
            print(f"\n{name}, seed {seed}", flush=True)
            start = time.process_time()
            keras.utils.set_random_seed(seed)
            make = {"dim": options.dim, "dropout": options.dropout, "max_source": options.max_source, "seed": seed}
            model = WRITERS[name](vocabulary, **make)
            backups.append(writer_training.fit(model, train, options, settings, options.out / f"state-{name}-{seed}.npz"))
            seconds[f"{name}, seed {seed}"] = round(time.process_time() - start, 1)
            for label, arguments in _searches(model, options.beams):
                outputs = model.generate(test[0], steps=steps, batch_size=256, **arguments)
                found.setdefault(f"{name}, {label}", []).append(_figures(outputs, test[1]))
            first = first or (model, outputs[:3])
    print(f"\n{'Test titles':38}" + "".join(f"{column:>16}" for column in COLUMNS))
    for name, rows in found.items():
        cells = (f"{mean:.3f}" + (f" ± {spread:.3f}" if len(rows) > 1 else "") for mean, spread in _summary(rows))
        print(f"{name:38}" + "".join(f"{cell:>16}" for cell in cells))
    print()
    for title, output in zip(test[1], first[1], strict=False):
        print(f"{_joined(title)}\n  {_joined(output)}")
    write_model(options.out / "model.keras", first[0])
    write_csv(options.out / "history.csv", backups[0].history)
    table = {name: [dict(zip(COLUMNS, row[:5], strict=True)) for row in rows] for name, rows in found.items()}
    places = {name: [row[5] for row in rows] for name, rows in found.items()}
    write_metrics(options.out / "metrics.json", settings, test=table, places=places, **{"cpu seconds": seconds})
    _draw(options.out / "places.png", found, max(options.beams))
    for backup in backups:
        backup.clear()
    print(f"\nIn {options.out}: model.keras, metrics.json, history.csv, places.png")


def _load(options):
    """`(train, test)`, each `(texts, titles)`, strings."""
    if options.test is not None and options.train is None:
        raise ValueError("--test needs --train; received --test alone")
    if options.train is not None:
        train = text_pairs.load_data(options.train)
        if options.test is not None:
            test = text_pairs.load_data(options.test)
        elif (held := max(1, len(train[0]) // 20)) < len(train[0]):
            train, test = tuple(side[:-held] for side in train), tuple(side[-held:] for side in train)
        else:
            raise ValueError(f"{options.train}: --train must hold two pairs at least; received one")
    elif options.data == "inews":
        train, _, test = ((texts, titles) for titles, texts, _ in inews.load_data())
    else:
        train, test = debian_titles.load_data()
    return _some(train, options.pairs), _some(test, options.test_pairs)


def _some(part, count):
    order = np.random.default_rng(0).permutation(len(part[0]))[:count]
    return tuple([side[i] for i in order] for side in part)


def _joined(tokens):
    return tokens if isinstance(tokens, str) else " ".join(tokens)


def _searches(model, beams):
    """What to call a search, and its arguments of `generate`; a beam is that of each direction."""
    if isinstance(model, models.Seq2Seq):
        return [(f"beam {k}", {"beams": k}) for k in beams]
    rows = [(f"{name}, beam {k}", {"beams": 2 * k, "side": side}) for name, side in SIDES.items() for k in beams]
    return rows + [(f"every pair, beam {max(beams)}", {"beams": max(beams), "paired": True})] * bool(model.future_weight)


def _figures(outputs, titles):
    """ROUGE-1, -2, -L, and how many tokens are right among the first four and the last four: means; and each place's share."""
    from rouge_metric import PyRouge

    outputs, titles = [list(output) for output in outputs], [list(title) for title in titles]
    rouge = PyRouge(rouge_n=(1, 2), rouge_l=True)
    scores = rouge.evaluate_tokenized([[output] for output in outputs], [[[title]] for title in titles])
    pairs = list(zip(outputs, titles, strict=True))
    places = [
        [np.mean([a[i : i + 1] == b[i : i + 1] for a, b in some if len(b) > i] or [0.0]) for i in range(PLACES)]
        for some in (pairs, [(output[::-1], title[::-1]) for output, title in pairs])
    ]
    ends = [float(np.mean(shares)) for shares in places]
    return [*(scores[name]["f"] for name in ("rouge-1", "rouge-2", "rouge-l")), *ends, places]


def _summary(rows):
    return [(np.mean(cell), sample_deviation(cell)) for cell in zip(*(row[:5] for row in rows), strict=True)]


def _draw(path, found, beam):
    """How often the token is right at the first and the last places, by direction."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained", sharey=True)
    for name in ("prior", "apart, from the left", "apart, from the right", "both-ends, the better"):
        rows = found.get(f"{name}, beam {beam}", [])
        for axis, shares in zip(axes, np.mean([row[5] for row in rows], axis=0) if rows else (), strict=False):
            axis.plot(range(1, PLACES + 1), shares, marker="o", label=name)
    for axis, end in zip(axes, ("start", "end"), strict=True):
        axis.set(xlabel=f"place, counted from the {end}", xticks=range(1, PLACES + 1))
    axes[0].set(ylabel="share of titles with the right token there")
    axes[1].invert_xaxis()
    if axes[0].lines:
        axes[0].legend(frameon=False, fontsize=8)
    with whole(path) as unfinished:
        figure.savefig(unfinished, dpi=120)
    plt.close(figure)
