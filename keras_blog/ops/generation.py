"""The loop of every search here: what may come next, one choice at each step, and states that follow the choice."""

from typing import NamedTuple

import keras
import numpy as np
from keras import ops, tree

FORBIDDEN = -1e30  # a log probability, finite: no search takes such a token while there is another


class Rules(NamedTuple):
    """What may come next.

    Args:
        end: id of the token that ends a sequence; -1 if none does.
        pad: id that fills what comes after it.
        allowed: tokens that may occur, bool, shape `(tokens,)`, or a row for each sequence, `(batch, tokens)`; None for all.
        min_length: tokens that come before the end, at least.
        no_repeat: no run of this many tokens occurs twice in a sequence; 0 for no such rule.
    """

    end: int
    pad: int = 0
    allowed: object = None
    min_length: int = 0
    no_repeat: int = 0

    def log_probabilities(self, logits, tokens, t):
        """Log probabilities, `FORBIDDEN` where the rules forbid, float32 `(batch, beams, tokens)`.

        Args:
            logits: shape `(batch, beams, tokens)`.
            tokens: what came before, int32 `(batch, beams, steps)`.
            t: how many tokens that is.
        """
        scores, size = log_softmax(logits), logits.shape[-1]
        if not -1 <= self.end < size:
            raise ValueError(f"`end` must be a token, from 0 to {size - 1}, or -1 for none; received {self.end!r}")
        if self.allowed is not None:
            allowed = ops.cast(ops.convert_to_tensor(self.allowed), "bool")
            batch, shape = scores.shape[0], tuple(allowed.shape)
            if shape != (size,) and (len(shape) != 2 or shape[1] != size or (batch or shape[0]) != shape[0]):
                wanted = f"bool, a value for each of {size} tokens, shape ({size},) or ({batch}, {size})"
                raise ValueError(f"`allowed` must be {wanted}; received shape {shape}")
            scores = ops.where(allowed if len(allowed.shape) == 1 else allowed[:, None], scores, FORBIDDEN)
        if self.min_length:
            early = ops.logical_and(t < self.min_length, ops.arange(size) == self.end)
            scores = ops.where(early, FORBIDDEN, scores)
        if 0 < self.no_repeat <= tokens.shape[-1]:
            rows = ops.reshape(tokens, (-1, tokens.shape[-1]))
            again = ops.reshape(_would_repeat(rows, t, self.no_repeat, size), ops.shape(scores))
            scores = ops.where(again, FORBIDDEN, scores)
        return scores


def generate(step, state, start, steps, beams, rules, choose, carry, done):
    """Run `choose` after `step` until `done` or for `steps` tokens.

    Args:
        step: `step(last tokens (rows,), state) -> (logits (rows, tokens), state)`, where rows are `batch * beams`.
        state: any nest of tensors. Axis 0 is the batch; it is repeated for the beams, and follows them. Scalars are shared.
        start: the tokens before the first, int `(batch,)`.
        choose: `choose(t, carry, log probabilities (batch, beams, tokens), tokens, state) -> (carry, beam, token)`: for each
            beam the beam that it continues, or None for itself, and the next token.
        carry: what `choose` remembers, a tuple of tensors.
        done: `done(t, carry) -> bool` scalar.

    Returns:
        `(t, tokens, carry, state)`: the steps that it took, and the tokens, int32 `(batch, beams, steps)`.
    """
    _check(rules, state)
    start = ops.cast(ops.convert_to_tensor(start), "int32")
    if len(start.shape) != 1:
        raise ValueError(f"`start` must be token ids of shape (batch,); received shape {tuple(start.shape)}")
    batch = ops.shape(start)[0]
    state = tree.map_structure(lambda x: _rows(ops.convert_to_tensor(x), lambda x: ops.repeat(x, beams, axis=0)), state)
    tokens = ops.full((batch, beams, steps), rules.pad, "int32")

    def body(t, last, tokens, carry, state):
        logits, new_state = outputs_of(step, last, state, 2)
        scores = rules.log_probabilities(ops.reshape(logits, (batch, beams, logits.shape[-1])), tokens, t)
        carry, beam, token = choose(t, carry, scores, tokens, new_state)
        if beam is not None:
            tokens = ops.take_along_axis(tokens, beam[:, :, None], axis=1)
            rows = ops.reshape(beam + beams * ops.arange(batch, dtype="int32")[:, None], (-1,))
            new_state = tree.map_structure(lambda x: _rows(x, lambda x: ops.take(x, rows, axis=0)), new_state)
        tokens = ops.where(ops.arange(steps, dtype="int32") == t, token[:, :, None], tokens)
        new_state = tree.map_structure(_like, new_state, state)
        return t + 1, ops.reshape(token, (-1,)), tokens, carry, new_state

    def go_on(t, last, tokens, carry, state):
        return ops.logical_and(t < steps, ops.logical_not(done(t, carry)))

    first = (ops.zeros((), "int32"), ops.repeat(start, beams), tokens, carry, state)
    t, _, tokens, carry, state = ops.while_loop(go_on, body, first)
    return t, tokens, carry, state


