# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Learning a distribution from what it is not: negatives
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/keras_blog/blob/main/notebooks/negatives.ipynb)
#
# A softmax over a million words sums over a million words at each step. Noise-contrastive estimation learns the same
# distribution by telling real words from a few drawn from known noise; word2vec's negative sampling looks alike and learns
# something else. This notebook shows
#
# 1. [what the scores become](#scores) under `losses.NCE`, `SampledSoftmax` and `NegativeSampling`;
# 2. [what the noise must be corrected for](#correction), and what happens without;
# 3. [which noise](#noise) learns fast;
# 4. [characters as vectors](#vectors): negative sampling finds the mutual information of neighbours.
#
# The ideas are those of the kexue.fm article [5617](https://kexue.fm/archives/5617), of Gutmann and Hyvärinen, *Noise-Contrastive
# Estimation*, AISTATS 2010, and of Levy and Goldberg, *Neural Word Embedding as Implicit Matrix Factorization*, NIPS 2014. It
# runs in a minute on two CPU cores.

# %%
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("keras_blog") is None:  # on Colab
    source = "git+https://github.com/OWNER/keras_blog"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", source], check=True)

# %%
import itertools
import os
from collections import Counter

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")

import keras
import matplotlib.pyplot as plt
import numpy as np

from keras_blog import layers, losses
from keras_blog.datasets import home_assistant
from keras_blog.ops import noise

QUICK = os.environ.get("KERAS_BLOG_QUICK") == "1"
BLUE, RED, GREY = "#31688e", "#d1495b", "#c9ced6"
plt.rcParams.update({"figure.dpi": 110, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 11})
numpy = keras.ops.convert_to_numpy
rng = np.random.default_rng(0)

# %% [markdown]
# <a id="scores"></a>
# ## What the scores become
#
# Fifty classes, the first a hundred times as frequent as the last. Each model is one number a class, so what it learns can be read
# off; a step sees the target and ten draws from the noise, here class $i$ with probability $q_i$ that falls more slowly than
# $p_i$.
#
# * `losses.NCE`: the score becomes $\log p$ itself, normalised though nothing was ever summed over the classes.
# * `losses.SampledSoftmax`: $\log p$ plus some constant, as in any softmax.
# * `losses.NegativeSampling`: $\log p - \log kq$; good for vectors, but no probabilities.

# %%
CLASSES, DRAWS = 50, 10
p = 1 / (1 + np.arange(CLASSES)) ** 1.18
p /= p.sum()
q = p**0.5 / (p**0.5).sum()


def learned(loss, draws=DRAWS, q=q, p=p, epochs=4 if QUICK else 10):
    """The scores of all classes after training on samples of `p`."""
    keras.utils.set_random_seed(0)
    y = rng.choice(len(p), size=20_000 if QUICK else 60_000, p=p).astype("int32")
    nothing = np.zeros((len(y), 1), "float32")  # there is nothing to condition on: the biases learn it all
    features, target = keras.Input((1,)), keras.Input((), dtype="int32")
    head = layers.SampledDense(len(p), negatives=draws, noise=q, seed=1)
    model = keras.Model([features, target], head(features, target))
    steps = epochs * len(y) // 500
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, steps, 0.01)), loss=loss)
    model.fit([nothing, y], y, batch_size=500, epochs=epochs, verbose=0)
    return numpy(head.bias)


found = {loss.__class__.__name__: learned(loss) for loss in (losses.NCE(), losses.SampledSoftmax(), losses.NegativeSampling())}

# %%
optimum = {"NCE": np.log(p), "SampledSoftmax": np.log(p), "NegativeSampling": np.log(p) - np.log(DRAWS * q)}
figure, axes = plt.subplots(1, 3, figsize=(11, 3.5), layout="constrained")
for axis, (name, scores) in zip(axes, found.items(), strict=True):
    axis.scatter(np.log(p), scores, s=14, color=RED, label="learned")
    axis.plot(np.log(p), optimum[name], color=BLUE, label=r"$\log p - \log kq$" if name[0:2] == "Ne" else r"$\log p$")
    axis.set(title=f"{name}: sum of exp(score) = {np.exp(scores).sum():.2f}", xlabel=r"$\log p$")
    axis.legend(frameon=False)
axes[0].set_ylabel("score")
plt.show()

# %% [markdown]
# <a id="correction"></a>
# ## What the noise must be corrected for
#
# The article derives the method for uniform noise and one draw, and its logit is the score alone. With other noise or $k$ draws it
# lacks $\log kq$, which is `NegativeSampling`'s optimum above: frequent classes, drawn often as negatives, come out too low. In a
# recommender this is the well-known bug that popular goods are never recommended. The probabilities that the three sets of
# scores stand for, if one takes the softmax of each:

# %%
figure, axis = plt.subplots(figsize=(8, 3.2), layout="constrained")
axis.plot(p, color=GREY, lw=6, label="true")
for (name, scores), color in zip(found.items(), (RED, BLUE, "grey"), strict=True):
    axis.plot(np.exp(scores) / np.exp(scores).sum(), color=color, label=name)
