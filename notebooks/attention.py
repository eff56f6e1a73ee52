# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Attention that need not look at everything
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/keras_blog/blob/main/notebooks/attention.ipynb)
#
# In self-attention every step looks at every step: *n²* pairs, most of which hardly matter. If each step looks at a few
# chosen ones only, time and memory grow with their number. This notebook shows
#
# 1. [the patterns](#patterns) of those choices, drawn from the code that computes them;
# 2. [what they cost](#cost), counted and measured;
# 3. [why two sparse layers see everything](#reach), in a picture and on a task that a local model cannot solve;
# 4. [generating a step at a time](#cache), with a cache that does not grow.
#
# The ideas are those of the kexue.fm article [6853](https://kexue.fm/archives/6853), of Child et al., *Generating Long
# Sequences with Sparse Transformers*, [arXiv:1904.10509](https://arxiv.org/abs/1904.10509), and of Beltagy, Peters and
# Cohan, *Longformer*, [arXiv:2004.05150](https://arxiv.org/abs/2004.05150). All of it runs in a minute or two on two CPU
# cores; with the environment variable `KERAS_BLOG_QUICK=1`, on less, in half of that.

# %%
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("keras_blog") is None:  # on Colab
    source = "git+https://github.com/OWNER/keras_blog"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", source], check=True)

# %%
import os
import time

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")  # TensorFlow is talkative otherwise

import keras
import matplotlib.pyplot as plt
import numpy as np

from keras_blog import layers, models
from keras_blog.ops.sparse_attention import atrous, attend, density, fixed, local, sparse_mask, strided

QUICK = os.environ.get("KERAS_BLOG_QUICK") == "1"
BLUE, RED, GREY = "#31688e", "#d1495b", "#c9ced6"
plt.rcParams.update({"figure.dpi": 110, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 11})
numpy = keras.ops.convert_to_numpy

# %% [markdown]
# <a id="patterns"></a>
# ## Who sees whom
#
# A pattern is one short description. `sparse_mask(n, pattern)` writes it down as a matrix: row *i* is a query, column *j* a
# key, and a square is dark where the one sees the other. Dense attention would be all dark; below, the first row lets every
# step look both ways, and the second is for models that generate, where no step may look ahead.

# %%
KINDS = {
    "local(4)": lambda causal: local(4, causal),
    "atrous(4)": lambda causal: atrous(4, causal),
    "strided(4)": lambda causal: strided(4, causal=causal),
    "fixed(6, 1)": lambda causal: fixed(6, 1, causal),
    "local(4), 2 global tokens": lambda causal: local(4, causal, global_tokens=2),
}


def draw(axis, mask, title):
    axis.imshow(np.where(mask, 1.0, 0.12), cmap="Blues", vmin=0, vmax=1.25)
    axis.set(title=title, xticks=[], yticks=[])
    axis.set_xticks(np.arange(len(mask)) + 0.5, minor=True)
    axis.set_yticks(np.arange(len(mask)) + 0.5, minor=True)
    axis.grid(which="minor", color="white", lw=0.6)
    axis.tick_params(which="minor", length=0)
    axis.spines[:].set_visible(False)


figure, axes = plt.subplots(2, len(KINDS), figsize=(13, 5.4), layout="constrained")
for row, causal in zip(axes, (False, True), strict=True):
    for axis, (name, pattern) in zip(row, KINDS.items(), strict=True):
        draw(axis, sparse_mask(18, pattern(causal)), name + (", causal" if causal else ""))
plt.show()

# %% [markdown]
# - `local(window)`: the steps nearby, the own one included. What is far away is never seen.
# - `atrous(rate)`: every `rate`-th step, as in a dilated convolution. It reaches the far end, with gaps.
# - `strided(rate)`: the union of both, each pair counted once. It is the sparse attention of the article.
# - `fixed(block, summary)`: the own block, and of every block its last steps, which have to learn to sum it up.
# - `global_tokens`: the first steps see all and are seen by all, such as a question before a long document.
#
# The numbers are exact. `attend` computes softmax attention over just these pairs, and a test compares it with dense
# attention under `sparse_mask`, values and gradients, at every length from 1 to 70. Here once more:

