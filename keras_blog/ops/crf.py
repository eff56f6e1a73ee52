r"""Linear-chain conditional random field over potentials packed in one tensor.

A tag sequence :math:`y_1 \dots y_n` scores

.. math:: f(y) = start_{y_1} + \sum_{t=1}^{n} emissions_{t, y_t} + \sum_{t=1}^{n-1} transitions_{y_t, y_{t+1}} + end_{y_n}

and has probability :math:`e^{f(y)} / Z`. Keras drops masks when a prediction becomes NumPy, and a loss that holds a reference
to a layer does not load again: so everything that a chain needs, its mask too, travels in one tensor
`(batch, tags + 2 + steps, tags + 1)`, which `pack` makes; see `ops/potentials.py`.

The chain runs over the unmasked steps in order, wherever they stand. `-inf` is taken as `FORBIDDEN` (-1e30), so that nothing
here returns an infinity.

References:
    Articles: kexue.fm 5542, 4695
    Paper: Lafferty, McCallum, Pereira, Conditional Random Fields, ICML 2001
"""

import keras
import numpy as np
from keras import ops

from keras_blog.ops import packed_chain
from keras_blog.ops.chain import FORBIDDEN
from keras_blog.ops.potentials import batch_and_steps, check_shape, keep_steps, pack, padded, tag_count, unpack
from keras_blog.ops.tag_scheme import allowed_transitions

__all__ = [
    "FORBIDDEN",
    "allowed_transitions",
    "decode",
    "edge_marginals",
    "entropy",
    "k_best",
    "log_likelihood",
    "log_partition",
    "marginals",
    "pack",
    "path_score",
    "sample",
    "unpack",
]


def log_partition(potentials):
    """`log Z` of every sequence in nats, shape `(batch,)`; 0 where nothing is real."""
    return _with_gradient(packed_chain.partition, packed_chain.partition_gradient, potentials, None)


def path_score(potentials, tags):
    """Score `f(y)` of the paths `tags`, int, shape `(batch, steps)`; shape `(batch,)`. Steps with tag -1 are left out."""
    potentials, tags = _labelled(potentials, tags)
    return packed_chain.path_score(potentials, tags)