axis.set(title="Share of each class", xlabel="class, the frequent first", yscale="log")
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# <a id="noise"></a>
# ## Which noise
#
# The optimum is the same for every noise, but how far from it one ends is not. Below, how far the learned distribution is from the
# true one (Kullback–Leibler divergence) after a short training, by noise, $q \propto p^a$, and by number of draws.
# `ops.noise.unigram(counts)` is word2vec's $a = 0.75$; `"log_uniform"` needs to know only the order of the frequencies.

# %%
powers = (0.0, 0.75) if QUICK else (-0.5, 0.0, 0.5, 1.0)
figure, axis = plt.subplots(figsize=(6.5, 3.3), layout="constrained")
for draws, color in zip((1, 10), (BLUE, RED), strict=True):
    far = []
    for power in powers:
        scores = learned(losses.NCE(), draws, numpy(noise.unigram(p, power)), epochs=4)
        share = np.exp(scores) / np.exp(scores).sum()
        far.append(float((p * np.log(p / share)).sum()))
    axis.semilogy(powers, far, "o-", color=color, label=f"{draws} draw{'s' * (draws > 1)} a step")
axis.set(title="Distance from the truth after four epochs", xlabel="power of the frequencies in the noise", ylabel="nats")
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# Noise against the frequencies ($a < 0$) is told from the data at a glance, and what is told at a glance teaches nothing. Noise
# that follows them ($a = 1$) draws the rare classes rarely, and here, where a batch shares its draws and there is no context, these are
# seldom corrected. Uniform noise and many draws do best in this toy; for words in context, noise nearer to the data is the usual choice.
#
# <a id="vectors"></a>
# ## Characters as vectors
#
# word2vec is negative sampling with a matrix for the word and one for its neighbour. Its scores tend to $\log p(j|i) - \log k q_j$;
# with $q$ the frequencies themselves and $k = 1$ that is the pointwise mutual information. Here for the forty most frequent
# characters of Chinese commands to a smart home and the characters that follow them: what `SampledDense` learned, and what counting
# says.

# %%
texts = home_assistant.load_data(per_template=5 if QUICK else 20)[0][0]
pairs = Counter(pair for text in texts for pair in itertools.pairwise(text))
characters = [c for c, _ in Counter(first for text in texts for first in text).most_common(40)]
ids = {c: i for i, c in enumerate(characters)}
counts = np.zeros((40, 40))
for (first, second), count in pairs.items():
    if first in ids and second in ids:
        counts[ids[first], ids[second]] = count
left, right = (np.repeat(axis, counts.ravel().astype(int)).astype("int32") for axis in np.indices(counts.shape).reshape(2, -1))
frequency = counts.sum(0) + 0.5  # a class never drawn could not be learned

keras.utils.set_random_seed(0)
inputs, target = keras.Input((), dtype="int32"), keras.Input((), dtype="int32")
vectors = keras.layers.Embedding(40, 32)(inputs)
head = layers.SampledDense(40, negatives=1, noise=frequency, use_bias=False, seed=1)
model = keras.Model([inputs, target], head(vectors, target))
epochs = 5 if QUICK else 20
rate = keras.optimizers.schedules.CosineDecay(0.02, epochs * len(left) // 64, 0.01)
model.compile(keras.optimizers.Adam(rate), loss=losses.NegativeSampling())
model.fit([left, right], right, batch_size=64, epochs=epochs, verbose=0)
scores = keras.Model(inputs, head(vectors)).predict(np.arange(40), verbose=0)

# %%
information = np.log(np.where(counts > 0, counts, np.nan) * counts.sum() / counts.sum(1, keepdims=True) / counts.sum(0))
figure, axes = plt.subplots(1, 3, figsize=(12, 3.9), layout="constrained", width_ratios=[1, 1, 0.9])
for axis, (title, matrix) in zip(
    axes, {"learned scores": scores, "mutual information, counted": information}.items(), strict=False
):
    image = axis.imshow(matrix, cmap="RdBu_r", vmin=-5, vmax=5)
    axis.set(title=title, xlabel="following character", ylabel="character")
figure.colorbar(image, ax=axes[1], shrink=0.8, label="nats")
often = counts >= 20
axes[2].scatter(information[often], scores[often], s=10, color=RED)
axes[2].plot([-3, 4], [-3, 4], color=GREY, zorder=0)
correlation = np.corrcoef(information[often], scores[often])[0, 1]
axes[2].set(title=f"pairs seen 20 times and more: correlation {correlation:.2f}", xlabel="counted", ylabel="learned")
plt.show()

# %% [markdown]
# Pairs that never occur (white on the right) get a score as low as training had time for: their mutual information is minus
# infinity. `losses.InfoNCE` is the same idea with the other samples of the batch as negatives, for pairs of things that no table
# numbers; see its documentation.
