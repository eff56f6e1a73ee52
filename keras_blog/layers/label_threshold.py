"""Learned or tuned thresholds of labels."""

import keras


@keras.saving.register_keras_serializable("keras_blog")
class LabelThreshold(keras.layers.Layer):
    """Subtracts a threshold from the scores of labels, so that 0 decides behind it.

    `losses.multilabel_softmax` of its outputs is exactly that loss with the learned threshold. Thresholds that
    `ops.multilabel.tune_thresholds` finds after the training go into `threshold` by `assign`, and are saved with the model.

    Args:
        per_label: whether each label has a threshold of its own, which is for tuning: in training the bias of a Dense layer
            before it does the same.

    Call arguments:
        inputs: scores, shape `(..., classes)`.

    Returns:
        Scores of the same shape.

    Example:
    >>> layer = LabelThreshold()
    >>> layer.build((None, 2))
    >>> _ = layer.threshold.assign([0.5])
    >>> print(keras.ops.convert_to_numpy(layer(keras.ops.convert_to_tensor([[1.0, 0.0]]))).tolist())
    [[0.5, -0.5]]

    References:
        Article: kexue.fm 7359
    """

    def __init__(self, per_label=False, **kwargs):
        super().__init__(**kwargs)
        self.per_label = per_label
        self.supports_masking = True

    def build(self, input_shape):
        self.threshold = self.add_weight(
            name="threshold", shape=(input_shape[-1] if self.per_label else 1,), initializer="zeros"
        )

    def call(self, inputs):
        return inputs - self.threshold

    def compute_output_shape(self, input_shape):
        return input_shape
