"""How many of 25 modes do games find, and how often do they hit one: losses by penalties, on points of the plane.

Task: real samples are spread by .05 around 25 centers on a ring, each 1 from the next; the networks have three layers of 128.
A mode is found when it gets a tenth of its share of 5,000 samples, each within three deviations; quality is the share of such
samples. Of a ring that is even all around it is .30, of the real samples .99.

Command: `keras-blog train ring-of-gaussians --backend jax`, seed 1, 3,000 steps of 128 samples; modes and quality:

                          none            r1    divergence  one_centered
    gan               10   .93      24   .70      25   .64      25   .73
    hinge             17   .84      23   .73      25   .28      25   .45
    least_squares     12   .87      21   .74      25   .45      25   .36
    exponential       14   .87      24   .58      25   .60      25   .74
    relativistic      14   .91      25   .71      25   .32      25   .74
    quadratic         24   .81      25   .63      23   .28      24   .28
    wasserstein       13   .17      23   .40      25   .26      25   .32

337 seconds of CPU, one thread, all 28 games. Without a penalty the samples are good and half of the modes are missing, but for
the quadratic potential, which brings its own; a penalty finds the modes, and where it is strong for the scores of its loss the
ring between them too, in this time. The Wasserstein loss needs one.

References:
    Articles: kexue.fm 6016, 6139, 7210
    Paper: Srivastava et al., VEEGAN, arXiv:1705.07761
"""

import time
from pathlib import Path

import keras
import numpy as np
from keras import ops

from keras_blog import losses, metrics, models
from keras_blog.recipes.run_folder import whole, write_csv
from keras_blog.recipes.run_options import settings_of
from keras_blog.recipes.training import write_metrics

DIVERGENCES = ("kl", "reverse_kl", "pearson", "neyman", "hellinger", "jeffreys", "js", "total_variation")
LOSSES = {
    "gan": losses.FGAN,
    "hinge": losses.HingeGAN,
    "least_squares": losses.LeastSquaresGAN,
    "exponential": lambda: losses.DesignedGAN("exponential"),
    "relativistic": losses.RelativisticGAN,
    "quadratic": losses.QuadraticPotential,
    "wasserstein": losses.WassersteinGAN,
    **{name: lambda name=name: losses.FGAN(name) for name in DIVERGENCES},
}
PENALTIES = {
    "none": lambda: None,
    "r1": lambda: losses.R1(0.1),
    "divergence": losses.WassersteinDivergence,
    "one_centered": lambda: losses.OneCentered(1.0),
}
DEFAULT = list(LOSSES)[:7]  # the others are of f-GAN too
SAMPLES = 5000


def add_arguments(parser):
    """The arguments of the recipe."""
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("runs/ring-of-gaussians"), help="run folder")
    parser.add_argument("--losses", nargs="+", choices=LOSSES, default=DEFAULT, metavar="LOSS", help=", ".join(LOSSES))
    parser.add_argument("--penalties", nargs="+", choices=PENALTIES, default=list(PENALTIES), help="default: all")
    parser.add_argument("--modes", type=int, default=25, help="default: %(default)s")
    parser.add_argument("--spread", type=float, default=0.05, help="standard deviation of a mode; default: %(default)s")
    parser.add_argument("--steps", type=int, default=3000, help="default: %(default)s")
    parser.add_argument("--batch-size", type=int, default=128, help="default: %(default)s")
    parser.add_argument("--units", type=int, default=128, help="of each of three layers; default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")


