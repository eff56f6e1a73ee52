r"""Exact self-attention in which a step sees few others, at a cost that grows with their number and not with the square.

.. math:: y_i = \sum_{j \in S_i} \frac{e^{q_i \cdot k_j / \sqrt{d}}}{\sum_{l \in S_i} e^{q_i \cdot k_l / \sqrt{d}}} v_j

The set :math:`S_i` comes from a `Pattern`, one description for the computation in blocks (`attend`), for the dense mask that
says the same (`sparse_mask`), and for what it costs (`density`). No array holds a number for every pair of steps.

References:
    Article: kexue.fm 6853
    Papers: Child et al., Generating Long Sequences with Sparse Transformers, arXiv:1904.10509;
        Beltagy, Peters, Cohan, Longformer, arXiv:2004.05150
"""

from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from keras_blog.ops.attention_pattern import Pattern
from keras_blog.ops.attention_tiles import arange, between_zeros
from keras_blog.ops.fused_attention import available, fused_attention

__all__ = ["Density", "Pattern", "atrous", "attend", "density", "fixed", "local", "sparse_mask", "strided"]

_MASKED = -1e30  # a score, finite: exp of its difference to any real score is 0


def local(window, causal=False, global_tokens=0):
    """Keys nearer than `window` steps, as `sliding_window` of Keras counts them; the article's `neighbors` is one less."""
    return Pattern(window=window, causal=causal, global_tokens=global_tokens)


def atrous(rate, causal=False, global_tokens=0):
    """Keys a multiple of `rate` steps away."""
    return Pattern(rate=rate, causal=causal, global_tokens=global_tokens)


def strided(rate, window=None, causal=False, global_tokens=0):
    """`local(window)` or `atrous(rate)`; the window is `rate` steps by default, as in the article."""
    return Pattern(window=rate if window is None else window, rate=rate, causal=causal, global_tokens=global_tokens)


def fixed(block, summary, causal=False, global_tokens=0):
    """Keys in the query's own block of `block` steps, and the last `summary` steps of every block."""
    return Pattern(block=block, summary=summary, causal=causal, global_tokens=global_tokens)


def sparse_mask(n, pattern):
    """The pattern over `n` steps as a dense NumPy mask, bool, shape `(n, n)`: entry `[i, j]`, whether query i sees key j.

    Example:
    >>> for row in sparse_mask(6, strided(3, window=2, causal=True)):
    ...     print("".join(".X"[int(seen)] for seen in row))
    X.....
    XX....
    .XX...
    X.XX..
    .X.XX.
    ..X.XX
    """
    i = np.arange(n)
    return pattern.allows(i[:, None], i[None, :])


class Density(NamedTuple):
    """`pairs` that the pattern allows; their `share` of n²; `computed`, the scores that `attend` computes for them."""

    pairs: int
    share: float
    computed: int


def density(n, pattern):
    """How dense the pattern is over `n` steps: a `Density`.

    Example:
    >>> density(4096, local(256, causal=True))
    Density(pairs=1015936, share=0.060554504394..., computed=1572864)
    """
    i, pairs = np.arange(n), 0
    for start in range(0, n, 256):  # counting takes n² time, not n² memory
        pairs += int(np.count_nonzero(pattern.allows(i[start : start + 256, None], i[None, :])))
    computed = 0
    for clause in pattern.clauses:
        _, _, *tile = _tile_shape(clause, np.zeros((1, 1, n, 1)))
        computed += sum(np.zeros(tile, "bool")[:, rows, keys].size for rows, keys in clause.strips(tile[1]))
    return Density(pairs, pairs / max(n * n, 1), computed)


