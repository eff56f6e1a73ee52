"""Features without labels: Deep InfoMax beside a variational autoencoder with the same encoder, and the pixels themselves.

Task: how well do frozen codes tell ten digits apart, by the five neighbours of largest cosine, and by a logistic regression
on all training labels or on ten a class? Data: `datasets.digits`, 4,000 and 1,000 for the figures, or your `.npz` file with
`images` and `labels`; the labels serve the figures only. Command: `keras-blog train infomax --backend jax`.

    accuracy of     5 neighbours   probe   probe, 10 a class   seconds
    Deep InfoMax           .9140   .9190               .8350       101
    VAE                    .9460   .8970               .6910        15
    pixels                 .9450   .9030               .7550

JAX, seed 1, one run of 30 epochs each, on a share of two busy cores. The codes have 64 dimensions, the pixels are 784; both
networks have the same encoder. Where labels are few, the codes of Deep InfoMax are far ahead. Their neighbours are not: those
of the VAE's codes and of the pixels are right more often.

References:
    Articles: kexue.fm 6024, 6088
"""

import time
from pathlib import Path

import keras
import numpy as np

from keras_blog import layers, models
from keras_blog.datasets import digits, labelled_images
from keras_blog.recipes.run_folder import whole, write_csv
from keras_blog.recipes.run_options import check_positive, settings_of
from keras_blog.recipes.training import write_metrics


def add_arguments(parser):
    """The arguments of the recipe."""
    parser.add_argument("--train", metavar="FILE", help=".npz with `images` (n, height, width), 0 to 255, and `labels`")
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("runs/infomax"), help="default: %(default)s")
    parser.add_argument("--bound", default="jensen_shannon", help="of `ops.mutual_information`; default: %(default)s")
    parser.add_argument("--global-weight", type=float, default=0.5, help="of image and code; default: %(default)s")
    parser.add_argument("--local-weight", type=float, default=1.5, help="of place and code; default: %(default)s")
    parser.add_argument("--epochs", type=int, default=30, help="default: %(default)s")
    parser.add_argument("--batch-size", type=int, default=64, help="default: %(default)s")
    parser.add_argument("--filters", type=int, default=16, help="of the first convolution; default: %(default)s")
    parser.add_argument("--latent", type=int, default=64, help="dimensions; default: %(default)s")
    parser.add_argument("--few", type=int, default=10, help="labels a class for the second probe; default: %(default)s")
    parser.add_argument("--images", type=int, metavar="N", help="train on the first N only")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")


def run(options):
    """Train both without labels, print how well their codes tell the classes apart, write the run folder."""
    check_positive(options, "epochs", "batch_size", "filters", "latent", "few")
    train, train_labels, test, test_labels = _load(options)
    print(f"{len(train):,} training, {len(test):,} test images, {train_labels.max() + 1} classes; "
          f"backend {keras.config.backend()}")  # fmt: skip
    keras.utils.set_random_seed(options.seed)
    shape, fit = train.shape[1:], {"batch_size": min(options.batch_size, len(train)), "epochs": options.epochs, "verbose": 0}
    features, encoder, _ = networks(shape, options)
    weights = {"global_weight": options.global_weight, "local_weight": options.local_weight}
    infomax = models.DeepInfoMax(features, encoder, **weights, bound=options.bound, seed=options.seed)
    features, encoder, decoder = networks(shape, options)
    encoder = keras.Sequential([keras.Input(shape), features, encoder])
    vae = models.VAE(encoder, decoder, layers.Likelihood(), seed=options.seed)
    codes, seconds, histories = {}, {"pixels": 0}, []
    for name, model in (("Deep InfoMax", infomax), ("VAE", vae)):
        model.compile(keras.optimizers.Adam(1e-3))
        start = time.time()
        whole_batches = len(train) - len(train) % fit["batch_size"]  # a last image alone would have no false pair
        histories.append(model.fit(train[:whole_batches], **fit).history)
        seconds[name] = round(time.time() - start)
        codes[name] = [model.encode(images) for images in (train, test)]
    codes["pixels"] = [images.reshape(len(images), -1) for images in (train, test)]

    few = np.concatenate([np.flatnonzero(train_labels == k)[: options.few] for k in range(train_labels.max() + 1)])
    rows = {}
    print(f"\n{'accuracy of':14}{'5 neighbours':>14}{'probe':>8}{f'probe, {options.few} a class':>20}{'seconds':>9}")
    for name, (known, new) in codes.items():
        found = train_labels[nearest(known, new, 5)]  # (n, 5)
        votes = np.stack([(found == k).sum(axis=1) for k in range(train_labels.max() + 1)], axis=1)
        rows[name] = {
            "neighbours": float(np.mean(votes.argmax(axis=1) == test_labels)),
            "probe": probe(known, train_labels, new, test_labels),
            "probe_few": probe(known[few], train_labels[few], new, test_labels),
            "seconds": seconds[name],
        }
        row = rows[name]
        print(f"{name:14}{row['neighbours']:14.4f}{row['probe']:8.4f}{row['probe_few']:20.4f}{row['seconds']:9}", flush=True)
    with whole(options.out / "model.keras") as path:
        infomax.save(path)
    write_csv(options.out / "history.csv", histories[0])
    settings = settings_of(options)
    write_metrics(options.out / "metrics.json", settings, accuracy=rows)
    _draw(options.out / "neighbours.png", codes, train, test)
    print(f"\nIn {options.out}: model.keras, metrics.json, history.csv, neighbours.png")


