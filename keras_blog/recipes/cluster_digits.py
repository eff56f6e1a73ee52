"""Handwritten digits in ten clusters, without labels: a variational autoencoder whose prior is a Gaussian a cluster.

Task: 28 by 28 pixels; the labels are only for the figures, purity and one-to-one accuracy. Data: `datasets.digits`, 5,000 of
MNIST, or your `.npz` file with `images` and, if there are any, `labels`. Command: `keras-blog train cluster-digits`.

Two forms. `vade` has no classifier: an ordinary autoencoder first, k-means among its latents, then the mixture is trained with
it. `article` is that of kexue.fm 5887, a classifier of the latents and component means from zero; the article gives 83 % purity
for a convolutional network after 30,000 steps on all of MNIST, of which `--network convolutions` is the network.

                                       accuracy           purity              nmi
    k-means on pixels                .519 ± .009      .545 ± .009      .472 ± .007
    vade, 1,000 and 1,500 steps             .584             .627             .593
    vade, 2,500 and 5,000 steps      .674 ± .024      .700 ± .015      .641 ± .016
    vade, the same, convolutions            .646             .688             .684
    article, 7,500 steps             .559 ± .042      .593 ± .034      .531 ± .051
    article, 30,000 steps                   .664             .710             .674

JAX; mean and deviation of the seeds 1 to 5 (`--seeds 5`), the second line of seed 1 alone, the fifth of the seeds 1 to 3
(`--form article --latent 20 --steps 7500 --seeds 3`, dense network). The third, the default, takes 55 seconds of one core a
seed. With convolutions, seed 1, TensorFlow: 15 minutes of a busy core, and the last line, the article's full run (`--form
article --latent 20 --network convolutions --steps 30000`), 55 minutes; it has a fourteenth of the article's images.

References:
    Article: kexue.fm 5887
"""

import time
from pathlib import Path

import keras
import numpy as np

from keras_blog import layers, metrics, models
from keras_blog.datasets import digits, labelled_images
from keras_blog.ops.k_means import k_means
from keras_blog.recipes.run_folder import whole, write_csv
from keras_blog.recipes.run_options import check_positive, settings_of
from keras_blog.recipes.sample_deviation import sample_deviation
from keras_blog.recipes.training import resumed_fit, write_metrics

DATA = ("digits", "mnist", "fashion_mnist")


def add_arguments(parser):
    """The arguments of the recipe."""
    parser.add_argument("--train", metavar="FILE", help=".npz with `images` (n, 28, 28), 0 to 255, and perhaps `labels`")
    parser.add_argument(
        "--data", choices=DATA, default="digits", help="the other two by `keras.datasets`; default: %(default)s"
    )
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("runs/cluster-digits"), help="default: %(default)s")
    parser.add_argument("--form", choices=("vade", "article"), default="vade", help="default: %(default)s")
    parser.add_argument("--network", choices=("dense", "convolutions"), default="dense", help="default: %(default)s")
    parser.add_argument("--clusters", type=int, default=10, help="default: %(default)s")
    parser.add_argument("--latent", type=int, default=10, help="dimensions; default: %(default)s")
    parser.add_argument("--units", type=int, default=256, help="of the dense network; default: %(default)s")
    parser.add_argument("--steps", type=int, default=5000, help="of the clustering; default: %(default)s")
    parser.add_argument("--first-steps", type=int, default=2500, help="of the plain autoencoder; default: %(default)s")
    parser.add_argument("--batch-size", type=int, default=100, help="default: %(default)s")
    parser.add_argument("--seeds", type=int, default=1, help="runs, for mean and deviation; default: %(default)s")
    parser.add_argument("--images", type=int, metavar="N", help="take only the first N")
    parser.add_argument("--fresh", action="store_true", help="forget an unfinished run in DIR")


def run(options):
    """Cluster once a seed, print the figures beside those of k-means, write the run folder."""
    check_positive(options, "clusters", "latent", "units", "steps", "batch_size", "seeds")
    images, labels = _load(options)
    x = (images / np.float32(255))[..., None].astype("float32")
    options.batch_size = min(options.batch_size, len(x))
    print(f"{len(x):,} images, {options.clusters} clusters; backend {keras.config.backend()}")
    settings = settings_of(options, "seeds")
    rows, models_, backups = [], [], []
    baseline = [k_means(x.reshape(len(x), -1), options.clusters, 5, seed) for seed in range(1, options.seeds + 1)]
    for seed in range(1, options.seeds + 1):
        start = time.time()
        model, states = _fit(x, options, settings, seed)
        found = model.cluster(x)
        rows.append({**_figures(labels, found), "seconds": round(time.time() - start)})
        print(f"seed {seed}: " + ", ".join(f"{name} {value:.4g}" for name, value in rows[-1].items()), flush=True)
        models_.append(model)
        backups += states
    table = {"k-means on pixels": [_figures(labels, found) for found in baseline], options.form: rows}
    if labels is not None:
        print(f"\n{'Mean, sd':20}" + "".join(f"{name:>18}" for name in ("accuracy", "purity", "nmi")))
        for name, some in table.items():
            columns = [[row[key] for row in some] for key in ("accuracy", "purity", "nmi")]
            print(f"{name:20}" + "".join(f"{np.mean(c):10.4f} ± {sample_deviation(c):.4f}" for c in columns))
    with whole(options.out / "model.keras") as path:
        models_[0].save(path)
    write_csv(options.out / "history.csv", backups[0].history)
    write_metrics(options.out / "metrics.json", settings_of(options), figures=table)
    _draw(options.out / "clusters.png", models_[0], x, labels)
    for backup in backups:
        backup.clear()
    print(f"\nIn {options.out}: model.keras, metrics.json, history.csv, clusters.png")