def log_likelihood(potentials, tags, step_weight=None):
    r"""Log-probability of tag sequences, or of sets of them, in nats.

    Args:
        potentials: packed, see `pack`.
        tags: one of

            - int tags, shape `(batch, steps)`; a step with tag -1 is left out of the chain, as if masked;
            - the tags allowed at each step, 0 or 1, shape `(batch, steps, tags)`: the log-probability that the sequence
              is any of the allowed ones. One-hot rows are the int form; rows of ones are unobserved steps; rows of zeros
              are left out.
        step_weight: shape `(batch, steps)`, for int tags only. The log-probability is a sum over steps by the chain rule,
            :math:`\sum_t \log p(y_t | y_{t+1}, \dots, y_n)`; this multiplies its terms.

    Returns:
        Shape `(batch,)`; 0 where nothing is real.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if len(np.shape(tags)) == 3:
        if step_weight is not None:
            raise ValueError("`step_weight` needs int `tags` of shape (batch, steps); received sets of tags, rank 3")
        potentials, allowed = ops.convert_to_tensor(potentials), ops.convert_to_tensor(tags) > 0
        check_shape("tags", allowed, (*batch_and_steps(potentials), tag_count(potentials)))
        observed = keep_steps(potentials, ops.any(allowed, axis=-1))
        within = _with_gradient(packed_chain.partition, packed_chain.partition_gradient, observed, allowed)
        return within - log_partition(observed)
    potentials, tags = _labelled(potentials, tags)
    if step_weight is not None:
        step_weight = ops.cast(ops.convert_to_tensor(step_weight), potentials.dtype)
        check_shape("step_weight", step_weight, tuple(tags.shape))
    return _with_gradient(packed_chain.likelihood, packed_chain.likelihood_gradient, potentials, tags, step_weight)


def decode(potentials):
    """Best path of every sequence (Viterbi).

    Args:
        potentials: packed, see `pack`; a NumPy prediction will do.

    Returns:
        `(tags, score)`: int32 tags `(batch, steps)`, -1 at masked steps, ties to the lowest tag; its score `f(y)`, `(batch,)`.

    Example:
    >>> potentials = pack([[[0.0, 1.0], [0.0, 0.5]]], [[0.0, 0.0], [1.0, -1.0]])
    >>> tags, score = decode(potentials)
    >>> [int(tag) for tag in tags[0]], float(score[0])  # 1 then 0, since 1 is not followed by 1
    ([1, 0], 2.0)
    """
    tags, score = packed_chain.decode(padded(potentials))
    return tags[:, : batch_and_steps(potentials)[1]], score


def k_best(potentials, k):
    """The `k` best paths of every sequence, best first.

    Returns:
        `(tags, scores)`: int32 `(batch, k, steps)`, and `(batch, k)`. Where a sequence has fewer than `k` allowed paths, the
        missing ones have tags -1 and score `FORBIDDEN`.

    Raises:
        ValueError: if `k` is not a positive int.
    """
    if not isinstance(k, int) or k < 1:
        raise ValueError(f"`k` must be a positive int; received {k!r}")
    tags, scores = packed_chain.k_best(padded(potentials), ops.zeros((k,)))
    return tags[:, :, : batch_and_steps(potentials)[1]], scores


def marginals(potentials):
    """Posterior probability of each tag at each step, shape `(batch, steps, tags)`; 0 at masked steps. No gradient."""
    return packed_chain.marginals(padded(potentials))[:, : batch_and_steps(potentials)[1]]


def edge_marginals(potentials):
    """Posterior probability of each pair of neighbouring tags, shape `(batch, steps - 1, tags, tags)`. No gradient.

    Entry `[:, t, i, j]`: tag i at step t and tag j at the next real step; 0 where step t is masked or the last real one.
    """
    return packed_chain.edge_marginals(padded(potentials))[:, : batch_and_steps(potentials)[1]][:, :-1]


def entropy(potentials):
    """Entropy of the distribution over paths in nats, shape `(batch,)`. No gradient."""
    return packed_chain.entropy(padded(potentials))


def sample(potentials, seed=None):
    """One path from the posterior for every sequence, int32, shape `(batch, steps)`; -1 at masked steps.

    Args:
        potentials: packed, see `pack`.
        seed: an int, or a `keras.random.SeedGenerator`, which gives a new sample at every call.
    """
    more = padded(potentials)
    noise = keras.random.uniform(ops.shape(unpack(more)[0]), 1e-30, 1.0, more.dtype, seed)
    return packed_chain.sample(more, -ops.log(-ops.log(noise)))[:, : batch_and_steps(potentials)[1]]


def _with_gradient(value, gradient, potentials, *constants):
    """`value(potentials, *constants) -> (values, residuals)`, differentiated by `gradient` in its first argument."""
    constants = [None if constant is None else padded(constant, 0) for constant in constants]

    @ops.custom_gradient
    def call(potentials):
        values, residuals = value(potentials, *constants)

        def backward(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            return gradient(potentials, *constants, residuals, upstream)

        return values, backward

    return call(padded(potentials))


def _labelled(potentials, tags):
    potentials = ops.convert_to_tensor(potentials)
    count = tag_count(potentials)
    if isinstance(tags, np.ndarray) and tags.size and (tags.min() < -1 or tags.max() >= count):
        raise ValueError(f"`tags` must lie in [-1, {count - 1}]; received values from {tags.min()} to {tags.max()}")
    tags = ops.cast(ops.convert_to_tensor(tags), "int32")
    check_shape("tags", tags, batch_and_steps(potentials))
    return potentials, tags
