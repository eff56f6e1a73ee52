"""Scale and margin that change while a model trains."""

import keras
from keras import ops

from keras_blog.ops.margin_softmax import append_settings, check_number


@keras.saving.register_keras_serializable("keras_blog")
class MarginSchedule(keras.layers.Layer):
    """Counts training steps, and hands scale and margin to a margin loss beside the cosines.

    A large margin from the first step on may keep a model from learning anything; so it grows. A loss has no state that a
    trainer would pass through a compiled step, save or resume: the layer has, and the loss reads both from its output:

        margin = keras.optimizers.schedules.PolynomialDecay(0.0, decay_steps=5000, end_learning_rate=0.35)
        outputs = layers.MarginSchedule(scale=30.0, margin=margin)(layers.CosineDense(1000)(features))
        model.compile("adam", loss=losses.AMSoftmax(scale=None, margin=None))

    Args:
        scale: a number, or a `keras.optimizers.schedules.LearningRateSchedule`.
        margin: the same.

    Call arguments:
        inputs: cosines, shape `(batch, classes)`.
        training: whether to count a step.

    Returns:
        Shape `(batch, classes + 2)`: the cosines, then two columns for the loss, below -1, so that an argmax is still a class.

    Example:
    >>> layer = MarginSchedule(scale=30.0, margin=keras.optimizers.schedules.PolynomialDecay(0.0, 10, 0.5))
    >>> [[round(float(x), 2) for x in layer(ops.zeros((1, 1)), training=True)[0]] for _ in range(2)]
    [[0.0, -32.0, -2.0], [0.0, -32.0, -2.05]]

    References:
        Article: kexue.fm 5743
    """

    def __init__(self, scale=30.0, margin=0.35, **kwargs):
        super().__init__(autocast=False, **kwargs)
        for name, value in (("scale", scale), ("margin", margin)):
            if not isinstance(value, keras.optimizers.schedules.LearningRateSchedule):
                if not isinstance(value, (int, float)):
                    raise ValueError(
                        f"`{name}` must be a number or a schedule of keras.optimizers.schedules; received {value!r}"
                    )
                check_number(name, value, 0.0, 1e4)
        self.scale = scale
        self.margin = margin

    def build(self, input_shape):
        if len(input_shape) != 2:
            raise ValueError(f"`inputs` must be cosines of shape (batch, classes); received {tuple(input_shape)}")
        self.step = self.add_weight(name="step", shape=(), initializer="zeros", dtype="int32", trainable=False)

    def call(self, inputs, training=None):
        step = ops.convert_to_tensor(self.step)
        cosines = ops.cast(inputs, "float32")
        scale, margin = (value(step) if callable(value) else value for value in (self.scale, self.margin))
        if training:
            self.step.assign(step + 1)
        return append_settings(cosines, scale, margin)

    def compute_output_spec(self, inputs, training=None):
        batch, classes = inputs.shape
        return keras.KerasTensor((batch, None if classes is None else classes + 2), "float32")

    def get_config(self):
        keep = keras.saving.serialize_keras_object
        return {**super().get_config(), "scale": keep(self.scale), "margin": keep(self.margin)}

    @classmethod
    def from_config(cls, config):
        restore = keras.saving.deserialize_keras_object
        return cls(**{**config, "scale": restore(config["scale"]), "margin": restore(config["margin"])})
