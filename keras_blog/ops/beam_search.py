r"""Beam search over any step function, batched and in one compiled loop.

A hypothesis that ends leaves the beam for a pool, so that it is neither extended nor lost. Hypotheses are compared by

.. math:: \frac{\log p(y \mid x)}{((5 + |y|) / 6)^\alpha} + \beta \sum_j \log \min (1, \sum_t a_{t,j})

with the length :math:`|y|`, the end included, and the attention :math:`a_{t,j}` to step j of the source. The search stops
when no hypothesis of any beam can enter its pool any more, so stopping early loses nothing.

References:
    Article: kexue.fm 5861
    Paper: Wu et al., Google's Neural Machine Translation System, arXiv:1609.08144, section 7
"""

import numpy as np
from keras import ops

from keras_blog.ops.generation import FORBIDDEN, Rules, generate, largest, outputs_of


def beam_search(
    step,
    state,
    start,
    steps,
    end,
    beams=4,
    best=1,
    length_penalty=0.6,
    coverage_penalty=0.0,
    source_mask=None,
    pad=0,
    allowed=None,
    min_length=0,
    no_repeat=0,
):
    """The best sequences that a step function gives.

    Args:
        step: `step(last tokens (rows,), state) -> (logits (rows, tokens), state)`, where rows are `batch * beams`; with
            `coverage_penalty`, `(logits, state, attention (rows, source steps))`.
        state: any nest of tensors. Axis 0 is the batch; it is repeated for the beams and follows them. Scalars are shared. What
            never changes need not be in it: a closure will do, `beams` rows a sequence.
        start: the tokens before the first, int, shape `(batch,)`.
        steps: most tokens of a sequence, the end included; one that is cut there counts as it is.
        end: id of the token that ends a sequence; -1 if none does.
        beams: hypotheses that are followed at once; with as many as there are sequences, the search is exhaustive.
        best: sequences to return, at most `beams`.
        length_penalty: alpha above; 0 compares log probabilities, 1 nearly their means.
        coverage_penalty: beta above.
        source_mask: true at the real steps of the source, shape `(batch, source steps)`; needed for `coverage_penalty`.
        pad: id that fills the tokens after the end.
        allowed: tokens that may occur, bool, shape `(tokens,)` or `(batch, tokens)`.
        min_length: tokens before the end, at least.
        no_repeat: no run of this many tokens occurs twice; 0 for no such rule.

    Returns:
        `(tokens, scores)`, best first: int32 `(batch, best, steps)`, and the scores above, float32 `(batch, best)`. Ties go to
        the lower token. Where the rules leave fewer sequences, the rest has the score -1e30 and tokens of `pad`.

    Raises:
        ValueError: if a number is out of its range or `start` has another rank.

    Example:
    >>> logits = ops.log([[0.1, 0.6, 0.3], [0.6, 0.1, 0.3], [0.9, 0.05, 0.05]])  # of the next token, by the last one
    >>> tokens, scores = beam_search(lambda last, state: (ops.take(logits, last, axis=0), state), (), [1], 3, end=0, pad=-1)
    >>> print(ops.convert_to_numpy(tokens[0, 0]).tolist())
    [0, -1, -1]

    References:
        Article: kexue.fm 5861
        Paper: Wu et al., Google's Neural Machine Translation System, arXiv:1609.08144
    """
    _check(steps, beams, best, length_penalty, coverage_penalty)
    if coverage_penalty and source_mask is None:
        raise ValueError("`source_mask` must tell the real steps of the source for `coverage_penalty`; received None")
    rules = Rules(end, pad, allowed, min_length, no_repeat)
    covering = coverage_penalty > 0
    start = ops.cast(ops.convert_to_tensor(start), "int32")
    batch = ops.shape(start)[0] if start.shape else 0

    factors = ((5.0 + np.arange(steps + 1)) / 6.0) ** length_penalty
    if factors[-1] > 1e30:
        raise ValueError(f"`length_penalty` must be smaller for {steps} steps, or scores vanish; received {length_penalty!r}")
    factors = ops.convert_to_tensor(factors.astype("float32"))

    def ranked(scores, t, state):
        """What the hypotheses of the beam would count as if they ended with `t` tokens."""
        total = scores / ops.take(factors, t)
        if covering:
            covered = ops.log(ops.clip(state[1], 1e-9, 1.0))
            covered = ops.where(ops.repeat(ops.cast(source_mask, "bool"), beams, axis=0), covered, 0.0)
            total = total + coverage_penalty * ops.reshape(ops.sum(covered, axis=-1), (batch, beams))
        return ops.where(scores > FORBIDDEN / 2, total, FORBIDDEN)

    def covering_step(last, state):
        logits, inner, attention = outputs_of(step, last, state[0], 3)
        return logits, (inner, state[1] + ops.cast(attention, "float32"))

    def into(pool, totals, tokens):
        values, places = largest(ops.concatenate([pool[0], totals], axis=1), beams)
        tokens = ops.concatenate([pool[1], tokens], axis=1)
        return values, ops.take_along_axis(tokens, places[:, :, None], axis=1)

    def choose(t, carry, log_probabilities, tokens, state):
        scores, *pool = carry
        size = log_probabilities.shape[-1]
        totals = ops.reshape(scores[:, :, None] + log_probabilities, (batch, beams * size))
        totals, places = largest(ops.maximum(totals, FORBIDDEN), min(2 * beams, beams * size))
        beam, token = places // size, places % size
        ends = token == end
        # Of those that end, the first `beams` come into the pool, as if they had stayed in the beam.
        first = ops.arange(totals.shape[1]) < beams
        ended = ops.where(ops.logical_and(ends, first), totals, FORBIDDEN)[:, :beams]
        rows = beam[:, :beams]
        history = ops.take_along_axis(tokens, rows[:, :, None], axis=1)
        history = ops.where(ops.arange(steps, dtype="int32") == t, token[:, :beams, None], history)
        follow = ops.reshape(rows + beams * ops.arange(batch, dtype="int32")[:, None], (-1,))
        parents = (state[0], ops.take(state[1], follow, axis=0)) if covering else state
        pool = into(pool, ranked(ended, t + 1, parents), history)
        scores, on = largest(ops.where(ends, FORBIDDEN, totals), min(beams, totals.shape[1]))
        beam, token = (ops.take_along_axis(x, on, axis=1) for x in (beam, token))
        token = ops.where(scores > FORBIDDEN / 2, token, end)  # so that a step can tell what is no hypothesis
        return (scores, *pool), beam, token

    def done(t, carry):
        scores, pool, _ = carry
        hope = ops.max(scores, axis=1) / factors[steps]  # log probabilities only fall
        return ops.all(pool[:, best - 1] >= hope)

    alone = ops.arange(beams) == 0  # at the start all beams are the same: one of them counts
    carry = (
        ops.broadcast_to(ops.cast(ops.where(alone, 0.0, FORBIDDEN), "float32"), (batch, beams)),
        ops.full((batch, beams), FORBIDDEN, "float32"),
        ops.full((batch, beams, steps), pad, "int32"),
    )
    if covering:
        state = (state, ops.zeros_like(ops.convert_to_tensor(source_mask), dtype="float32"))
    inner = covering_step if covering else step
    t, tokens, (scores, *pool), state = generate(inner, state, start, steps, beams, rules, choose, carry, done)
    cut = ops.where(t == steps, scores, FORBIDDEN)  # before that, no hypothesis of the beam can enter the pool
    totals, tokens = into(pool, ranked(cut, t, state), tokens)
    tokens = ops.where(totals[:, :, None] > FORBIDDEN / 2, tokens, pad)
    return tokens[:, :best], totals[:, :best]


def _check(steps, beams, best, length_penalty, coverage_penalty):
    for name, value, most in (("steps", steps, 2**20), ("beams", beams, 2**16), ("best", best, beams)):
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            raise ValueError(f"`{name}` must be an int from 1 to {most}; received {value!r}")
    for name, value in (("length_penalty", length_penalty), ("coverage_penalty", coverage_penalty)):
        if not 0 <= value <= 100:
            raise ValueError(f"`{name}` must be a number from 0 to 100; received {value!r}")
