"""What the tagging recipes share: data from files, training that survives interruption, the baseline, the report."""

import time
from pathlib import Path

import keras

from keras_blog import losses, metrics, models
from keras_blog.datasets import conll
from keras_blog.ops import crf
from keras_blog.recipes.run_folder import whole, write_csv
from keras_blog.recipes.run_options import check_positive, settings_of
from keras_blog.recipes.training import resumed_fit, write_metrics, write_model


def add_arguments(parser, epochs, dropout, rate=2e-3):
    """The arguments of a tagging recipe."""
    parser.add_argument("--train", metavar="FILE", help="CoNLL-style training file, a token and its tag a line")
    parser.add_argument(
        "--validation", metavar="FILE", help="the same, for the F1 after each epoch (default: a part of --train)"
    )
    parser.add_argument("--test", metavar="FILE", help="the same, for the final figures (default: a part of --train)")
    parser.add_argument("--scheme", choices=["BIO", "BIOES", "BMES"], help="of the tags (default: read off them)")
    parser.add_argument("--out", metavar="DIR", type=Path, help="run folder (default: runs/RECIPE)")
    parser.add_argument("--sentences", type=int, metavar="N", help="train on the first N sentences only")
    parser.add_argument("--epochs", type=int, default=epochs, help="default: %(default)s")
    parser.add_argument("--batch-size", type=int, default=64, help="default: %(default)s")
    parser.add_argument("--learning-rate", type=float, default=rate, help="at the start, then a cosine; default: %(default)s")
    parser.add_argument("--dim", type=int, default=128, help="of the encoder; default: %(default)s")
    parser.add_argument("--dropout", type=float, default=dropout, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--fresh", action="store_true", help="forget an unfinished run in DIR")


def load(options, default):
    """`(train, validation, test)`, each `(sentences, tags)`: from the user's files, or from `default()`.

    What is not given is cut off the end of the training data, a twentieth each.
    """
    if options.train is None:
        if options.validation or options.test:
            raise ValueError("--validation and --test need --train")
        train, test = default()
    else:
        train, test = conll.load_data(options.train), options.test and conll.load_data(options.test)
    validation = options.validation and conll.load_data(options.validation)
    if not test:
        train, test = _cut(train)
    if not validation:
        train, validation = _cut(train)
    if options.sentences is not None:
        train = tuple(part[: options.sentences] for part in train)
    return train, validation, test


def scheme_of(tag_names):
    """The scheme whose letters the tags use."""
    letters = {tag.split("-")[0] for tag in tag_names} - {"O"}
    if "M" in letters:
        return "BMES"
    return "BIOES" if letters & {"E", "S"} else "BIO"


def run(options, name, default, examples, baselines=None):
    """Train the tagger and its softmax twin, report on the test set, write the run folder.

    Args:
        options: of the command line, see `add_arguments`.
        name: of the recipe, for the run folder.
        default: returns `(train, test)` where the user gives no file.
        examples: texts to tag at the end.
        baselines: more to compare with, by name: `(train, test, scheme) -> report` in the form of `SpanF1.report`.
    """
    check_positive(options, "epochs", "batch_size", "dim", "sentences")
    out = options.out or Path("runs") / name
    train, validation, test = load(options, default)
    tag_names = sorted({tag for _, tags in (train, validation, test) for row in tags for tag in row})
    scheme = options.scheme or scheme_of(tag_names)
    crf.allowed_transitions(tag_names, scheme)  # a tag that does not fit stops us here
    print(f"{len(train[0]):,} training, {len(validation[0]):,} validation, {len(test[0]):,} test sentences; "
          f"{len(tag_names)} tags, {scheme}; backend {keras.config.backend()}")  # fmt: skip
    settings = settings_of(options)

    keras.utils.set_random_seed(options.seed)
    vocabulary = models.Tagger.vocabulary_of(train[0])
    bigrams = models.Tagger.bigrams_of(train[0], vocabulary)
    encoder, twin = (_encoder(options, vocabulary, bigrams) for _ in range(2))
    tagger = models.Tagger(vocabulary, tag_names, scheme, encoder=encoder, lr_multiplier=10.0)
    ids = keras.Input((None,), dtype="int32")
    plain = keras.Model(ids, keras.layers.Dense(len(tag_names))(twin(ids)), name="softmax")

    fits = {}
    for key, model, loss in (
        ("crf", tagger, losses.CRFNegativeLogLikelihood()),
        ("softmax", plain, keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)),
    ):
        print(f"\n{'Encoder and CRF' if key == 'crf' else 'The same encoder with a plain softmax'}")
        fits[key] = _fit(key, model, loss, tagger, train, validation, options, out, settings)

    reports = {key: _evaluate(model, tagger, test) for key, model in (("crf", tagger), ("softmax", plain))}
    reports.update({key: baseline(train, test, scheme) for key, baseline in (baselines or {}).items()})
    print(f"\n{'Test set':22}{'precision':>10}{'recall':>10}{'F1':>10}{'spans':>10}")
    for key, report in reports.items():
        for kind, row in list(report.items())[: 1 if len(report) == 2 else None]:  # of one type, overall is all
            figures = "".join(f"{row[figure]:10.4f}" for figure in ("precision", "recall", "f1"))
            print(f"{key:12}{kind:10}{figures}{row['spans']:10,}")
    print()
    for text in examples:
        print(show(text, tagger.spans([text])[0]))

    write_model(out / "model.keras", tagger)
    write_csv(out / "history.csv", fits["crf"][0].history)
    seconds = {key: round(seconds, 1) for key, (_, seconds) in fits.items()}
    write_metrics(out / "metrics.json", settings, test=reports, seconds=seconds)
    _draw(out / "transitions.png", tagger, {key: backup.history["span_f1"] for key, (backup, _) in fits.items()})
    for backup, _ in fits.values():
        backup.clear()
    print(f"\nIn {out}: model.keras, metrics.json, history.csv, transitions.png")


