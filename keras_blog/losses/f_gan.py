"""f-GAN: every f-divergence as a loss of scores, in forms that do not overflow."""

import math

import keras
from keras import ops

from keras_blog.losses.adversarial_loss import AdversarialLoss
from keras_blog.ops.input_gradient import input_gradient
from keras_blog.ops.tangent_exp import tangent_exp


@keras.saving.register_keras_serializable("keras_blog")
class FGAN(AdversarialLoss):
    r"""The discriminator measures an f-divergence of the real distribution p and that of the fakes q.

    .. math:: D_f(p \| q) = E_q f(p / q) = \max_v E_p T(v) - E_q g(T(v))

    with the conjugate g of f and an activation T that maps every score into the domain of g. The discriminator lowers the
    negative; `divergence` is what it reaches. Each T and g(T) below was composed and simplified by hand, and is finite, with a
    finite gradient, at any score from -80 to 80.

    ================ =========================================== ========================================
    divergence       f(u)                                        T(v); g(T(v))
    ================ =========================================== ========================================
    total_variation  abs(u - 1) / 2                              tanh(v) / 2; the same
    kl               u log u                                     v; exp(v - 1)
    reverse_kl       -log u                                      -exp(-v); v - 1
    neyman           (1 - u)^2 / u                               1 - exp(-v); 2 - 2 exp(-v / 2)
    pearson          (u - 1)^2                                   exp(v) - 2; exp(2v) / 4 - 1
    hellinger        (sqrt u - 1)^2                              1 - exp(-v); exp(v) - 1
    jeffreys         (u - 1) log u                               v + 1 - exp(-v); exp(v) + v - 1
    js               (u log u - (u + 1) log((u + 1) / 2)) / 2    (log 2 - softplus(-v)) / 2;
                                                                 (softplus(v) - log 2) / 2
    gan              twice that                                  twice those: the first GAN, less 2 log 2
    a number a       (u^a - a u + a - 1) / (a (a - 1))           expm1((a - 1) v) / (a - 1); expm1(a v) / a
    a function f     itself                                      f'(u); u f'(u) - f(u), with u = exp(v)
    ================ =========================================== ========================================

    The article gives :math:`(1 - u)^2 / u` the name of Pearson and :math:`(u - 1)^2` that of Neyman; with :math:`E_q f(p/q)` it
    is the other way around. Its row of Jeffreys needs the Lambert function; the score is the logarithm of the ratio here, and
    needs none. Where the article's T falls in v, the score is negated: here it is high at real samples, always.

    Args:
        divergence: a name of the table, a number for the alpha family, or a registered convex function of tensors.
        saturating: the generator lowers the divergence itself, as the theory has it; else `real_term` of its samples.
        reverse: measure :math:`D_f(q \| p)`.

    Raises:
        ValueError: if the divergence is none of these.

    Example:
    >>> loss = FGAN("js")
    >>> print(f"{float(loss.divergence([80.0], [-80.0])):.4f}")  # nothing in common: log 2
    0.6931

    References:
        Article: kexue.fm 6016
        Paper: Nowozin, Cseke, Tomioka, f-GAN, arXiv:1606.00709
    """

    def __init__(self, divergence="gan", saturating=False, reverse=False):
        number = isinstance(divergence, (int, float)) and not isinstance(divergence, bool) and math.isfinite(divergence)
        if not (number or callable(divergence) or (isinstance(divergence, str) and divergence in _TABLE)):
            raise ValueError(f"`divergence` must be a number, a function or one of {sorted(_TABLE)}; received {divergence!r}")
        self.name, self.saturating, self.reverse = divergence, bool(saturating), bool(reverse)
        self._two = _alpha(divergence) if number else _own(divergence) if callable(divergence) else _TABLE[divergence]

    def real_term(self, scores):
        activation, conjugate = self._two
        scores = ops.convert_to_tensor(scores)
        return conjugate(-scores) if self.reverse else -activation(scores)

    def fake_term(self, scores):
        activation, conjugate = self._two
        scores = ops.convert_to_tensor(scores)
        return -activation(-scores) if self.reverse else conjugate(scores)

    def for_generator(self, real, fake):
        return -self.fake_term(fake) if self.saturating else self.real_term(fake)

    def get_config(self):
        divergence = keras.saving.serialize_keras_object(self.name) if callable(self.name) else self.name
        return {"divergence": divergence, "saturating": self.saturating, "reverse": self.reverse}


def _alpha(a):
    if a == 1:
        return (lambda v: v), (lambda v: tangent_exp(v) - 1.0)
    if a == 0:
        return (lambda v: 1.0 - tangent_exp(-v)), (lambda v: v)
    slow = _slow(40.0 / max(1.0, abs(a), abs(a - 1)))
    return (lambda v: ops.expm1((a - 1) * slow(v)) / (a - 1)), (lambda v: ops.expm1(a * slow(v)) / a)


def _own(f):
    slow = _slow(20.0)

    def conjugate(v):
        u = ops.exp(slow(v))
        return u * input_gradient(f, u) - f(u)

    return (lambda v: input_gradient(f, ops.exp(slow(v)))), conjugate


def _slow(knee):
    """A score that grows with the logarithm beyond `knee`; as it still grows, what is the best divergence is the same."""
    return lambda v: ops.clip(v, -knee, knee) + ops.sign(v) * ops.log1p(ops.relu(ops.abs(v) - knee))


_LOG_2 = math.log(2.0)
_TABLE = {
    "total_variation": (lambda v: 0.5 * ops.tanh(v), lambda v: 0.5 * ops.tanh(v)),
    "kl": (lambda v: v, lambda v: tangent_exp(v - 1.0)),
    "reverse_kl": (lambda v: -tangent_exp(-v), lambda v: v - 1.0),
    "neyman": (lambda v: 1.0 - tangent_exp(-v), lambda v: 2.0 - 2.0 * tangent_exp(-0.5 * v)),
    "pearson": (lambda v: tangent_exp(v, 40.0) - 2.0, lambda v: 0.25 * ops.square(tangent_exp(v, 40.0)) - 1.0),
    "hellinger": (lambda v: 1.0 - tangent_exp(-v), lambda v: tangent_exp(v) - 1.0),
    "jeffreys": (lambda v: v + 1.0 - tangent_exp(-v), lambda v: tangent_exp(v) + v - 1.0),
    "js": (lambda v: 0.5 * (_LOG_2 - ops.softplus(-v)), lambda v: 0.5 * (ops.softplus(v) - _LOG_2)),
    "gan": (lambda v: _LOG_2 - ops.softplus(-v), lambda v: ops.softplus(v) - _LOG_2),
}
