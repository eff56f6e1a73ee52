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

import functools

import keras
import numpy as np
from keras import ops

from keras_blog.ops import chain
from keras_blog.ops.chain import FORBIDDEN
from keras_blog.ops.k_best_paths import k_best_paths
from keras_blog.ops.recurrence import compiled, pad_steps
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
    head = ops.reshape(head, (tags + 2, tags))  # a graph that does not know the steps knows this
    body = potentials[:, tags + 2 :]
    return body[..., :tags], head[:tags], head[tags], head[tags + 1], body[..., tags] > 0.5


def log_partition(potentials):
    """`log Z` of every sequence in nats, shape `(batch,)`; 0 where nothing is real."""
    return _with_gradient(_partition, _partition_gradient, potentials, None)


def path_score(potentials, tags):
    """Score `f(y)` of the paths `tags`, int, shape `(batch, steps)`; shape `(batch,)`. Steps with tag -1 are left out."""
    potentials, tags = _labelled(potentials, tags)
    x, trans, valid, mask = _chain(potentials, tags >= 0)
    tags = _time_major(ops.maximum(tags, 0), mask)
    return _score(_at(x, tags), trans, tags, valid, valid[1:])


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
        _check("tags", allowed, (*_batch_and_steps(potentials), _tags(potentials)))
        observed = _keep(potentials, ops.any(allowed, axis=-1))
        return _with_gradient(_partition, _partition_gradient, observed, allowed) - log_partition(observed)
    potentials, tags = _labelled(potentials, tags)
    if step_weight is not None:
        step_weight = ops.cast(ops.convert_to_tensor(step_weight), potentials.dtype)
        _check("step_weight", step_weight, tuple(tags.shape))
    return _with_gradient(_likelihood, _likelihood_gradient, potentials, tags, step_weight)


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
    tags, score = _decode(_padded(potentials))
    return tags[:, : _batch_and_steps(potentials)[1]], score


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
    tags, scores = _k_best(_padded(potentials), ops.zeros((k,)))
    return tags[:, :, : _batch_and_steps(potentials)[1]], scores


def marginals(potentials):
    """Posterior probability of each tag at each step, shape `(batch, steps, tags)`; 0 at masked steps. No gradient."""
    return _marginals(_padded(potentials))[:, : _batch_and_steps(potentials)[1]]


def edge_marginals(potentials):
    """Posterior probability of each pair of neighbouring tags, shape `(batch, steps - 1, tags, tags)`. No gradient.

    Entry `[:, t, i, j]`: tag i at step t and tag j at the next real step; 0 where step t is masked or the last real one.
    """
    return _edge_marginals(_padded(potentials))[:, : _batch_and_steps(potentials)[1] - 1]


def entropy(potentials):
    """Entropy of the distribution over paths in nats, shape `(batch,)`. No gradient."""
    return _entropy(_padded(potentials))


def sample(potentials, seed=None):
    """One path from the posterior for every sequence, int32, shape `(batch, steps)`; -1 at masked steps.

    Args:
        potentials: packed, see `pack`.
        seed: an int, or a `keras.random.SeedGenerator`, which gives a new sample at every call.
    """
    padded = _padded(potentials)
    noise = keras.random.uniform(ops.shape(unpack(padded)[0]), 1e-30, 1.0, padded.dtype, seed)
    return _sample(padded, -ops.log(-ops.log(noise)))[:, : _batch_and_steps(potentials)[1]]


@compiled
def _partition(potentials, allowed):
    def value(ordinary):
        x, trans, valid, _ = _chain(potentials, allowed=allowed, compact=not ordinary)
        return chain.forward(x, trans, valid, ordinary=ordinary)

    return _if_ordinary(potentials, None, value)


@compiled
def _partition_gradient(potentials, allowed, residuals, upstream):
    def gradient(ordinary):
        x, trans, valid, mask = _chain(potentials, allowed=allowed, compact=not ordinary)
        dx, dtrans = chain.backward(x, trans, valid, residuals, upstream, ordinary=ordinary)
        return _packed(dx, dtrans, valid, mask, compact=not ordinary)

    return _if_ordinary(potentials, None, gradient)


@compiled
def _likelihood(potentials, tags, step_weight):
    def value(ordinary):
        x, trans, valid, _, path, before, after, options = _weighted_path(potentials, tags, step_weight, ordinary)
        on_path = _at(x, path)
        # Sum differences, do not subtract sums: on long, confident sequences log Z and the score agree in all their digits.
        shift = ops.where(on_path > FORBIDDEN / 2, on_path, ops.zeros_like(on_path)) * valid
        value, residuals = chain.forward(x, trans, valid, shift=shift, **options)
        return _score(on_path - shift, trans, path, before, after) - value, residuals

    return _if_ordinary(potentials, tags >= 0, value)


