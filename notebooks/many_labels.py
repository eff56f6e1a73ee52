# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Few among many: many labels a sample, and rare classes
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/keras_blog/blob/main/notebooks/many_labels.ipynb)
#
# Two kinds of imbalance, and for each a change of the softmax that needs no class weights:
#
# 1. a sample has few of many labels. [One softmax for the set](#balance) instead of a sigmoid for each (kexue.fm article
#    [7359](https://kexue.fm/archives/7359)), tried on [genes](#yeast); with [soft labels](#soft)
#    ([9064](https://kexue.fm/archives/9064)) and [lists of ids](#sparse) ([8888](https://kexue.fm/archives/8888));
# 2. some classes are rare. [Let the prior speak](#tail) inside the loss, so that the scores need not say it
#    ([7615](https://kexue.fm/archives/7615)), which is [a margin](#margin) ([7708](https://kexue.fm/archives/7708)).
#
# It runs in a minute on two CPU cores.

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
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")

import keras
import matplotlib.pyplot as plt
import numpy as np

from keras_blog import losses, metrics
from keras_blog.datasets import yeast
from keras_blog.ops import adjust_logits, multilabel

QUICK = os.environ.get("KERAS_BLOG_QUICK") == "1"
BLUE, RED, GREY = "#31688e", "#d1495b", "#c9ced6"
plt.rcParams.update({"figure.dpi": 110, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 11})
numpy = keras.ops.convert_to_numpy

# %% [markdown]
# <a id="balance"></a>
# ## Three labels among ten thousand
#
# With a sigmoid and binary cross-entropy for each class, every class that is not a label pushes its own score down, on its
# own: ten thousand small pushes against three. `losses.MultilabelSoftmax` compares instead. All scores of labels must be
# above a threshold, all others below:
#
# $$\log(1 + \sum_{i \notin P} e^{s_i}) + \log(1 + \sum_{j \in P} e^{-s_j})$$
#
# Each of the two sums hands out a total push of less than 1, to the worst offenders first. Here is the total push on labels
# and others at the start of a training, when all scores are 0, measured as how much the loss changes with a shift of them:


# %%
def pushes(loss, classes, labels=3, shift=1e-2):
    """How fast the loss of one sample rises with the scores of the others, and falls with those of the labels."""
    y = np.zeros((1, classes), "float32")
    y[0, :labels] = 1
    slopes = [(loss(y, shift * part) - loss(y, -shift * part)) / (2 * shift) for part in (1 - y, -y)]
    return [-slopes[1], slopes[0]]


cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
sizes = [10, 30, 100, 300, 1000, 3000, 10_000]
rows = {
    "a sigmoid each": [pushes(lambda y, s: float(cross_entropy(y, s)) * y.shape[1], n) for n in sizes],
    "one softmax": [pushes(lambda y, s: float(losses.multilabel_softmax(y, s)[0]), n) for n in sizes],
}
figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained", sharey=True)
for axis, (name, values) in zip(axes, rows.items(), strict=True):
    down, up = np.abs(np.array(values)).T
    axis.loglog(sizes, up, "o-", color=GREY, label="others, down")
    axis.loglog(sizes, down, "o-", color=RED, label="the 3 labels, up")
    axis.set(title=name, xlabel="classes")
axes[0].set_ylabel("total push")
axes[0].legend(frameon=False)
plt.show()

# %% [markdown]
# <a id="yeast"></a>
# ## Genes of yeast
#
# `datasets.yeast`: 2,417 genes, 14 functions, four of them a gene on average. The same small network with either loss; then
# its test F1 for every threshold that one might read the scores with.

# %%
(x, y), (x_test, y_test) = yeast.load_data()


def trained(loss):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([
        keras.Input(x.shape[1:]),
        keras.layers.Dense(128, "relu"),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(yeast.LABELS),
    ])  # fmt: skip
    model.compile(keras.optimizers.Adam(2e-3), loss=loss, metrics=[metrics.MultilabelF1(yeast.LABELS)])
    model.fit(x, y, batch_size=64, epochs=5 if QUICK else 40, verbose=0)
    return model.predict(x_test, verbose=0)