def show(text, spans):
    """A text with its spans marked; where they have no types, as words are, cut apart."""
    pieces, end = [], 0
    typed = any(kind for *_, kind in spans)
    for start, stop, kind in spans:
        pieces += [_join(text[end:start]), f"[{_join(text[start:stop])} {kind}]" if kind else _join(text[start:stop])]
        end = stop
    pieces = [piece for piece in [*pieces, _join(text[end:])] if piece]
    return ("" if typed and isinstance(text, str) else " ").join(pieces)


def _join(tokens):
    return tokens if isinstance(tokens, str) else " ".join(tokens)


def _cut(pair):
    if len(pair[0]) < 20:
        raise ValueError(f"--train must hold at least 20 sentences to cut a test part off; received {len(pair[0])}")
    at = -max(1, len(pair[0]) // 20)
    return tuple(part[:at] for part in pair), tuple(part[at:] for part in pair)


def _encoder(options, vocabulary, bigrams):
    return models.character_encoder(
        len(vocabulary) + 2,
        dim=options.dim,
        bigrams=bigrams if len(bigrams) else None,
        dropout=options.dropout,
        seed=options.seed,
    )


def _fit(key, model, loss, tagger, train, validation, options, out, settings):
    batches = models.TaggedBatches(tagger, *train, batch_size=options.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(options.learning_rate, options.epochs * len(batches), alpha=0.02)
    model.compile(keras.optimizers.Adam(rate, clipnorm=5.0), loss=loss)
    model(batches[0][0])  # builds it
    start = time.time()
    backup = resumed_fit(
        model, batches, path=out / f"state-{key}.npz", settings=settings, fresh=options.fresh, epochs=options.epochs,
        callbacks=[_SpanF1(tagger, validation)],
    )  # fmt: skip
    return backup, time.time() - start


class _SpanF1(keras.callbacks.Callback):
    """Adds the F1 on the validation set to the logs of each epoch; in `compile` it would be measured in training too."""

    def __init__(self, tagger, validation):
        super().__init__()
        self.tagger, self.validation = tagger, validation

    def on_epoch_end(self, epoch, logs=None):
        logs["span_f1"] = _evaluate(self.model, self.tagger, self.validation)["overall"]["f1"]
        print(f"  validation F1 {logs['span_f1']:.4f}")


def _evaluate(model, tagger, data):
    metric = metrics.SpanF1(tagger.tag_names, tagger.scheme)
    batches = models.TaggedBatches(tagger, *data, batch_size=128, shuffle=False)
    for i in range(len(batches)):
        ids, tags = batches[i]
        metric.update_state(tags, model.predict_on_batch(ids))
    return metric.report()


def _draw(path, tagger, f1):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np

    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5), width_ratios=[3, 2], layout="constrained")
    transitions = keras.ops.convert_to_numpy(tagger.crf.scores()[0])
    transitions = np.where(transitions > crf.FORBIDDEN / 2, transitions, np.nan)
    most = np.nanmax(np.abs(transitions))
    image = left.imshow(transitions, cmap="RdBu_r", vmin=-most, vmax=most)
    left.set_facecolor("0.85")
    left.set_xticks(range(len(tagger.tag_names)), tagger.tag_names, rotation=90)
    left.set_yticks(range(len(tagger.tag_names)), tagger.tag_names)
    left.set(title="Learned transitions (grey: forbidden)", xlabel="to", ylabel="from")
    figure.colorbar(image, ax=left, label="score in nats")
    for label, scores in f1.items():
        right.plot(range(1, len(scores) + 1), scores, marker="o", label={"crf": "CRF"}.get(label, label))
    right.set(title="Span F1 on the validation set", xlabel="epoch", ylabel="F1")
    right.xaxis.get_major_locator().set_params(integer=True)
    right.legend()
    with whole(path) as unfinished:
        figure.savefig(unfinished, dpi=120)
    plt.close(figure)
