r"""Recursions over a linear chain, time-major; `ops/crf.py` is the public face.

Symbols, everywhere in this file: `x` emissions `(t, b, k)` with start and end scores already added, `trans` `(k, k)`,
`valid` `(t, b)` with 1.0 at real steps, all of them before the first 0.0. There are at least two steps.

The forward recursion runs on probabilities. With :math:`w_t = e^{x_t - \max x_t}` and :math:`E = e^{trans - \max trans}`,

.. math:: s_t = a_{t-1} E,\qquad c_t = \textstyle\sum_k s_t w_t,\qquad a_t = s_t w_t / c_t,\qquad
          \log Z = \sum_t \log c_t + \max x_t + \max trans

one small matrix product a step instead of a `(b, k, k)` logsumexp. The gradient runs backwards over posterior masses,
:math:`\mu_{t-1} = a_{t-1} \odot (\mu_t / s_t) E^\top`; that of the transitions is one matrix product over all steps.

Both are exact while nothing underflows that a later step could still need. That is always so if the transitions spread over at
most 30 nats (`spreads_little`), because then no later score can favour one tag over another by more; else if no reachable tag
ever falls 60 nats behind the best (`_nothing_lost`). Where that fails too, the same recursions run again in log space.
"""

from keras import ops

from keras_blog.ops.recurrence import best_step, scan, trace_step

FORBIDDEN = -1e30  # stands for -inf: additions of it stay finite, and its exponential is 0
_FLOOR = -60.0  # nats
_TINY, _NOTHING = 1e-37, 1e-30  # added to every edge, so that nothing is divided by 0; masses below the second are none


def forward(x, trans, valid, at=None, final=None, shift=0.0, ordinary=False):
    r"""`final * log Z + sum_t at_t . log alpha_t` and what `backward` needs.

    Args:
        x, trans, valid: the chain.
        at: weights of the log forward scores, shape `(t, b, k)`; none by default.
        final: weight of `log Z`, shape `(b,)`; 1 by default.
        shift: to be subtracted from all emissions of a step, shape `(t, b)`.
        ordinary: the caller knows that `spreads_little(trans)`.

    Returns:
        `(value, residuals)`, value of shape `(b,)`, 0 for a chain without a real step.
    """
    trans, most = _shifted(trans)
    top = ops.amax(x, axis=-1, keepdims=True)
    w = ops.exp(x - top)
    a, s, c = _filter_scaled(w, trans)

    def value(m, log_s):
        steps = (ops.concatenate([m[:1], m[1:] + most], axis=0) - shift) * valid
        total = ops.sum(steps, axis=0)
        if final is not None:
            total = total * final
        if at is not None:
            total = total + ops.sum(at * (log_s() + x + (ops.cumsum(steps, axis=0) - m)[..., None]), axis=(0, 2))
        return total

    def scaled():
        m = (ops.where(c > _NOTHING, ops.log(c), FORBIDDEN) + top)[..., 0]
        return value(m, lambda: ops.log(s)), a, s

    def in_logs():
        ln, log_s = _filter_log(x, trans)
        return value(ops.logsumexp(log_s + x, axis=-1), lambda: log_s), ln, log_s

    if ordinary:
        total, *residuals = scaled()
        return total, (*residuals, ops.convert_to_tensor(True))
    safe = ops.logical_or(spreads_little(trans), _nothing_lost(s, x - top, trans, valid))
    total, *residuals = ops.cond(safe, scaled, in_logs)
    return total, (*residuals, safe)