def run(options):
    """Train each game, print the table, write the run folder."""
    for name in ("modes", "steps", "batch_size", "units", "spread"):
        if getattr(options, name) <= 0:
            raise ValueError(f"--{name.replace('_', '-')} must be positive; received {getattr(options, name)}")
    centers, real = _ring(options)
    games = [(loss, penalty) for loss in dict.fromkeys(options.losses) for penalty in dict.fromkeys(options.penalties)]
    figures, made, histories, start = {}, {}, {}, time.process_time()
    print(f"{options.modes} modes, {options.steps:,} steps of {options.batch_size}; backend {keras.config.backend()}")
    for loss, penalty in games:
        name = f"{loss}, {penalty}"
        gan, histories[name] = _fit(loss, penalty, real, options)
        made[name] = gan.generate(SAMPLES, seed=0)
        figures[name] = metrics.mode_coverage(
            np.nan_to_num(made[name]), centers, radius=3 * options.spread, least=SAMPLES // options.modes // 10
        )
        print(f"{name:30} modes {figures[name]['modes']:3}, quality {figures[name]['quality']:.3f}", flush=True)
        if len(figures) == 1:
            with whole(options.out / "model.keras") as file:
                gan.save(file)
    seconds = round(time.process_time() - start)
    print(f"\n{'Modes found, quality':20}" + "".join(f"{penalty:>14}" for penalty in dict.fromkeys(options.penalties)))
    for loss in dict.fromkeys(options.losses):
        row = (figures[f"{loss}, {penalty}"] for penalty in dict.fromkeys(options.penalties))
        print(f"{loss:20}" + "".join(f"{cell['modes']:8}{cell['quality']:6.2f}" for cell in row))
    settings = settings_of(options)
    write_metrics(options.out / "metrics.json", settings, games=figures, **{"seconds of CPU": seconds})
    write_csv(options.out / "history.csv", histories)
    _draw(options.out / "samples.png", options, centers, made)
    print(f"\nIn {options.out}, after {seconds} seconds of CPU: model.keras (of the first), metrics.json, "
          "history.csv (the divergence that the discriminator sees), samples.png")  # fmt: skip


def _ring(options, epochs=10):
    """Centers, 1 apart or so from the next, and points for a tenth of the steps."""
    angles = np.linspace(0, 2 * np.pi, options.modes, endpoint=False)
    centers = options.modes / (2 * np.pi) * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    rng = np.random.default_rng(options.seed)
    count = max(1, options.steps // epochs) * options.batch_size
    real = centers[rng.integers(options.modes, size=count)] + options.spread * rng.normal(size=(count, 2))
    return centers, real.astype("float32")


def _fit(loss, penalty, real, options):
    keras.utils.set_random_seed(options.seed)
    generator, discriminator = _networks(options.units)
    gan = models.GAN(generator, discriminator, LOSSES[loss](), PENALTIES[penalty](), average=0.99, seed=options.seed)
    rates = [keras.optimizers.schedules.CosineDecay(2e-3, options.steps, alpha=0.01) for _ in range(2)]
    gan.compile(models.PlayerOptimizer(*(keras.optimizers.Adam(rate, 0.5) for rate in rates)))
    epochs = max(1, options.steps * options.batch_size // len(real))
    history = gan.fit(real, batch_size=options.batch_size, epochs=epochs, verbose=0).history
    return gan, history["divergence"]


def _networks(units):
    """Tanh turns quickly from one mode to the next, and a layer of sines sees where one ends; slopes alone find the ring."""
    noise, x = keras.Input((2,)), keras.Input((2,))
    hidden = noise
    for _ in range(3):
        hidden = keras.layers.Dense(units, "tanh")(hidden)
    generator = keras.Model(noise, keras.layers.Dense(2)(hidden))
    wide, anywhere = keras.initializers.RandomNormal(stddev=1.0), keras.initializers.RandomUniform(-np.pi, np.pi)
    hidden = ops.sin(keras.layers.Dense(units, kernel_initializer=wide, bias_initializer=anywhere)(x))
    for _ in range(2):
        hidden = keras.layers.Dense(units, "leaky_relu")(hidden)
    return generator, keras.Model(x, keras.layers.Dense(1)(hidden))


def _draw(path, options, centers, made):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows, columns = (len(dict.fromkeys(names)) for names in (options.losses, options.penalties))
    figure, axes = plt.subplots(rows, columns, figsize=(2.4 * columns, 2.5 * rows), layout="constrained", squeeze=False)
    edge = 1.25 * np.abs(centers).max()
    for axis, (name, samples) in zip(axes.flat, made.items(), strict=True):
        axis.plot(*centers.T, "o", color="#c9ced6", ms=5)
        axis.plot(*samples[:1500].T, ".", color="#d1495b", ms=1)
        axis.set(xlim=(-edge, edge), ylim=(-edge, edge), aspect="equal", xticks=[], yticks=[])
        axis.set_title(name, fontsize=8)
    with whole(path) as unfinished:
        figure.savefig(unfinished, dpi=100)
    plt.close(figure)
