"""The clauses of a `Pattern`: pairs of steps that see each other, and how they fall into few dense tiles.

A clause says in one line of arithmetic which pairs it allows (`allows`), and how to lay out queries and keys: `queries` and
`keys` cut an array `(batch, heads, steps, dim)` into tiles `(batch, heads, tiles, rows, dim)`, `merge` undoes `queries`, and
`spread`, the transpose of `keys`, adds up what every copy of a key got. `strips` cut a tile once more, where that saves
scores. A pair that two clauses allow belongs to the first.
NumPy arrays stay NumPy: what only depends on a known length is a constant of the graph.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from keras import ops


@dataclass(frozen=True)
class Block:
    """Keys in the same block of `size` steps: one tile a block."""

    size: int

    def allows(self, i, j):
        return i // self.size == j // self.size

    def queries(self, x):
        batch, heads, steps, dim = _shape(x)
        return _reshape(_lengthened(x, self.size), (batch, heads, -(-steps // self.size), self.size, dim))

    def keys(self, x):
        return self.queries(x)

    def views(self, x):
        """`keys` of a torch tensor; tiles that overlap share their memory."""
        return self.keys(x)

    def merge(self, y, steps, fill=0.0):
        batch, heads, tiles, rows, dim = ops.shape(y)
        return ops.reshape(y, (batch, heads, tiles * rows, dim))[:, :, :steps]

    def spread(self, y, steps):
        return self.merge(y, steps)

    def strips(self, rows):
        """Slices `(rows, keys)` of a tile: every row once, with all keys that it may see."""
        return [(slice(None), slice(None))]

    def positions(self, steps, skipped):
        """Of queries `(tiles, rows, 1)` and keys `(tiles, 1, keys)`. Where all tiles are alike, one after `skipped` steps."""
        i = np.arange(self.size, dtype="int32") + self.size * -(-skipped // self.size)
        return i[None, :, None], i[None, None, :]


@dataclass(frozen=True)
class Band(Block):
    """Keys nearer than `window` steps: tiles of a block of queries and the blocks of keys around it."""

    window: int
    causal: bool
    size: int

    def __init__(self, window, causal):
        # 128 rows a tile were fastest for windows of 128 and more; a small window would waste most of such a tile.
        size = min(128, max(16, 1 << (window - 1).bit_length()))
        for name, value in (("window", window), ("causal", causal), ("size", size)):
            object.__setattr__(self, name, value)

    @property
    def before(self):
        """Blocks of keys before that of the queries."""
        return -(-(self.window - 1) // self.size)

    @property
    def after(self):
        """Blocks of keys after that of the queries."""
        return 0 if self.causal else self.before

    def allows(self, i, j):
        return (i - j < self.window) & (j - i < self.window)

    def keys(self, x):
        x = self.queries(x)
        tiles = _shape(x)[2]
        x = between_zeros(x, self.before, self.after, axis=2)
        return _concatenate([x[:, :, k : k + tiles] for k in range(self.before + 1 + self.after)], axis=3)

    def views(self, x):
        x = between_zeros(_lengthened(x, self.size), self.before * self.size, self.after * self.size, axis=2)
        return x.unfold(2, (self.before + 1 + self.after) * self.size, self.size).transpose(-1, -2)

    def spread(self, y, steps):
        tiles, total = ops.shape(y)[2], 0
        for k in range(self.before + 1 + self.after):
            part = between_zeros(y[:, :, :, k * self.size : (k + 1) * self.size], self.after, self.before, axis=2)
            start = self.before + self.after - k
            total = total + part[:, :, start : start + tiles]
        return self.merge(total, steps)

    def positions(self, steps, skipped):
        j = np.arange((self.before + 1 + self.after) * self.size, dtype="int32") + skipped
        return j[None, self.before * self.size :, None][:, : self.size], j[None, None, :]


@dataclass(frozen=True)
class Residue(Block):
    """Keys a multiple of `size` steps away: one tile a residue, `steps / size` long."""

    causal: bool

    def allows(self, i, j):
        return (i - j) % self.size == 0

    def queries(self, x):
        batch, heads, steps, dim = _shape(x)
        x = _reshape(_lengthened(x, self.size), (batch, heads, -(-steps // self.size), self.size, dim))
        return _swapaxes(x, 2, 3)

    def views(self, x):
        return self.keys(x).contiguous()  # rows that lie far apart are slow to read, and every strip reads them again

    def merge(self, y, steps, fill=0.0):
        return super().merge(ops.swapaxes(y, 2, 3), steps)

    def strips(self, rows):
        if not self.causal or (isinstance(rows, int) and rows < 64):
            return super().strips(rows)
        ends = [rows * k // 4 for k in range(5)]  # causal rows see no key after their strip: 5/8 of the scores
        return [(slice(start, end), slice(0, end)) for start, end in itertools.pairwise(ends)]

    def positions(self, steps, skipped):
        i = arange(-(-steps // self.size)) * self.size + skipped
        return i[None, :, None], i[None, None, :]


@dataclass(frozen=True)
class Summary(Block):
    """The last `width` steps of every block of `size`: one tile, shared by all queries."""

    width: int

    def allows(self, i, j):
        return (j % self.size >= self.size - self.width) & (i >= 0)

    def queries(self, x):
        return x[:, :, None]

    def keys(self, x):
        x = super().queries(x)[:, :, :, self.size - self.width :]
        batch, heads, tiles, rows, dim = _shape(x)
        return _reshape(x, (batch, heads, 1, tiles * rows, dim))

    def merge(self, y, steps, fill=0.0):
        return y[:, :, 0]

    def spread(self, y, steps):
        batch, heads, _, keys, dim = ops.shape(y)
        y = ops.reshape(y, (batch, heads, keys // self.width, self.width, dim))
        return super().merge(between_zeros(y, self.size - self.width, 0, axis=3), steps)

    def positions(self, steps, skipped):
        i = ops.reshape(ops.arange(steps, dtype="int32"), (1, 1, steps, 1))
        return self.queries(i)[0, 0], ops.transpose(self.keys(i)[0, 0], (0, 2, 1))


@dataclass(frozen=True)
class First(Summary):
    """The first `size` steps, seen by all: one tile."""

    width: int = 0

    def allows(self, i, j):
        return (j < self.size) & (i >= 0)

    def keys(self, x):
        return self.first(x)

    def first(self, x):
        """The tile of the first steps. One alone is taken by its index: a slice has no static size where `x` has none."""
        return x[:, :, None, : self.size] if self.size > 1 else x[:, :, 0][:, :, None, None]

    def spread(self, y, steps):
        return between_zeros(y[:, :, 0], 0, steps - ops.shape(y)[3], axis=2)


@dataclass(frozen=True)
class Everything(First):
    """All that the first `size` steps see: the tile of `First` on its side."""

    def allows(self, i, j):
        return (i < self.size) & (j >= 0)

    def queries(self, x):
        return self.first(x)

    def keys(self, x):
        return x[:, :, None]

    def merge(self, y, steps, fill=0.0):
        return between_zeros(y[:, :, 0], 0, steps - ops.shape(y)[3], axis=2, fill=fill)

    def spread(self, y, steps):
        return y[:, :, 0]


def arange(steps):
    """Positions 0, 1, …, NumPy where `steps` is known."""
    return np.arange(steps, dtype="int32") if isinstance(steps, int) else ops.arange(steps, dtype="int32")


def _lengthened(x, size):
    return between_zeros(x, 0, -_shape(x)[2] % size, axis=2)


def between_zeros(x, before, after, axis, fill=0):
    """`x` with so many zeros before and after it on an axis; the counts may be tensors."""
    parts = []
    for count in (before, None, after):
        if count is None:
            parts.append(x)
        elif not isinstance(count, int) or count:
            shape = [count if k == axis else size for k, size in enumerate(_shape(x))]
            parts.append((np if isinstance(x, np.ndarray) else ops).full(shape, fill, dtype=x.dtype))
    return parts[0] if len(parts) == 1 else _concatenate(parts, axis=axis)


def _either(name):
    return lambda x, *args, **more: getattr(np if isinstance(x, np.ndarray) else ops, name)(x, *args, **more)


_shape, _reshape, _swapaxes = _either("shape"), _either("reshape"), _either("swapaxes")


def _concatenate(parts, axis):
    return (np if isinstance(parts[0], np.ndarray) else ops).concatenate(parts, axis=axis)