def networks(options):
    """Encoder and decoder, built."""
    dense, relu = keras.layers.Dense, "relu"
    if options.network == "dense":
        encoder = [keras.layers.Flatten(), dense(options.units, relu), dense(options.units, relu), dense(2 * options.latent)]
        decoder = [dense(options.units, relu), dense(options.units, relu), dense(784), keras.layers.Reshape((28, 28, 1))]
    else:  # the article's
        leak = lambda: keras.layers.LeakyReLU(0.2)  # noqa: E731
        encoder, decoder = [], [dense(7 * 7 * 64), keras.layers.Reshape((7, 7, 64))]
        for filters in (32, 64):
            for stride in (2, 1):
                encoder += [keras.layers.Conv2D(filters, 3, stride, "same"), leak()]
        encoder += [keras.layers.Flatten(), dense(2 * options.latent)]
        for filters in (64, 32):
            for stride in (1, 2):
                decoder += [keras.layers.Conv2DTranspose(filters, 3, stride, "same"), leak()]
        decoder += [keras.layers.Conv2DTranspose(1, 3, padding="same")]
    encoder = keras.Sequential([keras.Input((28, 28, 1)), *encoder])
    return encoder, keras.Sequential([keras.Input((options.latent,)), *decoder])


def _fit(x, options, settings, seed):
    """A trained model, and the states of its trainings, the last one first."""
    keras.utils.set_random_seed(seed)
    encoder, decoder = networks(options)

    def fit(model, steps, name):
        model(x[:1])  # builds it
        return resumed_fit(
            model, x, path=options.out / f"state-{name}-{seed}.npz", settings=settings, fresh=options.fresh,
            epochs=max(1, round(steps * options.batch_size / len(x))), batch_size=options.batch_size, verbose=0,
        )  # fmt: skip

    if options.form == "article":
        inputs = [keras.Input((options.latent,)), keras.layers.Dense(256, "relu"), keras.layers.Dense(options.clusters)]
        prior, likelihood = layers.GaussianMixturePrior(options.clusters), layers.Likelihood("gaussian", 0.4)
        model = models.ClusteringVAE(encoder, decoder, prior, keras.Sequential(inputs), likelihood=likelihood, seed=seed)
        model.compile(keras.optimizers.Adam(1e-3))
        return model, [fit(model, options.steps, "clusters")]
    likelihood, states = layers.Likelihood(), []
    if options.first_steps:
        warm_up = keras.optimizers.schedules.PolynomialDecay(0.0, max(options.first_steps // 2, 1), 1.0)
        first = models.VAE(encoder, decoder, likelihood, beta=warm_up, seed=seed)
        first.compile(keras.optimizers.Adam(1e-3))
        states.append(fit(first, options.first_steps, "first"))
    prior = layers.GaussianMixturePrior(options.clusters, learn_variances=True, learn_weights=True)
    model = models.ClusteringVAE(encoder, decoder, prior, likelihood=likelihood, seed=seed)
    model.start_clusters(x, seed=seed)
    rate = keras.optimizers.schedules.CosineDecay(1e-3, options.steps, alpha=0.05)
    model.compile(keras.optimizers.Adam(rate))
    return model, [fit(model, options.steps, "clusters"), *states]


def _load(options):
    if options.train is not None:
        images, labels = labelled_images.load_data(options.train)
        if images.shape[1:] != (28, 28):
            raise ValueError(f"--train must hold `images` of shape (n, 28, 28); received {images.shape}")
    elif options.data == "digits":
        (images, labels), _ = digits.load_data(test=0)
    else:
        try:
            parts = getattr(keras.datasets, options.data).load_data()
        except Exception as error:  # Keras raises no narrower one
            raise RuntimeError(f"--data {options.data} could not be downloaded: {error}") from error
        images, labels = (np.concatenate(both) for both in zip(*parts, strict=True))
    images, labels = images[: options.images], None if labels is None else labels[: options.images]
    if len(images) < options.clusters:
        raise ValueError(f"--clusters must be at most the number of images, {len(images)}; received {options.clusters}")
    return images, labels


def _figures(labels, found):
    return {"clusters": len(np.unique(found))} if labels is None else metrics.clustering(labels, found)


def _draw(path, model, x, labels, columns=12):
    """A row a cluster: images that belong to it most clearly, and samples of it."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    shares, rows = model.assign_proba(x), model.prior.components
    picture = np.ones((28 * rows, 28 * (2 * columns + 1)), "float32")
    for k in range(rows):
        real = x[np.argsort(-shares[:, k])[:columns], ..., 0]
        made = model.sample(k, columns, temperature=0.7, seed=0)[..., 0]
        for j, image in enumerate([*real, None, *made]):
            if image is not None:
                picture[28 * k : 28 * (k + 1), 28 * j : 28 * (j + 1)] = 1 - np.clip(image, 0, 1)
    figure, axes = plt.subplots(figsize=(10, 10 * rows / (2 * columns + 1) + 0.4), layout="constrained")
    axes.imshow(picture, cmap="gray", vmin=0, vmax=1)
    axes.set(title="A row a cluster: images of it, and samples of its Gaussian", xticks=[], yticks=[])
    with whole(path) as unfinished:
        figure.savefig(unfinished, dpi=120)
    plt.close(figure)
