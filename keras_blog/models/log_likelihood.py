"""Log likelihoods of data under a variational autoencoder, by importance sampling."""

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


def log_likelihood(model, x, samples=1000, chunk=500, inflation=1.0, seed=None):
    r"""The logarithm of the mean importance weight, for each sample, with what tells whether to trust it.

    The samples come from the encoder. Where that is too narrow the estimate is too low and does not announce it, but in
    `pareto_k`, above .7; then widen it, and never narrow it, by `inflation`.

    Args:
        model: a `models.VAE`.
        x: data, NumPy, `(n, ...)`; or a tuple of arrays, as the model takes them.
        samples: of each posterior. 1 gives the evidence lower bound, 5,000 is what papers report; exactly as many are drawn.
        chunk: samples that are decoded together: memory is that of `chunk` decodings.
        inflation: factor on the standard deviations from which the samples are drawn.
        seed: of NumPy's generator; the same noise on every backend.

    Returns:
        A `LogLikelihood`.

    Raises:
        ValueError: if a number is not positive.

    References:
        Article: kexue.fm 8791
        Paper: Burda, Grosse, Salakhutdinov, arXiv:1509.00519
    """
    for name, value in (("samples", samples), ("chunk", chunk), ("inflation", inflation)):
        if not value > 0:
            raise ValueError(f"`{name}` must be positive; received {value!r}")
    parts = x if isinstance(x, (tuple, list)) else (x,)
    parts = [np.asarray(part) for part in parts]
    parameters = model.predict(x, batch_size=256, verbose=0)
    parameters[:, model.latent :] += 2 * np.log(inflation)
    if "_log_weights" not in vars(model):  # compiled once; and past Keras, which would track the scorer as a part of the model
        vars(model)["_log_weights"] = _Scorer(model).predict_on_batch
    score, rng = vars(model)["_log_weights"], np.random.default_rng(seed)
    n, log_weights = len(parameters), np.empty((len(parameters), samples), "float32")
    few = min(chunk, samples)
    rows = max(1, chunk // few)
    for i in range(0, n, rows):
        ids = np.minimum(np.arange(i, i + rows), n - 1)  # one shape for all, so one compilation
        for j in range(0, samples, few):
            noise = rng.standard_normal((few, rows, model.latent), "float32")
            found = score([*(part[ids] for part in parts), parameters[ids], noise.swapaxes(0, 1)])
            stop = min(j + few, samples)
            log_weights[i : i + rows, j:stop] = np.asarray(found)[: n - i, : stop - j]
    return LogLikelihood(
        ops.convert_to_numpy(importance.bound(log_weights)),
        importance.standard_error(log_weights),
        importance.effective_sample_size(log_weights),
        importance.pareto_k(log_weights),
    )


class _Scorer(keras.Model):
    """Log weights `(batch, samples)` of data, parameters and noise `(batch, samples, latent)`; compiled by `predict`."""

    def __init__(self, model):
        super().__init__(name="log_weights")  # TensorFlow takes no name that starts with a line
        self.model = model
        self.built = True

    def call(self, inputs):
        *parts, parameters, noise = inputs
        x = parts[0] if len(parts) == 1 else tuple(parts)
        mean, log_variance = gaussian.split(parameters)
        z = gaussian.sample(mean, log_variance, ops.transpose(noise, (1, 0, 2)))  # (samples, batch, latent)
        log_p = self.model.log_conditional(x, z)
        log_ratio = self.model.log_prior(z, x) - gaussian.log_density(z, mean, log_variance)
        return ops.transpose(log_p + log_ratio)
