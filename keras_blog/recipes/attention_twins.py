"""What the recipes of long sequences share: one model with sparse and one with dense attention, trained alike and measured."""

import time
from pathlib import Path

import keras

from keras_blog.ops.sparse_attention import atrous, local
from keras_blog.recipes.run_folder import whole, write_csv
from keras_blog.recipes.run_options import check_positive, settings_of
from keras_blog.recipes.training import resumed_fit, write_metrics


def add_arguments(parser, epochs, steps, batch_size=16):
    """The arguments that both recipes have."""
    parser.add_argument("--out", metavar="DIR", type=Path, help="run folder (default: runs/RECIPE)")
    parser.add_argument("--attention", nargs="+", choices=["sparse", "dense"], default=["sparse", "dense"],
                        help="which to train, in this order; default: both")  # fmt: skip
    parser.add_argument("--steps", type=int, default=steps, help="characters that the model sees; default: %(default)s")
    parser.add_argument("--window", type=int, default=64, help="of the local layers; default: %(default)s")
    parser.add_argument("--rate", type=int, default=32, help="of the atrous layers; default: %(default)s")
    parser.add_argument("--layers", type=int, default=2, help="default: %(default)s")
    parser.add_argument("--dim", type=int, default=64, help="of the features; default: %(default)s")
    parser.add_argument("--epochs", type=int, default=epochs, help="default: %(default)s")
    parser.add_argument("--batch-size", type=int, default=batch_size, help="default: %(default)s")
    parser.add_argument("--learning-rate", type=float, default=2e-3, help="at the start, then a cosine; default: %(default)s")
    parser.add_argument("--dropout", type=float, default=0.1, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--fresh", action="store_true", help="forget an unfinished run in DIR")


def check(options):
    """One clear error for a number that cannot be."""
    check_positive(options, "steps", "window", "rate", "layers", "dim", "epochs", "batch_size")
    if options.dim % 8:
        raise ValueError(f"--dim must be a multiple of 8, for four heads with rotary positions; received {options.dim}")


def patterns(options, attention, causal):
    """Of each layer: local and atrous by turns, or all steps."""
    turns = [local(options.window, causal), atrous(options.rate, causal)]
    return [turns[i % 2] if attention == "sparse" else atrous(1, causal) for i in range(options.layers)]


def train(options, name, make, evaluate):
    """Train what `make(attention) -> (model, batches)` makes, and measure it.

    Args:
        options: of the command line.
        name: of the recipe, for the run folder.
        make: returns a compiled, built model and its training batches, a `PyDataset`.
        evaluate: `evaluate(model) -> dict` of figures on the test part.

    Returns:
        `(models, reports)`, by attention.
    """
    out = options.out or Path("runs") / name
    settings = settings_of(options, "attention")
    models, reports, histories, backups = {}, {}, {}, []
    before = _peak()  # once: what a process has freed it may keep, so the second would seem to need only the difference
    for attention in options.attention:
        print(f"\n{attention.capitalize()} attention", flush=True)
        keras.utils.set_random_seed(options.seed)
        model, batches = make(attention)
        clock = _Clock()
        backup = resumed_fit(
            model, batches, path=out / f"state-{attention}.npz", settings=settings, fresh=options.fresh, epochs=options.epochs,
            callbacks=[clock], verbose=2,
        )  # fmt: skip
        report = {"seconds_an_epoch": clock.median(), "extra_peak_mb": round(_peak() - before), "weights": model.count_params()}
        models[attention], reports[attention] = model, report
        histories[attention] = backup.history
        backups.append(backup)
    for attention, model in models.items():  # after all peaks of memory are taken
        reports[attention] = {**evaluate(model), **reports[attention]}
    figures = list(reports[options.attention[0]])
    print("\n" + " " * 18 + "".join(f"{attention:>12}" for attention in reports))
    for figure in figures:
        print(f"{figure:18}" + "".join(f"{report[figure]:12,.4g}" for report in reports.values()))
    with whole(out / "model.keras") as path:
        models[options.attention[0]].save(path)
    write_csv(out / "history.csv", histories[options.attention[0]])
    write_metrics(out / "metrics.json", settings, test=reports)
    _draw(out / "training.png", histories)
    for backup in backups:
        backup.clear()
    print(f"\nIn {out}: model.keras, metrics.json, history.csv, training.png")
    return models, reports


class _Clock(keras.callbacks.Callback):
    """Processor seconds of each epoch: other work on the machine does not count."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.process_time() - self.start)

    def median(self):
        return round(sorted(self.seconds)[len(self.seconds) // 2], 1) if self.seconds else 0.0


def _peak():
    """Peak resident memory of this process in MB, where the system tells."""
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _draw(path, histories):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for label, history in histories.items():
        axes.plot(range(1, len(history["loss"]) + 1), history["loss"], marker="o", label=label)
    axes.set(title="Training loss", xlabel="epoch", ylabel="nats")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend()
    with whole(path) as unfinished:
        figure.savefig(unfinished, dpi=120)
    plt.close(figure)
