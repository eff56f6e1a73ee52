# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A classifier to be thrown away: margins
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/keras_blog/blob/main/notebooks/margins.ipynb)
#
# To find sentences of one meaning, or faces of one person, train a classifier of the groups that you have, throw its last layer
# away, and compare features by their angle, also of groups that it has never seen. But to classify, a feature need only be nearer to
# its own class than to the others; to be found, it must be near its like. A margin in the loss asks for the difference. This
# notebook shows
#
# 1. [what a margin does](#circle), on a circle;
# 2. [the margins](#psi) that the library has, and why all of them are monotone;
# 3. [a formula that fails](#exact) in float32, and its exact form;
# 4. [whether it pays](#found) for sentences of groups that training has not seen;
# 5. [a margin that grows](#schedule), and [a great many classes](#many).
#
# The idea is that of the kexue.fm article [5743](https://kexue.fm/archives/5743) and of Wang et al., *Additive Margin Softmax for Face
# Verification*, arXiv:1801.05599. It runs in a minute or two on two CPU cores.

# %%
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("keras_blog") is None:  # on Colab
    source = "git+https://github.com/OWNER/keras_blog"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", source], check=True)

# %%
import os
from collections import Counter

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")

import keras
import matplotlib.pyplot as plt
import numpy as np

from keras_blog import layers, losses, metrics
from keras_blog.datasets import home_assistant

QUICK = os.environ.get("KERAS_BLOG_QUICK") == "1"
BLUE, RED, GREY = "#31688e", "#d1495b", "#c9ced6"
plt.rcParams.update({"figure.dpi": 110, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 11})
numpy = keras.ops.convert_to_numpy

# %% [markdown]
# <a id="circle"></a>
# ## On a circle
#
# Chinese commands to a smart home, grouped by meaning. A sentence is the set of its characters, and a small network makes of it a
# direction in the plane, so that one can look at it. Seven groups, trained twice: with the softmax of scaled cosines, and with
# `losses.AMSoftmax`, which lowers the cosine to the own class by 0.35 before the softmax.

# %%
(texts, groups), _ = home_assistant.load_data(per_template=5 if QUICK else 20)
common = Counter("".join(texts)).most_common(400)
columns = {character: i for i, (character, _) in enumerate(common)}


def characters(texts):
    out = np.zeros((len(texts), len(columns)), "float32")
    for row, text in zip(out, texts, strict=True):
        row[[columns[c] for c in text if c in columns]] = 1
    return out


