# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # One choice among kⁿ paths: the conditional random field
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/keras_blog/blob/main/notebooks/crf.ipynb)
#
# A tagger that ends in a softmax at every step makes *n* choices, each of one tag out of *k*. A conditional random
# field (CRF) makes one choice, of one whole tag sequence out of *kⁿ*. This notebook shows what that buys, and how to
# use it in Keras:
#
# 1. [why *n* softmaxes cannot do it](#two) and how the sum over all paths is nevertheless cheap, [by hand](#hand);
# 2. [training in `compile` / `fit`](#train), on Chinese word segmentation, and the [transitions that it
#    learns](#heat);
# 3. [constraints](#allowed), [partial labels](#partial), [confidence](#confidence) and the [k best paths](#kbest);
# 4. why the transitions of a CRF on a good encoder often stay noise, and the [larger learning rate](#rate) that mends
#    it.
#
# The ideas are those of the kexue.fm articles [5542](https://kexue.fm/archives/5542),
# [4695](https://kexue.fm/archives/4695) and [7196](https://kexue.fm/archives/7196), and of Lafferty, McCallum and
# Pereira, *Conditional Random Fields*, ICML 2001. All of it runs in a minute or two on two CPU cores; with the
# environment variable `KERAS_BLOG_QUICK=1`, on less data, in half of that.

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

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")  # TensorFlow is talkative otherwise

import keras
import matplotlib.pyplot as plt
import numpy as np

from keras_blog import datasets, layers, losses, metrics, models
from keras_blog.ops import crf

QUICK = os.environ.get("KERAS_BLOG_QUICK") == "1"
BLUE, RED, GREY = "#31688e", "#d1495b", "#c9ced6"
plt.rcParams.update({"figure.dpi": 110, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 11})
numpy = keras.ops.convert_to_numpy


# %% [markdown]
# <a id="two"></a>
# ## Two characters are enough to see it
#
# In word segmentation every character gets a tag: **B**egin, **M**iddle or **E**nd of a word, or a
# **S**ingle-character word. Say that two characters are either one word, `BE`, or two, `SS`, and that either is as
# likely. Softmaxes at the two steps know only that the first is B or S and the second E or S. The best that their
# product can do is to put a quarter on each of the four combinations, and half of that is nonsense: `BS` and `SE` are
# no segmentation at all. No emission scores can mend this, for two steps that are drawn independently cannot agree. A
# score for *pairs* of neighbouring tags can:

# %%
emissions = np.log([[[0.5, 1e-9, 1e-9, 0.5], [1e-9, 1e-9, 0.5, 0.5]]]).astype("float32")  # B, M, E, S at either step
pairs = crf.allowed_transitions(["B", "M", "E", "S"], "BMES").transitions
softmax_like = crf.pack(emissions, np.zeros((4, 4), "float32"))
with_pairs = crf.pack(emissions, np.where(pairs, 0.0, crf.FORBIDDEN).astype("float32"))

print("      softmaxes   CRF")
for path in ("BE", "SS", "BS", "SE"):
    tags = np.array([["BMES".index(letter) for letter in path]])
    p = [float(np.exp(numpy(crf.log_likelihood(potentials, tags))[0])) for potentials in (softmax_like, with_pairs)]
    print(f"{path}      {p[0]:8.2f} {p[1]:7.2f}")

# %% [markdown]
# <a id="hand"></a>
# ## A chain by hand
#
# The score of a path is the sum of its *emissions*, which say how well each tag fits its step, and of its
# *transitions*, which say how well each tag follows the one before. The probability of a path is the softmax over all
# paths:
#
# $$f(y) = \sum_{t=1}^{n} h_t(y_t) + \sum_{t=1}^{n-1} g(y_t, y_{t+1}), \qquad p(y) = \frac{e^{f(y)}}{Z}, \qquad Z = \sum_{y'} e^{f(y')}$$
#
# With four steps and three tags there are 81 paths, few enough to write them all down. `ops.crf.pack` puts emissions,
# transitions and mask into one tensor, which is what every function of `ops.crf` takes.