def outputs_of(step, last, state, count):
    """What `step` returns, if there are `count` things: logits, state, and with a third the attention."""
    outputs = step(last, state)
    if not isinstance(outputs, (tuple, list)) or len(outputs) != count:
        wanted = "(logits, state)" if count == 2 else "(logits, state, attention), for `coverage_penalty`"
        received = f"{len(outputs)} values" if isinstance(outputs, (tuple, list)) else f"a {type(outputs).__name__}"
        raise ValueError(f"`step` must return {wanted}; received {received}")
    return outputs


def log_softmax(logits):
    """Log probabilities, float32; `FORBIDDEN` stands for -inf, and a row of nothing else stays forbidden."""
    logits = ops.maximum(ops.cast(logits, "float32"), FORBIDDEN)
    return logits - ops.maximum(ops.logsumexp(logits, axis=-1, keepdims=True), FORBIDDEN / 4)


def largest(x, k):
    """`(values, indices)` of the `k` largest along the last axis, best first, of equal ones those with the lowest index."""
    values, indices = ops.top_k(x, k)
    indices = ops.cast(indices, "int32")
    if keras.config.backend() != "torch":
        return values, indices
    # torch leaves open which of equal values it takes, and in which order
    least = values[..., -1:]
    if ops.any(ops.sum(x == least, axis=-1) > ops.sum(values == least, axis=-1)):
        count = ops.arange(x.shape[-1], dtype="float32")  # exact up to 2**24
        _, equal = ops.top_k(ops.where(x == least, -count, -float("inf")), k)
        above = ops.sum(values > least, axis=-1, keepdims=True)
        place = ops.arange(k) - above
        indices = ops.where(place < 0, indices, ops.take_along_axis(equal, ops.maximum(place, 0), axis=-1))
    indices = ops.sort(indices, axis=-1)
    values = ops.take_along_axis(x, indices, axis=-1)
    order = ops.argsort(-values, axis=-1)  # stable
    return ops.take_along_axis(values, order, axis=-1), ops.cast(ops.take_along_axis(indices, order, axis=-1), "int32")


def _would_repeat(tokens, t, n, size):
    """Which tokens would end a run of `n` that `tokens (rows, steps)` has already, bool `(rows, size)`."""
    rows, steps = ops.shape(tokens)[0], tokens.shape[1]
    starts = steps - n + 1
    same = ops.broadcast_to(ops.arange(starts, dtype="int32") <= t - n, (rows, starts))
    for j in range(n - 1):
        last = ops.take(tokens, ops.maximum(t - n + 1 + j, 0), axis=1)
        same = ops.logical_and(same, tokens[:, j : j + starts] == last[:, None])
    columns = ops.where(same, tokens[:, n - 1 :], size)  # one more column takes what does not count
    places = ops.stack([ops.repeat(ops.arange(rows, dtype="int32"), starts), ops.reshape(columns, (-1,))], axis=-1)
    marks = ops.scatter_update(ops.zeros((rows, size + 1), "float32"), places, ops.ones_like(places[:, 0], dtype="float32"))
    return marks[:, :-1] > 0


def _check(rules, state):
    for name in ("end", "pad", "min_length", "no_repeat"):
        value, least = getattr(rules, name), 0 if name in ("min_length", "no_repeat") else -1
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
            raise ValueError(f"`{name}` must be an int of at least {least}; received {value!r}")
    if any(part is None for part in tree.flatten(state)):
        raise ValueError("`state` must be a nest of tensors, () for none; received None")


def _rows(x, change):
    return change(x) if len(x.shape) else x


def _like(new, old):
    """`new` with what is known of the shape and dtype of `old`: TensorFlow's loops want both to stay."""
    return ops.cast(ops.reshape(new, ops.shape(old)), old.dtype)
