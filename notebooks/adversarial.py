# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Two networks against each other
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/keras_blog/blob/main/notebooks/adversarial.ipynb)
#
# One network makes samples, another tells them from real ones, and each learns from the other. This notebook shows
#
# 1. [what the second one measures](#losses): a divergence, by the loss that it is given;
# 2. [how that looks for two Gaussians](#gaussians), where the best scores are known;
# 3. [why the game may circle for ever](#dirac), and which penalty ends it;
# 4. [a game with eight goals](#ring), in which the discriminator learns to encode as well.
#
# The ideas are those of the kexue.fm articles [6016](https://kexue.fm/archives/6016) (f-GAN, Nowozin et al.,
# [arXiv:1606.00709](https://arxiv.org/abs/1606.00709)), [7210](https://kexue.fm/archives/7210) (Moustakides and Basioti,
# [arXiv:1911.00405](https://arxiv.org/abs/1911.00405)), [6139](https://kexue.fm/archives/6139) (Wasserstein divergence, Wu et
# al., [arXiv:1712.01026](https://arxiv.org/abs/1712.01026)) and [6409](https://kexue.fm/archives/6409) (O-GAN, Su,
# [arXiv:1903.01931](https://arxiv.org/abs/1903.01931)). With the environment variable `KERAS_BLOG_QUICK=1`
# it trains less.

# %%
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("keras_blog") is None:  # on Colab
    source = "git+https://github.com/OWNER/keras_blog"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", source], check=True)

# %%
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")  # TensorFlow is talkative otherwise

import keras
import matplotlib.pyplot as plt
import numpy as np

from keras_blog import losses, metrics, models

QUICK = os.environ.get("KERAS_BLOG_QUICK") == "1"
BLUE, RED, GREY = "#31688e", "#d1495b", "#c9ced6"
plt.rcParams.update({"figure.dpi": 110, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 11})
numpy = keras.ops.convert_to_numpy

# %% [markdown]
# <a id="losses"></a>
# ## A loss for each divergence
#
# The discriminator gives a score, high at real samples, and lowers one function of the scores of real samples plus another of
# those of fakes. Each pair of functions measures another divergence. All of them reward a high score at real samples (blue) and
# a low one at fakes (red); they differ in how much an extreme score may cost.

# %%
NAMES = ["total_variation", "kl", "reverse_kl", "pearson", "neyman", "hellinger", "jeffreys", "js"]
v = np.linspace(-3, 3, 121, dtype="float32")
figure, axes = plt.subplots(2, 4, figsize=(11, 4.8), layout="constrained", sharex=True)
for axis, name in zip(axes.flat, NAMES, strict=True):
    loss = losses.FGAN(name)
    axis.plot(v, numpy(loss.real_term(v)), color=BLUE, label="real")
    axis.plot(v, numpy(loss.fake_term(v)), color=RED, label="fake")
    axis.set(title=name, ylim=(-4, 4))
axes[0, 0].legend(frameon=False)
figure.supxlabel("score")
figure.supylabel("loss of the discriminator")
plt.show()

# %% [markdown]
# The article 7210 goes the other way: choose what the discriminator shall find, an increasing function of the ratio of the
# densities, and a weight; both losses follow. `losses.DesignedGAN` does that for functions of one's own.
#
# <a id="gaussians"></a>
# ## The best scores, and what they reach
#
# Real samples from a normal distribution, fakes from one that is shifted. Where the densities are p and q, the best score is
# the one with the least p × real + q × fake, and the integral of that, negated, is the divergence.

# %%
x = np.linspace(-8, 12, 1001)
grid = np.linspace(-14, 14, 2801).astype("float32")


def normal(mean):
    return np.exp(-0.5 * (x - mean) ** 2) / np.sqrt(2 * np.pi)


