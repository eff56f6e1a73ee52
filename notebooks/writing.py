# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Writing a text for a text
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/keras_blog/blob/main/notebooks/writing.ipynb)
#
# A title for an article, phonemes for a word: a decoder writes a token at a time, each from the source and from what it has
# written so far. This notebook shows
#
# 1. [why the likeliest token at each step](#greedy) does not make the likeliest text, and what a beam does about it;
# 2. [how to search right](#pool): hypotheses that end, states that follow, draws that keep to the likely;
# 3. [a model that learns to pronounce English](#train), and [what it reads](#attention) while it writes;
# 4. [what we know beforehand](#prior): that the words of the source are likelier in the output;
# 5. [writing from both ends](#both), and the price of it.
#
# The ideas are those of the kexue.fm articles [5861](https://kexue.fm/archives/5861) and
# [6877](https://kexue.fm/archives/6877), of Wu et al., *Google's Neural Machine Translation System*,
# [arXiv:1609.08144](https://arxiv.org/abs/1609.08144), and of Zhou, Zhang and Zong, *Synchronous Bidirectional Neural Machine
# Translation*, [arXiv:1905.04847](https://arxiv.org/abs/1905.04847). It runs in a few minutes on two CPU cores; with the
# environment variable `KERAS_BLOG_QUICK=1`, on fewer words, in less than one.

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

from keras_blog import layers, metrics, models
from keras_blog.datasets import cmudict
from keras_blog.ops import beam_search, greedy_search, sample_sequences

QUICK = os.environ.get("KERAS_BLOG_QUICK") == "1"
BLUE, RED, GREY = "#31688e", "#d1495b", "#c9ced6"
plt.rcParams.update({"figure.dpi": 110, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 11})
numpy = keras.ops.convert_to_numpy

# %% [markdown]
# <a id="greedy"></a>
# ## The likeliest step is not the likeliest text
#
# A writer that knows three words. After `the` it is undecided; after `a` it is nearly sure. The first step prefers `the`, .6 to
# .4, but the best text with `the` has probability .24, and `a dog` has .36.

# %%
WORDS = ["<end>", "the", "a", "dog", "cat", "cow"]
NEXT = np.array([  # the next word, by the last; at the start the last word is <end>
    [0.00, 0.60, 0.40, 0.00, 0.00, 0.00],
    [0.00, 0.00, 0.00, 0.40, 0.30, 0.30],
    [0.00, 0.00, 0.00, 0.90, 0.05, 0.05],
    *([[1.0, 0, 0, 0, 0, 0]] * 3),
])  # fmt: skip


def step_of(table):
    """A step function: scores of the next word, by the last. A state, here none, would follow its hypothesis."""
    scores = keras.ops.convert_to_tensor(np.log(table + 1e-9).astype("float32"))
    return lambda last, state: (keras.ops.take(scores, last, axis=0), state)


step = step_of(NEXT)


def text(row):
    return " ".join(WORDS[token] for token in numpy(row) if token > 0)


tokens, score = greedy_search(step, (), [0], steps=3, end=0)
print(f"greedy        {text(tokens[0]):10} p = {np.exp(float(score[0])):.2f}")
for beams in (1, 2, 6):
    tokens, scores = beam_search(step, (), [0], steps=3, end=0, beams=beams, length_penalty=0.0)
    print(f"{beams} hypotheses  {text(tokens[0, 0]):10} p = {np.exp(float(scores[0, 0])):.2f}")

# %%
figure, axis = plt.subplots(figsize=(7.2, 3.4), layout="constrained")
for word, y in (("the", 1.5), ("a", -1.5)):
    p = NEXT[0, WORDS.index(word)]
    axis.plot([0, 1], [0, y], color=GREY, lw=8 * p)
    axis.text(1, y + 0.22, f"{word} {p:.1f}", ha="center")
    for k, other in enumerate(("dog", "cat", "cow")):
        q, z = NEXT[WORDS.index(word), WORDS.index(other)], y + 1 - k
        color = RED if (word, other) == ("a", "dog") else BLUE if (word, other) == ("the", "dog") else GREY
        axis.plot([1, 2], [y, z], color=color, lw=8 * p * q + 0.5)
        axis.text(2.05, z, f"{word} {other}  {p:.1f} × {q:.2f} = {p * q:.2f}", va="center", color="black")
axis.set(xlim=(-0.1, 3.4), title="Greedy search walks the thick branch (blue) and misses the best leaf (red)")
axis.axis("off")
plt.show()

