"""A price for the dependence of features on something that they should not show."""

import keras

from keras_blog.ops.hsic import check_options, hsic


@keras.saving.register_keras_serializable("keras_blog")
class HSICRegularizer(keras.layers.Layer):
    """Passes features on, and adds a multiple of their dependence on a second input to the loss of training.

    The second input may be an attribute to be hidden (`kernel=("rbf", "delta")` for a class), other features that are to
    tell something else, or the input itself.

        features = layers.HSICRegularizer(10.0, kernel=("rbf", "delta"))(features, speaker)

    Args:
        weight: of the dependence in the loss; negative to seek it.
        estimator: as in `ops.hsic.hsic`. `"biased"` is never negative, and has a bias that is less the larger the batch.
        kernel: as there.
        bandwidth: as there.

    Call arguments:
        inputs: features, shape `(batch, dim)`, at least two samples.
        other: shape `(batch, other)` or `(batch,)`, no gradient needed.
        training: whether to add the loss.

    Returns:
        The features.

    References:
        Article: kexue.fm 6910
    """

    def __init__(self, weight=1.0, estimator="biased", kernel="rbf", bandwidth=None, **kwargs):
        super().__init__(**kwargs)
        kernel, bandwidth = (list(value) if isinstance(value, tuple) else value for value in (kernel, bandwidth))
        self.weight, self.estimator, self.kernel, self.bandwidth = float(weight), estimator, kernel, bandwidth
        check_options(estimator, kernel, bandwidth)

    def call(self, inputs, other, training=None):
        if training:
            self.add_loss(self.weight * hsic(inputs, other, self.estimator, self.kernel, self.bandwidth))
        return inputs

    def compute_output_shape(self, inputs_shape, other_shape):
        return inputs_shape
