"""The one tensor in which a chain travels: `(batch, tags + 2 + steps, tags + 1)`.

Rows of transitions, a row of start scores, a row of end scores, a row for each step; the last column holds the mask. This file
alone knows that. The transitions are those of the first sequence: a batch shares them.
"""

import keras
from keras import ops

from keras_blog.ops.chain import FORBIDDEN
from keras_blog.ops.recurrence import pad_steps


def pack(emissions, transitions, start=None, end=None, mask=None):
    """Everything that a chain needs, in one tensor.

    Args:
        emissions: score of each tag at each step in nats, shape `(batch, steps, tags)`.
        transitions: `transitions[i, j]` scores going from tag i to tag j, shape `(tags, tags)`.
        start: score of each tag at the first real step, shape `(tags,)`; zeros by default.
        end: score of each tag at the last real step, shape `(tags,)`; zeros by default.
        mask: true at real steps, shape `(batch, steps)`; all real by default.

    Returns:
        Potentials, shape `(batch, tags + 2 + steps, tags + 1)`, float32; on TensorFlow float64 if the emissions are.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
    >>> from keras_blog.ops.crf import log_partition
    >>> potentials = pack([[[1.0, 0.0], [0.0, 0.0]]], [[0.0, 0.0], [0.0, 0.0]])
    >>> print(f"{float(log_partition(potentials)[0]):.4f}")  # log(2 + 2e)
    2.0064
    """
    emissions, transitions = ops.convert_to_tensor(emissions), ops.convert_to_tensor(transitions)
    check_shape("emissions", emissions, ("batch", "steps", "tags"))
    tags = emissions.shape[-1]
    check_shape("transitions", transitions, (tags, tags))
    dtype = keras.backend.result_type(emissions.dtype, "float32")
    emissions = ops.maximum(ops.cast(emissions, dtype), FORBIDDEN)
    rows = [transitions]
    for name, scores in (("start", start), ("end", end)):
        scores = ops.zeros((tags,), dtype) if scores is None else ops.convert_to_tensor(scores)
        check_shape(name, scores, (tags,))
        rows.append(scores[None])
    head = ops.concatenate([ops.cast(row, dtype) for row in rows], axis=0)
    head = ops.pad(ops.maximum(head, FORBIDDEN), ((0, 0), (0, 1)))  # (k + 2, k + 1)
    if mask is None:
        mask = ops.ones_like(emissions[:, :, 0])
    else:
        mask = ops.convert_to_tensor(mask)
        check_shape("mask", mask, tuple(emissions.shape[:2]))
        emissions = ops.where(ops.cast(mask, "bool")[..., None], emissions, ops.zeros_like(emissions))
    body = ops.concatenate([emissions, ops.cast(mask, dtype)[..., None]], axis=-1)  # (b, t, k + 1)
    # zeros_like knows the batch that None hides; the sum is there where there is no step
    head = ops.zeros_like(ops.sum(body[:, :1, :1], axis=1, keepdims=True)) + head  # (b, k + 2, k + 1)
    return ops.concatenate([head, body], axis=1)


def unpack(potentials):
    """`(emissions, transitions, start, end, mask)` of packed potentials; the inverse of `pack`, mask boolean."""
    potentials = ops.convert_to_tensor(potentials)
    tags = tag_count(potentials)
    head = ops.sum(potentials[:1, : tags + 2, :tags], axis=0)  # a sum, for a batch may be empty
    head = ops.reshape(head, (tags + 2, tags))  # a graph that does not know the steps knows this
    body = potentials[:, tags + 2 :]
    return body[..., :tags], head[:tags], head[tags], head[tags + 1], body[..., tags] > 0.5


def gradient_of(emissions, transitions, start, end):
    """The gradient of packed potentials from those of their parts; the head is that of sequence 0."""
    head = ops.pad(ops.concatenate([transitions, start[None], end[None]], axis=0), ((0, 0), (0, 1)))
    first = ops.cast(ops.cumsum(ops.ones_like(emissions[:, :1, :1]), axis=0) == 1, head.dtype)  # (b, 1, 1)
    return ops.concatenate([first * head, ops.pad(emissions, ((0, 0), (0, 0), (0, 1)))], axis=1)


def padded(values, head=None):
    """Zeros appended to the steps of `(b, t, ...)`; of packed potentials, which makes them masked steps."""
    values = ops.convert_to_tensor(values)
    return pad_steps(values, tag_count(values) + 2 if head is None else head)


def keep_steps(potentials, keep):
    """Potentials with only the steps of `keep` real."""
    head = ops.ones_like(potentials[:, : tag_count(potentials) + 2, 0])
    keep = ops.concatenate([head, ops.cast(keep, potentials.dtype)], axis=1)[..., None]
    return ops.concatenate([potentials[..., :-1], potentials[..., -1:] * keep], axis=-1)


def tag_count(potentials):
    """Number of tags; raises ValueError if these are no packed potentials."""
    shape = tuple(potentials.shape)
    if len(shape) != 3 or (shape[1] is not None and shape[1] < shape[2] + 1) or shape[2] < 2:
        raise ValueError(
            "`potentials` must be packed, shape (batch, tags + 2 + steps, tags + 1), as `layers.CRF` and `ops.crf.pack` "
            f"return them; received shape {shape}"
        )
    return shape[2] - 1


def batch_and_steps(potentials):
    """Sizes, as tensors where a graph does not know them."""
    batch, rows, _ = ops.shape(potentials)
    return batch, rows - tag_count(potentials) - 2


def check_shape(name, tensor, expected):
    """Raise ValueError unless the tensor has the expected sizes, where both are known."""
    shape = tuple(tensor.shape)
    sizes = [size if isinstance(size, int) else None for size in expected]
    if len(shape) != len(sizes) or any(a != b for a, b in zip(shape, sizes, strict=True) if None not in (a, b)):
        expected = ", ".join("any" if size is None else str(size) for size in sizes)
        raise ValueError(f"`{name}` must have shape ({expected}); received {shape}")