scores = {"a sigmoid each": trained(cross_entropy), "one softmax": trained(losses.MultilabelSoftmax())}

# %%
thresholds = np.linspace(-3, 3, 25 if QUICK else 61)
figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
for axis, average in zip(axes, ("micro", "macro"), strict=True):
    for (name, values), color in zip(scores.items(), ("grey", RED), strict=True):
        f1 = []
        for threshold in thresholds:
            metric = metrics.MultilabelF1(yeast.LABELS, average, threshold)
            metric.update_state(y_test, values)
            f1.append(float(metric.result()))
        axis.plot(thresholds, f1, color=color, label=name)
        axis.plot(thresholds[np.argmax(f1)], max(f1), "o", color=color)
    axis.axvline(0, color=GREY, zorder=0)
    axis.set(title=f"{average} F1 on the test genes", xlabel="threshold of the scores")
axes[0].legend(frameon=False)
plt.show()

# %% [markdown]
# With 14 labels, of which a third are true, there is no imbalance to mend, and the two come to the same: either could find
# more by a threshold a little below 0 (a dot marks the best). That the loss is right does not make 0 the threshold with the
# best F1. `ops.multilabel.tune_thresholds` finds it, on samples held out from training; `keras-blog train multilabel` has the
# measured comparison with several seeds, and tags of Debian packages for a case of few among many.
#
# <a id="soft"></a>
# ## Soft labels, and what a score means
#
# The loss takes labels between 0 and 1. Where one label alone is uncertain by $t$, the best score solves $t e^{-s} = (1 - t)
# e^{s}$, so the probability is read as $\sigma(2s)$ and not as $\sigma(s)$: `ops.multilabel.probabilities`. Below, the loss of
# one soft label by its score, and its minimum:

# %%
s = np.linspace(-3, 3, 301).astype("float32")[:, None]
figure, axis = plt.subplots(figsize=(6.5, 3.2), layout="constrained")
for t, color in zip((0.1, 0.3, 0.5, 0.8, 0.95), plt.cm.viridis(np.linspace(0.1, 0.85, 5)), strict=True):
    loss = numpy(losses.multilabel_softmax(np.full_like(s, t), s))
    best = loss.argmin()
    axis.plot(s[:, 0], loss, color=color, label=f"t = {t}: read as {float(multilabel.probabilities(s[best])[0]):.2f}")
    axis.plot(s[best, 0], loss[best], "o", color=color)
axis.set(title="Loss of a soft label t", xlabel="score", ylabel="nats", ylim=(0, 4))
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# <a id="sparse"></a>
# ## Lists of ids
#
# For pairs of tokens, or a catalogue, the rows of 0 and 1 are larger than the model. `losses.SparseMultilabelSoftmax` takes
# padded lists of ids. The article computes the sum over the other classes as the sum over all less the labels'; in float32
# nothing is left of that difference once a label is sure. Summing the others by themselves costs no more and is exact:

# %%
sure = np.arange(0, 31, 1).astype("float32")
rows = np.stack([sure, *[np.full_like(sure, -5)] * 3], axis=1)  # label 0 with a score that grows, three others at -5
truth = np.log1p(3 * np.exp(-5.0)) + np.log1p(np.exp(-sure.astype("float64")))
exact = numpy(losses.sparse_multilabel_softmax(np.zeros((len(sure), 1), "int32"), rows))
everything = np.log1p(np.exp(rows).sum(1, dtype="float32"))
left = np.clip(1 - np.exp(sure - everything), np.float32(1e-7), 1)
subtracted = everything + np.log(left) + np.log1p(np.exp(-sure))
figure, axis = plt.subplots(figsize=(6.5, 3), layout="constrained")
axis.plot(sure, subtracted - truth, color="grey", label="by subtraction, as published")
axis.plot(sure, exact - truth, color=RED, label="summed by themselves")
axis.set(title="Error of the loss in float32", xlabel="score of the label", ylabel="nats")
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# <a id="tail"></a>
# ## Rare classes: let the prior speak
#
# Two round clouds, one point in twenty from the right-hand one. Cross-entropy moves the border far into the rare cloud: that is
# right for accuracy, where the frequent class counts most, and wrong if both matter alike. `losses.LogitAdjusted` adds the
# logarithms of the class shares to the scores *inside the loss*. They say what is frequent, so the scores learn the rest, and
# their border is that of the clouds, through the origin. Or subtract them after the training: `ops.adjust_logits`.

