"""A variational autoencoder whose latent space is clusters."""

import keras
import numpy as np
from keras import ops

from keras_blog.layers.gaussian_mixture_prior import GaussianMixturePrior
from keras_blog.models.model_checks import check_networks
from keras_blog.models.vae import VAE
from keras_blog.ops import categorical, gaussian
from keras_blog.ops.k_means import k_means


@keras.saving.register_keras_serializable("keras_blog")
class ClusteringVAE(VAE):
    r"""Clusters data while it learns to generate them: a `VAE` with a Gaussian a cluster for its prior.

    With a classifier :math:`p(y|z)`, the article's model: the rate is

    .. math:: \sum_y p(y|z) \log\frac{p(z|x)}{q(z|y)} + KL(p(y|z) \| q(y))

    at one sample `z`, exact, noise included, so that the loss is a bound; and the second term has its constant, so that it is a
    divergence. Without a classifier it is that of variational deep embedding, the probability of a cluster by Bayes's rule
    from the mixture, whose means must not start as one: see `start_clusters`.

    Args:
        encoder: as in `VAE`.
        decoder: as in `VAE`.
        prior: a `layers.GaussianMixturePrior`.
        classifier: a built Keras model from latents to scores of the clusters, logits; or None.
        exact: whether the rate is in closed form, with the probabilities of the clusters at the mean of the posterior in the
            place of those at a sample; a bound as well, with less noise.
        **kwargs: the other arguments of `VAE`, but for `free_bits`, since a rate at a sample has no terms of the dimensions.

    Returns:
        As `VAE`.

    Raises:
        ValueError: as `VAE`; if prior or classifier do not fit, or are not for the objective.

    References:
        Article: kexue.fm 5887
        Paper: Jiang et al., Variational Deep Embedding, arXiv:1611.05148
    """

    def __init__(self, encoder, decoder, prior, classifier=None, exact=False, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        if not isinstance(prior, GaussianMixturePrior):
            raise ValueError(f"`prior` must be a layers.GaussianMixturePrior; received {type(prior).__name__}")
        if classifier is not None:
            check_networks(classifier=classifier)
        if classifier is not None and tuple(classifier.output_shape) != (None, prior.components):
            raise ValueError(
                f"`classifier` must put out a score a component, {prior.components}; received {classifier.output_shape}"
            )
        if self.objective != "elbo" and (classifier is not None or exact):
            raise ValueError(f'`objective` must be "elbo" for a classifier, or `exact`, to count; received {self.objective!r}')
        if self.free_bits:
            raise ValueError(f"`free_bits` must be 0: the rate has no terms of the dimensions; received {self.free_bits!r}")
        self.prior, self.classifier, self.exact = prior, classifier, exact

    def build(self, input_shape=None):
        super().build(input_shape)
        if not self.prior.built:
            self.prior.build((None, self.latent))
            self.prior.built = True

    def log_prior(self, z, x=None):
        return ops.logsumexp(self.prior(z), axis=-1)

    def rate(self, x, mean, log_variance, z):
        if self.exact:
            scores = self.scores(mean)
            divergence = ops.sum(ops.softmax(scores) * self.prior.kl_divergence(mean, log_variance), axis=-1)
            return divergence + categorical.kl_divergence(scores, self.prior.log_weights())
        log_posterior = gaussian.log_density(z, mean, log_variance)
        if self.classifier is None:  # the two terms are one, for p(y|z) is Bayes's
            return ops.mean(log_posterior - self.log_prior(z), axis=0)
        scores = self.scores(z)
        log_q = self.prior(z) - self.prior.log_weights()  # (samples, batch, components)
        expected = ops.sum(ops.softmax(scores, axis=-1) * log_q, axis=-1)
        return ops.mean(log_posterior - expected + categorical.kl_divergence(scores, self.prior.log_weights()), axis=0)

    def scores(self, z):
        """Logits of the clusters of latents `(..., latent)`."""
        if self.classifier is None:
            return self.prior(z)
        scores = ops.cast(self.classifier(ops.reshape(z, (-1, self.latent))), "float32")
        return ops.reshape(scores, (*ops.shape(z)[:-1], self.prior.components))

    def assign_proba(self, x, batch_size=256):
        """Probability of each cluster at the mean of each posterior, NumPy `(n, clusters)`."""
        z = self.encode(x, batch_size)
        parts = [ops.softmax(self.scores(z[i : i + 4096])) for i in range(0, len(z), 4096)]
        return np.concatenate([ops.convert_to_numpy(part) for part in parts])

    def cluster(self, x, batch_size=256):
        """The most probable cluster of each, NumPy ints `(n,)`."""
        return self.assign_proba(x, batch_size).argmax(axis=-1)

    def sample(self, cluster, n, temperature=1.0, seed=None):
        """`n` new samples of a cluster, NumPy; at a temperature of 0 its mean."""
        if not isinstance(cluster, (int, np.integer)) or not 0 <= cluster < self.prior.components:
            raise ValueError(f"`cluster` must be an int from 0 to {self.prior.components - 1}; received {cluster!r}")
        if not self.built:
            self.build()
        mean, log_variance = (ops.convert_to_numpy(w)[cluster] for w in (self.prior.means, self.prior.log_variances))
        noise = np.random.default_rng(seed).normal(size=(n, self.latent))
        return self.decode(mean + temperature * np.exp(0.5 * log_variance) * noise)

    def generate(self, n, seed=None):
        """`n` new samples, NumPy, of clusters drawn by their shares."""
        if not self.built:
            self.build()
        rng = np.random.default_rng(seed)
        shares = np.exp(ops.convert_to_numpy(self.prior.log_weights()).astype("float64"))
        labels = rng.choice(self.prior.components, n, p=shares / shares.sum())
        means, variances = (ops.convert_to_numpy(w)[labels] for w in (self.prior.means, self.prior.log_variances))
        return self.decode(means + np.exp(0.5 * variances) * rng.normal(size=means.shape))

    def start_clusters(self, x, restarts=20, seed=None):
        """Puts the components where k-means finds clusters among the means of the posteriors of `x`; returns its labels.

        Do it after some epochs of a plain `VAE` with this encoder and decoder.
        """
        z = self.encode(x)
        if not self.built:
            self.build()
        labels = k_means(z, self.prior.components, restarts, seed)
        self.prior.set_means(z, labels)
        return labels

    def get_config(self):
        keep = keras.saving.serialize_keras_object
        classifier = None if self.classifier is None else keep(self.classifier)
        return {**super().get_config(), "prior": keep(self.prior), "classifier": classifier, "exact": self.exact}

    @classmethod
    def from_config(cls, config):
        return super().from_config({**config, "prior": keras.saving.deserialize_keras_object(config["prior"])})