# %%
rng = np.random.default_rng(0)
query, key, value = (rng.normal(size=(1, 50, 2, 8)).astype("float32") for _ in range(3))
for name, pattern in KINDS.items():
    dense = keras.ops.dot_product_attention(query, key, value, mask=sparse_mask(50, pattern(True))[None, None])
    difference = np.abs(numpy(attend(query, key, value, pattern(True))) - numpy(dense)).max()
    print(f"{name:26} largest difference from dense attention under its mask: {difference:.0e}")
    assert difference < 1e-5

# %% [markdown]
# <a id="cost"></a>
# ## What it costs
#
# `density` counts the pairs that a pattern allows, and the scores that are computed for them. The second number is larger:
# processors like dense tiles, so the queries are cut into blocks, each with the blocks of keys that it can see, and a little
# is computed that no one looks at. No array ever holds a number for each of the *n²* pairs.

# %%
n = 4096
print(f"{n:,} steps, causal" + " " * 22 + "pairs    share of n²    computed / n²")
for pattern in (local(256, True), atrous(16, True), strided(64, causal=True), fixed(64, 4, True)):
    pairs, share, computed = density(n, pattern)
    arguments = ", ".join(f"{k}={v}" for k, v in vars(pattern).items() if v and k != "causal")
    print(f"{arguments:34}{pairs:12,}{share:15.4f}{computed / n**2:17.4f}")

# %%
LENGTHS = [256, 512, 1024, 2048] if QUICK else [256, 512, 1024, 2048, 4096, 8192]
RUNS = {
    "dense, with a mask": None,
    "local(256)": lambda n: local(256, True),
    "strided(√n)": lambda n: strided(int(n**0.5), causal=True),
}


def milliseconds(pattern, n):
    """Processor time of attention over n steps: 4 heads of 32 numbers, best of three."""
    inputs = [keras.ops.convert_to_tensor(rng.normal(size=(1, n, 4, 32)).astype("float32")) for _ in range(3)]
    mask = sparse_mask(n, local(256, True))[None, None] if pattern is None else None
    times = []
    for _ in range(4):  # the first is to warm up
        start = time.process_time()
        y = attend(*inputs, pattern) if pattern else keras.ops.dot_product_attention(*inputs, mask=mask)
        numpy(y)
        times.append(1e3 * (time.process_time() - start))
    return min(times[1:])


figure, axis = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
for (name, make), color in zip(RUNS.items(), (GREY, BLUE, RED), strict=True):
    lengths = [n for n in LENGTHS if make or n <= 4096]
    times = [milliseconds(make and make(n), n) for n in lengths]
    axis.loglog(lengths, times, marker="o", color=color, label=name)
    print(f"{name:20}" + "".join(f"{t:9.1f} ms" for t in times))
axis.set(title="Time of one attention layer, forward", xlabel="steps", ylabel="ms of processor time")
axis.set_xticks(LENGTHS, [f"{n:,}" for n in LENGTHS])
axis.minorticks_off()
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# Twice the length is four times the work for the dense layer and twice for the local one; strided attention, whose rate
# follows √n, lies between. The article found its own local and sparse layers *slower* than dense attention, for it
# copied the keys of every window; in blocks there is no such copy. The careful measurement, beside other libraries and with
# gradients, is `benchmarks/attention.py`.
#
# <a id="reach"></a>
# ## Two sparse layers see everything
#
# A local layer sees a neighbourhood, and two of them a neighbourhood twice as wide. But let a layer with `atrous(r)` follow
# one with `local(r)`: a step then looks at every *r*-th step, and each of those has looked at its *r* neighbours. Nothing is
# left out. As matrices, the reach of two layers is the product of their masks:

# %%
first, far = sparse_mask(24, local(6, True)), sparse_mask(24, atrous(6, True))
figure, axes = plt.subplots(1, 4, figsize=(11, 3), layout="constrained")
draw(axes[0], first, "local(6)")
draw(axes[1], far, "atrous(6)")
draw(axes[2], first @ first, "local, then local")
draw(axes[3], far @ first, "local, then atrous")
plt.show()
assert ((far @ first) == np.tril(np.ones((24, 24), bool))).all()

# %% [markdown]
# Does training find it? A needle in a haystack: among 64 random letters one is a capital, and the last step has to say
# which. Two layers each, the same weights; only the patterns differ. `models.sparse_transformer` puts a block of attention
# and a feed-forward network for each pattern, with rotary positions.

# %%
STEPS, LETTERS = 64, 8
ARMS = {
    "dense": [atrous(1, True), atrous(1, True)],
    "local, atrous": [local(8, True), atrous(8, True)],
    "local, local": [local(8, True), local(8, True)],
}


