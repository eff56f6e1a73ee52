"""Losses of a GAN designed from two functions, as Moustakides and Basioti do."""

import keras
import numpy as np
from keras import ops

from keras_blog.losses.adversarial_loss import AdversarialLoss
from keras_blog.ops.tangent_exp import tangent_exp

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)


@keras.saving.register_keras_serializable("keras_blog")
class DesignedGAN(AdversarialLoss):
    r"""The discriminator learns an increasing function of the likelihood ratio, which one chooses.

    With :math:`r = q / p`, q of the fakes, choose an increasing :math:`\omega(r)` that the discriminator shall find, and a
    positive weight :math:`\rho(t)`. Then :math:`\max_t E_p \phi(t) + E_q \psi(t)` is at :math:`t = \omega(r)` for

    .. math:: \phi(t) = -\int_{\omega(1)}^t \omega^{-1}(s) \rho(s) ds \qquad \psi(t) = \int_{\omega(1)}^t \rho(s) ds

    and what it reaches is an f-divergence, `divergence`. So t is high at fakes; scores are high at real samples here as in the
    other losses, and t is `activation(-score)`. The integrals are Gauss-Legendre sums of 32 nodes; the gradients are exact.

    The generator may lower any increasing function beta of its t, if :math:`\alpha(\omega(r)) + r \beta(\omega(r))` is least
    at r = 1 or convex; :math:`\psi` itself makes it the minimax game.

    Designs with a name are in closed form, with the beta that people use:

    ============== ===================== ================ =========================== =====================
    design         omega(r)              rho(t)           phi and psi                 beta
    ============== ===================== ================ =========================== =====================
    gan            log r                 1 / (1 + e^t)    log 2 - softplus of t, -t   softplus(t)
    exponential    log(r) / 2            e^-t             1 - e^t, 1 - e^-t           t
    least_squares  r / (1 + r)           2 (1 - t)        1/4 - t^2, 1/4 - (1 - t)^2  (t - 1/2)^2
    ============== ===================== ================ =========================== =====================

    Args:
        omega_inverse: a name of the table, or :math:`\omega^{-1}`, a registered function of tensors of t.
        rho: the weight, a registered function of t; with a name, None.
        at: :math:`\omega(1)`.
        activation: registered increasing function from all numbers to the values of :math:`\omega`; t is the score if None.
        beta: what the generator lowers, a registered function of t; "minimax" for psi; None for that of the table, or psi.

    Raises:
        ValueError: if the design is neither a name nor two functions.

    Example:
    >>> loss = DesignedGAN("exponential", beta="minimax")
    >>> print(f"{float(loss.discriminator([1.0], [0.0])[0]):.4f}")  # 1/e - 1
    -0.6321

    References:
        Article: kexue.fm 7210
        Paper: Moustakides, Basioti, Training Neural Networks for Likelihood/Density Ratio Estimation, arXiv:1911.00405
    """

    def __init__(self, omega_inverse="gan", rho=None, at=0.0, activation=None, beta=None):
        named = isinstance(omega_inverse, str) and omega_inverse in _DESIGNS and rho is None
        if not named and not (callable(omega_inverse) and callable(rho)):
            raise ValueError(
                f"`omega_inverse` and `rho` must be two functions, or one of {sorted(_DESIGNS)} and None; received "
                f"{omega_inverse!r} and {rho!r}"
            )
        if not (activation is None or callable(activation)) or not (beta in (None, "minimax") or callable(beta)):
            raise ValueError(
                f"`activation` must be a function or None, `beta` that or 'minimax'; received {activation!r} and {beta!r}"
            )
        self.omega_inverse, self.rho, self.at = omega_inverse, rho, float(at)
        self.activation, self.beta = activation, beta
        self._phi, self._psi, usual = _DESIGNS[omega_inverse] if named else (*_integrals(omega_inverse, rho, self.at), None)
        self._beta = beta if callable(beta) else self._psi if usual is None or beta == "minimax" else usual

    def real_term(self, scores):
        return -self._phi(self._t(scores))

    def fake_term(self, scores):
        return -self._psi(self._t(scores))

    def for_generator(self, real, fake):
        return self._beta(self._t(fake))

    def get_config(self):
        config = {name: getattr(self, name) for name in ("omega_inverse", "rho", "at", "activation", "beta")}
        return {key: keras.saving.serialize_keras_object(value) for key, value in config.items()}

    def _t(self, scores):
        if self.omega_inverse == "least_squares" and self.activation is None:
            return 0.5 - scores  # its labels are 0 and 1, and scores are 0 in between
        return -scores if self.activation is None else self.activation(-scores)


def _integrals(omega_inverse, rho, at):
    def integral(f):
        def value(t):
            """The value is the sum, the gradient that of the integral: f itself."""
            t0 = ops.stop_gradient(t)
            nodes, weights = (ops.convert_to_tensor(0.5 * values, t.dtype) for values in (_NODES + 1, _WEIGHTS))
            length = ops.expand_dims(t0 - at, -1)
            whole = ops.sum(weights * f(at + length * nodes), axis=-1) * (t0 - at)
            return ops.stop_gradient(whole) + ops.stop_gradient(f(t0)) * (t - t0)

        return value

    return integral(lambda s: -omega_inverse(s) * rho(s)), integral(rho)


_LOG_2 = float(np.log(2.0))
_DESIGNS = {  # phi, psi, beta
    "gan": (lambda t: _LOG_2 - ops.softplus(t), lambda t: _LOG_2 - ops.softplus(-t), ops.softplus),
    "exponential": (lambda t: 1.0 - tangent_exp(t), lambda t: 1.0 - tangent_exp(-t), lambda t: t),
    "least_squares": (
        lambda t: 0.25 - ops.square(t),
        lambda t: 0.25 - ops.square(1.0 - t),
        lambda t: ops.square(t - 0.5),
    ),
}