def trained(x, y, loss, dim, epochs, seed=0, head=None):
    """The encoder, and the model on top of it after training."""
    keras.utils.set_random_seed(seed)
    encoder = keras.Sequential([
        keras.Input(x.shape[1:]),
        keras.layers.Dense(128, "relu"),
        keras.layers.Dense(dim),
        keras.layers.UnitNormalization(),
    ])  # fmt: skip
    outputs = (head or layers.CosineDense(int(y.max()) + 1, name="cosines"))(encoder.outputs[0])
    model = keras.Model(encoder.inputs, outputs)
    rate = keras.optimizers.schedules.CosineDecay(3e-3, epochs * len(x) // 64)
    model.compile(keras.optimizers.Adam(rate), loss=loss, metrics=["sparse_categorical_accuracy"])
    history = model.fit(x, y, batch_size=64, epochs=epochs, verbose=0).history
    return encoder, model, history


large = [group for group, _ in Counter(groups).most_common(7)]
x = characters([text for text, group in zip(texts, groups, strict=True) if group in large])
y = np.array([large.index(group) for group in groups if group in large], "int32")
figure, axes = plt.subplots(1, 2, figsize=(9, 4.4), layout="constrained")
for axis, (name, loss) in zip(
    axes, {"softmax": losses.NormalizedSoftmax(), "AM-softmax": losses.AMSoftmax()}.items(), strict=True
):
    encoder, model, _ = trained(x, y, loss, dim=2, epochs=10 if QUICK else 60)
    features = encoder.predict(x, verbose=0)
    centers = numpy(model.get_layer("cosines").centers)
    centers = centers / np.linalg.norm(centers, axis=1, keepdims=True)
    radius = 1 + 0.12 * np.random.default_rng(0).random((len(x), 1))
    axis.scatter(*(features * radius).T, c=y, s=3, cmap="tab10", vmax=9)
    for k, center in enumerate(centers):
        axis.plot(*np.stack([0 * center, 0.95 * center], 1), color=f"C{k}", lw=2)
    off = np.degrees(np.arccos(np.clip((features * centers[y]).sum(1), -1, 1)))
    axis.set(
        title=f"{name}: {np.median(off):.1f}° off their class, nine in ten less than {np.quantile(off, 0.9):.1f}°",
        aspect="equal",
    )
    axis.axis("off")
plt.show()

# %% [markdown]
# Dots are sentences (spread outwards to be seen), lines the centres of the classes. Both models classify; with the margin the
# sentences of a class lie closer together.
#
# <a id="psi"></a>
# ## The margins
#
# A margin replaces the cosine to the own class by something less. Drawn is what each loss makes of the angle, read off the loss itself:
# for two classes with the other at a right angle the loss is $\log(1 + e^{-s\psi})$.

# %%
theta = np.linspace(0, np.pi, 361)
cosines = np.stack([np.cos(theta), np.zeros_like(theta)], 1).astype("float32")
own = np.zeros(len(theta), "int32")
scale = 10.0
kinds = {
    "softmax": losses.normalized_softmax(own, cosines, scale),
    "AM-softmax, m = 0.35": losses.am_softmax(own, cosines, scale, 0.35),
    "ArcFace, m = 0.5": losses.arcface(own, cosines, scale, 0.5),
    "SphereFace, m = 4": losses.sphereface(own, cosines, scale, 4.0),
    "simpler A-softmax, m = 4": losses.simpler_a_softmax(own, cosines, scale, 4),
}
figure, axis = plt.subplots(figsize=(7.5, 4), layout="constrained")
for (name, values), color in zip(kinds.items(), ("grey", RED, BLUE, "#2a9d8f", "#e9a13b"), strict=True):
    axis.plot(np.degrees(theta), -np.log(np.expm1(numpy(values).astype("float64"))) / scale, color=color, label=name)
published = np.minimum(np.cos(4 * theta), np.cos(theta))
axis.plot(np.degrees(theta), published, ":", color="#e9a13b", label="simpler A-softmax as published")
axis.set(
    title="What stands for the cosine of the own class",
    xlabel="angle to its centre, degrees",
    xticks=range(0, 181, 30),
    ylim=(-3, 1.1),
)
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# The dotted line is the article's simpler form, min(cos 4θ, cos θ). It rises between 45° and 72°: there a worse feature has a smaller
# loss, and training may leave it where it is. Here every margin falls all the way.
#
# <a id="exact"></a>
# ## A formula that fails
#
# With class ids instead of one-hot rows, the article computes the sum with a trick: take all cosines and the lowered one into one
# log-sum-exp, then subtract the term of the own class again. Where the own class is already sure, nothing is left of the
# difference in float32:

# %%
print("cosine of the own class   as published   losses.am_softmax")
for cosine in (0.5, 0.7, 0.9, 0.95, 0.99):
    row = np.array([cosine, 0, 0, 0], "float32")
    s, m = np.float32(30), np.float32(0.35)
    lowered = s * (row[0] - m)
    everything = np.log(np.exp(s * row).sum(dtype="float32") + np.exp(lowered))
    with np.errstate(divide="ignore"):
        partition = everything + np.log(1 - np.exp(s * row[0] - everything))
    exact = float(losses.am_softmax([0], row[None])[0])
    print(f"{cosine:23.2f} {partition - lowered:14.7f} {exact:19.10f}")

# %% [markdown]
# A cross-entropy cannot be negative. The library's form is log(1 + exp(sum of the others − own)), which loses nothing.
#
# <a id="found"></a>
# ## Does it pay?
#
# Groups that training has never seen: every fifth. Each of their sentences is looked for among the others: is the nearest one of its
# group? And the same as a picture: cosines of pairs of sentences, of one group and of two.

# %%
held = set(list(dict.fromkeys(groups))[4::5])
inside = np.array([group in held for group in groups])
x = characters(texts)
numbers = {group: i for i, group in enumerate(dict.fromkeys(g for g in groups if g not in held))}
y = np.array([numbers.get(group, -1) for group in groups], "int32")
test_groups = np.array([group for group in groups if group in held])
kinds = {
    "softmax": losses.NormalizedSoftmax(scale=30.0),
    "AM-softmax": losses.AMSoftmax(scale=30.0, margin=0.35),
    "ArcFace": losses.ArcFace(scale=30.0, margin=0.5),
}
pairs = np.random.default_rng(0).integers(0, inside.sum(), size=(2, 40_000))
same = test_groups[pairs[0]] == test_groups[pairs[1]]
figure, axes = plt.subplots(1, 3, figsize=(12, 3.2), layout="constrained", sharey=True)
seeds = 1 if QUICK else 3
for axis, (name, loss) in zip(axes, kinds.items(), strict=True):
    hits = []
    for seed in range(seeds):
        encoder, _, _ = trained(x[~inside], y[~inside], loss, dim=64, epochs=2 if QUICK else 10, seed=seed)
        features = encoder.predict(x[inside], verbose=0)
        hits.append(metrics.retrieval(features, test_groups)["hit@1"])
    cosines = (features[pairs[0]] * features[pairs[1]]).sum(1)
    for which, color, label in ((~same, GREY, "two groups"), (same, RED, "one group")):
        axis.hist(cosines[which], bins=60, range=(-0.5, 1), density=True, color=color, alpha=0.7, label=label)
    axis.set(title=f"{name}: hit@1 {np.mean(hits):.3f} ± {np.std(hits):.3f}", xlabel="cosine")
axes[0].legend(frameon=False)
plt.show()

# %% [markdown]
# On this small task all of them find most. In the recipe `keras-blog train sentence-similarity`, with whole templates held out, a margin is
# no sure gain either: its header has the table. A margin makes the features of a class closer; whether that carries over to groups
# never seen depends on the data, so measure it on yours.
#
# <a id="schedule"></a>
# ## A margin that grows
#
# With a large margin from the first step on, a model may learn nothing for a long time. `layers.MarginSchedule` counts steps and hands
# scale and margin to the loss, so that the margin can grow; the count is saved with the model.

# %%
epochs = 3 if QUICK else 10
steps = epochs * int((~inside).sum()) // 64
growing = keras.optimizers.schedules.PolynomialDecay(0.0, decay_steps=steps // 2, end_learning_rate=1.0)
classes = len(numbers)
heads = {
    "margin 1 at once": (None, losses.ArcFace(scale=30.0, margin=1.0)),
    "margin that grows to 1": (
        lambda inputs: layers.MarginSchedule(30.0, growing)(layers.CosineDense(classes)(inputs)),
        losses.ArcFace(scale=None, margin=None),
    ),
}
figure, axis = plt.subplots(figsize=(6.5, 3), layout="constrained")
for (name, (head, loss)), color in zip(heads.items(), ("grey", RED), strict=True):
    _, _, history = trained(x[~inside], y[~inside], loss, dim=64, epochs=epochs, head=head)
    axis.plot(range(1, epochs + 1), history["sparse_categorical_accuracy"], "o-", color=color, label=name)
axis.set(title="Accuracy in training", xlabel="epoch")
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# <a id="many"></a>
# ## A great many classes
#
# With a million classes the matrix of cosines is the problem: 1 GB for 256 samples, and the softmax and its gradient hold several.
# `layers.ClassCenters` and `losses.StreamedMargin` never make it. The classes pass by in parts, once for the value and once for the
# gradient, and both are exact:

# %%
classes, dim = (5_000, 16) if QUICK else (50_000, 64)
rng = np.random.default_rng(0)
features = rng.normal(size=(32, dim)).astype("float32")
ids = rng.integers(0, classes, 32).astype("int32")
streamed, matrix = layers.ClassCenters(classes), layers.CosineDense(classes)
packed, cosines = streamed(features), matrix(features)
matrix.set_weights([streamed.get_weights()[0]])
whole = numpy(losses.am_softmax(ids, matrix(features)))
parts = numpy(losses.streamed_margin(ids, streamed(features), m3=0.35, scale=30.0))
print(f"{classes:,} classes: largest difference {np.abs(whole - parts).max():.1e} nats of {whole.mean():.2f}")
