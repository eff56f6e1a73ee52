"""Greedy decoding and sampling, in the loop of the beam search."""

import keras
from keras import ops

from keras_blog.ops.generation import FORBIDDEN, Rules, generate


def greedy_search(step, state, start, steps, end, pad=0, allowed=None, min_length=0, no_repeat=0):
    """The likeliest token at each step.

    Args:
        step: `step(last tokens (batch,), state) -> (logits (batch, tokens), state)`.
        state: any nest of tensors with the batch in axis 0; scalars are shared.
        start: the tokens before the first, int, shape `(batch,)`.
        steps: most tokens of a sequence, the end included.
        end: id of the token that ends a sequence; -1 if none does.
        pad: id that fills the tokens after it.
        allowed: tokens that may occur, bool, shape `(tokens,)` or `(batch, tokens)`.
        min_length: tokens before the end, at least.
        no_repeat: no run of this many tokens occurs twice; 0 for no such rule.

    Returns:
        `(tokens, scores)`: int32 `(batch, steps)`, and their log probabilities in nats, float32 `(batch,)`. Ties go to the
        lower token. Where the rules leave no token a sequence stops, and has the score -1e30.

    Raises:
        ValueError: if `steps` is no positive int or `start` has another rank.

    Example:
    >>> logits = ops.log([[0.1, 0.6, 0.3], [0.1, 0.3, 0.6], [0.9, 0.05, 0.05]])  # of the next token, by the last one
    >>> tokens, scores = greedy_search(lambda last, state: (ops.take(logits, last, axis=0), state), (), [1], 3, end=0, pad=-1)
    >>> print(ops.convert_to_numpy(tokens[0]).tolist(), f"{float(scores[0]):.4f}")  # log(.6 × .9)
    [2, 0, -1] -0.6162

    References:
        Article: kexue.fm 5861
    """
    rules = Rules(end, pad, allowed, min_length, no_repeat)
    tokens, scores = _generate(step, state, start, steps, 1, rules, lambda t, scores: ops.argmax(scores, axis=-1))
    return tokens[:, 0], scores[:, 0]


def sample_sequences(
    step,
    state,
    start,
    steps,
    end,
    samples=1,
    temperature=1.0,
    top_k=None,
    top_p=1.0,
    seed=None,
    pad=0,
    allowed=None,
    min_length=0,
    no_repeat=0,
):
    """Sequences drawn token by token.

    Args:
        step: `step(last tokens (rows,), state) -> (logits (rows, tokens), state)`, where rows are `batch * samples`.
        state: any nest of tensors with the batch in axis 0; scalars are shared.
        start: the tokens before the first, int, shape `(batch,)`.
        steps: most tokens of a sequence, the end included.
        end: id of the token that ends a sequence; -1 if none does.
        samples: sequences to draw, independent of each other.
        temperature: divides the logits; below 1 the likely becomes likelier.
        top_k: draw from the `top_k` likeliest tokens alone.
        top_p: draw from the fewest tokens, likeliest first, that hold this share of the probability at least, after the
            temperature; 1 for all. Of equally likely ones the lower come first.
        seed: int or `keras.random.SeedGenerator`.
        pad: id that fills the tokens after the end.
        allowed: tokens that may occur, bool, shape `(tokens,)` or `(batch, tokens)`.
        min_length: tokens before the end, at least.
        no_repeat: no run of this many tokens occurs twice; 0 for no such rule.

    Returns:
        `(tokens, scores)`: int32 `(batch, samples, steps)`, and their log probabilities under the model, whatever the
        temperature, in nats, float32 `(batch, samples)`. Where the rules leave no token a sequence stops, and has the score
        -1e30.

    Raises:
        ValueError: if a number is out of its range or `start` has another rank.

    Example:
    >>> logits = ops.log([[0.1, 0.6, 0.3], [0.1, 0.3, 0.6], [0.9, 0.05, 0.05]])
    >>> step = lambda last, state: (ops.take(logits, last, axis=0), state)
    >>> tokens, scores = sample_sequences(step, (), [1], 3, end=0, top_p=0.6, seed=0)  # the likeliest token suffices
    >>> print(ops.convert_to_numpy(tokens[0, 0]).tolist())
    [2, 0, 0]

    References:
        Article: kexue.fm 5861
        Paper: Holtzman et al., The Curious Case of Neural Text Degeneration, arXiv:1904.09751
    """
    for name, value, most in (("samples", samples, 2**16), ("top_k", 1 if top_k is None else top_k, 2**30)):
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            raise ValueError(f"`{name}` must be an int from 1 to {most}; received {value!r}")
    for name, value, most in (("temperature", temperature, 1e6), ("top_p", top_p, 1.0)):
        if not 0 < value <= most:
            raise ValueError(f"`{name}` must be over 0 and at most {most:g}; received {value!r}")
    start = ops.cast(ops.convert_to_tensor(start), "int32")
    shape = (steps, ops.shape(start)[0] if start.shape else 1, samples)
    chances = keras.random.uniform(shape, dtype="float32", seed=seed)  # drawn here: in a loop, JAX could not go on counting

    def choose(t, scores):
        return _draw(scores / temperature, ops.take(chances, t, axis=0), top_k, top_p)

    return _generate(step, state, start, steps, samples, Rules(end, pad, allowed, min_length, no_repeat), choose)


def _generate(step, state, start, steps, rows, rules, pick):
    if not isinstance(steps, int) or isinstance(steps, bool) or not 1 <= steps <= 2**20:
        raise ValueError(f"`steps` must be an int from 1 to {2**20}; received {steps!r}")

    def choose(t, carry, scores, tokens, state):
        total, ended = carry
        token = ops.cast(pick(t, scores), "int32")
        own = ops.take_along_axis(scores, token[:, :, None], axis=-1)[:, :, 0]
        stuck = own <= FORBIDDEN / 2
        total = ops.where(ended, total, ops.where(stuck, FORBIDDEN, total + own))
        token = ops.where(ops.logical_or(ended, stuck), rules.pad, token)
        ended = ops.logical_or(ended, ops.logical_or(stuck, token == rules.end))
        return (total, ended), None, token

    start = ops.cast(ops.convert_to_tensor(start), "int32")
    shape = (ops.shape(start)[0] if start.shape else 1, rows)
    carry = (ops.zeros(shape, "float32"), ops.zeros(shape, "bool"))
    _, tokens, (total, _), _ = generate(step, state, start, steps, rows, rules, choose, carry, lambda t, c: ops.all(c[1]))
    return tokens, total


def _draw(logits, chance, top_k, top_p):
    """A token for each row of `(batch, samples, tokens)`, by where `chance` falls among the probabilities, largest first."""
    order = ops.argsort(-logits, axis=-1)  # stable: of equal ones the lower first
    p = ops.softmax(ops.take_along_axis(logits, order, axis=-1), axis=-1)
    if top_k is not None:
        p = ops.where(ops.arange(logits.shape[-1]) < top_k, p, 0.0)
        p = p / ops.sum(p, axis=-1, keepdims=True)
    before = ops.cumsum(p, axis=-1) - p
    kept = ops.logical_and(p > 0, ops.logical_or(before < top_p, top_p == 1))
    p = ops.where(kept, p, 0.0)
    up_to = ops.cumsum(p, axis=-1)
    place = ops.sum(ops.cast(up_to <= chance[:, :, None] * up_to[:, :, -1:], "int32"), axis=-1)
    place = ops.minimum(place, ops.sum(ops.cast(kept, "int32"), axis=-1) - 1)
    return ops.take_along_axis(order, place[:, :, None], axis=-1)[:, :, 0]