def backward(x, trans, valid, residuals, upstream, at=None, final=None, ordinary=False):
    """Gradients `(dx, dtrans)` of `forward`'s value, times `upstream` `(b,)`; for `log Z` these are posterior marginals."""
    a, s, safe = residuals
    trans, _ = _shifted(trans)
    weight = (upstream if final is None else upstream * final)[:, None]
    last = last_steps(valid)[..., None]  # (t, b, 1)
    inject = () if at is None else (at * upstream[:, None],)

    def scaled(floor=_FLOOR):
        masses = s if floor is None else ops.maximum(s, ops.exp(ops.cast(floor, s.dtype)))
        return _smooth_scaled(a, trans, masses, last, at_last(a, valid) * weight, inject)

    def in_logs():
        return _smooth_log(a, trans, last, ops.exp(at_last(a, valid)) * weight, inject)

    return scaled(None) if ordinary else ops.cond(safe, scaled, in_logs)


def filtered(x, trans, valid):
    """`log p(tag at step t | x up to step t)`, shape `(t, b, k)`."""
    _, (a, _, safe) = forward(x, trans, valid)
    return ops.cond(safe, lambda: ops.where(a > 0, ops.log(ops.maximum(a, _TINY)), FORBIDDEN), lambda: a)


def marginals(x, trans, valid):
    """Posterior of each tag, shape `(t, b, k)`; 0 beyond the last real step."""
    masses, _ = backward(x, trans, valid, forward(x, trans, valid)[1], ops.ones_like(valid[0]))
    total = ops.sum(masses, axis=-1, keepdims=True)
    return masses / ops.where(total > 0, total, 1.0)


def edge_marginals(x, trans, valid):
    """Posterior of tag i at step t and tag j at step t + 1, shape `(t, b, k, k)`; 0 from the last real step on."""
    ln, masses = filtered(x, trans, valid), marginals(x, trans, valid)
    edges = ops.softmax(ln[:-1, :, :, None] + trans, axis=2) * masses[1:, :, None, :]
    return ops.concatenate([edges, ops.zeros_like(edges[:1])], axis=0)


def entropy(x, trans, valid):
    """Entropy over paths in nats, shape `(b,)`; by the chain rule from the right, so never a difference of large numbers."""

    def step(total, x):
        ln, mass = x
        log_p = ops.log_softmax(ln[:, :, None] + trans, axis=1)  # (b, from, to)
        total = total - ops.sum(ops.sum(ops.exp(log_p) * log_p, axis=1) * mass, axis=-1)
        return total, total

    ln, masses = filtered(x, trans, valid), marginals(x, trans, valid)
    log_p = ops.log_softmax(at_last(ln, valid))
    total = -ops.sum(ops.exp(log_p) * log_p, axis=-1) * valid[0]
    return scan(step, total, (ln[:-1], masses[1:]))[0]


def best_scores(x, trans):
    """Score of the best path that ends in each tag at each step, shape `(t, b, k)`."""
    step = best_step(trans)
    return ops.concatenate([x[:1], scan(step, x[0], (x[1:],))[1]], axis=0)


def trace_back(scores, trans, valid):
    """Tags from the last real step to the first: each the argmax of `scores + trans[:, next tag]`; `(t, b)` int32.

    With `best_scores` this is Viterbi; with `filtered` scores plus Gumbel noise, an exact sample from the posterior.
    """
    # At the last real step the best tag outweighs whatever a padded step behind it would prefer.
    last = last_steps(valid)[..., None]
    end = ops.argmax(at_last(scores, valid), axis=-1)
    scores = scores + last * (-4 * FORBIDDEN * ops.one_hot(end, scores.shape[-1], dtype=scores.dtype))
    last = ops.cast(ops.argmax(scores[-1], axis=-1), "int32")
    _, tags = scan(trace_step(trans), last, (scores[:-1],), reverse=True)
    return ops.concatenate([ops.cast(tags, "int32"), last[None]], axis=0)


def spreads_little(trans):
    """Whether the scaled recursions are exact for these transitions whatever the emissions."""
    return ops.max(trans) - ops.min(trans) <= 30.0


def last_steps(valid):
    """1.0 at the last real step of each chain, shape `(t, b)`."""
    return valid - ops.concatenate([valid[1:], ops.zeros_like(valid[:1])], axis=0)