# %%
h = np.array([[1, 0.5, -0.5], [0.2, -0.3, 0.8], [-1, 0.4, 0.6], [0.3, 0.1, -0.2]], "float32")
g = np.array([[0.1, -0.2, 0.3], [0, 0.5, -0.4], [-0.3, 0.2, 0.1]], "float32")
steps, tags = h.shape

paths = list(itertools.product(range(tags), repeat=steps))
score = np.array([sum(h[t, y[t]] for t in range(steps)) + sum(g[a, b] for a, b in itertools.pairwise(y)) for y in paths])
by_hand = np.log(np.sum(np.exp(score)))

chain = crf.pack(h[None], g)
log_z = float(numpy(crf.log_partition(chain))[0])
best, best_score = (numpy(value)[0] for value in crf.decode(chain))
step_by_step = tuple(int(tag) for tag in h.argmax(-1))

print(f"{len(paths)} paths; log Z = {by_hand:.6f} by enumeration, {log_z:.6f} by ops.crf.log_partition")
print(f"best path {tuple(int(tag) for tag in best)}, score {best_score:.1f}")
print(f"best tag at every step by itself {step_by_step}, score {score[paths.index(step_by_step)]:.1f}")
assert abs(by_hand - log_z) < 1e-5
assert paths[score.argmax()] == tuple(best)

# %% [markdown]
# Taking the best tag at each step by itself, as a softmax does, lands on the fourth best path.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.4), width_ratios=[5, 4], layout="constrained")

p = np.exp(score - by_hand)
order = np.argsort(-p)
special = {paths.index(tuple(best)): (RED, "best path"), paths.index(step_by_step): (BLUE, "best tag at every step")}
left.bar(range(len(p)), p[order], width=0.9, color=[special.get(i, (GREY, ""))[0] for i in order])
for i, (color, label) in special.items():
    rank = int(np.flatnonzero(order == i)[0])
    left.annotate(
        f"{label}: {'-'.join(map(str, paths[i]))}", (rank + 0.5, p[i]), (rank + 8, p[i]), color=color, va="center",
        arrowprops={"arrowstyle": "-", "color": color},
    )  # fmt: skip
left.set(title="All 81 paths", xlabel="rank", ylabel="probability")

nodes, edges = numpy(crf.marginals(chain))[0], numpy(crf.edge_marginals(chain))[0]
for t, i, j in np.ndindex(edges.shape):
    on_best = best[t] == i and best[t + 1] == j
    right.plot(
        [t, t + 1], [i, j], color=RED if on_best else GREY, lw=22 * edges[t, i, j], solid_capstyle="round", zorder=1 + on_best
    )
right.scatter(*np.indices(nodes.shape), s=1700 * nodes.ravel(), color=BLUE, zorder=3)
for (t, i), q in np.ndenumerate(nodes):
    right.annotate(f"{q:.2f}", (t, i), (t, i - 0.34), ha="center", fontsize=8)
right.set(
    title="Marginals of tags and of pairs; best path red", xlabel="step", ylabel="tag", ylim=(2.5, -0.6), xlim=(-0.4, 3.4)
)
right.set(xticks=range(steps), yticks=range(tags))
plt.show()

# %% [markdown]
# Nobody enumerates. All paths that reach tag *j* at step *t + 1* came through one of the *k* tags at step *t*, so the
# sum over paths can be carried along, *k²* work a step instead of *kⁿ* in all. Replace the sum by a maximum and the
# same loop finds the best path (Viterbi); differentiate it and out come the marginals, which is why training needs
# nothing else.

# %%
log_sum = h[0]
for emission in h[1:]:
    log_sum = np.log(np.sum(np.exp(log_sum[:, None] + g), axis=0)) + emission