# %%
rng = np.random.default_rng(1)
rare = rng.random(10_000) < 0.05
points = (rng.normal(size=(len(rare), 2)) + np.where(rare, 1, -1)[:, None]).astype("float32")
counts = np.bincount(rare)


def linear(loss):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.compile(keras.optimizers.Adam(0.05), loss=loss)
    model.fit(points, rare.astype("int32"), batch_size=500, epochs=5 if QUICK else 20, verbose=0)
    return model


plain = linear(keras.losses.SparseCategoricalCrossentropy(from_logits=True))
adjusted = linear(losses.LogitAdjusted(counts))

axis_points = np.linspace(-4.5, 4.5, 161)
grid = np.stack(np.meshgrid(axis_points, axis_points), -1).reshape(-1, 2).astype("float32")
borders = {
    "cross-entropy": (plain, lambda scores: scores, "black"),
    "the same, post hoc": (plain, lambda scores: numpy(adjust_logits(scores, counts)), BLUE),
    "logit-adjusted loss": (adjusted, lambda scores: scores, RED),
}
figure, axis = plt.subplots(figsize=(5.6, 5.2), layout="constrained")
axis.scatter(*points[~rare].T, s=2, color=GREY, label="_")
axis.scatter(*points[rare].T, s=4, color="#e9a13b", label="_")
for name, (model, change, color) in borders.items():
    balanced = metrics.BalancedAccuracy(2)
    balanced.update_state(rare.astype("int32"), change(model.predict(points, batch_size=2000, verbose=0)))
    difference = np.diff(change(model.predict(grid, batch_size=30_000, verbose=0)))[:, 0].reshape(161, 161)
    axis.contour(axis_points, axis_points, difference, levels=[0], colors=[color], linewidths=2)
    axis.plot([], [], color=color, label=f"{name}: balanced accuracy {float(balanced.result()):.3f}")
axis.plot(0, 0, "k+", ms=12)
axis.set(title="One point in twenty is rare (over all such points, .921 is the best)", aspect="equal")
axis.legend(loc="upper left", frameon=True, fontsize=8)
plt.show()

# %% [markdown]
# <a id="margin"></a>
# ## The same as a margin
#
# Inside the softmax, $\log p_j - \log p_y$ is how much class $y$ must beat class $j$ by: a rare class must win by a lot.
# `losses.PairwiseMargin` holds this and its relatives in one formula. Below, the margin that each asks of a sample of the row's
# class against the column's, for five classes of 1000 to 1 samples. LDAM, made for cosines, asks it of the own class alone; the
# equalised loss spares the rare ones.

# %%
counts = [1000, 200, 50, 10, 1]
kinds = {
    "logit adjustment": losses.PairwiseMargin.vector_scaling(counts, gamma=0.0),
    "LDAM": losses.PairwiseMargin.ldam(counts, margin=0.1),
    "equalised": losses.PairwiseMargin.equalised(counts, below=0.05),
}
figure, axes = plt.subplots(1, 3, figsize=(10, 3.4), layout="constrained", sharey=True)
for axis, (name, loss) in zip(axes, kinds.items(), strict=True):
    others, own = (np.broadcast_to(value, (5,)) for value in (loss.others, loss.own))
    margin = np.where(np.eye(5) > 0, 0, others[None, :] - own[:, None])
    image = axis.imshow(margin, cmap="RdBu_r", vmin=-7, vmax=7)
    for (i, j), value in np.ndenumerate(margin):
        axis.text(j, i, f"{value:.1f}" if i != j else "", ha="center", va="center", fontsize=9)
    axis.set(title=name, xticks=range(5), xticklabels=counts, yticks=range(5), yticklabels=counts, xlabel="against a class of")
axes[0].set_ylabel("a sample of a class of")
figure.colorbar(image, ax=axes, label="nats", shrink=0.8)
plt.show()