def _filter_scaled(w, trans):
    """`a`, `s` and `c` `(t, b, 1)`; at step 0 `s` is 1."""
    edges, ones = ops.exp(trans) + _TINY, ops.ones((trans.shape[0], 1), w.dtype)

    def step(a, x):  # operators only: on torch each call of keras.ops costs as much as the arithmetic
        s = a @ edges
        u = s * x[0]
        c = u @ ones
        a = u / c
        return a, (a, s, c)

    c = ops.sum(w[0], axis=-1, keepdims=True)
    first = (w[0] / c, ops.ones_like(w[0]), c)
    return _after(first, scan(step, first[0], (w[1:],))[1])


def _filter_log(x, trans):
    """`log a` and `log s`; at step 0 `log s` is 0."""

    def step(ln, x):
        log_s = ops.logsumexp(ln[:, :, None] + trans, axis=1)
        ln = ops.log_softmax(log_s + x[0])
        return ln, (ln, log_s)

    first = (ops.log_softmax(x[0]), ops.zeros_like(x[0]))
    return _after(first, scan(step, first[0], (x[1:],))[1])


def _smooth_scaled(a, trans, s, last, final, inject):
    edges_t = ops.transpose(ops.exp(trans))

    def step(mass, x):
        a, s, last, *inject = x
        mass = a * ((mass / s) @ edges_t) + last * final
        if inject:
            mass = mass + inject[0]
        return mass, mass

    end = last[-1] * final + (inject[0][-1] if inject else 0.0)
    _, masses = scan(step, end, (a[:-1], s[1:], last[:-1], *(more[:-1] for more in inject)), reverse=True)
    masses = ops.concatenate([masses, end[None]], axis=0)
    sources = ops.reshape(a[:-1], (-1, trans.shape[0]))
    targets = ops.reshape(masses[1:] / s[1:], (-1, trans.shape[0]))
    return masses, ops.matmul(ops.transpose(sources), targets) * ops.exp(trans)


def _smooth_log(ln, trans, last, final, inject):
    def step(carry, x):
        mass, total = carry
        ln, last, *inject = x
        edge = ops.softmax(ln[:, :, None] + trans, axis=1) * mass[:, None, :]  # (b, from, to)
        mass = ops.sum(edge, axis=2) + last * final + (inject[0] if inject else 0.0)
        return (mass, total + ops.sum(edge, axis=0)), mass

    end = last[-1] * final + (inject[0][-1] if inject else 0.0)
    xs = (ln[:-1], last[:-1], *(more[:-1] for more in inject))
    (_, total), masses = scan(step, (end, ops.zeros_like(trans)), xs, reverse=True)
    return ops.concatenate([masses, end[None]], axis=0), total


def _after(first, rest):
    return tuple(ops.concatenate([row[None], rows], axis=0) for row, rows in zip(first, rest, strict=True))


def at_last(values, valid):
    """Rows of `values` `(t, b, k)` at the last real steps, `(b, k)`; of chains without one, row 0."""
    at = ops.cast(ops.maximum(ops.sum(valid, axis=0) - 1, 0), "int32")
    return ops.take_along_axis(values, at[None, :, None], axis=0)[0]


def _nothing_lost(s, x, trans, valid):
    """Whether the scaled recursions lost nothing, see the top of this file; `x` and `trans` have maximum 0."""
    lowest = ops.min(ops.where(trans <= FORBIDDEN / 2, 0.0, trans))
    ln = ops.log(s) + x
    near = ln - ops.amax(ln, axis=-1, keepdims=True) + lowest >= _FLOOR
    unreachable = ops.logical_or(s <= _NOTHING, x <= FORBIDDEN / 2)
    return ops.all(ops.logical_or(ops.logical_or(near, unreachable), valid[..., None] == 0))


def _shifted(trans):
    shift = ops.max(trans)
    return trans - shift, shift