print(f"log Z = {np.log(np.sum(np.exp(log_sum))):.6f}, in {steps - 1} steps of {tags} x {tags} numbers")
print(f"a sentence of 40 characters and 4 tags: 4**40 = {4.0**40:.0e} paths, or 39 steps of 4 x 4 numbers")

# %% [markdown]
# ## Real text
#
# The People's Daily of January 1998, cut into words by hand. To stay within a minute we take a few thousand sentences
# of up to 40 characters; `keras-blog train word-segmentation` trains on all. Padding has character id 0 and label −1.

# %%
TAGS, LENGTH = ["B", "M", "E", "S"], 40
(train, train_tags), (test, test_tags) = datasets.people_daily.load_data(max_length=LENGTH)
rng = np.random.default_rng(0)


def some(sentences, tags, number):
    fit = [i for i in rng.permutation(len(sentences)) if 6 <= len(sentences[i]) <= LENGTH][:number]
    return [sentences[i] for i in fit], [tags[i] for i in fit]


train, train_tags = some(train, train_tags, 512 if QUICK else 3072)
test, test_tags = some(test, test_tags, 128 if QUICK else 512)
characters = {character: i for i, character in enumerate(models.Tagger.vocabulary_of(train), start=2)}


def table(rows, numbers, padding):
    out = np.full((len(rows), LENGTH), padding, "int32")
    for i, row in enumerate(rows):
        out[i, : len(row)] = [numbers.get(entry, 1) for entry in row]
    return out


numbers_of_tags = {tag: i for i, tag in enumerate(TAGS)}
x, y = table(train, characters, 0), table(train_tags, numbers_of_tags, -1)
x_test, y_test = table(test, characters, 0), table(test_tags, numbers_of_tags, -1)
print(f"{len(x):,} sentences to train on, {len(x_test)} to test, {len(characters):,} characters in the vocabulary")
print(" ".join(f"{character}/{tag}" for character, tag in zip(train[0][:13], train_tags[0], strict=False)), "…")

# %% [markdown]
# <a id="train"></a>
# ## A CRF in `compile` and `fit`
#
# `layers.CRF` goes behind the layer that scores the tags and owns the transitions. The loss is
# `losses.CRFNegativeLogLikelihood`. The mask would come from the embedding by itself if all stood in one model; here
# the encoder is a model of its own, and Keras drops masks where such a model ends, so we pass it. For comparison the
# same network with the usual softmax loss.
#
# There are two encoders. *Alone* sees one character at a time, an embedding and nothing more. *In context* adds
# bigrams and two gated convolutions, so that it sees eight characters.


# %%
def alone():
    ids = keras.Input((None,), dtype="int32")
    return keras.Model(ids, keras.layers.Embedding(len(characters) + 2, 64, mask_zero=True)(ids))


def in_context():
    pairs = models.Tagger.bigrams_of(train, characters)
    return models.character_encoder(len(characters) + 2, dim=64, dilations=(1, 2), bigrams=pairs, dropout=0.3, seed=0)


def model_of(encoder, head=None):
    ids = keras.Input((None,), dtype="int32")
    scores = keras.layers.Dense(len(TAGS), name="scores")(encoder(ids))
    return keras.Model(ids, scores if head is None else head(scores, mask=keras.ops.not_equal(ids, 0)))


def trained(model, labels, rate=5e-3, epochs=1 if QUICK else 3):
    softmax = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    is_crf = isinstance(model.layers[-1], layers.CRF)
    model.compile(keras.optimizers.Adam(rate), loss=losses.CRFNegativeLogLikelihood() if is_crf else softmax)
    model.fit(x, labels, batch_size=64, epochs=epochs, verbose=0)
    return model


SCHEME = crf.allowed_transitions(TAGS, "BMES")


def measured(model):
    """F1 of words on the test sentences, and how many of the predicted pairs of tags cannot be."""
    scores = model.predict(x_test, batch_size=64, verbose=0)
    is_crf = isinstance(model.layers[-1], layers.CRF)
    predicted = numpy(crf.decode(scores)[0]) if is_crf else np.where(y_test >= 0, scores.argmax(-1), -1)
    f1 = metrics.SpanF1(TAGS, "BMES")
    f1.update_state(y_test, predicted)
    before, after = predicted[:, :-1], predicted[:, 1:]
    impossible = np.count_nonzero(~SCHEME.transitions[before, after] & (after >= 0))
    return float(f1.result()), impossible


