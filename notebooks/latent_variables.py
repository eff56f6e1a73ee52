# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Latent variables
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/keras_blog/blob/main/notebooks/latent_variables.ipynb)
#
# A handwritten digit has 784 pixels, but a few numbers tell most of it. A variational autoencoder finds such numbers, and can draw
# a digit for any of them. This notebook shows
#
# 1. [a plane of digits](#plane);
# 2. [why one sample of the posterior is enough](#one), and ten of the prior are not;
# 3. [how to walk from one digit to another](#walk);
# 4. [clusters without labels](#clusters), with the digits that each of them draws.
#
# The ideas are those of the kexue.fm articles [5253](https://kexue.fm/archives/5253), [5383](https://kexue.fm/archives/5383),
# [5887](https://kexue.fm/archives/5887) and [8791](https://kexue.fm/archives/8791), of Kingma and Welling, *Auto-Encoding
# Variational Bayes*, [arXiv:1312.6114](https://arxiv.org/abs/1312.6114), and of Jiang et al., *Variational Deep Embedding*,
# [arXiv:1611.05148](https://arxiv.org/abs/1611.05148). It runs in about two minutes on two CPU cores; with the environment variable
# `KERAS_BLOG_QUICK=1`, on fewer digits, in a few seconds.

# %%
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("keras_blog") is None:  # on Colab
    source = "git+https://github.com/OWNER/keras_blog"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", source], check=True)

# %%
import logging
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")  # TensorFlow is talkative otherwise

import keras
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm

from keras_blog import layers, metrics, models
from keras_blog.datasets import digits

QUICK = os.environ.get("KERAS_BLOG_QUICK") == "1"
BLUE, RED, GREY = "#31688e", "#d1495b", "#8a929c"
logging.getLogger("tensorflow").setLevel(logging.ERROR)
plt.rcParams.update({"figure.dpi": 72, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 11})

(train, _), (test, labels) = digits.load_data()
train, test = (images.reshape(-1, 784).astype("float32") / 255 for images in (train, test))
if QUICK:
    train, test, labels = train[:256], test[:100], labels[:100]
print(f"{len(train):,} digits to learn from, {len(test):,} held out")


def networks(latent):
    encoder = keras.Sequential([keras.Input((784,)), keras.layers.Dense(256, "relu"), keras.layers.Dense(2 * latent)])
    decoder = keras.Sequential([keras.Input((latent,)), keras.layers.Dense(256, "relu"), keras.layers.Dense(784)])
    return encoder, decoder


def fitted(model, epochs):
    model.compile(keras.optimizers.Adam(2e-3), jit_compile=False)
    model.fit(train, batch_size=100, epochs=1 if QUICK else epochs, verbose=0)
    return model


def sheet(images):
    """One picture of rows of digits, `(rows, columns, 784)`."""
    rows, columns = images.shape[:2]
    return images.reshape(rows, columns, 28, 28).transpose(0, 2, 1, 3).reshape(rows * 28, columns * 28)


def show(axis, images, title):
    axis.imshow(sheet(images), cmap="gray_r", vmin=0, vmax=1)
    axis.set(title=title, xticks=[], yticks=[])


# %% [markdown]
# <a id="plane"></a>
# ## A plane of digits
#
# The encoder says of a digit where it lies in the plane and how sure it is of that: a Gaussian. The decoder draws the digit of a
# point. The loss asks for both, that the digit comes out as it went in, and that the Gaussians together look like one, the prior.
# So every part of the plane means something. On the left, where the held-out digits lie, by class, which the model never saw; on
# the right, what it draws on a grid, equal shares of the prior apart.

# %%
keras.utils.set_random_seed(0)
vae = fitted(models.VAE(*networks(2), seed=0), 30)
codes = vae.encode(test)
steps = norm.ppf(np.linspace(0.03, 0.97, 14))
grid = np.stack(np.meshgrid(steps, -steps), axis=-1)
figure, axes = plt.subplots(1, 2, figsize=(11, 5.2), layout="constrained")
for digit in range(10):
    own = codes[labels == digit]
    axes[0].scatter(*own.T, s=9, color=plt.cm.tab10(digit), alpha=0.7, label=str(digit))
axes[0].set(title="Where the digits lie", xlim=(-3.5, 3.5), ylim=(-3.5, 3.5), aspect="equal")
axes[0].legend(frameon=False, ncols=2, markerscale=2, handletextpad=0)
show(axes[1], vae.decode(grid.reshape(-1, 2)).reshape(14, 14, 784), "What the plane draws")
plt.show()

# %% [markdown]
# <a id="one"></a>
# ## One sample is enough
#
# The probability of a digit is an average over the whole plane, $q(x) = E_{z \sim q(z)}\, q(x|z)$. Why not draw points from the
# prior and take the average, without any encoder? Because almost no point draws this digit. The encoder knows the few that do, and
# there all samples are much alike. The estimates of the same likelihood, with the same decoder:

