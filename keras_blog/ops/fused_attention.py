"""Attention in the tiles of one clause by torch's fused kernel: no score is stored and, on a CPU, no key is copied.

`ops.dot_product_attention` would do the same, but copies every tile of keys first, and on a CPU that took half of the time.
"""

import keras
from keras import ops

if keras.config.backend() == "torch":
    import torch


def available(clauses, dropout):
    """Whether `fused_attention` can do it: on torch, for one clause and without dropout."""
    return keras.config.backend() == "torch" and len(clauses) == 1 and not dropout


def fused_attention(query, key, value, clause, seen):
    """Softmax attention, tile by tile.

    Args:
        query: torch tensor, shape `(batch, heads, steps, dim)`, as `key` and `value`.
        clause: of `ops.attention_tiles`.
        seen: which scores of the tiles count, bool, shape `(batch or 1, 1, tiles, rows, keys)`.

    Returns:
        Shape of `value`.
    """
    batch, heads, steps, _ = query.shape
    on_cpu = query.device.type == "cpu"
    if on_cpu:  # there 16 bits gain nothing, and cost the gradient its last digits
        query, key, value = (ops.cast(x, keras.backend.result_type(x.dtype, "float32")) for x in (query, key, value))
    # The kernels of other devices want tiles that lie apart.
    parts = [clause.queries(query), *((clause.views(x) if on_cpu else clause.keys(x)) for x in (key, value))]
    parts = [ops.reshape(x, (batch * heads, *x.shape[2:])) if batch > 1 else x[0] for x in parts]  # the tiles as heads
    if seen.shape[0] > 1:
        seen = ops.repeat(seen, heads, axis=1)
    seen = ops.reshape(seen, (-1, *seen.shape[2:]))
    low = torch.finfo(query.dtype).min / 2  # finite, for a row that sees nothing
    bias = torch.where(seen, 0.0, low).to(query.dtype)
    strips = []
    for rows, keys in clause.strips(parts[0].shape[-2]):
        cut = (parts[0][..., rows, :], parts[1][..., keys, :], parts[2][..., keys, :])
        strips.append(torch.nn.functional.scaled_dot_product_attention(*cut, attn_mask=bias[..., rows, keys]))
    y = strips[0] if len(strips) == 1 else torch.cat(strips, dim=-2)
    return clause.merge(ops.reshape(y, (batch, heads, *y.shape[1:])), steps)