# %%
encoders = {"alone": alone} if QUICK else {"alone": alone, "in context": in_context}
best_encoder = list(encoders)[-1]
fits = {}
for name, encoder in encoders.items():
    for head in ("softmax", "CRF"):
        keras.utils.set_random_seed(0)
        layer = layers.CRF(len(TAGS), lr_multiplier=10.0, name="crf") if head == "CRF" else None
        fits[name, head] = trained(model_of(encoder(), layer), y)

results = {key: measured(model) for key, model in fits.items()}
for (name, head), (f1, impossible) in results.items():
    print(f"{name:>10}, {head:>7}: F1 {f1:.3f}, {impossible:>5} impossible pairs")

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.3), layout="constrained")
for axis, column, title in ((left, 0, "F1 of words"), (right, 1, "Impossible pairs of tags")):
    for shift, head, color in ((-0.2, "softmax", GREY), (0.2, "CRF", BLUE)):
        values = [results[name, head][column] for name in encoders]
        bars = axis.bar(np.arange(len(values)) + shift, values, 0.38, color=color, label=head)
        axis.bar_label(bars, fmt="%.3f" if column == 0 else "%d", fontsize=9)
    axis.set(title=title, xticks=range(len(encoders)), xticklabels=encoders)
right.legend(frameon=False)
plt.show()

# %% [markdown]
# Where the encoder sees nothing of the neighbours, the CRF is worth a great deal: the transitions are the only memory
# there is. Where the encoder sees context it has learned most of this by itself, and the gain is small. That is an
# honest summary of CRFs in practice: the weaker the encoder and the fewer the labels, the more they bring; and they
# bring legal sequences everywhere.
#
# <a id="heat"></a>
# ### What the transitions learned
#
# Nobody told this model the scheme. It found the eight pairs that exist, and that the other eight do not.

# %%
layer = fits["alone", "CRF"].get_layer("crf")
transitions = numpy(layer.scores()[0])


def heat_map(axis, matrix, limit, marked=None):
    image = axis.imshow(matrix, cmap="RdBu_r", vmin=-limit, vmax=limit)
    for (i, j), value in np.ndenumerate(matrix):
        axis.text(
            j, i, f"{value:.1f}", ha="center", va="center", fontsize=9, color="white" if abs(value) > 0.6 * limit else "black"
        )
        if marked is not None and marked[i, j]:
            axis.add_patch(plt.Rectangle((j - 0.47, i - 0.47), 0.94, 0.94, fill=False, lw=1.8))
    axis.set(xticks=range(4), xticklabels=TAGS, yticks=range(4), yticklabels=TAGS, xlabel="to")
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)
    return image


figure, axis = plt.subplots(figsize=(4.6, 3.6), layout="constrained")
image = heat_map(axis, transitions, np.abs(transitions).max(), SCHEME.transitions)
axis.set(title="Learned transitions\n(framed: what the scheme allows)", ylabel="from")
figure.colorbar(image, label="score in nats")
plt.show()

# %% [markdown]
# <a id="allowed"></a>
# ## Constraints
#
# If the scheme is known there is no need to learn it. `ops.crf.allowed_transitions` derives from the names of the tags
# what may follow what, and what may stand first and last; `layers.CRF(allowed=...)` gives everything else the score
# −10³⁰, in the loss as in decoding. Here the weights are those of the model just trained, so only the constraint
# differs:

# %%
free = fits["alone", "CRF"]
bound = model_of(alone(), layers.CRF(len(TAGS), lr_multiplier=10.0, allowed=SCHEME, name="crf"))
bound.set_weights(free.get_weights())