def attend(query, key, value, pattern, mask=None, dropout=0.0, seed=None):
    """Softmax attention of a sequence to itself under a pattern.

    Scores and softmax are float32 also for 16-bit inputs.

    Args:
        query: shape `(batch, steps, heads, dim)`.
        key: shape `(batch, steps, key_heads, dim)`; `heads` is a multiple of `key_heads`, and neighbouring heads share one.
        value: shape `(batch, steps, key_heads, value_dim)`.
        pattern: a `Pattern`, as of `local`, `atrous`, `strided`, `fixed`.
        mask: true at real steps, shape `(batch, steps)`. Nobody sees the others, not even their NaN, and their rows are 0.
        dropout: share of the attention weights that are dropped, in `[0, 1)`.
        seed: of the dropout, an int or a `keras.random.SeedGenerator`.

    Returns:
        Shape `(batch, steps, heads, value_dim)`, dtype of `query`.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
    >>> x = np.array([[1, 0], [0, 1], [1, 1], [-1, 0], [0, -1], [0.5, 0.5]], "float32").reshape((1, 6, 1, 2))
    >>> print(", ".join(f"{float(y):.6f}" for y in attend(x, x, x, atrous(2))[0, 0, 0]))
    0.802224, 0.203336
    """
    query, key, value = (ops.convert_to_tensor(x) for x in (query, key, value))
    _check(query, key, value, pattern, mask)
    if not 0 <= dropout < 1:
        raise ValueError(f"`dropout` must lie in [0, 1); received {dropout!r}")
    heads, dim, dtype = query.shape[2], query.shape[3], query.dtype
    if 0 in query.shape[:2]:
        return ops.zeros_like(query[..., :1]) * value[:, :, :1]
    real = None
    if mask is not None:
        real = ops.cast(ops.convert_to_tensor(mask), "bool")
        query, key, value = (ops.where(real[:, :, None, None], x, ops.zeros_like(x)) for x in (query, key, value))
    groups = heads // key.shape[2]
    key, value = (ops.repeat(x, groups, axis=2) if groups > 1 else x for x in (key, value))
    query, key, value = (ops.transpose(x, (0, 2, 1, 3)) for x in (query, key, value))
    if available(pattern.clauses, dropout):
        y = fused_attention(query, key, value, pattern.clauses[0], _seen(pattern, pattern.clauses[0], query.shape[2], real))
    else:
        wide = keras.backend.result_type(dtype, "float32")  # 16-bit inputs become float32, wider ones stay
        query, key, value = (ops.cast(x, wide) for x in (query * dim**-0.5, key, value))
        y = _tiled(query, key, value, pattern, real, dropout, seed)
    y = ops.transpose(y, (0, 2, 1, 3))
    if real is not None:
        y = ops.where(real[:, :, None, None], y, ops.zeros_like(y))
    return ops.cast(y, dtype)