# %% [markdown]
# A beam keeps the best few beginnings instead of one. With as many hypotheses as there are texts, it is the exact answer; two
# suffice here.
#
# <a id="pool"></a>
# ## What a search has to get right
#
# A hypothesis that ends is complete. It must neither be extended, which adds log probabilities of words that nobody reads, nor
# thrown away because it is not the best at that moment. Here `b` may end early; the search keeps it in a pool and still looks at
# the longer ones.

# %%
early = np.array([[0.01, 0.50, 0.49], [0.40, 0.30, 0.30], [0.90, 0.05, 0.05]])
tokens, scores = beam_search(step_of(early), (), [0], steps=6, end=0, beams=2, best=2, length_penalty=0.0, pad=-1)
for row, score in zip(numpy(tokens)[0], numpy(scores)[0], strict=True):
    print("".join(" ab"[token] for token in row if token > 0).ljust(8), f"p = {np.exp(score):.3f}")

# %% [markdown]
# Long texts have low probabilities, so a search that compares probabilities prefers short ones. `length_penalty` divides by a
# power of the length. `min_length`, `no_repeat` and `allowed` rule texts out. And where a text should surprise, draw: `top_p` keeps
# the fewest tokens that hold that share of the probability, so the long tail of unlikely ones never speaks.

# %%
for options in ({}, {"temperature": 0.5}, {"top_p": 0.5}):
    tokens, _ = sample_sequences(step, (), [0], steps=3, end=0, samples=2000, seed=1, **options)
    drawn, counts = np.unique([text(row) for row in tokens[0]], return_counts=True)
    shares = ", ".join(
        f"{words} {count / 2000:.2f}" for count, words in sorted(zip(counts, drawn, strict=True), reverse=True)[:4]
    )
    print(f"{options or 'as they are'!s:22} {shares}")

# %% [markdown]
# <a id="train"></a>
# ## Learning to pronounce
#
# English spelling is a code with many exceptions. The CMU dictionary has 125,000 words with their phonemes; a word is a text of
# letters, its pronunciation a text of phonemes. `models.Seq2Seq` reads with bidirectional GRUs and writes with GRUs that attend
# to the letters.

# %%
train, _, test = cmudict.load_data()
some = np.random.default_rng(0).permutation(sorted(train))[: 300 if QUICK else 12_000]
pairs = [(str(word), phonemes) for word in some for phonemes in train[word]]
words, phonemes = zip(*pairs, strict=True)
print(f"{len(pairs):,} pairs, such as {words[0]} → {' '.join(phonemes[0])}")

keras.utils.set_random_seed(0)
model = models.Seq2Seq(models.Seq2Seq.vocabulary_of(words), models.Seq2Seq.vocabulary_of(phonemes, min_count=1), dim=96)
batches = models.PairBatches(model, words, phonemes, 128)
rate = keras.optimizers.schedules.CosineDecay(5e-3, 8 * len(batches), alpha=0.02)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
model.compile(keras.optimizers.Adam(rate, clipnorm=1.0), loss)
history = model.fit(batches, epochs=1 if QUICK else 8, verbose=0).history["loss"]
print("loss " + " ".join(f"{value:.2f}" for value in history))

# %%
unseen = sorted(test)[:: 200 if QUICK else 12]
for beams in (1, 4):
    outputs = model.generate(unseen, beams=beams, steps=20, length_penalty=0.0)
    rates = metrics.error_rates(outputs, [test[word] for word in unseen])
    print(f"beam {beams}: {100 * rates['token_error_rate']:.0f} % of the phonemes wrong, "
          f"{100 * rates['sequence_error_rate']:.0f} % of the words have an error")  # fmt: skip
for word, output in list(zip(unseen, outputs, strict=True))[:: 2 if QUICK else 60]:
    print(f"  {word:16} {' '.join(output)}")

# %% [markdown]
# The full recipe, `keras-blog train pronounce`, trains on all words.
#
# <a id="attention"></a>
# ### What it reads while it writes
#
# No one tells the model which letter a phoneme stands for. The attention finds out: a diagonal, that stays at `x` for two
# phonemes and skips letters that are silent.

# %%
shown = ["kexue", "thoroughly", "photosynthesis"]
figure, axes = plt.subplots(1, len(shown), figsize=(11, 3.8), layout="constrained")
for axis, word, output in zip(axes, shown, model.generate(shown, beams=4, steps=20), strict=True):
    axis.imshow(model.attention_of(word, output), cmap="magma", vmin=0, vmax=1, aspect="auto")
    axis.set_xticks(range(len(word)), word)
    axis.set_yticks(range(len(output)), output)
