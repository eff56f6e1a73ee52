"""Draw digits, and find the code of one: O-GAN, whose discriminator encodes, with every loss on the same budget.

Task: 28 by 28 pixels, with a border of 2; the networks of `models.selfmod`, the same steps for each loss, no penalty but the
spectral normalisation of the discriminator. Figures: the Fréchet distance of samples and images, on 32 features of a small
classifier that is trained here first, and the mean square between images, from -1 to 1, and their reconstructions. Data:
`datasets.digits`, 5,000 of MNIST; MNIST or Fashion-MNIST by `--data`, where Keras can fetch them; or your `.npz` file.

Command: `keras-blog train draw-digits --backend torch --seeds 3`, 2,000 steps, some three minutes of CPU a run; the halves
of the images are .26 apart. After 312 steps (`--steps 312`), in other columns:

                     distance    reconstruction    after 312 steps
    gan              2.7 ±  .5    .103 ± .005      25 ±  8    .163
    quadratic        4.3 ±  .2    .079 ± .008      19 ±  2    .160
    least_squares    4.7 ±  .2    .115 ± .009      24 ±  2    .104
    exponential      9.5 ±  9.1   .103 ± .021      70 ± 57    .207
    hinge           14.3 ±  8.0   .211 ± .020      88 ± 22    .287
    relativistic    30.1 ± 10.9   .327 ± .093     156 ± 25    .337
    wasserstein     50.4 ± 21.9   .357 ± .023     137 ± 10    .282

With the first, most samples are digits, and a reconstruction is the digit that was shown, nearly stroke by stroke. With least
squares, 4,000 steps of one seed came to 2.7.

With the last four the discriminator may win: its scores are far apart, 7 with the relativistic loss after 312 steps, its codes
do not correlate with the noise. That hangs on the seed, 2.2 to 19.7 for the exponential loss. No rates are best for all: before
codes were scaled by the root of their number, 400 steps at 1e-3 and 2e-4 in place of 5e-4 and 1e-3 took the relativistic loss
from 135 to 52, and least squares from 36 to 72.

References:
    Articles: kexue.fm 6409, 6549
    Paper: Su, O-GAN: Extremely Concise Approach for Auto-Encoding Generative Adversarial Networks, arXiv:1903.01931
"""

from pathlib import Path

import keras
import numpy as np

from keras_blog import losses, metrics, models
from keras_blog.datasets import digits
from keras_blog.recipes import ring_of_gaussians
from keras_blog.recipes.ring_of_gaussians import DEFAULT
from keras_blog.recipes.run_folder import whole, write_csv
from keras_blog.recipes.run_options import check_positive, settings_of
from keras_blog.recipes.sample_deviation import sample_deviation
from keras_blog.recipes.training import resumed_fit, write_metrics

LOSSES = {**ring_of_gaussians.LOSSES, "quadratic": lambda: losses.QuadraticPotential(weight=1.0)}  # a gap of .3 or so


def add_arguments(parser):
    """The arguments of the recipe."""
    parser.add_argument("--train", metavar="FILE", help=".npz with `images` (n, 28, 28), 0 to 255, and `labels`")
    parser.add_argument("--data", choices=("digits", "mnist", "fashion_mnist"), default="digits", help="default: 5,000 digits")
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("runs/draw-digits"), help="default: %(default)s")
    parser.add_argument("--losses", nargs="+", choices=LOSSES, default=DEFAULT, metavar="LOSS", help=", ".join(LOSSES))
    parser.add_argument("--seeds", type=int, default=1, help="runs of each loss; default: %(default)s")
    parser.add_argument("--steps", type=int, default=2000, help="default: %(default)s")
    parser.add_argument("--batch-size", type=int, default=64, help="default: %(default)s")
    parser.add_argument("--latent", type=int, default=64, help="length of noise and code; default: %(default)s")
    parser.add_argument("--width", type=int, default=8, help="feature maps at 32 pixels; default: %(default)s")
    parser.add_argument("--correlation", type=float, default=0.5, help="of noise and code, its weight; default: %(default)s")
    parser.add_argument("--images", type=int, metavar="N", help="take only the first N")
    parser.add_argument("--fresh", action="store_true", help="forget an unfinished run in DIR")


def run(options):
    """Train each loss once a seed, print its distances, write the run folder."""
    check_positive(options, "seeds", "steps", "batch_size")
    images, labels = _load(options)
    features = _features(images, labels)
    half = len(images) // 2
    floor = metrics.frechet_distance(features(images[:half]), features(images[half : 2 * half]))
    real = features(images)
    print(f"{len(images):,} images, {options.steps:,} steps of {options.batch_size}; backend {keras.config.backend()}\n"
          f"Fréchet distance of the halves of the images: {floor:.2f}")  # fmt: skip
    settings = settings_of(options, "losses", "seeds")
    first, table, histories, backups = None, {}, {}, []
    for seed in range(1, options.seeds + 1):
        for loss in dict.fromkeys(options.losses):
            gan, backup = _fit(images, loss, seed, options, settings)
            backups.append(backup)
            histories[f"{loss}, {seed}"] = backup.history["loss"]
            row = _figures(gan, images, real, features)
            table.setdefault(loss, []).append(row)
            print(f"{loss:14} seed {seed}: " + ", ".join(f"{key} {value:.4g}" for key, value in row.items()), flush=True)
            first = first or gan
    names = list(next(iter(table.values()))[0])
    print(f"\n{'Mean, sd':14}" + "".join(f"{name:>18}" for name in names))
    for loss, rows in table.items():
        columns = ([row[name] for row in rows] for name in names)
        print(f"{loss:14}" + "".join(f"{np.mean(column):10.3f} ± {sample_deviation(column):.3f}" for column in columns))
    with whole(options.out / "model.keras") as path:
        first.save(path)
    write_csv(options.out / "history.csv", histories)
    write_metrics(options.out / "metrics.json", settings, figures=table, **{"halves of the images": floor})
    _draw(options.out, first, images)
    for backup in backups:
        backup.clear()
    print(f"\nIn {options.out}: model.keras (of the first), metrics.json, history.csv, samples.png, reconstructions.png, "
          "interpolations.png")  # fmt: skip