for name, model in (("free", free), ("constrained", bound)):
    f1, impossible = measured(model)
    first = numpy(crf.decode(model.predict(x_test, batch_size=64, verbose=0))[0])[:, 0]
    begun_inside = np.isin(first, [TAGS.index("M"), TAGS.index("E")]).sum()
    print(f"{name:>12}: F1 {f1:.3f}, {impossible} impossible pairs, {begun_inside} sentences that begin inside a word")

# %% [markdown]
# <a id="partial"></a>
# ## Partial labels
#
# Suppose annotators marked only three characters in ten. Three ways to train on that:
#
# - softmax: leave unmarked steps out of the loss;
# - CRF with label −1: also leaves these steps out, but *out of the chain*, so that what remains are neighbours that
#   never stood side by side. This is right for padding and wrong here: the transitions learn to skip;
# - CRF with **sets**: labels of shape `(batch, steps, tags)` hold every tag that is possible: one where it is known,
#   all four where it is not. The loss is then −log of the *sum* of the probabilities of all paths that agree with what
#   is known.

# %%
seen = rng.random(y.shape) < 0.3
left_out = np.where(seen, y, -1)
sets = np.where(seen[..., None], y[..., None] == np.arange(len(TAGS)), (y >= 0)[..., None]).astype("int8")

ways = (
    ("softmax, unmarked left out", left_out, None),
    ("CRF, unmarked as -1", left_out, layers.CRF(len(TAGS), lr_multiplier=10.0, allowed=SCHEME)),
    ("CRF, unmarked as sets", sets, layers.CRF(len(TAGS), lr_multiplier=10.0, allowed=SCHEME)),
)
for name, labels, head in ways[2:] if QUICK else ways:
    keras.utils.set_random_seed(0)
    print(f"{name:>28}: F1 {measured(trained(model_of(alone(), head), labels))[0]:.3f}")
print(f"{'CRF, everything marked':>28}: F1 {results['alone', 'CRF'][0]:.3f}")

# %% [markdown]
# <a id="confidence"></a>
# ## How sure is it?
#
# `ops.crf.marginals` gives the probability of each tag at each step, over all paths, and `ops.crf.entropy` that of the
# whole distribution over paths. Both say where to look twice. Left: one sentence, position by position, and where the
# prediction is wrong. Right: test sentences in five groups from the most to the least certain, by entropy a character,
# and how many of their characters are tagged wrongly.

# %%
potentials = fits[best_encoder, "CRF"].predict(x_test, batch_size=64, verbose=0)
predicted, real = numpy(crf.decode(potentials)[0]), y_test >= 0
marginals, entropy = numpy(crf.marginals(potentials)), numpy(crf.entropy(potentials))
wrong = (predicted != y_test) & real
a_character = entropy / real.sum(1)

shown = next(i for i in np.argsort(-a_character) if 18 <= real[i].sum() <= 26 and wrong[i].sum() >= 2)
length = real[shown].sum()
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 2.9), width_ratios=[5, 3], layout="constrained")
image = left.imshow(marginals[shown, :length].T, cmap="Blues", vmin=0, vmax=1, aspect="auto")
left.plot(range(length), y_test[shown, :length], "o", color="black", ms=3.5, label="gold")
left.plot(np.flatnonzero(wrong[shown]), predicted[shown, wrong[shown]], "x", color=RED, ms=8, mew=2, label="wrong prediction")
left.set(title="Marginals of one sentence", xlabel="position", yticks=range(4), yticklabels=TAGS)
left.legend(loc="upper left", bbox_to_anchor=(0, -0.2), ncols=2, frameon=False)
left.spines[:].set_visible(False)
figure.colorbar(image, ax=left)

groups = np.array_split(np.argsort(a_character), 5)
errors = [wrong[group].sum() / real[group].sum() for group in groups]
bars = right.bar(range(1, 6), 100 * np.array(errors), color=[BLUE] * 4 + [RED])
right.bar_label(bars, fmt="%.1f", fontsize=9)
right.set(title="Wrong tags in %", xlabel="groups of sentences, most certain first")
plt.show()