@compiled
def _likelihood_gradient(potentials, tags, step_weight, residuals, upstream):
    def gradient(ordinary):
        x, trans, valid, mask, path, before, after, options = _weighted_path(potentials, tags, step_weight, ordinary)
        dx, dtrans = chain.backward(x, trans, valid, residuals, upstream, **options)
        k = trans.shape[0]
        dx = ops.one_hot(path, k, dtype=x.dtype) * (before * upstream)[..., None] - dx
        after = ops.reshape(after * upstream, (-1,))
        counts = ops.segment_sum(after, ops.reshape(_pairs(path, k), (-1,)), num_segments=k * k)
        return _packed(dx, ops.reshape(counts, (k, k)) - dtrans, valid, mask, compact=not ordinary)

    return _if_ordinary(potentials, tags >= 0, gradient)


def _weighted_path(potentials, tags, step_weight, ordinary):
    """The chain and the path in it; the weights of its emissions `(t, b)` and transitions `(t - 1, b)`; options of `chain`.

    By the chain rule from the right, `log p(y_t | later tags)` is `log alpha_t(y_t)` plus the transition score minus the
    forward score that step t + 1 starts from: so a weighted sum of them is one of weighted log forward scores.
    """
    x, trans, valid, mask = _chain(potentials, tags >= 0, compact=not ordinary)
    order = ops.transpose if ordinary else functools.partial(_time_major, mask=mask)
    tags = order(ops.maximum(tags, 0))
    options = {"ordinary": ordinary}
    if step_weight is None:
        return x, trans, valid, mask, tags, valid, valid[1:], options
    weight = order(step_weight) * valid
    before = ops.concatenate([ops.zeros_like(weight[:1]), weight[:-1]], axis=0) * valid
    at = (before - weight)[..., None] * ops.one_hot(tags, trans.shape[0], dtype=x.dtype)
    options.update(at=at, final=ops.sum(weight * chain.last_steps(valid), axis=0))
    return x, trans, valid, mask, tags, before, weight[:-1] * valid[1:], options


@compiled
def _decode(potentials):
    def best(compact):
        x, trans, valid, mask = _chain(potentials, compact=compact)
        top = ops.max(x, axis=-1, keepdims=True)  # small numbers keep their digits over a million steps
        best = chain.best_scores(x - top, trans)
        tags = ops.transpose(chain.trace_back(best, trans, valid))
        score = ops.max(chain.at_last(best, valid), axis=-1) * valid[0] + ops.sum(top[..., 0] * valid, axis=0)
        return _spread_tags(tags, mask) if compact else ops.where(mask, tags, -1), score

    mask = unpack(potentials)[4]
    return ops.cond(_right_padded(mask), lambda: best(False), lambda: best(True))


@compiled
def _k_best(potentials, ranks):
    x, trans, valid, mask = _chain(potentials)
    tags, scores = k_best_paths(x, trans, valid, ranks.shape[0])  # (t, b, k), (b, k)
    missing = scores <= FORBIDDEN / 2
    tags = ops.stack([_spread_tags(ops.transpose(tags[..., i]), mask) for i in range(ranks.shape[0])], axis=1)
    return ops.where(missing[..., None], -1, tags), ops.where(missing, FORBIDDEN, scores)


@compiled
def _marginals(potentials):
    x, trans, valid, mask = _chain(potentials)
    return _spread(ops.transpose(chain.marginals(x, trans, valid), (1, 0, 2)), mask)


@compiled
def _edge_marginals(potentials):
    x, trans, valid, mask = _chain(potentials)
    return _spread(ops.transpose(chain.edge_marginals(x, trans, valid), (1, 0, 2, 3)), mask)


@compiled
def _entropy(potentials):
    return chain.entropy(*_chain(potentials)[:3])


@compiled
def _sample(potentials, gumbel):
    x, trans, valid, mask = _chain(potentials)
    scores = chain.filtered(x, trans, valid) + ops.transpose(gumbel, (1, 0, 2))
    return _spread_tags(ops.transpose(chain.trace_back(scores, trans, valid)), mask)