plt.show()

# %% [markdown]
# <a id="prior"></a>
# ## What we know beforehand
#
# Most words of a title occur in its article. The article 5861 tells the decoder so: `layers.SourcePrior` mixes its scores with a
# vote for the tokens of the source. It starts at one half each and learns how much the vote is worth, a number a token.

# %%
prior = layers.SourcePrior(specials=[0])
scores = np.array([[0.0, 1.0, 0.0, -1.0]], "float32")
for source in ([[2, 3]], [[0, 0]]):
    p = numpy(keras.ops.softmax(prior(scores, np.array(source))))[0]
    print(f"source {source[0]}: " + " ".join(f"{value:.3f}" for value in p))

# %% [markdown]
# Does it help? A task where everything is in the source: sort the letters of a word. Both models see the same words.

# %%
rng = np.random.default_rng(0)
letters = list("abcdefghijklmnopqrst")
sources = ["".join(rng.choice(letters, size=n)) for n in rng.integers(3, 8, size=256 if QUICK else 2000)]
targets = ["".join(sorted(word)) for word in sources]
curves = {}
for name, has_prior in (("with the prior", True), ("without", False)):
    keras.utils.set_random_seed(0)
    sorter = models.Seq2Seq(letters, dim=64, prior=has_prior, dropout=0.0)
    sorter.compile(keras.optimizers.Adam(5e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1))
    curves[name] = sorter.fit(models.PairBatches(sorter, sources, targets, 64), epochs=2 if QUICK else 8, verbose=0).history[
        "loss"
    ]
figure, axis = plt.subplots(figsize=(5.6, 3.4), layout="constrained")
for (name, curve), color in zip(curves.items(), (RED, BLUE), strict=True):
    axis.plot(range(1, len(curve) + 1), curve, marker="o", color=color, label=name)
axis.set(title="Sorting the letters of a word", xlabel="epoch", ylabel="loss, nats a letter")
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# In the first epoch, yes: what is in the source need not be learned. Later the attention has found out by itself how to copy, and
# here, with twenty letters, the prior adds nothing more. The article has thousands of characters, most of them rare.
#
# <a id="both"></a>
# ## From both ends
#
# What a decoder writes first it writes best; later tokens inherit the errors before them. So let one side write from the left
# and one from the right, each reading what the other has by then. `layers.BidirectionalDecoder` has both in one tensor, with the
# same weights: swap the sides and the outputs are swapped, exactly. And no step sees what either side writes later:

# %%
decoder = layers.BidirectionalDecoder(num_heads=2, key_dim=8)
x, memory = rng.normal(size=(1, 2, 6, 16)).astype("float32"), rng.normal(size=(1, 5, 16)).astype("float32")
before = numpy(decoder(x, memory))
swapped = numpy(decoder(x[:, ::-1].copy(), memory))[:, ::-1]
print(f"swapping the sides changes the outputs by {np.abs(before - swapped).max():.0f}")
figure, axes = plt.subplots(1, 2, figsize=(7.4, 3.2), layout="constrained")
for axis, side in zip(axes, ("left", "right"), strict=True):
    seen = np.zeros((12, 6))
    for t in range(6):
        changed = x.copy()
        changed[:, ("left", "right").index(side), t] = rng.normal(size=16)
        seen[:, t] = np.abs(numpy(decoder(changed, memory)) - before).max(axis=(0, 3)).reshape(-1) > 1e-6
    axis.imshow(np.where(seen, 1.0, 0.12), cmap="Blues", vmin=0, vmax=1.25)
    axis.set(title=f"who sees step t from the {side}", xlabel="t", xticks=range(6))
    axis.set_yticks(range(12), [f"left {i}" for i in range(6)] + [f"right {i}" for i in range(6)], fontsize=7)
plt.show()

# %% [markdown]
# The article names the price. In training both sides are given the true text. Once they have passed each other, at its middle,
# each has read what the other has still to write, and such steps are no test. `models.BidirectionalSeq2Seq` does the rest, with
# the paper's search, `ops.bidirectional_beam_search`, in which hypotheses of equal rank read each other, or the article's,
# `ops.paired_beam_search`, in which each reads all of the other side. How the kinds of writers compare is in the headers of
# `keras_blog/recipes/pronounce.py` and `keras_blog/recipes/titles.py`.