def networks(shape, options):
    """Feature maps, an encoder of them, and a decoder for the autoencoder, built."""
    filters, latent = options.filters, options.latent
    leak = lambda: keras.layers.LeakyReLU(0.2)  # noqa: E731
    convolution = lambda filters: [keras.layers.Conv2D(filters, 3, 2, "same"), leak()]  # noqa: E731
    features = keras.Sequential([keras.Input(shape), *convolution(filters), *convolution(2 * filters)])
    maps = features.output_shape[1:]
    encoder = [keras.Input(maps), *convolution(4 * filters), keras.layers.Flatten(), keras.layers.Dense(2 * latent)]
    decoder = [keras.layers.Dense(256, "relu"), keras.layers.Dense(int(np.prod(shape))), keras.layers.Reshape(shape)]
    return features, keras.Sequential(encoder), keras.Sequential([keras.Input((latent,)), *decoder])


def nearest(known, new, count):
    """The rows of `known` with the largest cosines to each row of `new`, ids `(n, count)`, the nearest first."""
    known, new = (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12) for x in (known, new))
    return np.argsort(-(new @ known.T), axis=1)[:, :count]


def probe(known, labels, new, new_labels, decay=1e-3, steps=500):
    """Accuracy of a logistic regression on standardised codes, trained by gradients with momentum on all of them."""
    mean, spread = known.mean(axis=0), np.maximum(known.std(axis=0), 1e-6)
    known, new = (np.hstack([(x - mean) / spread, np.ones((len(x), 1))]).astype("float32") for x in (known, new))
    target = np.eye(labels.max() + 1, dtype="float32")[labels]
    kernel = np.zeros((known.shape[1], target.shape[1]), "float32")
    rate, moved = 2 / np.mean(np.sum(known**2, axis=1)), np.zeros_like(kernel)
    for _ in range(steps):
        scores = known @ kernel
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        gradient = known.T @ (shares / shares.sum(axis=1, keepdims=True) - target) / len(known) + decay * kernel
        moved = 0.9 * moved - rate * gradient
        kernel += moved
    return float(np.mean((new @ kernel).argmax(axis=1) == new_labels))


def _load(options):
    """`(train, labels, test, labels)`: float32 images `(n, height, width, 1)` in [0, 1], labels from 0."""
    if options.train is None:
        (train, train_labels), (test, test_labels) = digits.load_data()
    else:
        images, labels = labelled_images.load_data(options.train)
        cut = len(images) // 5
        if labels is None or cut < 1 or min(images.shape[1:]) < 8:
            raise ValueError(
                f"--train must hold `labels` and at least 5 images of 8 pixels or more a side; received {len(images)} "
                f"of {images.shape[1:]}, {'no' if labels is None else 'with'} labels"
            )
        labels = np.unique(labels, return_inverse=True)[1]
        train, train_labels, test, test_labels = images[:-cut], labels[:-cut], images[-cut:], labels[-cut:]
    train, train_labels = train[: options.images], train_labels[: options.images]
    if len(train) < 5:
        raise ValueError(f"--images must leave at least 5; received {options.images}")
    train, test = ((images[..., None] / np.float32(255)).astype("float32") for images in (train, test))
    return train, train_labels.astype("int64"), test, test_labels.astype("int64")


def _draw(path, codes, train, test, queries=8, count=7):
    """Test images, and what is nearest to them among the training images, by each code."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    height, width = test.shape[1:3]
    figure, axes = plt.subplots(1, len(codes), figsize=(4 * len(codes), 4.2), layout="constrained")
    for axis, (name, (known, new)) in zip(axes, codes.items(), strict=True):
        sheet = np.zeros((min(queries, len(test)) * height, (count + 1) * width + width // 2), "float32")
        for i, ids in enumerate(nearest(known, new[:queries], count)):
            rows = slice(i * height, (i + 1) * height)
            sheet[rows, :width] = test[i, ..., 0]
            found = np.concatenate([train[k, ..., 0] for k in ids], axis=1)
            sheet[rows, width + width // 2 :][:, : found.shape[1]] = found
        axis.imshow(sheet, cmap="gray_r", vmin=0, vmax=1)
        axis.set(title=f"Nearest by {name}", xticks=[], yticks=[])
    with whole(path) as unfinished:
        figure.savefig(unfinished, dpi=120)
    plt.close(figure)
