"""How probable is a handwritten digit? Variational autoencoders by three objectives, and their log likelihoods.

Task: nats of held-out digits, 28 by 28 black or white pixels, drawn once from the grey ones. Data: `datasets.digits`, 3,600 for
training, 400 to choose the epoch by, 300 scored with 5,000 importance samples each; or your `.npz` file with `images`. Command:
`keras-blog train density --backend jax`.

    nats a digit        one sample   5,000 samples   error   k > .7   active   seconds
    elbo                   -118.36         -109.53     .03      .99       50        57
    iwae, 5 samples        -122.29         -107.30     .03     1.00       50        75
    dreg, 5 samples        -120.02         -105.54     .03     1.00       50        76
    pythae's VAE           -121.36         -114.36     .02      .98       40       179
    pythae's IWAE, 5       -124.78         -112.43     .03      .99       50       145

JAX, seed 1, one run of 50 epochs each; seconds of the training alone, one thread of a busy machine, pythae's another day. The
whole command took 130 of CPU time. The same seed with its noise in another order gave elbo -109.14 and 44 active.

One sample gives the evidence lower bound: as the article says, the importance-weighted objectives pay for the better decoder
with an encoder that fits it less. The Pareto shape tells that even 5,000 samples of 50 dimensions leave the values too low;
the error, of the sampling with these digits given, does not. pythae 0.1.2 has the same network, images, epochs and Adam, by
`benchmarks/density.py`; it starts from torch's own weights.

References:
    Articles: kexue.fm 5383, 8791
"""

import time
from pathlib import Path

import keras
import numpy as np

from keras_blog import metrics, models
from keras_blog.datasets import digits, labelled_images
from keras_blog.recipes.run_folder import whole, write_csv
from keras_blog.recipes.run_options import check_positive, settings_of
from keras_blog.recipes.training import resumed_fit, write_metrics

OBJECTIVES = ("elbo", "iwae", "dreg")


