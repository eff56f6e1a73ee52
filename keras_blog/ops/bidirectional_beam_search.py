"""Beam search from both ends at once."""

from keras import ops

from keras_blog.ops.beam_search import beam_search
from keras_blog.ops.generation import FORBIDDEN, largest


def bidirectional_beam_search(step, state, start, steps, end, beams=4, best=1, side=None, pad=0, **options):
    """Beam search in which half of the beam writes from the left, the other half from the right; the best of both.

    The halves are searched side by side, as the sequences of a batch are, and `step` sees both: that is where they read each
    other.

    Args:
        step: `step(last tokens (rows,), state) -> (logits (rows, tokens), state)`: of each sequence `beams // 2` rows from the
            left, then as many from the right.
        state: any nest of tensors; axis 0 holds for each sequence its two directions, `2 * batch`. Scalars are shared.
        start: the tokens before the first of either direction, int, shape `(batch, 2)`.
        steps: most tokens of a sequence, the end included.
        end: id of the token that ends a sequence, in either direction.
        beams: hypotheses of both directions together, an even number.
        best: sequences to return, at most `beams // 2`.
        side: 0 to return what was written from the left only, 1 from the right, None the better.
        pad: id that fills the tokens after the end.
        **options: of `beam_search`, a row for each sequence where that has one.

    Returns:
        `(tokens, scores, from_right)`, best first: int32 `(batch, best, steps)`, all from left to right; float32
        `(batch, best)`; and which of them were written from the right, bool `(batch, best)`.

    Raises:
        ValueError: if `beams` is odd, or `start` has another shape.

    Example:
    >>> logits = ops.log([[0.1, 0.6, 0.3, 0.0], [0.1, 0.3, 0.6, 0.0], [0.9, 0.05, 0.05, 0.0], [0.05, 0.05, 0.9, 0.0]])
    >>> step = lambda last, state: (ops.take(logits, last, axis=0), state)  # 3 starts from the right: ends in 2
    >>> tokens, scores, from_right = bidirectional_beam_search(step, (), [[1, 3]], 3, end=0, pad=-1, beams=2)
    >>> print(ops.convert_to_numpy(tokens[0, 0]).tolist(), bool(from_right[0, 0]))
    [2, 0, -1] True

    References:
        Article: kexue.fm 6877
        Paper: Zhou, Zhang, Zong, Synchronous Bidirectional Neural Machine Translation, arXiv:1905.04847
    """
    if not isinstance(beams, int) or isinstance(beams, bool) or beams < 2 or beams % 2:
        raise ValueError(f"`beams` must be an even int of at least 2; received {beams!r}")
    half = beams // 2
    start = ops.reshape(check(start, half, best, side), (-1,))
    tokens, scores = beam_search(step, state, start, steps, end, half, half, pad=pad, **of_both_sides(options))
    return best_of(tokens, scores, best, side, end)


def check(start, beams, best, side):
    """`start` as a tensor, if the arguments of a search with `beams` hypotheses a direction are right."""
    start = ops.cast(ops.convert_to_tensor(start), "int32")
    if len(start.shape) != 2 or start.shape[1] != 2:
        raise ValueError(f"`start` must be token ids of shape (batch, 2); received shape {tuple(start.shape)}")
    for name, value, most in (("beams", beams, 2**15), ("best", best, beams)):
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            raise ValueError(f"`{name}` must be an int from 1 to {most}, of each direction; received {value!r}")
    if side not in (None, 0, 1):
        raise ValueError(f"`side` must be 0, 1 or None; received {side!r}")
    return start


def of_both_sides(options):
    """Options of `beam_search`: what each sequence has of its own is repeated for its two directions."""
    own = {name: ops.convert_to_tensor(options[name]) for name in ("allowed", "source_mask") if options.get(name) is not None}
    return {**options, **{name: ops.repeat(x, 2, axis=0) for name, x in own.items() if len(x.shape) == 2}}


def best_of(tokens, scores, best, side, end):
    """`(tokens, scores, from_right)` out of the hypotheses `(2 * batch, beams, steps)` of two directions."""
    beams, steps = tokens.shape[1:]
    tokens, scores = ops.reshape(tokens, (-1, 2, beams, steps)), ops.reshape(scores, (-1, 2 * beams))
    tokens = ops.concatenate([tokens[:, 0], _mirrored(tokens[:, 1], end)], axis=1)
    if side is not None:
        scores = ops.where((ops.arange(2 * beams) >= beams) == bool(side), scores, FORBIDDEN)
    scores, places = largest(scores, best)
    return ops.take_along_axis(tokens, places[:, :, None], axis=1), scores, places >= beams


def _mirrored(tokens, end):
    """Tokens before the end in the other order; the end and the padding stay behind them.

    The padding need not be known: it stands behind an end, or is all that there is.
    """
    steps = tokens.shape[-1]
    place = ops.arange(steps, dtype="int32")
    length = ops.sum(ops.cumprod(ops.cast(tokens != end, "int32"), axis=-1), axis=-1, keepdims=True)
    return ops.take_along_axis(tokens, ops.where(place < length, length - 1 - place, place), axis=-1)
