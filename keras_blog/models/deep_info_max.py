"""Deep InfoMax: features that know which image they are of, without a decoder."""

import math

import keras
import numpy as np
from keras import ops

from keras_blog.models.model_checks import check_compiled, check_networks
from keras_blog.ops import gaussian, mutual_information


@keras.saving.register_keras_serializable("keras_blog")
class DeepInfoMax(keras.Model):
    r"""Learns a code of an image by telling it from the codes of other images: no labels, no decoder, plain `fit`.

        model = models.DeepInfoMax(features, encoder)
        model.compile("adam")
        model.fit(images, epochs=50)
        model.encode(images)

    It makes two mutual informations large: that of the code with the whole image, of which the critic sees the feature map, and
    that of the code with every place of the map, averaged. The second is what makes good features. Codes are Gaussians, drawn
    toward the prior by their divergence:

    .. math:: -\alpha\, I(x, z) - \beta\, \overline{I(C_{ij}, z)} + \gamma\, KL(p(z|x) \| N(0, I))

    A batch is its own source of false pairs: each code with all other images. `fit` shows both bounds, and the divergence as
    `rate`, all in nats. A critic is the product of two projections, so that all pairs of a batch cost one matrix product.

    Args:
        features: a built Keras model from images to feature maps, `(batch, ..., channels)`, of a fixed size.
        encoder: a built Keras model from these to means, then as many log variances, `(batch, 2 * latent)`.
        global_weight: :math:`\alpha`, of the pairs of image and code.
        local_weight: :math:`\beta`, of the pairs of place and code.
        prior_weight: :math:`\gamma`, of a nat of the divergence, summed over the code; the article's program has its mean.
        bound: of `ops.mutual_information`: `"jensen_shannon"`, the article's; `"donsker_varadhan"`, `"info_nce"`,
            `"nguyen_wainwright_jordan"` or `"smile"`.
        units: of the projections.
        seed: of the noise.

    Call arguments:
        inputs: images, in batches of at least two where the model is trained or evaluated.

    Returns:
        Means, then log variances of the codes, shape `(batch, 2 * latent)`; and the feature maps.

    Raises:
        ValueError: if an option is not known, or features and encoder do not fit.

    References:
        Articles: kexue.fm 6024, 6088
        Paper: Hjelm et al., Learning Deep Representations by Mutual Information Estimation, arXiv:1808.06670
    """

    def __init__(
        self,
        features,
        encoder,
        global_weight=0.5,
        local_weight=1.5,
        prior_weight=0.001,
        bound="jensen_shannon",
        units=256,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_networks(features=features, encoder=encoder)
        shape, outputs = tuple(features.output_shape), tuple(encoder.output_shape)
        if len(shape) < 3 or None in shape[1:]:
            raise ValueError(f"`features` must put out maps of a fixed size, (None, ..., channels); received {shape}")
        if tuple(encoder.input_shape) != shape or len(outputs) != 2 or outputs[-1] % 2:
            raise ValueError(
                f"`encoder` must map {shape} to (None, 2 * latent); received {tuple(encoder.input_shape)} to {outputs}"
            )
        if bound not in mutual_information.__all__:
            raise ValueError(f"`bound` must be one of {tuple(mutual_information.__all__)}; received {bound!r}")
        weights = {"global_weight": global_weight, "local_weight": local_weight, "prior_weight": prior_weight}
        for name, value in weights.items():
            if not isinstance(value, (int, float)) or not value >= 0:
                raise ValueError(f"`{name}` must be at least 0; received {value!r}")
        if not isinstance(units, int) or units < 1:
            raise ValueError(f"`units` must be a positive int; received {units!r}")
        self.features, self.encoder, self.latent = features, encoder, outputs[-1] // 2
        self.global_weight, self.local_weight, self.prior_weight = global_weight, local_weight, prior_weight
        self.bound, self.units, self.seed = bound, units, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        sides = {
            "whole": math.prod(shape[1:]),
            "code_of_whole": self.latent,
            "place": shape[-1],
            "code_of_place": self.latent,
        }
        self.projections = {name: self._projection(size, name) for name, size in sides.items()}
        self._means = [keras.metrics.Mean(name=name) for name in ("global_bound", "local_bound", "rate")]

    def build(self, input_shape=None):
        self.built = True  # its parts are

    def call(self, inputs, training=None):
        maps = self.features(inputs, training=training)
        return ops.cast(self.encoder(maps, training=training), "float32"), maps

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        check_compiled(self)
        if sample_weight is not None:
            raise ValueError("`sample_weight` must be None: the bounds are of a batch, not of a sample; received weights")
        parameters, maps = y_pred
        mean, log_variance = gaussian.split(parameters)
        z = gaussian.sample(mean, log_variance, keras.random.normal(ops.shape(mean), seed=self.seed_generator))
        bound = getattr(mutual_information, self.bound)
        whole, local = (bound(scores) for scores in self.scores(maps, z))
        rate = ops.mean(gaussian.kl_divergence(mean, log_variance))
        for tracker, value in zip(self._means, (whole, local, rate), strict=True):
            tracker.update_state(ops.stop_gradient(value))
        gained = self.global_weight * whole + self.local_weight * local
        return self.prior_weight * rate - gained + sum(self.losses)

    def scores(self, maps, z):
        """Scores of all pairs of image and code, and of place and code, for `ops.mutual_information`.

        Args:
            maps: shape `(batch, ..., channels)`.
            z: shape `(batch, latent)`.

        Returns:
            Shapes `(batch, batch)` and `(places * batch, batch)`: in the second, row `i` is of image `i % batch`.
        """
        size = math.prod(maps.shape[1:])
        places = ops.reshape(maps, (-1, size // maps.shape[-1], maps.shape[-1]))
        places = ops.reshape(ops.transpose(places, (1, 0, 2)), (-1, maps.shape[-1]))
        whole = ops.reshape(maps, (-1, size))
        return self._product("whole", whole, z), self._product("place", places, z)

    def _product(self, name, x, z):
        x = ops.cast(self.projections[name](x), "float32")
        z = ops.cast(self.projections[f"code_of_{name}"](z), "float32")
        return ops.matmul(x, ops.transpose(z)) / math.sqrt(self.units)

    def _projection(self, size, name):
        hidden, output = keras.layers.Dense(self.units, "relu"), keras.layers.Dense(self.units)
        return keras.Sequential([keras.Input((size,)), hidden, output], name=name)

    def encode(self, x, batch_size=256):
        """Means of the codes, NumPy `(n, latent)`."""
        starts = range(0, len(x), batch_size)
        return np.concatenate([self.predict_on_batch(x[i : i + batch_size])[0] for i in starts])[:, : self.latent]

    def get_config(self):
        keep = keras.saving.serialize_keras_object
        names = ("global_weight", "local_weight", "prior_weight", "bound", "units", "seed")
        own = {name: getattr(self, name) for name in names}
        return {**super().get_config(), "features": keep(self.features), "encoder": keep(self.encoder), **own}

    @classmethod
    def from_config(cls, config):
        parts = {name: keras.saving.deserialize_keras_object(config[name]) for name in ("features", "encoder")}
        return cls(**{**config, **parts})
