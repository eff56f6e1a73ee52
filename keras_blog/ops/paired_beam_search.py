"""Beam search from both ends in which every hypothesis reads all of the other side."""

from keras import ops, tree

from keras_blog.ops.beam_search import beam_search
from keras_blog.ops.bidirectional_beam_search import best_of, check, of_both_sides
from keras_blog.ops.generation import FORBIDDEN, log_softmax, outputs_of


def paired_beam_search(step, state, start, steps, end, beams=3, best=1, side=None, pad=0, **options):
    r"""Beam search from both ends: each hypothesis of one side is paired with each of the other, the article's way.

    .. math:: p(y \mid h_i) = \frac{1}{k} \sum_{j=1}^k p(y \mid h_i, h'_j)

    What follows a hypothesis has its mean probability over the k hypotheses of the other side. So `step` is asked for k² pairs,
    where `bidirectional_beam_search` pairs equal ranks. The article runs every pair again from its start; here the state of a
    pair follows both of its hypotheses, which comes to the same. A score is that of one side, not of a pair.

    Args:
        step: `step(last tokens (rows,), state) -> (logits (rows, tokens), state)`: of each sequence `beams ** 2` rows from the
            left, then as many from the right; rows of one number are a pair.
        state: any nest of tensors; axis 0 holds for each sequence its two directions, `2 * batch`. Scalars are shared.
        start: the tokens before the first of either direction, int, shape `(batch, 2)`.
        steps: most tokens of a sequence, the end included.
        end: id of the token that ends a sequence, in either direction.
        beams: hypotheses of each direction, k.
        best: sequences to return, at most `beams`.
        side: 0 to return what was written from the left only, 1 from the right, None the better.
        pad: id that fills the tokens after the end.
        **options: of `beam_search`, but `coverage_penalty`.

    Returns:
        `(tokens, scores, from_right)`, as those of `bidirectional_beam_search`.

    Raises:
        ValueError: if a number is out of its range, or `start` has another shape.

    Example:
    >>> def step(last, state):  # each side says what the other one said last
    ...     return 9.0 * ops.one_hot(ops.reshape(ops.flip(ops.reshape(last, (-1, 2)), axis=1), (-1,)), 4), state
    >>> tokens, scores, from_right = paired_beam_search(step, (), [[1, 2]], 3, end=0, beams=1)
    >>> print(ops.convert_to_numpy(tokens[0, 0]).tolist(), bool(from_right[0, 0]))
    [2, 1, 2] False

    References:
        Article: kexue.fm 6877
    """
    start = check(start, beams, best, side)
    if options.get("coverage_penalty"):
        raise ValueError(f"`coverage_penalty` must be 0, for no pair has it; received {options['coverage_penalty']!r}")

    def paired(last, state):
        """`step` for hypotheses, rows of which have their pairs in axis 1 of the state."""
        parent, pairs = state
        rows = ops.shape(last)[0]
        # Generation has moved the pairs along with their own hypothesis; the other one has a parent too.
        other = ops.flip(ops.reshape(parent, (-1, 2, beams)), axis=1)[:, :, None]
        own = ops.reshape(ops.arange(rows, dtype="int32"), (-1, 2, beams, 1))
        follow = _turned(own * beams + other)
        turn = _turned(ops.reshape(ops.arange(rows * beams, dtype="int32"), (-1, 2, beams, beams)))
        pairs = _map(lambda x: ops.take(ops.reshape(x, (-1, *ops.shape(x)[2:])), follow, axis=0), pairs)
        logits, pairs = outputs_of(step, ops.take(ops.repeat(last, beams), turn), pairs, 2)
        logits = ops.take(log_softmax(logits), turn, axis=0)
        alive = ops.reshape(last != end, (-1, 2, 1, beams))  # one that is none has the end behind it
        alive = ops.logical_or(alive, ops.logical_not(ops.any(alive, axis=-1, keepdims=True)))
        alive = ops.reshape(ops.repeat(ops.flip(alive, axis=1), beams, axis=2), (-1, beams, 1))
        logits = ops.where(alive, ops.reshape(logits, (-1, beams, logits.shape[-1])), FORBIDDEN)
        mean = ops.logsumexp(logits, axis=1) - ops.log(ops.sum(ops.cast(alive, "float32"), axis=1))
        pairs = _map(lambda x: ops.reshape(ops.take(x, turn, axis=0), (-1, beams, *ops.shape(x)[1:])), pairs)
        return mean, (ops.reshape(ops.tile(ops.arange(beams, dtype="int32"), [rows // beams]), ops.shape(parent)), pairs)

    state = _map(lambda x: ops.repeat(x[:, None], beams, axis=1), tree.map_structure(ops.convert_to_tensor, state))
    start = ops.reshape(start, (-1,))
    state = ops.zeros_like(start), state
    tokens, scores = beam_search(paired, state, start, steps, end, beams, beams, pad=pad, **of_both_sides(options))
    return best_of(tokens, scores, best, side, end)


def _turned(index):
    """Indices `(batch, 2, own, other)` as rows that count, on both sides, the left one first and the right one within it."""
    return ops.reshape(ops.stack([index[:, 0], ops.swapaxes(index[:, 1], 1, 2)], axis=1), (-1,))


def _map(change, state):
    return tree.map_structure(lambda x: change(x) if len(x.shape) else x, state)
