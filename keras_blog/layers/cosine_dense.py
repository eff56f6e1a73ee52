"""Cosines between features and the centres of classes, for the margin losses."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_blog")
class CosineDense(keras.layers.Layer):
    r"""Cosine of the angle between each feature vector and the centre of each class.

    A classifier whose features are to be compared later, by their angle, is trained on angles: features and centres are
    normalised here, in the graph, and a margin loss turns the cosines into a softmax. Throw the layer away afterwards and keep
    the encoder below it.

        model = keras.Model(encoder.input, layers.CosineDense(1000)(encoder.output))
        model.compile("adam", loss=losses.AMSoftmax(scale=30.0, margin=0.35))

    Args:
        classes: number of classes, a positive int.
        sub_centers: centres a class; the nearest counts. More than one lets a class hold several looks, or noise.

    Call arguments:
        inputs: features, shape `(..., dim)`. A vector of zeros, which has no angle, has cosine 0 to everything, and gradient 0.

    Returns:
        Cosines, float32 also under a mixed policy, shape `(..., classes)`.

    Example:
    >>> layer = CosineDense(2)
    >>> layer.build((None, 2))
    >>> _ = layer.centers.assign([[2.0, 0.0], [0.0, 5.0]])
    >>> [round(float(cosine), 4) for cosine in layer(ops.array([[3.0, 4.0]]))[0]]
    [0.6, 0.8]

    References:
        Article: kexue.fm 5743
        Paper: Deng et al., Sub-center ArcFace, ECCV 2020
    """

    def __init__(self, classes, sub_centers=1, **kwargs):
        super().__init__(autocast=False, **kwargs)
        for name, value in (("classes", classes), ("sub_centers", sub_centers)):
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 2**31 - 1:
                raise ValueError(f"`{name}` must be a positive int; received {value!r}")
        self.classes = classes
        self.sub_centers = sub_centers

    def build(self, input_shape):
        if len(input_shape) < 2 or input_shape[-1] is None:
            raise ValueError(f"`inputs` must be features of shape (batch, dim) with a known dim; received {tuple(input_shape)}")
        # Class by class along axis 0, the axis to shard over devices; the length of a centre does not matter.
        self.centers = self.add_weight(
            name="centers",
            shape=(self.classes * self.sub_centers, input_shape[-1]),
            initializer=keras.initializers.RandomNormal(stddev=input_shape[-1] ** -0.5),
            dtype="float32",
            autocast=False,
        )

    def call(self, inputs):
        features = unit(ops.cast(inputs, "float32"))
        cosines = ops.matmul(features, ops.transpose(unit(ops.convert_to_tensor(self.centers))))
        if self.sub_centers == 1:
            return cosines
        shape = (*ops.shape(cosines)[:-1], self.classes, self.sub_centers)
        return ops.max(ops.reshape(cosines, shape), axis=-1)

    def compute_output_spec(self, inputs):
        return keras.KerasTensor((*inputs.shape[:-1], self.classes), "float32")


def unit(vectors):
    """Vectors at length 1 along the last axis; zeros stay zeros, with gradient 0."""
    square = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
    positive = square > 0
    return vectors * ops.where(positive, ops.rsqrt(ops.where(positive, square, 1.0)), 0.0)
