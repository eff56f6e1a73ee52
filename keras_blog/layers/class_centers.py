"""Centres of very many classes, for a loss that never holds all their cosines."""

import keras
from keras import ops

from keras_blog.layers.cosine_dense import CosineDense, unit
from keras_blog.ops import class_centers


@keras.saving.register_keras_serializable("keras_blog")
class ClassCenters(keras.layers.Layer):
    r"""Class centres for `losses.StreamedMargin`: `CosineDense` for up to millions of classes.

    With a million classes and 256 samples the cosines alone would take 1 GB, several times over. So this layer returns what
    they are computed from, features and centres in one tensor, and the loss computes them in parts. That tensor is for the
    loss alone: for anything else use the model below this layer, or `CosineDense` with these weights.

        model = keras.Model(encoder.input, layers.ClassCenters(1_000_000)(encoder.output))
        model.compile("adam", loss=losses.StreamedMargin())

    Args:
        classes: number of classes, a positive int.
        seed: of the numbers that choose classes where the loss samples them.

    Call arguments:
        inputs: features, shape `(batch, dim)`.
        training: whether to draw these numbers; outside of training they are fixed.

    Returns:
        Packed as of `ops.class_centers.pack`, float32, shape `(classes + 1 + batch, dim)`.

    Example:
    >>> packed = ClassCenters(1000)(ops.ones((2, 8)))
    >>> tuple(packed.shape)
    (1003, 8)

    References:
        Article: kexue.fm 5743
        Paper: An et al., Partial FC: Training 10 Million Identities on a Single Machine, arXiv:2010.05222
    """

    def __init__(self, classes, seed=None, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.classes = CosineDense(classes).classes  # the same checks
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        if len(input_shape) != 2 or input_shape[-1] is None:
            raise ValueError(f"`inputs` must be features of shape (batch, dim) with a known dim; received {tuple(input_shape)}")
        dim = input_shape[-1]
        start = keras.initializers.RandomNormal(stddev=dim**-0.5)
        make = {"initializer": start, "dtype": "float32", "autocast": False}
        self.centers = self.add_weight(name="centers", shape=(self.classes, dim), **make)

    def call(self, inputs, training=None):
        features = unit(ops.cast(inputs, "float32"))
        shape = (features.shape[-1],)
        noise = keras.random.uniform(shape, seed=self.seed_generator) if training else ops.full(shape, 0.5)
        return class_centers.pack(features, ops.convert_to_tensor(self.centers), noise)

    def compute_output_spec(self, inputs, training=None):
        batch, dim = inputs.shape
        return keras.KerasTensor((None if batch is None else self.classes + 1 + batch, dim), "float32")