def add_arguments(parser):
    """The arguments of the recipe."""
    parser.add_argument(
        "--train", metavar="FILE", help=".npz with `images` (n, height, width), 0 to 255; default: MNIST digits"
    )
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("runs/density"), help="default: %(default)s")
    parser.add_argument("--objectives", nargs="+", choices=OBJECTIVES, default=list(OBJECTIVES), help="default: all")
    parser.add_argument("--importance", type=int, default=5, help="samples in training, but for elbo; default: %(default)s")
    parser.add_argument("--samples", type=int, default=5000, help="for the log likelihoods; default: %(default)s")
    parser.add_argument("--test", type=int, default=300, help="images whose log likelihood is taken; default: %(default)s")
    parser.add_argument("--epochs", type=int, default=50, help="default: %(default)s")
    parser.add_argument("--batch-size", type=int, default=100, help="default: %(default)s")
    parser.add_argument("--units", type=int, default=200, help="of the hidden layers; default: %(default)s")
    parser.add_argument("--latent", type=int, default=50, help="dimensions; default: %(default)s")
    parser.add_argument("--learning-rate", type=float, default=1e-3, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--fresh", action="store_true", help="forget an unfinished run in DIR")


def run(options):
    """Train by every objective, print the log likelihoods, write the run folder."""
    check_positive(options, "importance", "samples", "test", "epochs", "batch_size", "units", "latent")
    train, validation, test = load(options)
    print(f"{len(train):,} training, {len(validation):,} validation, {len(test):,} test images of {train[0].size} pixels; "
          f"backend {keras.config.backend()}")  # fmt: skip
    print(
        f"\n{'objective':10}{'one sample':>12}{options.samples:>8,} samples{'error':>8}{'k > .7':>8}{'active':>8}{'seconds':>9}"
    )
    rows, best, backups = {}, None, []
    for objective in dict.fromkeys(options.objectives):
        start = time.time()
        model, backup = _fit(objective, train, validation, options)
        seconds = round(time.time() - start)
        rows[objective], values = score(model, test, options)
        rows[objective]["seconds"] = seconds
        print(line(objective, rows[objective]), flush=True)
        if best is None or rows[objective]["log_likelihood"] > rows[best[0]]["log_likelihood"]:
            best = objective, model, backup.history, values
        backups.append(backup)
    objective, model, history, values = best
    with whole(options.out / "model.keras") as path:
        model.save(path)
    write_csv(options.out / "history.csv", history)
    settings = settings_of(options)
    write_metrics(options.out / "metrics.json", settings, figures=rows, saved=objective)
    _draw(options.out / "density.png", model, test, values, options.seed)
    for backup in backups:
        backup.clear()
    print(f"\nIn {options.out}: model.keras ({objective}), metrics.json, history.csv, density.png")


def load(options):
    """Black and white images, float32 `(n, height, width)`: training, validation (a tenth of it), test.

    A pixel is white with the probability of its grey, drawn once: the log likelihood is of a true probability then.
    """
    if options.train is None:
        (train, _), (test, _) = digits.load_data()
    else:
        images, _ = labelled_images.load_data(options.train)
        cut = len(images) // 5
        if cut < 2:
            raise ValueError(f"--train must hold at least 10 images, of which a fifth is for the test; received {len(images)}")
        train, test = images[:-cut], images[-cut:]
    rng = np.random.default_rng(0)
    train, test = ((rng.random(images.shape) * 255 < images).astype("float32") for images in (train, test))
    cut = max(1, len(train) // 10)
    return train[:-cut], train[-cut:], test[: options.test]


def networks(shape, options):
    """Encoder and decoder, built: two hidden layers each."""
    dense = keras.layers.Dense
    hidden = lambda: [dense(options.units, "relu"), dense(options.units, "relu")]  # noqa: E731
    encoder = [keras.Input(shape), keras.layers.Flatten(), *hidden(), dense(2 * options.latent)]
    decoder = [keras.Input((options.latent,)), *hidden(), dense(int(np.prod(shape))), keras.layers.Reshape(shape)]
    return keras.Sequential(encoder), keras.Sequential(decoder)


def score(model, test, options):
    """Figures of a model, and the log likelihood of each test image."""
    found = model.log_likelihood(test, options.samples, seed=0)
    return {
        "log_likelihood": float(found.value.mean()),
        "standard_error": float(np.sqrt(np.sum(found.standard_error**2)) / len(test)),  # of the sampling, these images given
        "one_sample": float(model.log_likelihood(test, 1, seed=0).value.mean()),
        "pareto_k_above": float(np.mean(found.pareto_k > 0.7)),
        "active_units": int(metrics.active_units(model.encode(test))),
    }, found.value


def line(name, row):
    """A line of the table."""
    figures = f"{row['one_sample']:12.2f}{row['log_likelihood']:16.2f}{row['standard_error']:8.2f}"
    return f"{name:10}{figures}{row['pareto_k_above']:8.2f}{row['active_units']:8}{row['seconds']:9}"


def _fit(objective, train, validation, options):
    keras.utils.set_random_seed(options.seed)
    samples = 1 if objective == "elbo" else options.importance
    model = models.VAE(*networks(train.shape[1:], options), objective=objective, samples=samples, seed=options.seed)
    model.compile(keras.optimizers.Adam(options.learning_rate))
    model(train[:1])  # builds it
    best = keras.callbacks.EarlyStopping("val_loss", patience=options.epochs, restore_best_weights=True)
    backup = resumed_fit(
        model, train, path=options.out / f"state-{objective}.npz", fresh=options.fresh, epochs=options.epochs,
        settings=settings_of(options, "objectives", "samples", "test"), remembering=[best],
        validation_data=(validation, None), batch_size=min(options.batch_size, len(train)), verbose=0,
    )  # fmt: skip
    return model, backup


def _draw(path, model, test, values, seed, rows=6, columns=8):
    """Samples; the test images that the model finds most probable; and the least."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    order, count = np.argsort(-values), min(rows * columns, len(test))
    some = order[:count], order[-count:][::-1]
    panels = {"Drawn by the model": model.generate(rows * columns, seed=seed)}
    for name, ids in zip(("Most probable", "Least probable"), some, strict=True):
        panels[f"{name}, {values[ids[0]]:.0f} to {values[ids[-1]]:.0f} nats"] = test[ids]
    figure, axes = plt.subplots(1, 3, figsize=(12, 3.4), layout="constrained")
    height, width = test.shape[1:]
    for axis, (title, images) in zip(axes, panels.items(), strict=True):
        sheet = np.zeros((rows, columns, height, width), "float32")
        sheet.reshape(-1, height, width)[: len(images)] = images
        axis.imshow(sheet.transpose(0, 2, 1, 3).reshape(rows * height, columns * width), cmap="gray_r", vmin=0, vmax=1)
        axis.set(title=title, xticks=[], yticks=[])
    with whole(path) as unfinished:
        figure.savefig(unfinished, dpi=120)
    plt.close(figure)