def best(loss, p, q):
    """The best score at each x, and the divergence."""
    real, fake = numpy(loss.real_term(grid)).astype("float64"), numpy(loss.fake_term(grid)).astype("float64")
    places = np.array([np.argmin(a * real + b * fake) for a, b in zip(p, q, strict=True)])
    return grid[places], -np.sum(p * real[places] + q * fake[places]) * (x[1] - x[0])


def exact(name, p, q):
    """The divergence by its definition."""
    mean = (p + q) / 2
    values = {
        "total_variation": np.abs(p - q) / 2,
        "kl": p * np.log(p / q),
        "reverse_kl": q * np.log(q / p),
        "hellinger": (np.sqrt(p) - np.sqrt(q)) ** 2,
        "js": (p * np.log(p / mean) + q * np.log(q / mean)) / 2,
    }
    return np.sum(values[name]) * (x[1] - x[0])


p, q = normal(0.0), normal(1.0)
print(f"{'':16} best scores  by definition")
for name in ("total_variation", "kl", "reverse_kl", "hellinger", "js"):
    print(f"{name:16} {best(losses.FGAN(name), p, q)[1]:11.4f}  {exact(name, p, q):13.4f}")

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
inside = (x > -3) & (x < 4)
left.fill_between(x[inside], 8 * p[inside], color=BLUE, alpha=0.25, label="real")
left.fill_between(x[inside], 8 * q[inside], color=RED, alpha=0.25, label="fake")
for name in ("kl", "pearson", "js"):
    left.plot(x[inside], best(losses.FGAN(name), p, q)[0][inside], label=name)
left.plot(x[inside], best(losses.DesignedGAN("exponential"), p, q)[0][inside], "k--", label="design: log(ratio) / 2")
left.set(title="The best score is a function of the ratio of the densities", xlabel="x", ylabel="score")
left.legend(frameon=False, fontsize=8)
shifts = np.linspace(0, 4, 9 if QUICK else 25)
for name in ("total_variation", "hellinger", "js", "kl"):
    right.plot(shifts, [best(losses.FGAN(name), p, normal(shift))[1] for shift in shifts], label=name)
right.set(title="What they reach, by the shift of the fakes", xlabel="shift", ylabel="divergence", ylim=(0, 3))
right.legend(frameon=False)
plt.show()

# %% [markdown]
# Jensen-Shannon, Hellinger and total variation go flat when the two hardly overlap: there a discriminator that is perfect tells
# the generator nothing about the direction. This is what the Wasserstein losses are for.
#
# <a id="dirac"></a>
# ## A game that circles
#
# The smallest GAN has one number a player. The real samples are all 0, the generator gives θ, the critic is φ times x. Both
# should come to (0, 0). Without a penalty each chases the other, and steps of a length lead outwards. A penalty on the slope
# of the critic brings them home, if it pulls to 0: with the power 2 quickly, with the sixth power of 6139 weakly, as it
# vanishes near the goal. If it wants a slope of 1, they never arrive.

# %%
STEPS = 150 if QUICK else 1000


def play(penalty, start=(0.6, 0.2), step=0.05):
    """The places of both players."""
    ends = [keras.initializers.Constant(value) for value in start]
    generator, critic = (
        keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer=end)]) for end in ends
    )
    gan = models.GAN(generator, critic, losses.WassersteinGAN(), penalty)
    gan.compile(keras.optimizers.SGD(step))
    places = [start]
    follow = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: places.append([float(numpy(w)[0, 0]) for w in gan.trainable_variables])
    )
    ones = np.ones((STEPS, 1), "float32")
    gan.fit(ones, 0 * ones, batch_size=1, callbacks=[follow], verbose=0)
    return np.array(places)


