"""Many labels a sample: one softmax over the set of labels, or a sigmoid for each, with and without tuned thresholds.

Task: which of 14 functions a gene of yeast has, from 103 measurements; or which of 135 tags (`game::strategy`, for one) a
Debian package has, from its description. Data: `datasets.yeast`; `--data debtags`, which a machine with Debian reads off its
package index once; or your lines of `label,label,...<TAB>text`. Command: `keras-blog train multilabel`.

    yeast                    thresholds        micro F1         macro F1
    binary cross-entropy    as trained     .644 ± .002      .404 ± .001
                            one tuned      .663 ± .003      .464 ± .004
                            each tuned     .618 ± .019      .484 ± .002
    multilabel softmax      as trained     .644 ± .002      .402 ± .004
                            one tuned      .662 ± .004      .468 ± .002
                            each tuned     .610 ± .011      .488 ± .005
    the same, threshold 0   as trained     .645 ± .003      .402 ± .006
                            one tuned      .663 ± .003      .468 ± .005
                            each tuned     .607 ± .020      .490 ± .003

JAX, `--seeds 5`. With 14 labels, a third of them true, the two losses come to the same; tuned thresholds are worth more.

    debtags                 thresholds        micro F1         macro F1
    binary cross-entropy    as trained           .572             .239
                            one tuned            .624             .344
                            each tuned           .598             .405
    multilabel softmax      as trained           .571             .245
                            one tuned            .606             .329
                            each tuned           .543             .355
    the same, threshold 0   as trained           .572             .252
                            one tuned            .603             .312
                            each tuned           .542             .352

JAX, `--data debtags`. Here the sigmoids are ahead. On the same split a linear support vector machine on words has .618 and
.339. On a random split of the packages, where libfoo is for the training and libfoo-dev for the test, it has .655 and .446;
such figures do not compare. Here the split is by source.

Thresholds are tuned on samples held out from training: one for all labels by the micro F1, or one a label by its F1.

References:
    Article: kexue.fm 7359
"""

import time
from pathlib import Path

import keras
import numpy as np

from keras_blog import layers, losses, metrics, models
from keras_blog.datasets import debtags, labelled_texts, yeast
from keras_blog.ops.multilabel import tune_thresholds
from keras_blog.recipes.run_folder import whole, write_csv
from keras_blog.recipes.run_options import check_positive, settings_of
from keras_blog.recipes.sample_deviation import sample_deviation
from keras_blog.recipes.training import resumed_fit, write_metrics

DATA = ("yeast", "debtags")
# name: the loss, and whether the thresholds (the biases of the scores) are learned
FORMS = {
    "binary cross-entropy": (lambda: keras.losses.BinaryCrossentropy(from_logits=True), True),
    "multilabel softmax": (losses.MultilabelSoftmax, True),
    "the same, threshold 0": (losses.MultilabelSoftmax, False),
}
READINGS = ("as trained", "one tuned", "each tuned")


def add_arguments(parser):
    """The arguments of the recipe."""
    parser.add_argument("--data", choices=DATA, default=DATA[0], help="default: %(default)s; debtags needs apt-get, once")
    parser.add_argument("--train", metavar="FILE", help="your texts instead, a line each: `label,label,...<TAB>text`")
    parser.add_argument("--test", metavar="FILE", help="the same, for the figures (default: a fifth of --train)")
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("runs/multilabel"), help="default: %(default)s")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="trainings a form; default: %(default)s")
    parser.add_argument("--epochs", type=int, help="default: 6 for texts, 30 for yeast")
    parser.add_argument("--batch-size", type=int, help="default: 256 for texts, 32 for yeast")
    parser.add_argument("--learning-rate", type=float, help="of Adam; default: 0.05 for texts, 0.002 for yeast")
    parser.add_argument("--units", type=int, default=256, help="hidden units, for yeast; default: %(default)s")
    parser.add_argument("--fresh", action="store_true", help="forget an unfinished run in DIR")


def run(options):
    """Train the forms, print the table, write the run folder. `model.keras` is the softmax, with its tuned thresholds."""
    check_positive(options, "seeds", "epochs", "batch_size", "units")
    names, build, parts = _load(options)
    (x, y), held, test = parts
    print(f"{len(x):,} training, {len(held[0]):,} validation, {len(test[0]):,} test samples; {len(names)} labels, "
          f"{y.sum(1).mean():.1f} a sample; backend {keras.config.backend()}")  # fmt: skip
    settings = settings_of(options)
    results, seconds, backups, saved = {}, {}, {}, None
    for form in FORMS:
        for seed in range(1, options.seeds + 1):
            start = time.time()
            model, threshold, backup = _fit(form, seed, build, x, y, options, settings)
            seconds[f"{form}, seed {seed}"] = round(time.time() - start, 1)
            backups[form, seed] = backup
            scores, test_scores = (model.predict(part[0], batch_size=256, verbose=0) for part in (held, test))
            tuned = 0.0, tune_thresholds(held[1], scores, shared=True), tune_thresholds(held[1], scores)
            for reading, value in zip(READINGS, tuned, strict=True):
                results.setdefault((form, reading), []).append(_f1(test[1], test_scores, value))
            if (form, seed) == ("multilabel softmax", 1):
                threshold.threshold.assign_add(tuned[2])
                saved = model, backup
    print(f"\n{'Test set':24}{'thresholds':12}{'micro F1':>17}{'macro F1':>17}")
    for (form, reading), rows in results.items():
        cells = "".join(f"{np.mean(cell):8.4f} ± {sample_deviation(cell):.4f}" for cell in zip(*rows, strict=True))
        print(f"{form:24}{reading:12}{cells}")

    with whole(options.out / "model.keras") as path:
        saved[0].save(path)
    write_csv(options.out / "history.csv", saved[1].history)
    table = {form: {reading: results[form, reading] for reading in READINGS} for form in FORMS}
    about = {"columns": ["micro F1", "macro F1"], "labels": names, "seconds": seconds}
    write_metrics(options.out / "metrics.json", settings, test=table, **about)
    _draw(options.out / "f1.png", table)
    for backup in backups.values():
        backup.clear()
    print(f"\nIn {options.out}: model.keras, metrics.json, history.csv, f1.png")


