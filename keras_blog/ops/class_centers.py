r"""Margin softmax over so many classes that no matrix `(batch, classes)` may exist.

Features and class centres travel in one tensor, see `pack`, because the loss needs both. It is exact: centres pass by in parts
of `ROWS`, of which only the largest logit and the sum of the powers are kept; the gradient passes once more and computes the
cosines of each part anew, one more matrix product instead of the memory. Or it is sampled: the classes of the batch, and a
random share of the others.

References:
    Article: kexue.fm 5743
    Paper: An et al., Partial FC: Training 10 Million Identities on a Single Machine, arXiv:2010.05222
"""

from keras import ops

from keras_blog.ops.margin_softmax import loss_of
from keras_blog.ops.row_chunks import fold

ROWS = 2048  # of the centres, in one part
NO_LOGIT = -1e30


def pack(features, centers, noise):
    """One tensor: centres `(classes, dim)`, a row of uniform noise `(dim,)`, and unit features `(batch, dim)`."""
    return ops.concatenate([centers, noise[None], features], axis=0)


def unpack(packed, batch):
    """`(features, centers, noise)` of a packed tensor of `batch` samples."""
    classes = ops.shape(packed)[0] - batch - 1
    return packed[classes + 1 :], packed[:classes], packed[classes]


def streamed_margin_softmax(packed, labels, psi, scale, every=1):
    """The loss of `ops.margin_softmax` for int labels, shape `(batch,)`, from packed features and centres.

    Args:
        packed: see `pack`.
        labels: int32 class ids, shape `(batch,)`, -1 for none.
        psi: the margin.
        scale: inverse temperature, a number.
        every: 1 for all classes; `k` for the classes of the batch, and one random class of each `k` neighbours.
    """
    batch = ops.shape(labels)[0]

    @ops.custom_gradient
    def loss(packed):
        features, centers, noise = unpack(packed, batch)
        own = _unit(ops.take(centers, ops.maximum(labels, 0), axis=0))[0]
        target, slope = psi(ops.sum(features * own, axis=1))
        target = scale * target
        ids = _all(centers) if every == 1 else _sample(labels, noise, ops.shape(centers)[0], every)
        rows = centers if every == 1 else ops.take(centers, ops.maximum(ids, 0), axis=0)
        others = _log_sum_of_others(features, rows, ids, labels, scale)

        def backward(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            wrong = scale * upstream * ops.cast(labels >= 0, "float32") * ops.sigmoid(others - target)
            step = _gradient_step(features, labels, scale, others, wrong, slope * wrong)
            zeros = ops.zeros_like(features)
            below = lambda into: ops.concatenate([ops.zeros_like(noise[None]), into], axis=0)  # noqa: E731
            changes = fold(step, zeros, rows, ids, ROWS, below, batch + 1)
            return changes if every == 1 else _spread(changes, ids, centers)

        return loss_of(others, target, labels), backward

    return loss(packed)


def _log_sum_of_others(features, rows, ids, labels, scale):
    def step(carry, part, ids):
        top, total = carry
        logits = scale * ops.matmul(features, ops.transpose(_unit(part)[0]))
        logits = ops.where(_is_other(ids, labels), logits, NO_LOGIT)  # (b, rows)
        higher = ops.maximum(top, ops.max(logits, axis=1))
        powers = ops.sum(ops.exp(logits - higher[:, None]), axis=1)
        return (higher, total * ops.exp(top - higher) + powers), None

    nothing = ops.zeros_like(features[:, 0])
    top, total = fold(step, (nothing + NO_LOGIT, nothing), rows, ids, ROWS)
    return ops.log(total) + top


def _gradient_step(features, labels, scale, others, wrong, own):
    def step(into, part, ids):
        unit, inverse = _unit(part)
        cosines = ops.matmul(features, ops.transpose(unit))
        powers = ops.exp(ops.minimum(scale * cosines - others[:, None], 0.0)) * wrong[:, None]
        weights = ops.where(_is_other(ids, labels), powers, 0.0)
        weights = ops.where(ids == labels[:, None], -own[:, None], weights)  # (b, rows)
        along = ops.sum(weights * cosines, axis=0)[:, None]  # a centre cannot grow: its length does not count
        change = inverse * (ops.matmul(ops.transpose(weights), features) - along * unit)
        return into + ops.matmul(weights, unit), change

    return step


def _is_other(ids, labels):
    return ops.logical_and(ids >= 0, ids != labels[:, None])


def _unit(rows):
    """Rows at length 1, zeros as zeros; and what they were multiplied by."""
    square = ops.sum(ops.square(rows), axis=1, keepdims=True)
    inverse = ops.where(square > 0, ops.rsqrt(ops.where(square > 0, square, 1.0)), 0.0)
    return rows * inverse, inverse


def _all(centers):
    return ops.arange(ops.shape(centers)[0], dtype="int32")


def _sample(labels, noise, classes, every):
    """The classes of the batch, and one of each `every` neighbours; -1 in place of what is there twice or not at all."""
    order = ops.arange(ops.shape(labels)[0], dtype="int32")
    same = ops.cast(labels[:, None] == labels, "int32")
    present = ops.where(ops.cast(ops.argmax(same, axis=1), "int32") == order, labels, -1)
    strata = ops.arange(-(-classes // every), dtype="int32")
    jitter = ops.cast(every * ops.take(noise, strata % noise.shape[0]), "int32")
    drawn = strata * every + ops.minimum(jitter, every - 1)
    known = ops.any(drawn[:, None] == labels, axis=1)
    return ops.concatenate([present, ops.where(ops.logical_or(known, drawn >= classes), -1, drawn)], axis=0)


def _spread(changes, ids, centers):
    """Changes of the sampled rows at the places of their classes."""
    count = ops.shape(ids)[0]
    at = ops.maximum(ids, 0)[:, None]  # changes of rows with id -1 are zero
    whole = ops.scatter(at, changes[:count], ops.shape(centers))
    return ops.concatenate([whole, changes[count:]], axis=0)
