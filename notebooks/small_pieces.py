# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Small pieces: random vectors, weights that keep lengths, and where GELU's constants come from
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/keras_blog/blob/main/notebooks/small_pieces.ipynb)
#
# Three small results of kexue.fm articles that one uses every day without seeing them, each with a picture:
#
# 1. in high dimension [any two directions are orthogonal](#angles) (article [7076](https://kexue.fm/archives/7076));
# 2. so [random weights are nearly a rotation](#weights), if their variance is right (article
#    [7180](https://kexue.fm/archives/7180));
# 3. the odd numbers in the [approximations of GELU](#gelu) are the solutions of two small problems (article
#    [7309](https://kexue.fm/archives/7309)).
#
# Nothing is trained; it runs in seconds.

# %%
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("keras_blog") is None:  # on Colab
    source = "git+https://github.com/OWNER/keras_blog"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", source], check=True)

# %%
import itertools
import math
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")

import keras
import matplotlib.pyplot as plt
import numpy as np

from keras_blog.initializers import Geometric
from keras_blog.ops import angles, gelu

QUICK = os.environ.get("KERAS_BLOG_QUICK") == "1"
BLUE, RED, GREY = "#31688e", "#d1495b", "#c9ced6"
plt.rcParams.update({"figure.dpi": 110, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 11})
numpy = keras.ops.convert_to_numpy
rng = np.random.default_rng(0)

# %% [markdown]
# <a id="angles"></a>
# ## Any two directions are orthogonal
#
# The angle between two random directions in $n$ dimensions has the density $\propto \sin^{n-2}\theta$: few places are
# near a pole of a high-dimensional sphere, nearly all are near its equator. The bars are angles of random vectors, the
# lines `ops.angles.density`.

# %%
theta = np.linspace(0, np.pi, 721)
pairs = 5_000 if QUICK else 40_000
figure, axis = plt.subplots(figsize=(8, 3.6), layout="constrained")
for dim, color in zip((2, 3, 10, 50, 200), plt.cm.viridis(np.linspace(0.1, 0.85, 5)), strict=True):
    a, b = rng.normal(size=(2, pairs, dim)).astype("float32")
    cosines = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    axis.hist(np.degrees(np.arccos(np.clip(cosines, -1, 1))), bins=90, range=(0, 180), density=True, color=color, alpha=0.3)
    axis.plot(np.degrees(theta), numpy(angles.density(theta, dim)) * np.pi / 180, color=color, label=f"{dim} dimensions")
axis.set(title="The angle between two random vectors", xlabel="degrees", xticks=range(0, 181, 30), ylabel="density a degree")
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# The standard deviation is nearly $1/\sqrt n$. In 768 dimensions nine pairs in ten stand within about 3½ degrees of a
# right angle:

# %%
for dim in (3, 10, 100, 768):
    grid = np.linspace(0, np.pi / 2, 20_001)
    within = 2 * (0.5 - numpy(angles.cumulative(grid, dim)).astype("float64"))  # probability of less than that off 90 degrees
    edge = 90 - np.degrees(grid[np.argmin(np.abs(within - 0.9))])
    print(f"{dim:>4} dimensions: deviation {np.degrees(math.sqrt(angles.variance(dim))):5.2f} degrees, nine in ten within {edge:5.2f}; "
          f"mean |cosine| {angles.mean_absolute_cosine(dim):.4f}")  # fmt: skip

# %% [markdown]
# <a id="weights"></a>
# ## Random weights are nearly a rotation
#
# The rows of a random matrix are random vectors, so they are nearly orthogonal: with entries of variance 1 / (number of
# outputs) the matrix is nearly an isometry, $\|Wx\| \approx \|x\|$. That is `initializers.Geometric`; LeCun's 1 /
# (number of inputs) keeps the size of a component instead, and Glorot's stands between. An activation shortens the
# vector, and `Geometric("relu")` makes up for it. Through fifty layers whose widths change, this is the difference
# between a signal that arrives and one that does not:

# %%
depth = 20 if QUICK else 50
widths = [100, *[(100, 400)[i % 2] for i in range(1, depth + 1)]]
inits = {"Geometric": Geometric, "LeCun": keras.initializers.LecunNormal, "Glorot": keras.initializers.GlorotNormal}
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.4), layout="constrained", sharey=True)
for axis, activation in ((left, None), (right, "relu")):
    for (name, kind), color in zip(inits.items(), (RED, BLUE, "grey"), strict=True):
        x = rng.normal(size=(64, widths[0])).astype("float32")
        lengths = [np.linalg.norm(x, axis=1).mean()]
        for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
            kernel = kind(activation, seed=layer) if kind is Geometric else kind(seed=layer)
            x = x @ numpy(kernel((fan_in, fan_out)))
            x = np.maximum(x, 0) if activation else x
            lengths.append(np.linalg.norm(x, axis=1).mean())
        axis.semilogy(np.array(lengths) / lengths[0], color=color, label=name)
    axis.axhline(1, color=GREY, zorder=0)
    axis.set(title=f"{'ReLU' if activation else 'Linear'} layers of 100 and 400 in turns", xlabel="layer", ylim=(1e-9, 1e3))
left.set_ylabel("length of the signal, of that at the start")
left.legend(frameon=False)
plt.show()

# %% [markdown]
# <a id="gelu"></a>
# ## Where GELU's constants come from
#
# GELU is $x\,\Phi(x)$, with the normal distribution function. Two approximations are about, $x\,\sigma(1.702\,x)$ and
# $\frac x2 (1 + \tanh(\sqrt{2/\pi}\,(x + 0.044715\,x^3)))$. Their constants make the largest error of the distribution
# function as small as it can be, and `ops.gelu.constants` finds them:

# %%
found = gelu.constants()
print(f"found {found.cubic:.7f} and {found.rate:.7f}; published {gelu.CUBIC} and {gelu.RATE}")

# %%
x = np.linspace(-5, 5, 2001).astype("float32")
exact = numpy(gelu.erf(x))
errors = {"tanh": numpy(gelu.tanh(x)) - exact, "sigmoid": numpy(gelu.sigmoid(x)) - exact}
figure, axes = plt.subplots(1, 3, figsize=(11, 3), layout="constrained")
axes[0].plot(x, exact, color="black", label="exact")
axes[0].plot(x, numpy(gelu.sigmoid(x)), "--", color=RED, label="sigmoid form")
axes[0].set(title="GELU", xlim=(-4, 3), ylim=(-0.3, 3))
axes[0].legend(frameon=False)
for axis, (name, error), color in zip(axes[1:], errors.items(), (BLUE, RED), strict=True):
    axis.plot(x, error, color=color)
    axis.axhline(0, color=GREY, zorder=0)
    axis.set_title(f"error of the {name} form, at most {np.abs(error).max():.2e}")
plt.show()

# %% [markdown]
# The tanh form is 43 times closer. It matters where weights move between libraries: a model trained with one form and
# run with the other is off by up to 4.7 · 10⁻⁴ in every activation. In Keras, `keras.activations.gelu` is the exact form by
# default and `keras.ops.gelu` the tanh form; `ops.gelu.erf` and `ops.gelu.tanh` say which they are.