# %%
few = test[: 20 if QUICK else 200]
counts = [1, 10, 100] if QUICK else [1, 10, 100, 1000]
points = np.random.default_rng(0).normal(size=(counts[-1], 1, 2)).astype("float32")
every = np.concatenate(
    [
        keras.ops.convert_to_numpy(vae.log_conditional(few, np.broadcast_to(part, (len(part), len(few), 2))))
        for part in np.array_split(points, max(1, counts[-1] // 50))
    ]
)
prior = [(np.logaddexp.reduce(every[:k], axis=0) - np.log(k)).mean() for k in counts]
posterior = [vae.log_likelihood(few, samples=k, seed=0).value.mean() for k in counts]
for k, first, second in zip(counts, posterior, prior, strict=True):
    print(f"{k:5} samples: of the posterior {first:7.1f} nats, of the prior {second:7.1f}")
figure, axis = plt.subplots(figsize=(6, 3.4), layout="constrained")
axis.plot(counts, posterior, marker="o", color=RED, label="samples of the posterior")
axis.plot(counts, prior, marker="o", color=BLUE, label="samples of the prior")
axis.set(xscale="log", xlabel="samples", ylabel="nats a digit", title="Log likelihood of held-out digits, as estimated")
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# One sample of the posterior is three nats from the end; ten of the prior are thirty. In a plane a thousand get there, but each step
# of a training would need them, for every digit, and more with every dimension. So what happens with fewer?
# `models.VAE` can do without its encoder: one that always answers with the prior, and the importance-weighted
# objective, is just that average. Here it has ten samples a digit, the usual model has one.

# %%
keras.utils.set_random_seed(0)
encoder, decoder = networks(2)
for weight in encoder.weights:
    weight.assign(np.zeros(weight.shape))  # mean 0, log variance 0: the prior
encoder.trainable = False
blind = fitted(models.VAE(encoder, decoder, objective="iwae", samples=10, seed=0), 30)
figure, axes = plt.subplots(1, 2, figsize=(11, 2.9), layout="constrained")
for axis, model, title in zip(axes, (vae, blind), ("one sample of the posterior", "ten samples of the prior"), strict=True):
    show(axis, model.generate(40, seed=1).reshape(4, 10, 784), f"Trained on {title}")
plt.show()
for title, model in (("one sample of the posterior", vae), ("ten samples of the prior", blind)):
    best = keras.ops.convert_to_numpy(model.log_conditional(few, np.broadcast_to(points[:100], (100, len(few), 2)))).max(axis=0)
    print(f"trained on {title}: the best of 100 points of the prior draws a held-out digit with {best.mean():.0f} nats")

# %% [markdown]
# <a id="walk"></a>
# ## From one digit to another
#
# Codes of many dimensions have nearly all the same norm, and halfway on a straight line it is smaller by the root of two. The
# arc $\cos\theta\, z_1 + \sin\theta\, z_2$ keeps it. The figures below are the norms, for codes as the prior has them.

# %%
keras.utils.set_random_seed(0)
deep = fitted(models.VAE(*networks(10), seed=0), 30)
starts = np.array([np.flatnonzero(labels == digit)[0] for digit in (0, 3, 7, 6)])
ends = np.array([np.flatnonzero(labels == digit)[1] for digit in (6, 8, 4, 2)])
walk = deep.interpolate(test[starts], test[ends], points=12)
figure, axis = plt.subplots(figsize=(9, 3.2), layout="constrained")
show(axis, walk.swapaxes(0, 1), "On the arc from left to right")
plt.show()
pair = np.random.default_rng(0).normal(size=(2, 1000, 10))
print(f"norm at the ends {np.linalg.norm(pair, axis=-1).mean():.2f}, "
      f"halfway on the line {np.linalg.norm(pair.mean(axis=0), axis=-1).mean():.2f}, "
      f"on the arc {np.linalg.norm(pair.sum(axis=0) / np.sqrt(2), axis=-1).mean():.2f}")  # fmt: skip

# %% [markdown]
# <a id="clusters"></a>
# ## Clusters without labels
#
# The prior need not be one Gaussian. With ten of them, `models.ClusteringVAE` says of a digit to which it belongs, and draws new
# ones of each. It starts from the model above, with the Gaussians where k-means finds clusters of its codes. A row below is a
# cluster: six held-out digits that it was given, then six that it draws.

# %%
prior = layers.GaussianMixturePrior(10, learn_variances=True, learn_weights=True)
model = models.ClusteringVAE(deep.encoder, deep.decoder, prior, seed=0)
model.start_clusters(train, seed=0)
before = metrics.clustering(labels, model.cluster(test))
fitted(model, 20)
clusters = model.cluster(test)
after = metrics.clustering(labels, clusters)
for name, figures in (("k-means of the codes", before), ("after training", after)):
    print(f"{name:21}" + ", ".join(f"{key} {float(value):.3f}" for key, value in figures.items()))
rows = []
for cluster in range(10):
    given = test[clusters == cluster][:6]
    given = np.concatenate([given, np.zeros((6 - len(given), 784), "float32")])
    rows.append(np.concatenate([given, model.sample(cluster, 6, temperature=0.7, seed=0)]))
figure, axis = plt.subplots(figsize=(7.2, 6), layout="constrained")
show(axis, np.stack(rows), "Ten clusters: given (left) and drawn (right)")
axis.axvline(6 * 28 - 0.5, color=RED)
plt.show()

# %% [markdown]
# Purity names each cluster after its commonest digit, so that two clusters may share a name; accuracy gives every digit one cluster
# at most. The recipe `keras-blog train cluster-digits` does all this with the article's network, for longer.