def _with_gradient(value, gradient, potentials, *constants):
    """`value(potentials, *constants) -> (values, residuals)`, differentiated by `gradient` in its first argument."""
    constants = [None if constant is None else _padded(constant, 0) for constant in constants]

    @ops.custom_gradient
    def call(potentials):
        values, residuals = value(potentials, *constants)

        def backward(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            return gradient(potentials, *constants, residuals, upstream)

        return values, backward

    return call(_padded(potentials))


def _if_ordinary(potentials, keep, run):
    """`run(ordinary)`: true where the real steps come first and the transitions spread little, so that nothing needs care.

    One branch around everything: XLA copies what enters and leaves a branch.
    """
    _, trans, _, _, mask = unpack(potentials)
    mask = mask if keep is None else ops.logical_and(mask, keep)
    ordinary = ops.logical_and(_right_padded(mask), chain.spreads_little(trans))
    return ops.cond(ordinary, lambda: run(True), lambda: run(False))


def _chain(potentials, keep=None, allowed=None, compact=True):
    """Time-major `x` (start and end scores added), transitions, `valid`; and the mask `(b, t)` of the steps in the chain."""
    emissions, trans, start, end, mask = unpack(potentials)
    if keep is not None:
        mask = ops.logical_and(mask, keep)
    if allowed is not None:
        emissions = ops.where(allowed, emissions, FORBIDDEN)
    valid = ops.cast(mask, emissions.dtype)
    if compact:
        emissions, valid = _compact(emissions, mask), _compact(valid, mask)
    x, valid = ops.transpose(emissions, (1, 0, 2)), ops.transpose(valid)
    x = ops.concatenate([x[:1] + start, x[1:]], axis=0)
    return x + chain.last_steps(valid)[..., None] * end, trans, valid, mask


def _packed(dx, dtrans, valid, mask, compact):
    """Gradients of `_chain`'s `x` and transitions as one of the packed potentials; the head is that of sequence 0."""
    start, end = ops.sum(dx[0], axis=0), ops.sum(dx * chain.last_steps(valid)[..., None], axis=(0, 1))
    head = ops.pad(ops.concatenate([dtrans, start[None], end[None]], axis=0), ((0, 0), (0, 1)))
    first = ops.cast(ops.cumsum(ops.ones_like(valid[0])) == 1, dx.dtype)
    body = ops.transpose(dx, (1, 0, 2))
    body = ops.pad(_spread(body, mask) if compact else body, ((0, 0), (0, 0), (0, 1)))
    return ops.concatenate([first[:, None, None] * head, body], axis=1)


def _compact(values, mask):
    """`values` `(b, t, ...)` with the real steps first, in order."""
    steps = ops.arange(ops.shape(mask)[1])
    order = ops.argsort(ops.where(mask, steps, steps + ops.shape(mask)[1]), axis=1)
    return ops.take_along_axis(values, _like(order, values), axis=1)


def _spread(values, mask):
    """Compacted `values` `(b, t, ...)` back to where `mask` is true, zeros elsewhere."""
    at = ops.maximum(ops.cumsum(ops.cast(mask, "int32"), axis=1) - 1, 0)
    values = ops.take_along_axis(values, _like(at, values), axis=1)
    return ops.where(_like(mask, values), values, ops.zeros_like(values))


def _spread_tags(tags, mask):
    return _spread(tags + 1, mask) - 1


def _right_padded(mask):
    return ops.logical_not(ops.any(ops.logical_and(mask[:, 1:], ops.logical_not(mask[:, :-1]))))


def _like(array, values):
    return ops.reshape(array, (*ops.shape(array), *[1] * (len(values.shape) - 2)))


def _time_major(values, mask):
    return ops.transpose(_compact(values, mask))


def _at(x, tags):
    return ops.take_along_axis(x, tags[..., None], axis=-1)[..., 0]  # (t, b)


def _pairs(tags, k):
    return tags[:-1] * k + tags[1:]


def _score(on_path, trans, tags, before, after):
    transitions = ops.take(ops.reshape(trans, (-1,)), _pairs(tags, trans.shape[0]))
    return ops.sum(on_path * before, axis=0) + ops.sum(transitions * after, axis=0)


def _padded(values, head=None):
    """Zeros appended to the steps of `(b, t, ...)`; of packed potentials, which makes them masked steps."""
    values = ops.convert_to_tensor(values)
    return pad_steps(values, _tags(values) + 2 if head is None else head)


def _keep(potentials, keep):
    """Potentials with only the steps of `keep` real."""
    head = ops.ones_like(potentials[:, : _tags(potentials) + 2, 0])
    keep = ops.concatenate([head, ops.cast(keep, potentials.dtype)], axis=1)[..., None]
    return ops.concatenate([potentials[..., :-1], potentials[..., -1:] * keep], axis=-1)


def _tags(potentials):
    shape = tuple(potentials.shape)
    if len(shape) != 3 or (shape[1] is not None and shape[1] < shape[2] + 1) or shape[2] < 2:
        raise ValueError(
            "`potentials` must be packed, shape (batch, tags + 2 + steps, tags + 1), as `layers.CRF` and `ops.crf.pack` "
            f"return them; received shape {shape}"
        )
    return shape[2] - 1


def _batch_and_steps(potentials):
    """Sizes, as tensors where a graph does not know them."""
    batch, rows, _ = ops.shape(potentials)
    return batch, rows - _tags(potentials) - 2


def _labelled(potentials, tags):
    potentials = ops.convert_to_tensor(potentials)
    count = _tags(potentials)
    if isinstance(tags, np.ndarray) and tags.size and (tags.min() < -1 or tags.max() >= count):
        raise ValueError(f"`tags` must lie in [-1, {count - 1}]; received values from {tags.min()} to {tags.max()}")
    tags = ops.cast(ops.convert_to_tensor(tags), "int32")
    _check("tags", tags, _batch_and_steps(potentials))
    return potentials, tags


def _check(name, tensor, expected):
    shape = tuple(tensor.shape)
    sizes = [size if isinstance(size, int) else None for size in expected]
    if len(shape) != len(sizes) or any(a != b for a, b in zip(shape, sizes, strict=True) if None not in (a, b)):
        expected = ", ".join("any" if size is None else str(size) for size in sizes)
        raise ValueError(f"`{name}` must have shape ({expected}); received {shape}")
