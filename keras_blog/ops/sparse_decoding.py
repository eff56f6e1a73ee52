"""Causal sparse attention a step at a time, over a cache that holds no more than the pattern can still see.

Each clause of the pattern keeps keys and values of its own, `(batch, rings, slots, key_heads, dim)`. A local window and a block
are a ring that overwrites what has left them; the summaries and the global tokens are kept, each in a slot of its own; atrous
attention keeps all steps, a ring for each residue, of which a step reads one.
"""

import numpy as np
from keras import ops

from keras_blog.ops.attention_tiles import Band, First, Residue, Summary

_MASKED = -1e30


def empty_cache(pattern, batch, steps, key_heads, dim, dtype):
    """Zeros for `steps` steps: a list of `(keys, values)`, one pair a clause.

    Raises:
        ValueError: if the pattern is not causal.
    """
    if not pattern.causal:
        raise ValueError(f"`pattern` must be causal, for a step to need no later one; received {pattern}")
    shapes = [(batch, *_rings(clause, steps), key_heads, dim) for clause in pattern.clauses]
    return [(ops.zeros(shape, dtype), ops.zeros(shape, dtype)) for shape in shapes]


def attend_next(query, key, value, pattern, cache, step):
    """Attention of step `step` to itself and to what the cache holds.

    Args:
        query: shape `(batch, 1, heads, dim)`; `key` and `value` `(batch, 1, key_heads, dim)`.
        pattern: a causal `Pattern`.
        cache: of `empty_cache`, or of the step before.
        step: its number, from 0, an int or an int32 tensor.

    Returns:
        `(output, cache)`, the output of the shape of `query`.
    """
    all_keys, all_values, all_seen, updated = [], [], [], []
    for clause, (keys, values) in zip(pattern.clauses, cache, strict=True):
        ring, slot = _place(clause, step, keys.shape[2])
        keys, values = (
            ops.slice_update(old, (0, ring, slot, 0, 0), ops.cast(new[:, None], old.dtype))
            for old, new in ((keys, key), (values, value))
        )
        updated.append((keys, values))
        positions = _positions(clause, step, keys.shape[2])
        all_keys.append(ops.take(keys, ring, axis=1))
        all_values.append(ops.take(values, ring, axis=1))
        all_seen.append(ops.logical_and(pattern.claimed(clause, step, positions), positions >= 0))
    keys, values, seen = (ops.concatenate(parts, axis) for parts, axis in ((all_keys, 1), (all_values, 1), (all_seen, 0)))
    groups = query.shape[2] // keys.shape[2]
    keys, values = (ops.cast(ops.repeat(x, groups, axis=2), "float32") for x in (keys, values))
    scores = ops.einsum("bqhd,bkhd->bhqk", ops.cast(query, "float32") * query.shape[3] ** -0.5, keys)
    weights = ops.softmax(ops.where(seen, scores, _MASKED)) if scores.shape[-1] > 1 else ops.ones_like(scores)
    return ops.cast(ops.einsum("bhqk,bkhd->bqhd", weights, values), query.dtype), updated


def _rings(clause, steps):
    """`(rings, slots)` that a clause needs for `steps` steps; where some steps are not kept, one slot more for those."""
    if isinstance(clause, Residue):
        return clause.size, -(-steps // clause.size)
    if isinstance(clause, Band):
        return 1, min(clause.window, steps)
    if isinstance(clause, First):
        return 1, clause.size + 1
    if isinstance(clause, Summary):
        return 1, -(-steps // clause.size) * clause.width + 1
    return 1, min(clause.size, steps)


def _place(clause, step, slots):
    """`(ring, slot)` of a step."""
    if isinstance(clause, Residue):
        return step % clause.size, step // clause.size
    if isinstance(clause, First):
        return 0, ops.minimum(step, slots - 1)
    if isinstance(clause, Summary):
        into = step % clause.size - (clause.size - clause.width)
        return 0, ops.where(into >= 0, step // clause.size * clause.width + into, slots - 1)
    return 0, step % slots


def _positions(clause, step, slots):
    """Position that each slot of the ring of `step` holds, -1 for none; int32 `(slots,)`."""
    slot = np.arange(slots, dtype="int32")
    if isinstance(clause, Residue):
        return ops.convert_to_tensor(slot * clause.size) + step % clause.size
    if isinstance(clause, Summary):
        kept = slot if isinstance(clause, First) else slot // clause.width * clause.size + clause.size - clause.width
        kept = kept if isinstance(clause, First) else kept + slot % clause.width
        return ops.convert_to_tensor(np.where(slot < slots - 1, kept, -1))
    return step - (step - ops.convert_to_tensor(slot)) % slots