def words_of(text, tags):
    ends = [TAGS[tag] in "ES" for tag in tags[: len(text)]]
    return "".join(character + (" " if end else "") for character, end in zip(text, ends, strict=True))


print("predicted ", words_of(test[shown], predicted[shown]))
print("gold      ", words_of(test[shown], y_test[shown]))

# %% [markdown]
# <a id="kbest"></a>
# ## The k best paths
#
# 发展中国家 means "developing country" as 发展 / 中 / 国家, and "to develop China" begins 发展 / 中国. 研究生命的起源, "to study the origin
# of life", hides a trap too, 研究生, a graduate student, but one that does not fit the rest. `ops.crf.k_best` returns the
# best paths in order, `log_likelihood` their probabilities, and the entropy tells the two cases apart.

# %%
for text in ("发展中国家", "研究生命的起源"):
    one = fits[best_encoder, "CRF"].predict(table([text], characters, 0), verbose=0)
    print(f"{text}: entropy {numpy(crf.entropy(one))[0]:.2f} nats")
    for tags in numpy(crf.k_best(one, 4)[0])[0]:
        p = float(np.exp(numpy(crf.log_likelihood(one, tags[None]))[0]))
        print(f"    {p:.3f}  {words_of(text, tags)}")

# %% [markdown]
# <a id="rate"></a>
# ## Why the transitions stay noise, and what to do
#
# A pretrained encoder is fine-tuned at a small learning rate. Adam moves every weight by about the learning rate a
# step, the transitions too: in a few hundred steps of 10⁻⁴ they hardly leave where they were initialised. The network
# does not mind. Its emissions fit the labels without help, so the loss does not press the transitions either. What is
# left is a CRF by name, whose transitions are random numbers, and article 7196 found just that under BERT.
#
# `lr_multiplier` stores the transitions divided by a factor, so that Adam's steps are that much longer for them and
# for nothing else. To see it, let the trained softmax network play the pretrained encoder, put a fresh CRF on top, and
# fine-tune at 10⁻⁴:

# %%
rate = 1e-4
factors = (1, 1000) if QUICK else (1, 100, 1000)
pretrained = fits[best_encoder, "softmax"].get_weights()
tuned = {}
for factor in factors:
    encoder = encoders[best_encoder]()
    keras.utils.set_random_seed(1)
    layer = layers.CRF(len(TAGS), boundaries=False, lr_multiplier=float(factor), initial_range=0.5, name="crf")
    model = model_of(encoder, layer)
    fresh = numpy(layer.scores()[0])
    model.set_weights([*pretrained, layer.get_weights()[0]])
    trained(model, y, rate, epochs=1)
    tuned[factor] = (numpy(layer.scores()[0]), *measured(model))

figure, axes = plt.subplots(1, 1 + len(factors), figsize=(2.6 * (1 + len(factors)), 3.2), layout="constrained", sharey=True)
heat_map(axes[0], fresh, 2.5, SCHEME.transitions)
axes[0].set(title="before\n", ylabel="from")
for axis, (factor, (matrix, f1, impossible)) in zip(axes[1:], tuned.items(), strict=True):
    image = heat_map(axis, matrix, 2.5, SCHEME.transitions)
    axis.set_title(f"lr_multiplier={factor}\nF1 {f1:.3f}, {impossible} impossible")
figure.colorbar(image, ax=axes, label="score in nats", shrink=0.8, extend="both")
plt.show()

# %% [markdown]
# At the encoder's own rate the matrix on the right of "before" is the same noise. At a thousand times that rate the
# scheme is there (framed pairs red, all others blue), and the impossible pairs are gone. F1 hardly moves, as the
# article observes of BERT: a good encoder makes few mistakes that transitions could mend. If the scheme is known,
# `allowed=` gives legal sequences without any learning; the multiplier matters for all that a scheme does not say,
# such as which type of entity tends to follow which.