def haystacks(count, seed):
    """`(ids, which capital, where)`: small letters have ids 1 to 8, capitals 9 to 16."""
    draw = np.random.default_rng(seed)
    ids = draw.integers(1, LETTERS + 1, size=(count, STEPS)).astype("int32")
    place = draw.integers(STEPS, size=count)
    ids[np.arange(count), place] += LETTERS
    return ids, ids[np.arange(count), place] - LETTERS - 1, place


def needle_model(patterns):
    keras.utils.set_random_seed(0)
    encoder = models.sparse_transformer(2 * LETTERS + 1, patterns, dim=32, num_heads=2, dropout=0.0)
    ids = keras.Input((STEPS,), dtype="int32")
    model = keras.Model(ids, keras.layers.Dense(LETTERS)(encoder(ids)[:, -1]))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-2), loss=loss, metrics=["accuracy"])
    return model


x, y, _ = haystacks(512 if QUICK else 4096, seed=1)
x_test, y_test, place = haystacks(1024, seed=2)
bins = np.arange(0, STEPS + 1, 8)
figure, axis = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
for (name, patterns), color in zip(ARMS.items(), (GREY, BLUE, RED), strict=True):
    model = needle_model(patterns)
    model.fit(x, y, batch_size=32, epochs=2, verbose=0)
    right = model.predict(x_test, verbose=0).argmax(-1) == y_test
    ago = STEPS - 1 - place
    axis.plot(bins[:-1] + 4, [right[(ago >= a) & (ago < a + 8)].mean() for a in bins[:-1]], marker="o", color=color, label=name)
    share = np.mean([density(STEPS, pattern).share for pattern in patterns])
    print(f"{name:14} {100 * share:3.0f} % of the pairs, {100 * right.mean():3.0f} % right")
axis.axhline(1 / LETTERS, color="black", lw=0.8, ls=":")
axis.set(title="Who finds the needle", xlabel="steps ago", ylabel="share right", ylim=(0, 1.05))
axis.legend(frameon=False, loc="center right")
plt.show()

# %% [markdown]
# The local model is right where the needle lies within the 15 steps that two windows of 8 reach, and guesses elsewhere
# (dotted: chance). Local and atrous attention by turns find it everywhere, at a fraction of the pairs.
#
# <a id="cache"></a>
# ## A step at a time
#
# A model that generates adds one step after another. Dense attention must keep all keys and values so far. A pattern that
# never looks back further than its window need not: `initial_cache` has as many slots as the pattern can still see, and
# `decode` gives what the layer would give on the whole sequence.

# %%
layer = layers.LocalSelfAttention(num_heads=4, key_dim=8, window=16, causal=True, rotary_base=10000.0)
sequence = rng.normal(size=(1, 100, 32)).astype("float32")
at_once = numpy(layer(sequence))
cache, steps = layer.initial_cache(batch=1, steps=100), []
for t in range(100):
    output, cache = layer.decode(keras.ops.convert_to_tensor(sequence[:, t : t + 1]), cache)
    steps.append(numpy(output))
print(f"largest difference between 100 single steps and all at once: {np.abs(np.concatenate(steps, 1) - at_once).max():.0e}")

print("\nsteps kept after     1,024   16,384")
for pattern in (local(256, True), local(256, True, global_tokens=4), fixed(256, 8, True), atrous(16, True)):
    layer = layers.SparseSelfAttention(1, 1, pattern)
    layer.build((1, None, 1))
    kept = [sum(k.shape[1] * k.shape[2] for k, _ in layer.initial_cache(1, n)["kept"]) for n in (1024, 16384)]
    arguments = ", ".join(f"{k} {v}" for k, v in vars(pattern).items() if v and k != "causal")
    print(f"{arguments:18} {kept[0]:7,} {kept[1]:8,}")

# %% [markdown]
# Atrous attention must keep every step, for every later one may be a multiple of the rate away; but a step reads only one in
# `rate` of them.
#
# From here: `layers.LocalSelfAttention`, `AtrousSelfAttention` and `SparseSelfAttention` stand where
# `keras.layers.MultiHeadAttention` stood, with the same names and shapes of weights. `keras-blog train long-text` classifies
# whole newspaper articles, `keras-blog train char-lm` trains a language model of characters; both train the same model with
# dense attention beside it. The guide to attention in the documentation has masks, grouped heads and speed.