def _tiled(query, key, value, pattern, real, dropout, seed):
    """Attention of `(batch, heads, steps, dim)`, tile by tile; what the gradient needs is computed anew from the inputs."""
    steps = ops.shape(query)[2]
    clauses = pattern.clauses
    biases = [ops.cast(ops.where(_seen(pattern, clause, steps, real), 0.0, _MASKED), query.dtype) for clause in clauses]
    keeps = [None] * len(clauses)
    if dropout:
        shapes = [_tile_shape(clause, query) for clause in clauses]
        keeps = [ops.cast(keras.random.uniform(shape, seed=seed) >= dropout, "bool") for shape in shapes]

    def kept(weight, keep):
        return weight if keep is None else ops.where(keep, weight / (1.0 - dropout), ops.zeros_like(weight))

    def strips(clause, bias, keep, queries, keys):
        """Of the tiles of a clause, strip by strip: its rows, its keys, scores, weights, what the dropout keeps."""
        for rows, seen in clause.strips(ops.shape(queries)[3]):
            scores = _product(queries[:, :, :, rows], ops.swapaxes(keys[:, :, :, seen], -1, -2)) + bias[..., rows, seen]
            weight = ops.softmax(scores) if scores.shape[-1] != 1 else ops.ones_like(scores)  # of one, Keras warns
            yield rows, seen, scores, weight, keep if keep is None else keep[..., rows, seen]

    @ops.custom_gradient
    def call(query, key, value):
        parts, sums = [], []
        for clause, bias, keep in zip(clauses, biases, keeps, strict=True):
            values, outputs, totals = clause.keys(value), [], []
            for _, seen, scores, weight, keep_here in strips(clause, bias, keep, clause.queries(query), clause.keys(key)):
                outputs.append(_product(kept(weight, keep_here), values[:, :, :, seen]))
                if len(clauses) > 1:  # log of the sum of exp(scores): the largest weight is exp(largest score) over that sum
                    totals.append(ops.max(scores, -1, keepdims=True) - ops.log(ops.max(weight, -1, keepdims=True)))
            parts.append(clause.merge(_joined(outputs), steps))
            if len(clauses) > 1:
                sums.append(clause.merge(_joined(totals), steps, fill=_MASKED))
        shares = ops.unstack(ops.softmax(ops.stack(sums), axis=0), len(clauses)) if sums else [1.0]
        output = sum(part * share for part, share in zip(parts, shares, strict=True))

        def backward(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            along = ops.sum(upstream * output, axis=-1, keepdims=True)
            gradients = [0.0, 0.0, 0.0]
            for clause, bias, keep, share in zip(clauses, biases, keeps, shares, strict=True):
                up, mean = clause.queries(upstream * share), clause.queries(along * share)
                queries, keys, values = clause.queries(query), clause.keys(key), clause.keys(value)
                to_queries, to_keys, to_values = [], 0.0, 0.0
                for rows, seen, _, weight, keep_here in strips(clause, bias, keep, queries, keys):
                    up_here, later = up[:, :, :, rows], ops.shape(keys)[3] - ops.shape(weight)[-1]
                    change = kept(_product(up_here, ops.swapaxes(values[:, :, :, seen], -1, -2)), keep_here)
                    change = weight * (change - mean[:, :, :, rows])
                    to_queries.append(_product(change, keys[:, :, :, seen]))
                    turned = _product(ops.swapaxes(change, -1, -2), queries[:, :, :, rows])
                    to_keys += between_zeros(turned, 0, later, axis=3)
                    turned = _product(ops.swapaxes(kept(weight, keep_here), -1, -2), up_here)
                    to_values += between_zeros(turned, 0, later, axis=3)
                gradients[0] += clause.merge(_joined(to_queries), steps)
                gradients[1] += clause.spread(to_keys, steps)
                gradients[2] += clause.spread(to_values, steps)
            return tuple(gradients)

        return output, backward

    return call(query, key, value)


def _product(a, b):
    """`ops.matmul`; sums where a side is one row: oneDNN in TensorFlow 2.21 corrupts its memory there (AVX-512, transposed)."""
    if a.shape[-1] == 1:
        return a * b
    if a.shape[-2] == 1:
        return ops.sum(ops.swapaxes(a, -1, -2) * b, axis=-2, keepdims=True)
    if b.shape[-1] == 1:
        return ops.sum(a * ops.swapaxes(b, -1, -2), axis=-1, keepdims=True)
    return ops.matmul(a, b)


def _joined(strips):
    return strips[0] if len(strips) == 1 else ops.concatenate(strips, axis=3)


def _seen(pattern, clause, steps, real):
    """Which scores of the tiles of a clause count, bool, broadcasts to `(batch, heads, tiles, rows, keys)`."""
    allowed = pattern.claimed(clause, *clause.positions(steps, pattern.global_tokens))
    counted = arange(steps)[None, None, :, None] >= (0 if clause == pattern.clauses[0] else pattern.global_tokens)
    if real is not None:
        counted = ops.logical_and(counted, real[:, None, :, None])
    counted = clause.keys(counted)  # (batch, 1, tiles, keys, 1); what was padded does not count
    return ops.logical_and(ops.convert_to_tensor(allowed), ops.swapaxes(ops.convert_to_tensor(counted), -1, -2))


def _tile_shape(clause, x):
    """`(batch, heads, tiles, rows, keys)` of the scores of a clause."""
    return (*ops.shape(clause.queries(x[..., :1]))[:4], ops.shape(clause.keys(x[..., :1]))[3])


def _check(query, key, value, pattern, mask):
    if not isinstance(pattern, Pattern):
        raise ValueError(f"`pattern` must be a Pattern, as of `local(256)`; received {pattern!r}")
    for name, x in (("query", query), ("key", key), ("value", value)):
        if len(x.shape) != 4:
            raise ValueError(f"`{name}` must have shape (batch, steps, heads, dim); received {tuple(x.shape)}")
    if key.shape[-1] != query.shape[-1] or key.shape[:3] != value.shape[:3] or key.shape[1] != query.shape[1]:
        shapes = ", ".join(str(tuple(x.shape)) for x in (query, key, value))
        raise ValueError(f"`query`, `key` and `value` must be of one sequence, `dim` equal; received {shapes}")
    if query.shape[2] % key.shape[2]:
        raise ValueError(f"`query` must have a multiple of the heads of `key`; received {query.shape[2]} and {key.shape[2]}")
    if mask is not None and len(mask.shape) != 2:
        raise ValueError(f"`mask` must have shape (batch, steps); received {tuple(mask.shape)}")
