"""The last layer of a classifier over very many classes, trained on a few of them at a time."""

import keras
import numpy as np
from keras import ops

from keras_blog.ops import candidates
from keras_blog.ops import noise as noises


@keras.saving.register_keras_serializable("keras_blog")
class SampledDense(keras.layers.Layer):
    r"""Scores of many classes that, in training, computes those of the target and of a few classes drawn from noise.

    Without targets it is a `Dense` layer. With targets, it packs what `losses.NCE`, `losses.NegativeSampling` and
    `losses.SampledSoftmax` need into its one output: in training the target and `negatives` classes, drawn with replacement
    and shared by the batch, whose rows of the class matrix alone are read; in evaluation all classes, so that the losses
    are exact. ::

        features, target = keras.Input((64,)), keras.Input((), dtype="int32")
        head = layers.SampledDense(100_000, negatives=256, noise="log_uniform")
        model = keras.Model([features, target], head(features, target))
        model.compile("adam", loss=losses.SampledSoftmax())
        model.fit([x, y], y)
        scorer = keras.Model(features, head(features))  # the same weights, all classes, no targets

    The state of the random draws is saved with the weights.

    Args:
        classes: number of classes, from 2 to 2**24.
        negatives: number of draws in a training step, from 1 to 2**20.
        noise: what the draws come from: `"uniform"`; `"log_uniform"`, for classes in order of falling frequency; or
            positive numbers proportional to the probabilities, one a class. For word2vec's, `ops.noise.unigram(counts)`.
        use_bias: whether each class has a bias.
        learn_log_z: whether to learn one number that is subtracted from all scores, the article's
            :math:`\gamma`. It starts at the logarithm of `classes`, where scores around 0 become probabilities. For
            `losses.NCE`, which normalises the scores; the softmax does not see it.
        kernel_initializer: of the class matrix, `(classes, dim)`.
        seed: int; of the draws.

    Call arguments:
        inputs: features, shape `(..., dim)`.
        targets: int class ids, shape `(...)`; -1 where the loss leaves a sample out.

    Returns:
        float32 also under a mixed policy: scores in nats, shape `(..., classes)`; with targets, packed candidates as of
        `ops.candidates.pack`, shape `(..., 1 + negatives, 3)` in training, `(..., 1 + classes, 3)` else.

    Raises:
        ValueError: if an argument is out of its range, or shapes do not fit.

    Example:
    >>> head = SampledDense(1000, negatives=5, noise="log_uniform", seed=1)
    >>> features, targets = ops.ones((2, 8)), ops.convert_to_tensor([3, 7])
    >>> print(tuple(head(features).shape), tuple(head(features, targets, training=True).shape))
    (2, 1000) (2, 6, 3)

    References:
        Article: kexue.fm 5617
    """

    def __init__(
        self,
        classes,
        negatives,
        noise="uniform",
        use_bias=True,
        learn_log_z=False,
        kernel_initializer="glorot_uniform",
        seed=None,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)
        for name, value, low, high in (("classes", classes, 2, 2**24), ("negatives", negatives, 1, 2**20)):
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise ValueError(f"`{name}` must be an int from {low} to {high}; received {value!r}")
        self.classes, self.negatives = classes, negatives
        self.noise = noise if isinstance(noise, str) else np.asarray(noise, "float64").tolist()
        self.use_bias, self.learn_log_z = use_bias, learn_log_z
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True
        self._noise = noises.distribution(self.noise, classes)

    def build(self, inputs_shape):
        if len(inputs_shape) < 2 or inputs_shape[-1] is None:
            raise ValueError(f"`inputs` must be features of shape (batch, ..., dim); received shape {tuple(inputs_shape)}")
        make = {"dtype": "float32", "autocast": False}
        shape = (self.classes, inputs_shape[-1])
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=self.kernel_initializer, **make)
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(self.classes,), initializer="zeros", **make)
        if self.learn_log_z:
            initial = keras.initializers.Constant(np.log(self.classes))
            self.log_z = self.add_weight(name="log_z", shape=(), initializer=initial, **make)

    def call(self, inputs, targets=None, training=None):
        inputs = ops.cast(inputs, "float32")
        if targets is None:
            return self._scores(inputs, None)
        if tuple(targets.shape[1:]) != tuple(inputs.shape[1:-1]):
            shape = tuple(inputs.shape[:-1])
            raise ValueError(f"`targets` must be class ids of shape {shape}; received shape {tuple(targets.shape)}")
        targets = ops.expand_dims(ops.maximum(ops.cast(targets, "int32"), 0), -1)
        drawn = noises.draw(self._noise, self.negatives, self.seed_generator) if training else None
        others = self._scores(inputs, drawn)  # (..., negatives), or all classes
        own = ops.sum(inputs * ops.take(self.kernel, targets[..., 0], axis=0), axis=-1, keepdims=True)
        own = own + self._offset(targets)
        log_expected = [noises.log_probability(self._noise, ids) + float(np.log(self.negatives)) for ids in (targets, drawn)]
        log_expected[1] = log_expected[1] + ops.zeros_like(others)
        ids = ops.arange(self.classes, dtype="int32") if drawn is None else drawn
        hit = [ops.zeros_like(targets, dtype="bool"), ops.equal(ids, targets)]
        count = None if training else ops.concatenate([ops.zeros_like(own), ops.exp(log_expected[1])], axis=-1)
        parts = (ops.concatenate(pair, axis=-1) for pair in ([own, others], log_expected))
        return candidates.pack(*parts, count=count, hit=ops.concatenate(hit, axis=-1))

    def compute_output_spec(self, inputs, targets=None, training=None):
        last = (self.classes,) if targets is None else (None, 3)
        return keras.KerasTensor((*inputs.shape[:-1], *last), "float32")

    def save_own_variables(self, store):
        super().save_own_variables(store)
        store["seed"] = keras.ops.convert_to_numpy(self.seed_generator.state)

    def load_own_variables(self, store):
        super().load_own_variables({name: store[name] for name in store.keys() if name != "seed"})
        self.seed_generator.state.assign(store["seed"])

    def get_config(self):
        return {
            **super().get_config(),
            "classes": self.classes,
            "negatives": self.negatives,
            "noise": self.noise,
            "use_bias": self.use_bias,
            "learn_log_z": self.learn_log_z,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "seed": self.seed,
        }

    def _scores(self, inputs, ids):
        kernel = ops.convert_to_tensor(self.kernel) if ids is None else ops.take(self.kernel, ids, axis=0)
        return ops.matmul(inputs, ops.transpose(kernel)) + self._offset(ids)

    def _offset(self, ids):
        """What the scores of `ids` have beside the product: the bias, less log Z."""
        offset = 0.0
        if self.use_bias:
            offset = offset + (ops.convert_to_tensor(self.bias) if ids is None else ops.take(self.bias, ids, axis=0))
        return offset - self.log_z if self.learn_log_z else offset
