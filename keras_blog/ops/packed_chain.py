"""What `ops/crf.py` does, on packed potentials: the recursions of `ops/chain.py` with compaction, weights and gradients.

What is decorated with `compiled` needs potentials of at least two steps.
"""

import functools

from keras import ops

from keras_blog.ops import chain
from keras_blog.ops.chain import FORBIDDEN
from keras_blog.ops.k_best_paths import k_best_paths
from keras_blog.ops.potentials import gradient_of, unpack
from keras_blog.ops.recurrence import compiled


@compiled
def partition(potentials, allowed):
    """`(log Z, residuals)`; with `allowed` `(b, t, k)`, of the paths through allowed tags only."""

    def value(ordinary):
        x, trans, valid, _ = time_major_chain(potentials, allowed=allowed, compact=not ordinary)
        return chain.forward(x, trans, valid, ordinary=ordinary)

    return _if_ordinary(potentials, None, value)


@compiled
def partition_gradient(potentials, allowed, residuals, upstream):
    """Gradient of `partition`'s value in the potentials, times `upstream` `(b,)`."""

    def gradient(ordinary):
        x, trans, valid, mask = time_major_chain(potentials, allowed=allowed, compact=not ordinary)
        dx, dtrans = chain.backward(x, trans, valid, residuals, upstream, ordinary=ordinary)
        return _packed_gradient(dx, dtrans, valid, mask, compact=not ordinary)

    return _if_ordinary(potentials, None, gradient)


@compiled
def likelihood(potentials, tags, step_weight):
    """`(log-likelihood, residuals)` of int tags `(b, t)`, its terms weighted by `step_weight` `(b, t)` or None."""

    def value(ordinary):
        x, trans, valid, _, path, before, after, options = _weighted_path(potentials, tags, step_weight, ordinary)
        on_path = _at(x, path)
        # Sum differences, do not subtract sums: on long, confident sequences log Z and the score agree in all their digits.
        shift = ops.where(on_path > FORBIDDEN / 2, on_path, ops.zeros_like(on_path)) * valid
        value, residuals = chain.forward(x, trans, valid, shift=shift, **options)
        return _score(on_path - shift, trans, path, before, after) - value, residuals

    return _if_ordinary(potentials, tags >= 0, value)


@compiled
def likelihood_gradient(potentials, tags, step_weight, residuals, upstream):
    """Gradient of `likelihood`'s value in the potentials, times `upstream` `(b,)`."""

    def gradient(ordinary):
        x, trans, valid, mask, path, before, after, options = _weighted_path(potentials, tags, step_weight, ordinary)
        dx, dtrans = chain.backward(x, trans, valid, residuals, upstream, **options)
        k = trans.shape[0]
        dx = ops.one_hot(path, k, dtype=x.dtype) * (before * upstream)[..., None] - dx
        after = ops.reshape(after * upstream, (-1,))
        counts = ops.segment_sum(after, ops.reshape(_pairs(path, k), (-1,)), num_segments=k * k)
        return _packed_gradient(dx, ops.reshape(counts, (k, k)) - dtrans, valid, mask, compact=not ordinary)

    return _if_ordinary(potentials, tags >= 0, gradient)


@compiled
def decode(potentials):
    """Best tags `(b, t)` and their score `(b,)`."""

    def best(compact):
        x, trans, valid, mask = time_major_chain(potentials, compact=compact)
        top = ops.amax(x, axis=-1, keepdims=True)  # small numbers keep their digits over a million steps
        best = chain.best_scores(x - top, trans)
        tags = ops.transpose(chain.trace_back(best, trans, valid))
        score = ops.amax(chain.at_last(best, valid), axis=-1) * valid[0] + ops.sum(top[..., 0] * valid, axis=0)
        return _spread_tags(tags, mask) if compact else ops.where(mask, tags, -1), score

    mask = unpack(potentials)[4]
    return ops.cond(_right_padded(mask), lambda: best(False), lambda: best(True))


@compiled
def k_best(potentials, ranks):
    """Tags `(b, k, t)` and scores `(b, k)` of as many best paths as there are `ranks`."""
    x, trans, valid, mask = time_major_chain(potentials)
    tags, scores = k_best_paths(x, trans, valid, ranks.shape[0])  # (t, b, k), (b, k)
    missing = scores <= FORBIDDEN / 2
    tags = ops.stack([_spread_tags(ops.transpose(tags[..., i]), mask) for i in range(ranks.shape[0])], axis=1)
    return ops.where(missing[..., None], -1, tags), ops.where(missing, FORBIDDEN, scores)


@compiled
def marginals(potentials):
    """Node marginals `(b, t, k)`."""
    x, trans, valid, mask = time_major_chain(potentials)
    return _spread(ops.transpose(chain.marginals(x, trans, valid), (1, 0, 2)), mask)


@compiled
def edge_marginals(potentials):
    """Edge marginals `(b, t, k, k)`, each at the step that its edge leaves."""
    x, trans, valid, mask = time_major_chain(potentials)
    return _spread(ops.transpose(chain.edge_marginals(x, trans, valid), (1, 0, 2, 3)), mask)


@compiled
def entropy(potentials):
    """Entropy `(b,)`."""
    return chain.entropy(*time_major_chain(potentials)[:3])


@compiled
def sample(potentials, gumbel):
    """Tags `(b, t)` drawn by Gumbel noise `(b, t, k)`."""
    x, trans, valid, mask = time_major_chain(potentials)
    scores = chain.filtered(x, trans, valid) + ops.transpose(gumbel, (1, 0, 2))
    return _spread_tags(ops.transpose(chain.trace_back(scores, trans, valid)), mask)


def path_score(potentials, tags):
    """Score `(b,)` of int tags `(b, t)`; differentiable as it stands."""
    x, trans, valid, mask = time_major_chain(potentials, tags >= 0)
    tags = _time_major(ops.maximum(tags, 0), mask)
    return _score(_at(x, tags), trans, tags, valid, valid[1:])


def _if_ordinary(potentials, keep, run):
    """`run(ordinary)`: true where the real steps come first and the transitions spread little, so that nothing needs care.

    One branch around everything: XLA copies what enters and leaves a branch.
    """
    _, trans, _, _, mask = unpack(potentials)
    mask = mask if keep is None else ops.logical_and(mask, keep)
    ordinary = ops.logical_and(_right_padded(mask), chain.spreads_little(trans))
    return ops.cond(ordinary, lambda: run(True), lambda: run(False))


def _weighted_path(potentials, tags, step_weight, ordinary):
    """The chain and the path in it; the weights of its emissions `(t, b)` and transitions `(t - 1, b)`; options of `chain`.

    By the chain rule from the right, `log p(y_t | later tags)` is `log alpha_t(y_t)` plus the transition score minus the
    forward score that step t + 1 starts from: so a weighted sum of them is one of weighted log forward scores.
    """
    x, trans, valid, mask = time_major_chain(potentials, tags >= 0, compact=not ordinary)
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


def time_major_chain(potentials, keep=None, allowed=None, compact=True):
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


def _packed_gradient(dx, dtrans, valid, mask, compact):
    """Gradients of `time_major_chain`'s `x` and transitions as one of the packed potentials; the head is that of sequence 0."""
    start, end = ops.sum(dx[0], axis=0), ops.sum(dx * chain.last_steps(valid)[..., None], axis=(0, 1))
    dx = ops.transpose(dx, (1, 0, 2))
    return gradient_of(_spread(dx, mask) if compact else dx, dtrans, start, end)


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