games = {
    "no penalty": None,
    "power 2": losses.WassersteinDivergence(0.5, 2.0),
    "power 6": losses.WassersteinDivergence(2.0, 6.0),
    "slope of 1": losses.OneCentered(0.1, "both"),
}
figure, axes = plt.subplots(1, 4, figsize=(12, 3.3), layout="constrained")
for axis, (name, penalty) in zip(axes, games.items(), strict=True):
    path = play(penalty)
    axis.plot(path[:, 0], path[:, 1], color=BLUE, lw=0.8)
    axis.plot(*path[0], "o", color=GREY)
    axis.plot(*path[-1], "o", color=RED)
    axis.plot(0, 0, "k+", ms=10)
    axis.set(title=f"{name}: ends {np.linalg.norm(path[-1]):.2f} away", xlabel="θ", ylabel="φ", aspect="equal")
plt.show()

# %% [markdown]
# The recipe `keras-blog train dirac` compares eight such games with what the mathematics predicts.
#
# <a id="ring"></a>
# ## Eight goals
#
# Real samples are around eight centers on a ring. In `models.OGAN` the discriminator gives a code in place of a score. The mean
# of the code is the score; its direction, which the score does not need, learns to be that of the noise. So the same network
# encodes.

# %%
angles = np.arange(8) * np.pi / 4
centers = np.stack([np.cos(angles), np.sin(angles)], 1)
rng = np.random.default_rng(0)
real = (centers[rng.integers(8, size=4096)] + 0.05 * rng.normal(size=(4096, 2))).astype("float32")


def network(inputs, outputs):
    hidden = [keras.layers.Dense(64, "leaky_relu") for _ in range(2)]
    return keras.Sequential([keras.Input((inputs,)), *hidden, keras.layers.Dense(outputs)])


keras.utils.set_random_seed(1)
gan = models.OGAN(network(4, 2), network(2, 4), losses.FGAN("gan"), correlation=0.5, penalty=losses.R1(0.1), average=0.99)
gan.compile(models.PlayerOptimizer(keras.optimizers.Adam(1e-3, 0.5), keras.optimizers.Adam(2e-3, 0.5)))
figure, axes = plt.subplots(1, 4, figsize=(12, 3.2), layout="constrained", sharex=True, sharey=True)
done = 0
for axis, epochs in zip(axes, (1, 2, 3, 4) if QUICK else (2, 10, 30, 100), strict=True):
    history = gan.fit(real, batch_size=256, epochs=epochs, initial_epoch=done, verbose=0).history
    done, made = epochs, gan.generate(1000, seed=0)
    found = metrics.mode_coverage(made, centers, radius=0.15, least=10)
    axis.plot(*real[:500].T, ".", color=GREY, ms=3)
    axis.plot(*made.T, ".", color=RED, ms=2)
    axis.set(title=f"epoch {epochs}: {found['modes']} modes, {100 * found['quality']:.0f} % near", aspect="equal")
    axis.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6))
plt.show()
print(f"correlation of noise and code: {history['correlation'][-1]:.2f}")

# %% [markdown]
# What the discriminator knows of the samples: the score, over the plane, and where a sample goes when it is encoded and made
# again. No reconstruction was trained.

# %%
side = np.linspace(-1.6, 1.6, 81, dtype="float32")
plane = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
scores = numpy(gan.discriminator(plane)).mean(1).reshape(81, 81)
figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.8), layout="constrained")
shown = left.contourf(side, side, scores, levels=20, cmap="magma")
figure.colorbar(shown, ax=left)
left.set(title="the score", aspect="equal")
some = real[:150]
again = gan.reconstruct(some)
right.plot(*some.T, ".", color=BLUE, ms=4, label="real")
right.plot(*again.T, ".", color=RED, ms=4, label="reconstructed")
right.plot(*np.stack([some, again], 1).transpose(2, 1, 0), color=GREY, lw=0.6, zorder=0)
right.set(title="sample and reconstruction", aspect="equal", xlim=(-1.6, 1.6), ylim=(-1.6, 1.6))
right.legend(frameon=False, fontsize=8)
plt.show()
print(f"distance to its reconstruction, median: {np.median(np.linalg.norm(some - again, axis=1)):.2f}")
