r"""Recursions over a linear chain, time-major; `ops/crf.py` is the public face.

Symbols, everywhere in this file: `x` emissions `(t, b, k)` with start and end scores already added, `trans` `(k, k)`,
`valid` `(t, b)` with 1.0 at real steps, all of them before the first 0.0.

The forward recursion runs on probabilities: with rows :math:`a_t \propto \alpha_t` whose largest entry is 1 and
:math:`E = e^{trans - \max trans}`,

.. math:: s_{t+1} = a_t E,\qquad a_{t+1} = e^{\log s_{t+1} + x_{t+1} - m_{t+1}},\qquad \log Z = \sum_t m_t + \log\sum_k a_n(k)

one small matrix product a step instead of a `(b, k, k)` logsumexp. The gradient runs backwards over posterior masses,
:math:`\mu_t = a_t \odot (\mu_{t+1} / s_{t+1}) E^\top`, and the gradient of the transitions is one matrix product over all steps.

Both are exact while nothing underflows that a later step could still need: always, if the transitions spread over less than 40
nats, because then no later score can favour one tag over another by more; else if no reachable tag ever falls 60 nats behind the
best. `_nothing_lost` decides after the loop, and where it says no, the same recursions run again in log space.
"""

import keras
from keras import ops

from keras_blog.ops.recurrence import compiled, pad_steps, scan

FORBIDDEN = -1e30  # stands for -inf: additions of it stay finite, and its exponential is 0
_FLOOR = -60.0  # nats; what may be lost below it, or divided by above it, stays well inside float32


def log_partition(x, trans, valid):
    """`log Z` of every chain, shape `(b,)`; 0 for a chain without a real step."""
    return weighted_prefixes(x, trans, valid)


