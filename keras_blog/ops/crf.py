r"""Linear-chain conditional random field over potentials packed in one tensor.

A tag sequence :math:`y_1 \dots y_n` scores

.. math:: f(y) = start_{y_1} + \sum_{t=1}^{n} emissions_{t, y_t} + \sum_{t=1}^{n-1} transitions_{y_t, y_{t+1}} + end_{y_n}

and has probability :math:`e^{f(y)} / Z`. Keras drops masks when a prediction becomes NumPy, and a loss that holds a reference
to a layer does not load again: so everything that a chain needs, its mask too, travels in one tensor
`(batch, tags + 2 + steps, tags + 1)`, which `pack` makes. This file alone knows its layout: rows of transitions, a row of
start scores, a row of end scores, a row for each step; the last column holds the mask. The transitions are those of the first
sequence: a batch shares them.

The chain runs over the unmasked steps in order, wherever they stand. `-inf` is taken as `FORBIDDEN` (-1e30), so that nothing
here returns an infinity.

References:
    Articles: kexue.fm 5542, 4695
    Paper: Lafferty, McCallum, Pereira, Conditional Random Fields, ICML 2001
"""

import keras
import numpy as np
from keras import ops

from keras_blog.ops import chain
from keras_blog.ops.chain import FORBIDDEN
from keras_blog.ops.k_best_paths import k_best_paths
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


def pack(emissions, transitions, start=None, end=None, mask=None):
    """Everything that a chain needs, in one tensor.

    Args:
        emissions: score of each tag at each step in nats, shape `(batch, steps, tags)`.
        transitions: `transitions[i, j]` scores going from tag i to tag j, shape `(tags, tags)`.
        start: score of each tag at the first real step, shape `(tags,)`; zeros by default.
        end: score of each tag at the last real step, shape `(tags,)`; zeros by default.
        mask: true at real steps, shape `(batch, steps)`; all real by default.

    Returns:
        Potentials, shape `(batch, tags + 2 + steps, tags + 1)`, float32, or float64 if the emissions are.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
    >>> potentials = pack([[[1.0, 0.0], [0.0, 0.0]]], [[0.0, 0.0], [0.0, 0.0]])
    >>> print(f"{float(log_partition(potentials)[0]):.4f}")  # log(2 + 2e)
    2.0064
    """
    emissions, transitions = ops.convert_to_tensor(emissions), ops.convert_to_tensor(transitions)
    _check("emissions", emissions, ("batch", "steps", "tags"))
    tags = emissions.shape[-1]
    _check("transitions", transitions, (tags, tags))
    dtype = keras.backend.result_type(emissions.dtype, "float32")
    emissions = ops.maximum(ops.cast(emissions, dtype), FORBIDDEN)
    rows = [transitions]
    for name, scores in (("start", start), ("end", end)):
        scores = ops.zeros((tags,), dtype) if scores is None else ops.convert_to_tensor(scores)
        _check(name, scores, (tags,))
        rows.append(scores[None])
    head = ops.concatenate([ops.cast(row, dtype) for row in rows], axis=0)
    head = ops.pad(ops.maximum(head, FORBIDDEN), ((0, 0), (0, 1)))  # (k + 2, k + 1)
    if mask is None:
        mask = ops.ones_like(emissions[:, :, 0])
    else:
        mask = ops.convert_to_tensor(mask)
        _check("mask", mask, tuple(emissions.shape[:2]))
        emissions = ops.where(ops.cast(mask, "bool")[..., None], emissions, ops.zeros_like(emissions))
    body = ops.concatenate([emissions, ops.cast(mask, dtype)[..., None]], axis=-1)  # (b, t, k + 1)
    head = ops.zeros_like(body[:, :1, :1]) + head  # (b, k + 2, k + 1); zeros_like knows the batch that None hides
    return ops.concatenate([head, body], axis=1)


def unpack(potentials):
    """`(emissions, transitions, start, end, mask)` of packed potentials; the inverse of `pack`, mask boolean."""
    potentials = ops.convert_to_tensor(potentials)
    tags = _tags(potentials)
    head = ops.sum(potentials[:1, : tags + 2, :tags], axis=0)  # a sum, for a batch may be empty
    body = potentials[:, tags + 2 :]
    return body[..., :tags], head[:tags], head[tags], head[tags + 1], body[..., tags] > 0.5


