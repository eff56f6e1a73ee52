"""How probable data are, given what a decoder puts out."""

import math

import keras
from keras import ops

from keras_blog.ops import bernoulli

KINDS = ("bernoulli", "gaussian", "logistic")


@keras.saving.register_keras_serializable("keras_blog")
class Likelihood(keras.layers.Layer):
    r"""Log probability of each sample given the outputs of a decoder, summed over everything but the batch.

    The variance is what weighs reconstruction against the rate of a variational autoencoder: the article's factor 2.5 before
    half the squared error is a variance of .4.

    Args:
        kind: `"bernoulli"`, outputs are logits, data in [0, 1]; `"gaussian"`, outputs are means; `"logistic"`, outputs are
            means of a logistic distribution that is integrated over each of 256 levels, data are `level / 255`, and the value
            is a true probability.
        variance: of the Gaussian: a positive number, `"learned"`, one number learned by gradient, or `"optimal"`, in training
            the mean squared error of the batch, later its running mean (sigma-VAE). The scale of `"logistic"` is learned.

    Call arguments:
        outputs: of the decoder, shape `(batch, ...)`; or several for each sample, `(samples, batch, ...)`.
        x: data, shape `(batch, ...)`.
        training: whether an optimal variance is that of the batch.

    Returns:
        Nats, float32, shape `(batch,)` or `(samples, batch)`.

    Raises:
        ValueError: if an option is not known, or the shapes differ.

    Example:
    >>> log_p = Likelihood("gaussian", variance=0.5)(ops.zeros((1, 3)), ops.ones((1, 3)))
    >>> print(f"{float(log_p[0]):.4f}")  # -3 - 3/2 log pi
    -4.7171

    References:
        Articles: kexue.fm 5253, 5887
        Paper: Rybkin, Daniilidis, Levine, Simple and Effective VAE Training with Calibrated Decoders, arXiv:2006.13202
    """

    def __init__(self, kind="bernoulli", variance=1.0, **kwargs):
        super().__init__(autocast=False, **kwargs)
        if kind not in KINDS:
            raise ValueError(f"`kind` must be one of {KINDS}; received {kind!r}")
        if variance not in ("learned", "optimal") and not (isinstance(variance, (int, float)) and variance > 0):
            raise ValueError(f'`variance` must be positive, "learned" or "optimal"; received {variance!r}')
        self.kind, self.variance = kind, variance

    def build(self, outputs_shape=None, x_shape=None):
        start = math.log(self.variance) if isinstance(self.variance, (int, float)) else 0.0
        start = -3.0 if self.kind == "logistic" else start  # the log scale
        self.log_variance = self.add_weight(
            name="log_variance",
            shape=(),
            initializer=keras.initializers.Constant(start),
            trainable=self.kind == "logistic" or (self.kind == "gaussian" and self.variance == "learned"),
            dtype="float32",
            autocast=False,
        )

    def call(self, outputs, x, training=None):
        first = len(outputs.shape) - len(x.shape) + 1  # axis of a sample
        if first not in (1, 2) or tuple(outputs.shape)[first:] != tuple(x.shape)[1:]:
            raise ValueError(f"`outputs` must have the shape of the data, {tuple(x.shape)}; received {tuple(outputs.shape)}")
        outputs, x = ops.cast(outputs, "float32"), ops.cast(x, "float32")
        log_variance = ops.convert_to_tensor(self.log_variance)
        if self.kind == "bernoulli":
            return bernoulli.log_probability(_flat(x, 1), _flat(outputs, first))
        if self.kind == "logistic":
            terms = _discretized(x, outputs, log_variance)
        else:
            if self.variance == "optimal" and training:
                batch = ops.log(ops.maximum(ops.mean(ops.square(x - outputs)), 1e-8))
                self.log_variance.assign(0.9 * log_variance + 0.1 * ops.stop_gradient(batch))
                log_variance = batch
            terms = -0.5 * (ops.square(x - outputs) * ops.exp(-log_variance) + log_variance + math.log(2 * math.pi))
        return ops.sum(terms, axis=tuple(range(first, len(terms.shape))))

    def check(self, x):
        """Refuse data, NumPy, out of the range of the likelihood: the Bernoulli one of an image of 0 to 255 has no bound."""
        if self.kind != "gaussian" and len(x) and not (x.min() >= 0 and x.max() <= 1):
            raise ValueError(
                f'`x` must be from 0 to 1 for a likelihood of kind "{self.kind}", as images / 255; received {x.min()} to '
                f"{x.max()}"
            )

    def mean(self, outputs):
        """The expected data."""
        return ops.sigmoid(outputs) if self.kind == "bernoulli" else ops.convert_to_tensor(outputs)

    def compute_output_spec(self, outputs, x, training=None):
        return keras.KerasTensor(outputs.shape[: len(outputs.shape) - len(x.shape) + 1], "float32")


def _flat(x, first):
    """The axes from `first` on as one."""
    shape = tuple(x.shape)[first:]
    size = -1 if None in shape else math.prod(shape)
    return x if len(shape) == 1 else ops.reshape(x, (*ops.shape(x)[:first], size))


def _discretized(x, mean, log_scale):
    """By sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - exp(b - a)); the outermost levels reach to infinity."""
    half = 0.5 / 255
    rate = ops.exp(-log_scale)
    above, below = (x + half - mean) * rate, (x - half - mean) * rate
    left, right = -ops.softplus(-above), -ops.softplus(below)
    inner = left + right + ops.log(-ops.expm1(-2 * half * rate))
    return ops.where(x < half, left, ops.where(x > 1 - half, right, inner))
