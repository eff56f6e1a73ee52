"""Log likelihoods of data under a variational autoencoder, by importance sampling."""

import math
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from keras_blog.ops import gaussian, importance


class LogLikelihood(NamedTuple):
    """Estimates in nats, each `(n,)`, NumPy: see `log_likelihood`."""

    value: np.ndarray
    standard_error: np.ndarray
    effective_samples: np.ndarray
    pareto_k: np.ndarray


NUMBERS = 2**21  # of all that is decoded at once


def log_likelihood(model, x, samples=1000, chunk=None, inflation=1.0, seed=None):
    r"""The logarithm of the mean importance weight, for each sample, with what tells whether to trust it.

    The samples come from the encoder. Where that is too narrow the estimate is too low and does not announce it, but in
    `pareto_k`, above .7; then widen it, and never narrow it, by `inflation`.

    Args:
        model: a `models.VAE`.
        x: data, NumPy, `(n, ...)`; or a tuple of arrays, as the model takes them.
        samples: of each posterior. 1 gives the evidence lower bound, 5,000 is what papers report; exactly as many are drawn.
        chunk: samples that are decoded together: memory is that of `chunk` decodings. By default as many as are 2 million
            numbers of data.
        inflation: factor on the standard deviations from which the samples are drawn.
        seed: of NumPy's generator; the same noise on every backend.

    Returns:
        A `LogLikelihood`.

    Raises:
        ValueError: if a number is not positive, or `x` is no data of the model.

    References:
        Article: kexue.fm 8791
        Paper: Burda, Grosse, Salakhutdinov, arXiv:1509.00519
    """
    for name, value in (("samples", samples), ("chunk", chunk), ("inflation", inflation)):
        kinds, what = ((int, float, np.floating), "number") if name == "inflation" else ((int, np.integer), "int")
        if not (value is None and name == "chunk") and not (isinstance(value, kinds) and value > 0):
            raise ValueError(f"`{name}` must be a positive {what}; received {value!r}")
    parts = x if isinstance(x, (tuple, list)) else (x,)
    parts = [np.asarray(part) for part in parts]
    if any(part.ndim == 0 or not len(part) for part in parts):
        raise ValueError(f"`x` must be arrays of at least one sample; received {x!r}")
    model.check(tuple(parts) if isinstance(x, (tuple, list)) else parts[0])
    if chunk is None:
        chunk = max(1, NUMBERS // int(np.prod(parts[0].shape[1:])))
    n, calls = len(parts[0]), math.ceil(samples / chunk)
    few = math.ceil(samples / calls)
    mean, deviation = _posteriors(model, x, parts, inflation)
    log_deviation = np.log(deviation).sum(-1) + 0.5 * model.latent * math.log(2 * math.pi)
    if "_log_joint" not in vars(model):  # compiled once; and past Keras, which would track the scorer as a part of the model
        vars(model)["_log_joint"] = _Scorer(model).predict_on_batch
    log_joint, rng = vars(model)["_log_joint"], np.random.default_rng(seed)
    log_weights = np.empty((n, samples), "float32")
    for ids in _batches(n, max(1, chunk // few)):
        for j in range(0, samples, few):
            noise = rng.standard_normal((few, len(ids), model.latent), "float32").swapaxes(0, 1)
            z = mean[ids, None] + deviation[ids, None] * noise
            found = np.asarray(log_joint([*(part[ids] for part in parts), z]))
            found = found + 0.5 * np.square(noise).sum(-1) + log_deviation[ids, None]  # less the log density of z
            log_weights[ids, j : j + few] = found[:, : samples - j]
    return LogLikelihood(
        ops.convert_to_numpy(importance.bound(log_weights)),
        importance.standard_error(log_weights),
        importance.effective_sample_size(log_weights),
        importance.pareto_k(log_weights),
    )


def _posteriors(model, x, parts, inflation):
    """Means and standard deviations, NumPy `(n, latent)`."""
    parameters = np.empty((len(parts[0]), 2 * model.latent), "float32")
    for ids in _batches(len(parameters), 256):
        batch = [part[ids] for part in parts]
        parameters[ids] = model.predict_on_batch(tuple(batch) if isinstance(x, (tuple, list)) else batch[0])
    mean, log_variance = gaussian.split(parameters)
    deviation = ops.convert_to_numpy(gaussian.sample(0.0, log_variance, 1.0))
    return ops.convert_to_numpy(mean), inflation * deviation


def _batches(n, size):
    """Indices of `size` samples after `size`, one shape for all, so one compilation: the last ones come again."""
    size = min(n, size)
    return [np.minimum(np.arange(i, i + size), n - 1) for i in range(0, n, size)]


class _Scorer(keras.Model):
    """Log densities `(batch, samples)` of data and latents `(batch, samples, latent)` together; compiled by `predict`."""

    def __init__(self, model):
        super().__init__(name="log_joint")  # TensorFlow takes no name that starts with a line
        self.model = model
        self.built = True

    def call(self, inputs):
        *parts, z = inputs
        x = parts[0] if len(parts) == 1 else tuple(parts)
        z = ops.transpose(z, (1, 0, 2))  # (samples, batch, latent)
        return ops.transpose(self.model.log_conditional(x, z) + self.model.log_prior(z, x))
