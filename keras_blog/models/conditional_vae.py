"""A variational autoencoder whose prior knows the class."""

import keras
import numpy as np
from keras import ops

from keras_blog.models.vae import VAE
from keras_blog.ops import gaussian


@keras.saving.register_keras_serializable("keras_blog")
class ConditionalVAE(VAE):
    r"""A `VAE` in which every class has its own Gaussian in the latent space, of learned mean and variance 1.

        model = models.ConditionalVAE(encoder, decoder, classes=10)
        model.compile("adam")
        model.fit((images, labels), epochs=50)
        model.generate(16, label=3)

    Args:
        encoder: as in `VAE`; it sees the data, not the class.
        decoder: as in `VAE`.
        classes: their number.
        **kwargs: the other arguments of `VAE`.

    Call arguments:
        inputs: data, and class ids, ints `(batch,)`.

    Raises:
        ValueError: as `VAE`; if `classes` is not a positive int, or labels are none of them.

    References:
        Article: kexue.fm 5253
    """

    def __init__(self, encoder, decoder, classes, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        if not isinstance(classes, int) or classes < 1:
            raise ValueError(f"`classes` must be a positive int; received {classes!r}")
        self.classes = classes

    def check(self, x):
        if not isinstance(x, (tuple, list, np.ndarray)):
            return
        images, labels = self._pair(x)
        super().check(images)
        if isinstance(labels, np.ndarray):
            self._check_labels(labels)

    def build(self, input_shape=None):
        super().build(input_shape)
        self.class_means = self.add_weight(name="class_means", shape=(self.classes, self.latent), initializer="zeros")

    def call(self, inputs, training=None):
        return super().call(self._data(inputs), training=training)

    def log_prior(self, z, x=None):
        return gaussian.log_density(z, self._prior_mean(x))

    def generate(self, n, seed=None, label=None):
        """`n` new samples of the class `label`, or of a label each; NumPy."""
        labels = np.arange(n) % self.classes if label is None else np.broadcast_to(label, (n,))
        self._check_labels(labels)
        if not self.built:
            self.build()
        noise = np.random.default_rng(seed).normal(size=(n, self.latent))
        return self.decode(noise + ops.convert_to_numpy(self.class_means)[labels])

    def get_config(self):
        return {**super().get_config(), "classes": self.classes}

    def _data(self, x):
        return self._pair(x)[0]

    def _prior_mean(self, x):
        return ops.take(ops.convert_to_tensor(self.class_means), ops.cast(self._pair(x)[1], "int32"), axis=0)

    def _pair(self, x):
        if not isinstance(x, (tuple, list)) or len(x) != 2 or len(x[1].shape) != 1:
            received = [tuple(part.shape) for part in x] if isinstance(x, (tuple, list)) else tuple(x.shape)
            raise ValueError(
                f"`inputs` must be data and class ids (batch,), as in fit((images, labels)); received shapes {received}"
            )
        return x

    def _check_labels(self, labels):
        if len(labels) and not (labels.min() >= 0 and labels.max() < self.classes):
            raise ValueError(
                f"`labels` must be from 0 to {self.classes - 1}, for {self.classes} classes; received {labels.min()} to "
                f"{labels.max()}"
            )