def weighted_prefixes(x, trans, valid, at=None, final=None):
    r"""`final * log Z + sum_t at_t . log alpha_t`, shape `(b,)`, with its exact gradient in `x` and `trans`.

    Args:
        x, trans, valid: the chain.
        at: weights of the log forward scores, shape `(t, b, k)`; none by default.
        final: weight of `log Z`, shape `(b,)`; 1 by default.
    """

    @ops.custom_gradient
    def value_and_gradient(x, trans):
        value, log_s = _forward(x, trans, valid, at, final)

        def gradient(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            return _backward(x, trans, valid, at, final, log_s, upstream)

        return value, gradient

    at = None if at is None else pad_steps(at)
    valid = pad_steps(valid)
    return value_and_gradient(pad_steps(x), trans)


def filtered(x, trans, valid):
    """`log p(tag at step t | x up to step t)`, up to a constant in each step, shape `(t, b, k)`."""
    steps = ops.shape(x)[0]
    return _filtered(pad_steps(x), trans, pad_steps(valid))[:steps]


def marginals(x, trans, valid):
    """Posterior of each tag, shape `(t, b, k)`; 0 beyond the last real step."""
    return _marginals(pad_steps(x), trans, pad_steps(valid))[: ops.shape(x)[0]]


def edge_marginals(x, trans, valid):
    """Posterior of tag i at step t and tag j at step t + 1, shape `(t, b, k, k)`; 0 from the last real step on."""
    steps = ops.shape(x)[0]
    x, valid = pad_steps(x), pad_steps(valid)
    ln, masses = _filtered(x, trans, valid), _marginals(x, trans, valid)
    edges = ops.softmax(ln[:-1, :, :, None] + trans, axis=2) * masses[1:, :, None, :]
    return ops.concatenate([edges, ops.zeros_like(edges[:1])], axis=0)[:steps]


def entropy(x, trans, valid):
    """Entropy over paths in nats, shape `(b,)`."""
    return _entropy(pad_steps(x), trans, pad_steps(valid))


def best_scores(x, trans, valid):
    """Score of the best path that ends in each tag at each step, shape `(t, b, k)`."""
    steps = ops.shape(x)[0]
    return _best_scores(pad_steps(x), trans)[:steps]


def trace_back(scores, trans, valid):
    """Tags from the last real step to the first: each the argmax of `scores + trans[:, next tag]`; `(t, b)` int32.

    With `best_scores` this is Viterbi; with `filtered` scores plus Gumbel noise, an exact sample from the posterior.
    """
    steps = ops.shape(scores)[0]
    return _trace_back(pad_steps(scores), trans, pad_steps(valid))[:steps]


def last_steps(valid):
    """1.0 at the last real step of each chain, shape `(t, b)`."""
    return valid - ops.concatenate([valid[1:], ops.zeros_like(valid[:1])], axis=0)


@compiled
def _forward(x, trans, valid, at, final):
    log_s = _predicted(x, trans, valid)
    m, ln = _normalised(x, trans, log_s)
    m = m * valid  # (t, b)
    log_z = ops.sum(m, axis=0) + _logsumexp(_last(ln, valid)) * valid[0]
    if final is not None:
        log_z = log_z * final
    if at is not None:
        log_z = log_z + ops.sum(at * (ln + ops.cumsum(m, axis=0)[..., None]), axis=(0, 2))
    return log_z, log_s


@compiled
def _backward(x, trans, valid, at, final, log_s, upstream):
    _, ln = _normalised(x, trans, log_s)
    weight = upstream if final is None else upstream * final
    mass = ops.softmax(_last(ln, valid)) * weight[:, None]  # (b, k)
    inject = last_steps(valid)[..., None] * mass
    if at is not None:
        inject = inject + at * upstream[:, None]
    trans, _ = _shifted(trans)
    safe = _nothing_lost(ln, trans, valid)
    return ops.cond(safe, lambda: _smooth_scaled(ln, trans, log_s, inject), lambda: _smooth_log(ln, trans, inject))


def _predicted(x, trans, valid):
    """`log s`, shape `(t, b, k)`; zeros at step 0."""
    trans, shift = _shifted(trans)
    rest = x[1:] + shift
    log_s = _with_first(_filter_scaled(x[0], rest, trans))
    _, ln = _normalise(ops.concatenate([x[:1], rest], axis=0) + log_s)
    safe = _nothing_lost(ln, trans, valid)
    return ops.cond(safe, lambda: log_s, lambda: _with_first(_filter_log(x[0], rest, trans)))


def _filter_scaled(first, rest, trans):
    edges = ops.exp(trans)

    def step(a, x):
        log_s = ops.maximum(ops.log(a @ edges), FORBIDDEN)  # (b, k)
        scores = log_s + x[0]
        return ops.exp(scores - ops.max(scores, axis=-1, keepdims=True)), log_s

    return scan(step, ops.exp(_normalise(first)[1]), (rest,))[1]


def _filter_log(first, rest, trans):
    def step(ln, x):
        log_s = _logsumexp(ln[:, :, None] + trans, axis=1)
        return _normalise(log_s + x[0])[1], log_s

    return scan(step, _normalise(first)[1], (rest,))[1]


def _smooth_scaled(ln, trans, log_s, inject):
    edges = ops.exp(trans)
    a = ops.exp(ln)
    r = ops.exp(-ops.maximum(log_s, _FLOOR))  # 1 / s

    def step(mass, x):
        a, r, inject = x
        mass = a * ((mass * r) @ edges_t) + inject
        return mass, mass

    edges_t = ops.transpose(edges)
    _, masses = scan(step, inject[-1], (a[:-1], r[1:], inject[:-1]), reverse=True)
    masses = ops.concatenate([masses, inject[-1:]], axis=0)
    tags = trans.shape[0]
    sources = ops.reshape(a[:-1], (-1, tags))
    targets = ops.reshape((masses * r)[1:], (-1, tags))
    return masses, ops.matmul(ops.transpose(sources), targets) * edges


def _smooth_log(ln, trans, inject):
    def step(carry, x):
        mass, total = carry
        ln, inject = x
        edge = ops.softmax(ln[:, :, None] + trans, axis=1) * mass[:, None, :]  # (b, from, to)
        mass = ops.sum(edge, axis=2) + inject
        return (mass, total + ops.sum(edge, axis=0)), mass

    carry = (inject[-1], ops.zeros_like(trans))
    (_, total), masses = scan(step, carry, (ln[:-1], inject[:-1]), reverse=True)
    return ops.concatenate([masses, inject[-1:]], axis=0), total


@compiled
def _filtered(x, trans, valid):
    return _normalised(x, trans, _predicted(x, trans, valid))[1]


@compiled
def _marginals(x, trans, valid):
    log_s = _predicted(x, trans, valid)
    masses, _ = _backward(x, trans, valid, None, None, log_s, ops.ones_like(valid[0]))
    total = ops.sum(masses, axis=-1, keepdims=True)
    return masses / ops.where(total > 0, total, 1.0)


@compiled
def _entropy(x, trans, valid):
    """By the chain rule from the right: no difference of large numbers."""

    def step(total, x):
        ln, mass = x
        log_p = ops.log_softmax(ln[:, :, None] + trans, axis=1)  # (b, from, to)
        total = total - ops.sum(ops.sum(ops.exp(log_p) * log_p, axis=1) * mass, axis=-1)
        return total, total

    ln, masses = _filtered(x, trans, valid), _marginals(x, trans, valid)
    log_p = ops.log_softmax(_last(ln, valid))
    total = -ops.sum(ops.exp(log_p) * log_p, axis=-1) * valid[0]
    return scan(step, total, (ln[:-1], masses[1:]))[0]


@compiled
def _best_scores(x, trans):
    def step(best, x):
        best = ops.max(best[:, None, :] + into, axis=-1) + x[0]
        return best, best

    into = ops.transpose(trans)  # rows are targets: the maximum runs over the contiguous axis
    return ops.concatenate([x[:1], scan(step, x[0], (x[1:],))[1]], axis=0)


@compiled
def _trace_back(scores, trans, valid):
    def step(tag, x):
        scores, more = x
        tag = ops.cast(ops.argmax(scores + ops.take(into, tag, axis=0) * more, axis=-1), "int32")
        return tag, tag

    into = ops.transpose(trans)
    last = ops.cast(ops.argmax(scores[-1], axis=-1), "int32")
    _, tags = scan(step, last, (scores[:-1], valid[1:, :, None]), reverse=True)
    return ops.concatenate([tags, last[None]], axis=0)


def _nothing_lost(ln, trans, valid):
    """Whether the scaled recursions are exact; see the top of this file. `trans` has maximum 0."""
    forbidden = trans <= FORBIDDEN / 2
    lowest = ops.min(ops.where(forbidden, 0.0, trans))
    bounded = ops.logical_and(ops.logical_not(ops.any(forbidden)), lowest >= -40.0)

    def no_tag_far_behind():
        near = ops.logical_or(ln + lowest >= _FLOOR, ln <= FORBIDDEN / 2)
        return ops.all(ops.logical_or(near, valid[..., None] == 0))

    return ops.cond(bounded, lambda: ops.convert_to_tensor(True), no_tag_far_behind)


def _normalised(x, trans, log_s):
    shift = _shifted(trans)[1]
    return _normalise(ops.concatenate([x[:1], x[1:] + shift], axis=0) + log_s)


def _normalise(scores):
    top = ops.max(scores, axis=-1, keepdims=True)
    return top[..., 0], scores - top


def _shifted(trans):
    shift = ops.max(trans)
    return trans - shift, shift


def _with_first(log_s):
    return ops.concatenate([ops.zeros_like(log_s[:1]), log_s], axis=0)


def _last(values, valid):
    return ops.sum(values * last_steps(valid)[..., None], axis=0)  # (b, k)


def _logsumexp(scores, axis=-1):
    top = ops.max(scores, axis=axis, keepdims=True)
    total = ops.sum(ops.exp(scores - top), axis=axis)
    return ops.log(total) + ops.squeeze(top, axis)
