"""The variational autoencoder: any encoder, any decoder, plain `fit`."""

import keras
import numpy as np
from keras import ops

from keras_blog.layers.likelihood import Likelihood
from keras_blog.losses.sample_loss import SampleLoss
from keras_blog.models.log_likelihood import log_likelihood
from keras_blog.models.model_checks import check_compiled, check_networks
from keras_blog.ops import gaussian, importance

OBJECTIVES = ("elbo", "sampled", "iwae", "dreg")


@keras.saving.register_keras_serializable("keras_blog")
class VAE(keras.Model):
    r"""Learns a latent space and a generator, by a lower bound of the log likelihood.

        vae = models.VAE(encoder, decoder, layers.Likelihood("gaussian", variance=0.4))
        vae.compile("adam")
        vae.fit(images, epochs=50)
        vae.encode(images), vae.generate(16), vae.log_likelihood(images, samples=5000)

    As a map it is its encoder: calling it gives the parameters of the posteriors. What is sampled and decoded is the loss's
    business; `fit` shows it as `rate`, what the latents tell, and `distortion`, what they leave open, both in nats a sample.

    Args:
        encoder: a built Keras model from data to means, then as many log variances, `(batch, 2 * latent)`.
        decoder: a built Keras model from `(batch, latent)` to what the likelihood takes: logits or means.
        likelihood: a `layers.Likelihood`; Bernoulli by default.
        beta: weight of the rate, with `"elbo"`: a number, or for a warm-up a
            `keras.optimizers.schedules.LearningRateSchedule` of the training step.
        free_bits: nats that each latent dimension may tell for nothing, on the average of the batch; with `"elbo"`.
        objective: `"elbo"`, with the divergence in closed form; `"sampled"`, the same bound from samples alone; `"iwae"`, the
            importance-weighted bound, with which the decoder gets better and the encoder worse; `"dreg"`, that bound with
            doubly reparametrised gradients, which do not fade with more samples, at the price of a second decoding.
        samples: of each posterior; one is enough for all but the last two.
        seed: of the noise.

    Call arguments:
        inputs: data, in [0, 1] for the Bernoulli and logistic likelihoods.

    Returns:
        Means, then log variances of the posteriors, shape `(batch, 2 * latent)`.

    Raises:
        ValueError: if an option is not known or not one of the objective, or encoder and decoder do not fit.

    References:
        Articles: kexue.fm 5253, 5383, 8791
        Paper: Kingma, Welling, Auto-Encoding Variational Bayes, arXiv:1312.6114
        Paper: Burda, Grosse, Salakhutdinov, Importance Weighted Autoencoders, arXiv:1509.00519
        Paper: Tucker et al., Doubly Reparameterized Gradient Estimators, arXiv:1810.04152
    """

    def __init__(
        self, encoder, decoder, likelihood=None, beta=1.0, free_bits=0.0, objective="elbo", samples=1, seed=None, **kwargs
    ):
        super().__init__(**kwargs)
        check_networks(encoder=encoder, decoder=decoder)
        latent = decoder.input_shape[-1]
        if tuple(encoder.output_shape) != (None, 2 * latent):
            raise ValueError(
                f"`encoder` must put out twice what `decoder` takes, (None, {2 * latent}); received {encoder.output_shape}"
            )
        if objective not in OBJECTIVES:
            raise ValueError(f"`objective` must be one of {OBJECTIVES}; received {objective!r}")
        if not isinstance(samples, int) or samples < 1:
            raise ValueError(f"`samples` must be a positive int; received {samples!r}")
        scheduled = isinstance(beta, keras.optimizers.schedules.LearningRateSchedule)
        for name, value in (("beta", beta), ("free_bits", free_bits)):
            if not (isinstance(value, (int, float)) and value >= 0) and not (name == "beta" and scheduled):
                or_schedule = ", or a schedule of keras.optimizers" if name == "beta" else ""
                raise ValueError(f"`{name}` must be at least 0{or_schedule}; received {value!r}")
        if objective != "elbo" and (scheduled or beta != 1 or free_bits):
            raise ValueError(f'`objective` must be "elbo" for `beta` and `free_bits` to count; received {objective!r}')
        if likelihood is not None and not isinstance(likelihood, Likelihood):
            raise ValueError(f"`likelihood` must be a layers.Likelihood; received {likelihood!r}")
        self.encoder, self.decoder, self.latent = encoder, decoder, latent
        self.likelihood = Likelihood() if likelihood is None else likelihood
        self.beta, self.free_bits, self.objective, self.samples, self.seed = beta, free_bits, objective, samples, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self._means = [keras.metrics.Mean(name=name) for name in ("rate", "distortion")]
        self._reduced = SampleLoss().reduced

    def fit(self, x=None, y=None, *arguments, **options):
        """Keras's own; labels `y` are for metrics alone. Refuses what would train without sense and without a word."""
        check_compiled(self)
        self.check(x)
        if y is None and options.get("sample_weight") is not None:
            raise ValueError(
                "`y` must be given with `sample_weight`, say the data: else Keras drops the weights; received None"
            )
        return super().fit(x, y, *arguments, **options)

    def check(self, x):
        """Refuse data, if they are NumPy arrays, that the model is not for."""
        if isinstance(x, np.ndarray):
            self.likelihood.check(x)

    def build(self, input_shape=None):
        if not self.likelihood.built:
            self.likelihood.build()
            self.likelihood.built = True
        self.step = self.add_weight(name="step", shape=(), initializer="zeros", dtype="int32", trainable=False)

    def call(self, inputs, training=None):
        return ops.cast(self.encoder(inputs, training=training), "float32")

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        mean, log_variance = gaussian.split(y_pred)
        noise = keras.random.normal((self.samples, *ops.shape(mean)), seed=self.seed_generator)
        z = gaussian.sample(mean, log_variance, noise)  # (samples, batch, latent)
        values, rate, distortion = self._objective(x, mean, log_variance, z, training)
        for tracker, tracked in zip(self._means, (rate, distortion), strict=True):
            tracker.update_state(ops.stop_gradient(tracked))
        if training:
            self.step.assign_add(1)
        return self._reduced(values, y_pred, sample_weight) + sum(self.losses)

    def _objective(self, x, mean, log_variance, z, training):
        """Loss of each sample `(batch,)`, and its two parts."""
        if self.objective == "elbo":
            rate = self.rate(x, mean, log_variance, z)
            distortion = -ops.mean(self.log_conditional(x, z, training), axis=0)
            step = ops.convert_to_tensor(self.step)
            beta = ops.cast(self.beta(step), "float32") if callable(self.beta) else self.beta
            return distortion + beta * rate, rate, distortion
        posterior = mean, log_variance
        if self.objective == "dreg":
            first = self._log_weights(x, ops.stop_gradient(z), *posterior, training)
            weights = importance.weights(ops.transpose(first[0]))  # (batch, samples)
            share = ops.transpose(weights)[..., None]
            z = ops.stop_gradient(z) + share * (z - ops.stop_gradient(z))  # the same, with that share of the gradient
            posterior = ops.stop_gradient(mean), ops.stop_gradient(log_variance)
        log_weights, rate, log_p = self._log_weights(x, z, *posterior, training)
        log_weights = ops.transpose(log_weights)
        if self.objective == "sampled":
            values = -ops.mean(log_weights, axis=1)
        else:
            values = -importance.bound(log_weights)
        if self.objective == "dreg":  # the value is that of the bound, the gradient that of the weighted sum
            surrogate = -ops.sum(weights * log_weights, axis=1)
            values = surrogate + ops.stop_gradient(values - surrogate)
        return values, ops.mean(rate, axis=0), -ops.mean(log_p, axis=0)

    def _log_weights(self, x, z, mean, log_variance, training):
        """Log weights `(samples, batch)`, and what they are made of."""
        log_p = self.log_conditional(x, z, training)
        rate = gaussian.log_density(z, mean, log_variance) - self.log_prior(z, x)
        return log_p - rate, rate, log_p

    def log_conditional(self, x, z, training=None):
        """Log probability of the data `x` under latents `(samples, batch, latent)`: `(samples, batch)`."""
        x = ops.convert_to_tensor(self._data(x))
        outputs = self.decoder(ops.reshape(z, (-1, self.latent)), training=training)
        outputs = ops.reshape(outputs, (*ops.shape(z)[:2], *outputs.shape[1:]))
        return self.likelihood(outputs, x, training=training)

    def log_prior(self, z, x=None):
        """Log density of latents `(..., latent)` before any data."""
        return gaussian.log_density(z)

    def rate(self, x, mean, log_variance, z):
        """Divergence of the posteriors from the prior, nats `(batch,)`."""
        terms = gaussian.kl_divergence(mean, log_variance, self._prior_mean(x), keepdims=True)
        if not self.free_bits:
            return ops.sum(terms, axis=-1)
        paid = ops.maximum(ops.mean(terms, axis=0), self.free_bits)
        return ops.sum(paid) + ops.zeros_like(terms[:, 0])

    def encode(self, x, batch_size=256):
        """Means of the posteriors, NumPy `(batch, latent)`."""
        return self.predict(x, batch_size=batch_size, verbose=0)[:, : self.latent]

    def decode(self, z, batch_size=256):
        """The data expected at latents `(n, latent)`, NumPy."""
        outputs = self.decoder.predict(np.asarray(z, "float32"), batch_size=batch_size, verbose=0)
        return ops.convert_to_numpy(self.likelihood.mean(outputs))

    def reconstruct(self, x, batch_size=256):
        """What is left of the data after the latent space, NumPy; without noise."""
        return self.decode(self.encode(x, batch_size), batch_size)

    def generate(self, n, seed=None):
        """`n` new samples from the prior, NumPy; `seed` as in `numpy.random.default_rng`."""
        return self.decode(np.random.default_rng(seed).normal(size=(n, self.latent)))

    def interpolate(self, start, end, points=8):
        """Data on the arc between those of `start` and `end`, `(points, n, ...)`; see `ops.gaussian.interpolate`."""
        arc = gaussian.interpolate(self.encode(start), self.encode(end), np.linspace(0, 1, points).astype("float32"))
        arc = ops.convert_to_numpy(arc)
        decoded = self.decode(arc.reshape(-1, self.latent))
        return decoded.reshape(*arc.shape[:2], *decoded.shape[1:])

    def log_likelihood(self, x, samples=1000, chunk=None, inflation=1.0, seed=None):
        """Log likelihoods by importance sampling, see `models.log_likelihood.log_likelihood`."""
        return log_likelihood(self, x, samples, chunk, inflation, seed)

    def get_config(self):
        keep = keras.saving.serialize_keras_object
        parts = {name: keep(getattr(self, name)) for name in ("encoder", "decoder", "likelihood")}
        beta = keep(self.beta) if callable(self.beta) else self.beta
        own = {"beta": beta, "free_bits": self.free_bits, "objective": self.objective, "samples": self.samples}
        return {**super().get_config(), **parts, **own, "seed": self.seed}

    @classmethod
    def from_config(cls, config):
        names = ("encoder", "decoder", "likelihood", "beta", "classifier")
        restored = {name: keras.saving.deserialize_keras_object(config[name]) for name in names if name in config}
        return cls(**{**config, **restored})

    def _data(self, x):
        return x

    def _prior_mean(self, x):
        return 0.0
