"""A text classifier: one convolution over tokens, their largest responses, and a bottleneck if you want one."""

import keras
from keras import ops

from keras_blog.layers.information_bottleneck import InformationBottleneck
from keras_blog.models.token_classifier import TokenClassifier
from keras_blog.models.vocabulary import PADDING, multiple


@keras.saving.register_keras_serializable("keras_blog")
class ConvolutionalClassifier(TokenClassifier):
    """Sorts texts into classes: tokens, a convolution, its largest response over the text, features, a softmax.

    With a bottleneck the features are Gaussians, drawn in training, that pay for what they tell about the text. ::

        bottleneck = layers.InformationBottleneck(0.1)
        classifier = ConvolutionalClassifier(ConvolutionalClassifier.vocabulary_of(texts), ["bad", "good"], bottleneck)
        classifier.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        classifier.fit(classifier.encode(texts), labels, epochs=5)
        classifier.classify(["房间很干净"])  # ["good"]

    Padding is masked: a text scores the same in any batch.

    Args:
        vocabulary: the tokens that are known, without duplicates: characters, or words.
        class_names: the classes in the order of their ids.
        bottleneck: a `layers.InformationBottleneck`, or None.
        dim: size of the embedding.
        filters: of the convolution.
        kernel_size: tokens that a filter sees.
        latent: features that the softmax sees.
        length: tokens that are read of a text; the rest is cut off.

    Call arguments:
        inputs: int ids, shape `(batch, steps)`, as `encode` makes them.
        training: whether the bottleneck adds its noise and its price.

    Returns:
        Logits, shape `(batch, classes)`.

    Raises:
        ValueError: if a size is not a positive int, or the bottleneck is another layer.

    References:
        Article: kexue.fm 6181
        Paper: Alemi et al., Deep Variational Information Bottleneck, arXiv:1612.00410
    """

    width = staticmethod(multiple(of=32))

    def __init__(
        self,
        vocabulary,
        class_names,
        bottleneck=None,
        dim=50,
        filters=250,
        kernel_size=3,
        latent=128,
        length=128,
        **kwargs,
    ):
        super().__init__(vocabulary, class_names, length, **kwargs)
        sizes = {"dim": dim, "filters": filters, "kernel_size": kernel_size, "latent": latent}
        for name, value in sizes.items():
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 65536:
                raise ValueError(f"`{name}` must be an int from 1 to 65536; received {value!r}")
        if not (bottleneck is None or isinstance(bottleneck, InformationBottleneck)):
            raise ValueError(f"`bottleneck` must be a layers.InformationBottleneck; received {type(bottleneck).__name__}")
        self.bottleneck, self.sizes = bottleneck, sizes
        self.table = keras.layers.Embedding(len(self.tokens), dim, name="table")
        self.convolution = keras.layers.Conv1D(filters, kernel_size, padding="same", activation="relu", name="convolution")
        self.features = keras.layers.Dense(latent if bottleneck is None else 2 * latent, name="features")
        self.logits = keras.layers.Dense(len(self.class_names), name="logits")

    def build(self, input_shape):
        self.table.build(input_shape)
        self.convolution.build((*input_shape, self.sizes["dim"]))
        self.features.build((input_shape[0], self.sizes["filters"]))
        if self.bottleneck is not None and not self.bottleneck.built:  # one out of a file is
            self.bottleneck.build((input_shape[0], 2 * self.sizes["latent"]))
        self.logits.build((input_shape[0], self.sizes["latent"]))

    def call(self, inputs, training=None):
        real = ops.expand_dims(ops.not_equal(inputs, PADDING), -1)
        x = self.table(inputs) * ops.cast(real, self.compute_dtype)
        x = self.convolution(x) * ops.cast(real, self.compute_dtype)  # at least 0, so padding is never above what is real
        x = self.features(ops.max(x, axis=1))
        if self.bottleneck is not None:
            x = self.bottleneck(x, training=training)
        return self.logits(x)

    def get_config(self):
        bottleneck = None if self.bottleneck is None else keras.saving.serialize_keras_object(self.bottleneck)
        return {**super().get_config(), **self.sizes, "bottleneck": bottleneck}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "bottleneck": keras.saving.deserialize_keras_object(config["bottleneck"])})