def log_partition(potentials):
    """`log Z` of every sequence in nats, shape `(batch,)`; 0 where nothing is real."""
    return chain.log_partition(*_chain(potentials)[:3])


def path_score(potentials, tags):
    """Score `f(y)` of the paths `tags`, int, shape `(batch, steps)`; shape `(batch,)`. Steps with tag -1 are left out."""
    tags = _labels(potentials, tags)
    x, trans, valid, keep = _chain(potentials, tags >= 0)
    tags = _time_major(ops.maximum(tags, 0), keep)
    return ops.sum(_at(x, tags) * valid, axis=0) + _transition_score(trans, tags, valid)


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
    tags = ops.convert_to_tensor(tags)
    if len(tags.shape) == 3:
        if step_weight is not None:
            raise ValueError("`step_weight` needs int `tags` of shape (batch, steps); received sets of tags, rank 3")
        return _log_likelihood_of_sets(potentials, tags)
    tags = _labels(potentials, tags)
    x, trans, valid, keep = _chain(potentials, tags >= 0)
    tags = _time_major(ops.maximum(tags, 0), keep)
    on_path = _at(x, tags)
    # Sum differences, do not subtract sums: on long, confident sequences log Z and the score agree in all float32 digits.
    shift = ops.where(on_path > FORBIDDEN / 2, on_path, ops.zeros_like(on_path)) * valid
    x, on_path = x - shift[..., None], on_path - shift
    if step_weight is None:
        score = ops.sum(on_path * valid, axis=0) + _transition_score(trans, tags, valid)
        return score - chain.log_partition(x, trans, valid)
    weight = ops.convert_to_tensor(step_weight, x.dtype)
    _check("step_weight", weight, tuple(keep.shape))
    weight = _time_major(weight, keep) * valid
    before = ops.concatenate([ops.zeros_like(weight[:1]), weight[:-1]], axis=0) * valid
    at = (before - weight)[..., None] * ops.one_hot(tags, trans.shape[0], dtype=x.dtype)
    score = ops.sum(on_path * before, axis=0) + _transition_score(trans, tags, valid, weight)
    final = ops.sum(weight * chain.last_steps(valid), axis=0)
    return score - chain.weighted_prefixes(x, trans, valid, at, final)


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
    x, trans, valid, mask = _chain(potentials)
    best = chain.best_scores(x, trans, valid)
    tags = chain.trace_back(best, trans, valid)
    score = ops.sum(ops.max(best, axis=-1) * chain.last_steps(valid), axis=0)
    return _spread_tags(ops.transpose(tags), mask), score


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
    x, trans, valid, mask = _chain(potentials)
    tags, scores = k_best_paths(x, trans, valid, k)  # (t, b, k), (b, k)
    missing = scores <= FORBIDDEN / 2
    tags = ops.stack([_spread_tags(ops.transpose(tags[..., i]), mask) for i in range(k)], axis=1)
    return ops.where(missing[..., None], -1, tags), ops.where(missing, FORBIDDEN, scores)


def marginals(potentials):
    """Posterior probability of each tag at each step, shape `(batch, steps, tags)`; 0 at masked steps. No gradient."""
    x, trans, valid, mask = _chain(potentials)
    return _spread(ops.transpose(chain.marginals(x, trans, valid), (1, 0, 2)), mask)


def edge_marginals(potentials):
    """Posterior probability of each pair of neighbouring tags, shape `(batch, steps - 1, tags, tags)`. No gradient.

    Entry `[:, t, i, j]`: tag i at step t and tag j at the next real step; 0 where step t is masked or the last real one.
    """
    x, trans, valid, mask = _chain(potentials)
    edges = ops.transpose(chain.edge_marginals(x, trans, valid), (1, 0, 2, 3))
    return _spread(edges, mask)[:, :-1]


def entropy(potentials):
    """Entropy of the distribution over paths in nats, shape `(batch,)`. No gradient."""
    return chain.entropy(*_chain(potentials)[:3])


def sample(potentials, seed=None):
    """One path from the posterior for every sequence, int32, shape `(batch, steps)`; -1 at masked steps.

    Args:
        potentials: packed, see `pack`.
        seed: an int, or a `keras.random.SeedGenerator`, which gives a new sample at every call.
    """
    x, trans, valid, mask = _chain(potentials)
    scores = chain.filtered(x, trans, valid)
    scores = scores - ops.log(-ops.log(keras.random.uniform(ops.shape(scores), 1e-30, 1.0, scores.dtype, seed)))
    return _spread_tags(ops.transpose(chain.trace_back(scores, trans, valid)), mask)


