"""A loop over the rows of a large matrix, some at a time, in the form that needs least memory on each backend.

JAX writes each part into its place in one buffer, which XLA keeps through the loop; so does torch, in a plain loop. TensorFlow
scans over equal parts. Nothing here is differentiated.
"""

import keras
from keras import ops

from keras_blog.ops.recurrence import scan

if keras.config.backend() == "torch":
    import torch


def fold(step, init, rows, ids, size, below=None, extra=0):
    """Loop over the rows, `size` at a time: `carry, out = step(carry, rows[i : i + size], ids[i : i + size])`.

    Args:
        step: see above. The last part is as long as the others on JAX and TensorFlow, so it may hold rows that were there
            before; their ids are -1, and what comes out for them is dropped.
        init: first carry, a tensor or a tuple of tensors.
        rows: shape `(count, dim)`, at least one row.
        ids: int32, shape `(count,)`.
        size: rows in a part.
        below: `below(carry)`, shape `(extra, dim)`, goes below the outs. Without it the outs are dropped.
        extra: rows of `below`.

    Returns:
        The last carry; or, with `below`, the outs in the places of their rows, and `below(carry)`: `(count + extra, dim)`.
    """
    return _FORMS.get(keras.config.backend(), _fold)(step, init, rows, ids, size, below, extra)


def by_rows(function, *arrays):
    """`function(*arrays)`, where row i of what it returns, a tuple, follows from row i of the arrays.

    torch computes some rows at a time, so that what lies between stays in the cache: several times as fast. Elsewhere XLA or
    the graph sees to that.
    """
    return _BY_ROWS.get(keras.config.backend(), lambda function, *arrays: function(*arrays))(function, *arrays)


def _by_rows_torch(function, *arrays):
    rows = arrays[0].shape[0]
    size = max(1, _CACHED // max(arrays[0][:1].numel(), 1))
    if rows <= size:
        return function(*arrays)
    whole = None
    for at, *parts in zip(range(0, rows, size), *(array.split(size) for array in arrays), strict=True):
        results = function(*parts)
        if whole is None:
            whole = [torch.empty((rows, *part.shape[1:]), dtype=part.dtype, device=part.device) for part in results]
        for out, part in zip(whole, results, strict=True):
            out[at : at + len(part)] = part
    return tuple(whole)


def _fold(step, init, rows, ids, size, below, extra):
    count = rows.shape[0]
    size = min(size, count)

    def body(i, state):
        carry, out = state
        first = ops.minimum(i * size, count - size)
        fresh = ops.arange(size, dtype="int32") + first >= i * size
        part = ops.slice(rows, (first, 0), (size, rows.shape[1]))
        carry, new = step(carry, part, ops.where(fresh, ops.slice(ids, (first,), (size,)), -1))
        return carry, out if out is None else ops.slice_update(out, (first, 0), _keep(new, fresh, out, first))

    out = None if below is None else ops.zeros_like(rows)
    carry, out = ops.fori_loop(0, -(-count // size), body, (init, out))
    return carry if below is None else ops.concatenate([out, below(carry)], axis=0)


def _keep(new, fresh, out, first):
    return ops.where(fresh[:, None], new, ops.slice(out, (first, 0), new.shape))


def _fold_torch(step, init, rows, ids, size, below, extra):
    count = rows.shape[0]
    carry, out = init, None if below is None else torch.empty((count + extra, rows.shape[1]), device=rows.device)
    for part, places, at in zip(rows.split(size), ids.split(size), range(0, count, size), strict=True):
        carry, new = step(carry, part, places)
        if below is not None:
            out[at : at + len(new)] = new
    if below is None:
        return carry
    out[count:] = below(carry)
    return out


def _fold_tensorflow(step, init, rows, ids, size, below, extra):
    # Graphs may not know how many rows there are, but XLA wants parts of a known size: so the rows are filled up.
    count, dim = ops.shape(rows)[0], rows.shape[1]
    missing = -count % size
    parts = ops.reshape(ops.concatenate([rows, ops.zeros((missing, dim))], axis=0), (-1, size, dim))
    places = ops.reshape(ops.concatenate([ids, ops.full((missing,), -1, "int32")], axis=0), (-1, size))

    def part(carry, x):
        carry, new = step(carry, *x)
        return carry, ops.zeros(()) if below is None else new

    carry, outs = scan(part, init, (parts, places))
    if below is None:
        return carry
    return ops.concatenate([ops.reshape(outs, (-1, dim))[:count], below(carry)], axis=0)


_CACHED = 1 << 17  # numbers of an intermediate result that stay in the cache
_BY_ROWS = {"torch": _by_rows_torch}
_FORMS = {"tensorflow": _fold_tensorflow, "torch": _fold_torch}
