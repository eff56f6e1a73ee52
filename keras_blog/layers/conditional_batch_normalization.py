"""Batch normalisation with a scale and a shift a class."""

import keras

from keras_blog.layers.modulated_normalization import ModulatedNormalization


@keras.saving.register_keras_serializable("keras_blog")
class ConditionalBatchNormalization(ModulatedNormalization):
    r"""Batch normalisation, then :math:`(1 + \gamma_y) x + \beta_y` with the row of the class y; both start at 0.

    Args:
        classes: number of classes.
        momentum: of the moving mean and variance.
        epsilon: added to the variance.

    Call arguments:
        inputs: shape `(batch, ..., channels)`.
        condition: int class ids, shape `(batch,)`.
        training: whether to use the statistics of the batch.

    Returns:
        The shape of `inputs`.

    Raises:
        ValueError: if `classes` is not a positive int, or a shape does not fit.

    References:
        Article: kexue.fm 6549
        Paper: de Vries et al., Modulating early visual processing by language, arXiv:1707.00683
    """

    def __init__(self, classes, momentum=0.99, epsilon=1e-3, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(classes, int) or classes < 1:
            raise ValueError(f"`classes` must be a positive int; received {classes!r}")
        self.classes, self.momentum, self.epsilon = classes, momentum, epsilon
        options = {"center": False, "scale": False, "name": "normalization", "dtype": self.dtype_policy}
        self.normalization = keras.layers.BatchNormalization(momentum=momentum, epsilon=epsilon, **options)

    def build_factors(self, channels, condition_shape):
        if len(condition_shape) != 1:
            raise ValueError(f"`condition` must be class ids, shape (batch,); received {condition_shape}")
        self.table = keras.layers.Embedding(
            self.classes, 2 * channels, embeddings_initializer="zeros", name="table", dtype=self.dtype_policy
        )
        self.table.build(condition_shape)

    def factors(self, condition):
        return self.table(condition)