def _load(options):
    """Images from -1 to 1, 32 pixels a side with their border, and labels."""
    if options.train is not None:
        with np.load(options.train, allow_pickle=False) as file:
            if not {"images", "labels"} <= set(file) or file["images"].shape[1:] != (28, 28):
                raise ValueError(f"--train must hold `images` of shape (n, 28, 28) and `labels`; received {options.train}")
            images, labels = file["images"], file["labels"]
    elif options.data == "digits":
        (images, labels), _ = digits.load_data(test=0)
    else:
        (images, labels), _ = getattr(keras.datasets, options.data).load_data()
    images, labels = images[: options.images], np.asarray(labels[: options.images]).astype("int32")
    if len(images) < max(4, options.batch_size):
        raise ValueError(f"--batch-size must be at most the number of images, {len(images)}; received {options.batch_size}")
    images = np.pad(images, ((0, 0), (2, 2), (2, 2))).astype("float32")
    return images[..., None] / np.float32(127.5) - 1, labels


def _features(images, labels):
    """A function from images to 32 features of a small classifier, which is trained here, always the same."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input(images.shape[1:])
    x = keras.layers.Conv2D(16, 4, 4, activation="relu")(inputs)
    x = keras.layers.Conv2D(32, 3, 2, "same", activation="relu")(x)
    x = keras.layers.Dense(32, "relu")(keras.layers.Flatten()(x))
    outputs = keras.layers.Dense(int(labels.max()) + 1)(keras.layers.Dropout(0.3)(x))
    classifier = keras.Model(inputs, outputs)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    classifier.compile(keras.optimizers.Adam(2e-3), loss, metrics=["accuracy"])
    held = max(1, len(images) // 10)
    epochs = max(1, min(12, 60_000 // len(images)))
    logs = classifier.fit(
        images[held:], labels[held:], 64, epochs, validation_data=(images[:held], labels[:held]), verbose=0
    ).history
    print(f"classifier for the features: accuracy {logs['val_accuracy'][-1]:.3f} on a tenth that it has not seen")
    extractor = keras.Model(inputs, x)
    return lambda samples: extractor.predict(samples, batch_size=500, verbose=0)


def _fit(images, loss, seed, options, settings):
    keras.utils.set_random_seed(seed)
    networks = models.selfmod(32, 1, options.latent, options.width, outputs=options.latent)
    gan = models.OGAN(*networks, LOSSES[loss](), options.correlation, average=0.99, seed=seed)
    gan.compile(models.PlayerOptimizer(*(keras.optimizers.Adam(rate, 0.5) for rate in (1e-3, 5e-4))))
    epochs = max(1, round(options.steps / (len(images) // options.batch_size)))
    path = options.out / f"state-{loss}-{seed}.npz"
    backup = resumed_fit(
        gan, images, path=path, settings=settings, fresh=options.fresh, epochs=epochs, batch_size=options.batch_size, verbose=0
    )
    return gan, backup


def _figures(gan, images, real, features, count=5000):
    """How near samples and reconstructions come to the images."""
    some = images[:500]
    return {
        "Fréchet distance": metrics.frechet_distance(real, features(gan.generate(count, seed=0))),
        "reconstruction": float(np.mean(np.square(gan.reconstruct(some) - some))),
    }


def _draw(folder, gan, images, rows=8, columns=16):
    """Samples; images above their reconstructions; images at both ends, and what lies between."""
    _grid(folder / "samples.png", gan.generate(rows * columns, seed=1).reshape(rows, columns, 32, 32))
    some = np.resize(images, (rows // 2 * columns, *images.shape[1:]))  # again from the first, if they are fewer
    pairs = np.stack([part.reshape(rows // 2, columns, 32, 32) for part in (some, gan.reconstruct(some))], axis=1)
    _grid(folder / "reconstructions.png", pairs.reshape(rows, columns, 32, 32))
    ends = some[:rows], some[-rows:]
    between = gan.interpolate(*ends, count=columns - 2)
    _grid(folder / "interpolations.png", np.concatenate([ends[0][:, None], between, ends[1][:, None]], axis=1)[..., 0])


def _grid(path, images):
    """Images of shape `(rows, columns, 32, 32)`, from -1 to 1, dark on light, as one picture."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows, columns = images.shape[:2]
    picture = images.transpose(0, 2, 1, 3).reshape(32 * rows, 32 * columns)
    with whole(path) as unfinished:
        plt.imsave(unfinished, -picture, cmap="gray", vmin=-1, vmax=1)