def _log_likelihood_of_sets(potentials, allowed):
    emissions = unpack(potentials)[0]
    _check("tags", allowed, tuple(emissions.shape))
    x, trans, valid, keep = _chain(potentials, ops.any(allowed > 0, axis=-1))
    allowed = ops.transpose(_compact(ops.cast(allowed > 0, x.dtype), keep), (1, 0, 2))
    within = ops.where(ops.logical_or(allowed > 0, valid[..., None] == 0), x, FORBIDDEN)
    return chain.log_partition(within, trans, valid) - chain.log_partition(x, trans, valid)


def _chain(potentials, keep=None):
    """Time-major `x` (start and end scores added), transitions, `valid`; and the mask `(b, t)` of the steps in the chain."""
    emissions, trans, start, end, mask = unpack(potentials)
    mask = mask if keep is None else ops.logical_and(mask, keep)
    x = ops.transpose(_compact(emissions, mask), (1, 0, 2))
    valid = _time_major(ops.cast(mask, x.dtype), mask)
    x = ops.concatenate([x[:1] + start, x[1:]], axis=0)
    return x + chain.last_steps(valid)[..., None] * end, trans, valid, mask


def _compact(values, mask):
    """`values` `(b, t, ...)` with the real steps first, in order."""

    def gathered():
        steps = ops.arange(ops.shape(mask)[1])
        order = ops.argsort(ops.where(mask, steps, steps + ops.shape(mask)[1]), axis=1)
        return ops.take_along_axis(values, ops.reshape(order, (*ops.shape(order), *[1] * (len(values.shape) - 2))), axis=1)

    return ops.cond(ops.any(ops.logical_and(mask[:, 1:], ~mask[:, :-1])), gathered, lambda: values)


def _time_major(values, mask):
    return ops.transpose(_compact(values, mask))


def _spread(values, mask):
    """Compacted `values` `(b, t, ...)` back to where `mask` is true, zeros elsewhere."""
    at = ops.maximum(ops.cumsum(ops.cast(mask, "int32"), axis=1) - 1, 0)
    more = [1] * (len(values.shape) - 2)
    values = ops.take_along_axis(values, ops.reshape(at, (*ops.shape(at), *more)), axis=1)
    return ops.where(ops.reshape(mask, (*ops.shape(mask), *more)), values, ops.zeros_like(values))


def _spread_tags(tags, mask):
    return _spread(tags + 1, mask) - 1


def _at(x, tags):
    return ops.take_along_axis(x, tags[..., None], axis=-1)[..., 0]  # (t, b)


def _transition_score(trans, tags, valid, weight=1.0):
    pairs = tags[:-1] * trans.shape[0] + tags[1:]
    steps = ops.take(ops.reshape(trans, (-1,)), pairs) * valid[1:]
    return ops.sum(steps if isinstance(weight, float) else steps * weight[:-1], axis=0)


def _tags(potentials):
    if len(potentials.shape) != 3 or (potentials.shape[1] or potentials.shape[2] + 1) < potentials.shape[2] + 1:
        raise ValueError(
            "`potentials` must be packed, shape (batch, tags + 2 + steps, tags + 1), as `layers.CRF` and `ops.crf.pack` "
            f"return them; received shape {tuple(potentials.shape)}"
        )
    return potentials.shape[2] - 1


def _labels(potentials, tags):
    potentials = ops.convert_to_tensor(potentials)
    count = _tags(potentials)
    if isinstance(tags, np.ndarray) and tags.size and (tags.min() < -1 or tags.max() >= count):
        raise ValueError(f"`tags` must lie in [-1, {count - 1}]; received values from {tags.min()} to {tags.max()}")
    tags = ops.cast(ops.convert_to_tensor(tags), "int32")
    steps = None if potentials.shape[1] is None else potentials.shape[1] - count - 2
    _check("tags", tags, (potentials.shape[0], steps))
    return tags


def _check(name, tensor, expected):
    shape = tuple(tensor.shape)
    fits = len(shape) == len(expected) and all(
        have == want for have, want in zip(shape, expected, strict=True) if isinstance(have, int) and isinstance(want, int)
    )
    if not fits:
        expected = ", ".join("any" if size is None else str(size) for size in expected)
        raise ValueError(f"`{name}` must have shape ({expected}); received {shape}")