def _load(options):
    """Names of the labels, a function that builds a model and returns it with its threshold, and three parts `(x, y)`."""
    if options.test is not None and options.train is None:
        raise ValueError("--test goes with --train; received --test alone")
    text = options.train is not None or options.data == "debtags"
    for name, value in {"epochs": (30, 6), "batch_size": (32, 256), "learning_rate": (0.002, 0.05)}.items():
        if getattr(options, name) is None:
            setattr(options, name, value[text])
    if not text:
        train, test = yeast.load_data()
        names = [f"class {i}" for i in range(1, yeast.LABELS + 1)]
        return names, lambda: _perceptron(train[0], yeast.LABELS, options.units), (*_split(*train, share=5), test)
    if options.train is None:
        train, test = debtags.load_data()
    else:
        texts, labels = labelled_texts.load_data(options.train, many=True)
        order = np.random.default_rng(0).permutation(len(texts))
        train = [texts[i] for i in order], [labels[i] for i in order]
        if options.test is not None:
            test = labelled_texts.load_data(options.test, many=True)
        else:
            train, test = _split(*train, share=5)
    names = sorted({label for row in train[1] for label in row})
    unknown = sorted({label for row in test[1] for label in row} - set(names))
    if unknown or not names:
        raise ValueError(f"labels of the test must be among those of the training, {len(names)}; received {unknown[:5]}")
    train, held = _split(*train)
    terms = models.TextClassifier.terms_of(train[0], most=30_000)

    def build():
        model = models.TextClassifier(terms, names, many=True)
        return model, model.threshold

    encoder = build()[0]
    return names, build, [(encoder.encode(x, 192), encoder.encode_labels(y)) for x, y in (train, held, test)]


def _split(x, y, share=10):
    """All but the last `share`-th, and that."""
    kept = len(x) - len(x) // share
    if kept == len(x):
        raise ValueError(f"--train must hold at least {share} texts; received {len(x)}")
    return (x[:kept], y[:kept]), (x[kept:], y[kept:])


def _perceptron(x, labels, units):
    threshold = layers.LabelThreshold(per_label=True)
    model = keras.Sequential([
        keras.Input(x.shape[1:]),
        keras.layers.Normalization(mean=x.mean(0), variance=x.var(0)),
        keras.layers.Dense(units, "relu"),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(labels, use_bias=False),
        threshold,
    ])  # fmt: skip
    return model, threshold


def _fit(form, seed, build, x, y, options, settings):
    keras.utils.set_random_seed(seed)
    loss, learned = FORMS[form]
    model, threshold = build()
    threshold.trainable = learned
    rate = keras.optimizers.schedules.CosineDecay(options.learning_rate, options.epochs * -(-len(x) // options.batch_size))
    model.compile(keras.optimizers.Adam(rate), loss=loss())
    model(x[:1])  # builds it
    path = options.out / f"state-{list(FORMS).index(form)}-{seed}.npz"
    backup = resumed_fit(
        model, x, y, path=path, settings=settings, fresh=options.fresh, epochs=options.epochs, batch_size=options.batch_size,
        verbose=0,
    )  # fmt: skip
    return model, threshold, backup


def _f1(y, scores, threshold):
    """Micro and macro F1."""
    values = []
    for average in ("micro", "macro"):
        metric = metrics.MultilabelF1(y.shape[1], average, threshold)
        metric.update_state(y, scores)
        values.append(float(metric.result()))
    return values


def _draw(path, table):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 5), layout="constrained")
    for i, (form, readings) in enumerate(table.items()):
        for (reading, rows), marker in zip(readings.items(), "os^", strict=True):
            axes.scatter(*np.mean(rows, axis=0), marker=marker, color=f"C{i}", label=f"{form}, {reading}")
    axes.legend(fontsize="small")
    axes.set(xlabel="micro F1", ylabel="macro F1", title="The same classifier, trained with either loss, read in three ways")
    with whole(path) as unfinished:
        figure.savefig(unfinished, dpi=120)
    plt.close(figure)
