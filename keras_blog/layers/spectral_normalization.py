"""Spectral normalisation, inside the forward pass."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_blog")
class SpectralNormalization(keras.layers.Wrapper):
    r"""Calls a layer with its kernel divided by the largest singular value :math:`\sigma`, so its slope is at most 1.

    The stored kernel stays as it is, and the gradient goes through :math:`\sigma`; Keras's own wrapper writes the divided
    kernel into the variable at every call and takes no gradient through the norm. :math:`\sigma = v^\top W u` comes by power
    iteration from a random u, which is kept from step to step and stands still in evaluation. The kernel of a convolution is a
    matrix of shape (all else, outputs); the convolution's own norm is at most the root of the size of its window times that.

    Args:
        layer: a layer with a `kernel` or `embeddings`: Dense, EinsumDense, a convolution, its transpose, Embedding.
        power_iterations: per call in training.
        method: "power", or "svd" for the exact value.
        seed: of u at the start.

    Call arguments:
        inputs: what the layer takes.
        training: whether to move u.

    Returns:
        What the layer gives. A kernel of zeros stays zeros.

    Raises:
        ValueError: if the layer has no kernel, or an argument is out of range. The scale of a batch normalisation is none.

    Example:
    >>> dense = keras.layers.Dense(2, use_bias=False, kernel_initializer=lambda shape, dtype: ops.diag([3.0, 1.0]))
    >>> layer = SpectralNormalization(dense, method="svd")
    >>> print([f"{value:.4f}" for value in ops.convert_to_numpy(layer(ops.ones((1, 2))))[0]])
    ['1.0000', '0.3333']
    >>> float(dense.kernel[0, 0])
    3.0

    References:
        Article: kexue.fm 6549
        Paper: Miyato et al., Spectral Normalization for Generative Adversarial Networks, arXiv:1802.05957
    """

    def __init__(self, layer, power_iterations=1, method="power", seed=None, **kwargs):
        super().__init__(layer, **kwargs)
        if not isinstance(power_iterations, int) or power_iterations < 1 or method not in ("power", "svd"):
            raise ValueError(
                f"`power_iterations` must be a positive int and `method` 'power' or 'svd'; received {power_iterations!r} and "
                f"{method!r}"
            )
        self.power_iterations, self.method, self.seed = power_iterations, method, seed
        if layer.activity_regularizer is not None:  # the layer's own counts where it is called, which it is not
            self.activity_regularizer = layer.activity_regularizer

    def build(self, input_shape):
        super().build(input_shape)
        kernel = self._kernel()
        if kernel is None or len(kernel.shape) < 2:
            raise ValueError(f"`layer` must have a kernel or embeddings; received {type(self.layer).__name__}")
        outputs = kernel.shape[-2] if self._transposed() else kernel.shape[-1]
        start = keras.initializers.RandomNormal(stddev=1.0, seed=self.seed)
        self.u = self.add_weight(name="u", shape=(outputs,), dtype="float32", initializer=start, trainable=False)

    def call(self, inputs, training=False):
        kernel = ops.convert_to_tensor(self._kernel())
        sigma = self._sigma(self._matrix(ops.cast(kernel, "float32")), training)
        normalized = ops.cast(ops.cast(kernel, "float32") / ops.where(sigma > 0, sigma, 1.0), kernel.dtype)
        weights, state = (
            [normalized if v is self._kernel() else v for v in variables]
            for variables in (self.layer.trainable_variables, self.layer.non_trainable_variables)
        )
        return self.layer.stateless_call(weights, state, inputs)[0]

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)

    def get_config(self):
        own = {"power_iterations": self.power_iterations, "method": self.method, "seed": self.seed}
        return {**super().get_config(), **own}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return super().from_config(dict(config), custom_objects)  # Keras takes entries out of what it is given

    def _kernel(self):
        return getattr(self.layer, "kernel", getattr(self.layer, "embeddings", None))

    def _transposed(self):
        layers = keras.layers
        return isinstance(self.layer, (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose))

    def _matrix(self, kernel):
        if self._transposed():
            kernel = ops.swapaxes(kernel, -1, -2)
        return ops.reshape(kernel, (-1, kernel.shape[-1]))

    def _sigma(self, matrix, training):
        fixed = ops.stop_gradient(matrix)
        if self.method == "svd":
            left, _, right = ops.svd(fixed, full_matrices=False)
            return ops.sum(left[:, 0] * ops.matmul(matrix, right[0]))
        u = ops.convert_to_tensor(self.u)
        v = _unit(ops.matmul(fixed, u))
        if training:
            for _ in range(self.power_iterations):
                v = _unit(ops.matmul(fixed, u))
                moved = _unit(ops.matmul(v, fixed))
                u = ops.where(ops.any(moved != 0), moved, u)  # nothing to follow in a kernel of zeros
            self.u.assign(u)
            v = _unit(ops.matmul(fixed, u))
        u, v = ops.stop_gradient(_unit(u)), ops.stop_gradient(v)
        return ops.sum(v * ops.matmul(matrix, u))


def _unit(vector):
    square = ops.sum(ops.square(vector))
    return vector * ops.where(square > 0, ops.rsqrt(ops.where(square > 0, square, 1.0)), 0.0)
