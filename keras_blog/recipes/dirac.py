"""Which games converge: the smallest GAN of all, one number a player, trained and predicted.

Task: the real samples are all 0, the generator gives one number theta, the critic is phi times x; both should come to 0. Start
theta = .2, phi = .1, plain gradient steps of .02 of both at once. Command: `keras-blog train dirac`. Distance from (0, 0) at
time 10, 40 and 100, and what the mathematics predicts:

                               at 10  predicted     at 40  predicted    at 100  predicted
    Wasserstein, no penalty    .2471      .2471     .3336      .3336     .6077      .6077
    k = .5, p = 2              .0018      .0018     .0000      .0000     .0000      .0000
    k = .1, p = 2              .0953      .0953     .0063      .0063     .0000      .0000
    k = 2, p = 6               .2257      .2248     .2255      .2265     .2254      .2272
    centred at 1, weight .1    .8895               1.4072               1.4452
    centred at 1, weight 10   8.0043              17.331               19.868
    first GAN, no penalty      .2223      .2293     .2191      .2471     .2135      .2871
    first GAN, R1 of 1         .0146      .0146     .0000      .0000     .0000      .0000

JAX, 26 seconds of one core.

Without a penalty the players circle, and steps of a length spiral outwards, by (1 + step^2) a step or two. A penalty with power
2 damps linearly: the prediction is the power of a matrix. With the sixth power, which 6139 takes, the damping vanishes near
the goal and the steps win: the prediction is the closed form of the amplitude A' = A step / 2 - 5/16 k p A^5. A penalty centred
at a slope of 1 keeps the critic away from 0, and the generator moving, for ever; the heavier, the farther. The first GAN
without a penalty is damped a little by its non-saturating loss, which a linear prediction does not see.

References:
    Article: kexue.fm 6139
    Paper: Mescheder, Geiger, Nowozin, Which Training Methods for GANs do actually Converge?, arXiv:1801.04406
"""

import math
from pathlib import Path

import keras
import numpy as np

from keras_blog import losses, models
from keras_blog.recipes.run_folder import whole, write_csv, write_json

START = 0.2, 0.1  # theta, phi
TIMES = 10.0, 40.0, 100.0


def add_arguments(parser):
    """The arguments of the recipe."""
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("runs/dirac"), help="run folder")
    parser.add_argument("--step", type=float, default=0.02, help="learning rate of both; default: %(default)s")
    parser.add_argument("--shorter", type=int, default=1, help="divide the times by this, for a quick look")


def games():
    """Name, loss, penalty, and `predicted(time, step)`."""
    wasserstein, first = losses.WassersteinGAN(), losses.FGAN("gan")
    zero, one = losses.ZeroCentered, losses.OneCentered
    return {
        "Wasserstein, no penalty": (wasserstein, None, lambda *t: _linear(1.0, 0.0, *t)),
        "k = .5, p = 2": (wasserstein, losses.WassersteinDivergence(0.5, 2.0), lambda *t: _linear(1.0, 1.0, *t)),
        "k = .1, p = 2": (wasserstein, zero(0.1, "both"), lambda *t: _linear(1.0, 0.2, *t)),
        "k = 2, p = 6": (wasserstein, losses.WassersteinDivergence(), lambda *t: _sixth(2.0, *t)),
        "centred at 1, weight .1": (wasserstein, one(0.1, "both"), None),
        "centred at 1, weight 10": (wasserstein, one(10.0, "both"), None),
        "first GAN, no penalty": (first, None, lambda *t: _linear(0.5, 0.0, *t)),
        "first GAN, R1 of 1": (first, losses.R1(1.0), lambda *t: _linear(0.5, 1.0, *t)),
    }


def run(options):
    """Train each game, print the table, write the run folder."""
    if not 0 < options.step < 1 or options.shorter < 1:
        raise ValueError(f"--step must be in (0, 1), --shorter at least 1; received {options.step}, {options.shorter}")
    times = [time / options.shorter for time in TIMES]
    figures, paths = {}, {}
    print(f"{'':26}" + "".join(f"{'at ' + format(time, 'g'):>10}{'predicted':>11}" for time in times))
    for name, (loss, penalty, predicted) in games().items():
        gan = _gan(loss, penalty, options.step)
        paths[name] = path = _play(gan, round(times[-1] / options.step))
        row = []
        for time in times:
            reached = float(np.linalg.norm(path[round(time / options.step)]))
            row.append({"time": time, "distance": reached, "predicted": predicted and predicted(time, options.step)})
        figures[name] = row
        cells = (f"{r['distance']:10.4f}" + (f"{r['predicted']:11.4f}" if predicted else f"{'':11}") for r in row)
        print(f"{name:26}" + "".join(cells), flush=True)
        if name == "k = .5, p = 2":
            with whole(options.out / "model.keras") as file:
                gan.save(file)
    write_json(options.out / "metrics.json", {"start": START, "step": options.step, "games": figures})
    write_csv(options.out / "history.csv", {name: np.linalg.norm(path, axis=1).tolist() for name, path in paths.items()})
    _draw(options.out / "paths.png", paths)
    print(f"\nIn {options.out}: model.keras, metrics.json, history.csv (distance after each step), paths.png")


class _Path(keras.callbacks.Callback):
    """Where the players are after each step."""

    def __init__(self):
        super().__init__()
        self.places = [START]

    def on_train_batch_end(self, batch, logs=None):
        self.places.append(tuple(float(keras.ops.convert_to_numpy(v).item()) for v in self.model.trainable_variables))


def _gan(loss, penalty, step):
    z, x = keras.Input((1,)), keras.Input((1,))
    theta, phi = (keras.initializers.Constant(value) for value in START)
    generator = keras.Model(z, keras.layers.Dense(1, use_bias=False, kernel_initializer=theta)(z))
    critic = keras.Model(x, keras.layers.Dense(1, use_bias=False, kernel_initializer=phi)(x))
    gan = models.GAN(generator, critic, loss, penalty)
    gan.compile(keras.optimizers.SGD(step))
    return gan


def _play(gan, steps):
    """Places, shape `(steps + 1, 2)`: the noise is always 1, so that the generator gives theta."""
    path = _Path()
    gan.fit(np.ones((steps, 1), "float32"), np.zeros((steps, 1), "float32"), batch_size=1, callbacks=[path], verbose=0)
    return np.array(path.places)


def _linear(force, damping, time, step):
    """The distance after `time / step` steps near (0, 0), where a step is a matrix."""
    matrix = np.array([[1.0, step * force], [-step * force, 1.0 - step * damping]])
    return float(np.linalg.norm(np.linalg.matrix_power(matrix, round(time / step)) @ START))


def _sixth(k, time, step):
    """A^-4 obeys a linear equation, B' = 5/4 k p - 2 step B."""
    rest = 1.25 * k * 6 / (2 * step)
    return float((rest + (math.hypot(*START) ** -4 - rest) * math.exp(-2 * step * time)) ** -0.25)


def _draw(path, paths):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 4, figsize=(12, 6.4), layout="constrained")
    for axis, (name, places) in zip(axes.flat, paths.items(), strict=True):
        axis.plot(places[:, 0], places[:, 1], linewidth=0.6)
        axis.plot(0, 0, "k+")
        axis.set(title=name, xlabel="theta", ylabel="phi", aspect="equal")
    with whole(path) as unfinished:
        figure.savefig(unfinished, dpi=120)
    plt.close(figure)
