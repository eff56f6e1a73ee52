"""Transactions as packed bits: one pass that numbers the items, one that sets the bits of the frequent ones.

Between the passes the numbers lie in a temporary file once they exceed 64 MB, so an iterator or a file of any length will do;
what stays in memory is the dictionary of items and one bit for each frequent item and transaction.
"""

import os
import tempfile
from collections import defaultdict
from itertools import chain, count, islice, pairwise

import numpy as np

_ROWS = 65_536  # transactions read at a time; a multiple of 64
_SPOOL = 1 << 26
_BYTES = 1 << 20
_MATRIX = 2048  # most items for which a matrix holds the counts of pairs


def read_transactions(path, separator=",", progress=None):
    """The transactions of a text file, one a line, items between separators; a generator.

    White space around an item is dropped; an empty line is no transaction, and nothing between two separators is no item.
    UTF-8, with or without a byte order mark.

    Args:
        path: the file.
        separator: what stands between items; `None` for white space.
        progress: called with the number of bytes of each line.

    Raises:
        ValueError: `FILE:LINE: not UTF-8; ...`.
        FileNotFoundError: if there is no such file.
    """
    with open(path, "rb") as lines:
        for number, line in enumerate(lines, 1):
            if progress is not None:
                progress(len(line))
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                raise ValueError(f"{path}:{number}: not UTF-8; expected UTF-8 text; received bytes {line[:40]!r}") from None
            items = [item for item in map(str.strip, text.split(separator)) if item]
            if items:
                yield items


class Bits:
    """Which transactions hold each frequent item.

    Attributes:
        items: the frequent items, from the rarest to the most frequent; of equals, the one seen first comes first.
        counts: in how many transactions each occurs, int64, ascending.
        bits: bit `t % 64` of `bits[i, t // 64]` says whether transaction `t` holds item `i`; uint64.
        pairs: in how many transactions two items occur, `(items, items)` without its diagonal; or None where that would take
            longer than by the bits.
        total: number of transactions.
        threshold: least count of a frequent set.
    """

    def __init__(self, transactions, min_support):
        with tempfile.SpooledTemporaryFile(_SPOOL) as spool:
            numbers, sizes, occurrences = _number(_rows(transactions), spool)
            self.total = sum(rows for rows, _ in sizes)
            if not self.total:
                raise ValueError("`transactions` must hold at least one transaction; received none")
            self.threshold = max(1, int(np.ceil(min_support * self.total - 1e-9)))
            for nothing in [item for item in numbers if item is None or item != item]:
                occurrences[numbers[nothing]] = 0  # None and nan are no items
            # Items named twice in a transaction were counted twice: an upper bound, made exact by counting bits.
            kept = np.flatnonzero(occurrences >= self.threshold)
            place = np.full(len(numbers), -1, np.int32)
            place[kept] = np.arange(len(kept))
            bits, pairs = _tables(place, len(kept), sizes, self.total, spool)
        counts = popcount(bits)
        order = np.argsort(counts, kind="stable")
        order = order[counts[order] >= self.threshold]
        self.bits, self.counts = bits[order], counts[order]
        self.pairs = None if pairs is None else (pairs + pairs.T)[np.ix_(order, order)]
        names = list(numbers)
        self.items = [names[i] for i in kept[order]]


def popcount(words):
    """Number of bits set in each row."""
    return _bit_count(words).sum(-1, dtype=np.int64)


def _rows(transactions):
    if isinstance(transactions, (str, os.PathLike)):
        return read_transactions(transactions)
    if hasattr(transactions, "columns") and hasattr(transactions, "to_numpy"):
        return _one_hot(transactions)
    try:
        return iter(transactions)
    except TypeError:
        raise ValueError(
            f"`transactions` must be iterables of items, a path, or a data frame; received {type(transactions).__name__}"
        ) from None


def _one_hot(frame):
    values = frame.to_numpy()
    if not ((values == 0) | (values == 1)).all():
        raise ValueError(
            "`transactions` as a data frame must hold only True and False, a column an item; received other values"
        )
    names, held = list(frame.columns), values.astype(bool)
    return ([names[i] for i in np.flatnonzero(row)] for row in held)


def _number(rows, spool):
    """Write the lengths and the items' numbers of each block of transactions; return numbers, block sizes, occurrences."""
    numbers = defaultdict(count().__next__)
    sizes, occurrences = [], np.zeros(0, np.int64)
    while block := list(islice(rows, _ROWS)):
        for kind in set(map(type, block)):
            if issubclass(kind, (str, bytes)) or not hasattr(kind, "__iter__"):
                bad = next(row for row in block if type(row) is kind)
                raise ValueError(f"`transactions` must be iterables of items; received the transaction {bad!r}")
            if not hasattr(kind, "__len__"):
                block = [list(row) if type(row) is kind else row for row in block]
        lengths = np.fromiter(map(len, block), np.int32, len(block))
        try:
            codes = np.fromiter(map(numbers.__getitem__, chain.from_iterable(block)), np.int32, int(lengths.sum()))
        except TypeError as error:
            raise ValueError(f"`transactions` must hold hashable items; received one that is not: {error}") from None
        spool.write(lengths.tobytes())
        spool.write(codes.tobytes())
        sizes.append((len(block), len(codes)))
        seen = np.bincount(codes, minlength=len(numbers))
        seen[: len(occurrences)] += occurrences
        occurrences = seen
    return numbers, sizes, occurrences


def _tables(place, items, sizes, total, spool):
    """The bits of the frequent items, and how often two of them stand in one transaction, `(first, second)` or the reverse."""
    bits = np.zeros((items, -(-total // 64)), np.uint64)
    pairs, first = np.zeros((items, items), np.int64) if items <= _MATRIX else None, 0
    spool.seek(0)
    for rows, length in sizes:
        row = np.repeat(np.arange(rows), np.frombuffer(spool.read(4 * rows), np.int32))
        item = place[np.frombuffer(spool.read(4 * length), np.int32)]
        row, item = row[item >= 0], item[item >= 0]
        part = bits[:, first // 64 : -(-(first + rows) // 64)]
        _set_bits(part, item, row)
        if pairs is not None:
            if popcount(part).sum() < len(row):  # some items stand in a row twice
                row, item = np.divmod(np.unique(row * items + item), max(items, 1))
            held = np.bincount(row).astype(np.int64)
            if (held**2).sum() > items * part.size:
                pairs = None
            else:
                _count_pairs(pairs.reshape(-1), item, held, items)
        first += rows
    return bits, pairs


def _set_bits(bits, item, row):
    """As bytes first: a bit cannot be set alone."""
    step = max(64, (_BYTES // max(len(bits), 1)) // 64 * 64)
    ends = np.searchsorted(row, np.arange(0, 64 * bits.shape[1] + step, step))
    for i, (start, end) in enumerate(pairwise(ends)):
        held = np.zeros((len(bits), min(step, 64 * bits.shape[1] - i * step)), np.uint8)
        held[item[start:end], row[start:end] - i * step] = 1
        packed = np.packbits(held, axis=1, bitorder="little").view("<u8")
        bits[:, i * step // 64 : i * step // 64 + packed.shape[1]] = packed


def _count_pairs(counts, item, sizes, items):
    """Add each two entries of a row to the flat `counts`, for all rows of one size at a time."""
    starts, keys, waiting = np.cumsum(sizes) - sizes, [], 0
    for size in np.unique(sizes[sizes > 1]):
        held = item[starts[sizes == size] + np.arange(size)[:, None]]  # (size, rows), so that a pair of places is two rows
        left, right = np.triu_indices(size, 1)
        for some in np.array_split(np.arange(len(left)), 1 + len(left) * held.shape[1] // _BYTES):
            keys.append(((held * np.int32(items))[left[some]] + held[right[some]]).reshape(-1))
            waiting += len(keys[-1])
            if waiting > max(len(counts), _BYTES):
                counts += np.bincount(np.concatenate(keys), minlength=len(counts))
                keys, waiting = [], 0
    if keys:
        counts += np.bincount(np.concatenate(keys), minlength=len(counts))


def _table_bit_count(words):
    return _TABLE[np.ascontiguousarray(words).view(np.uint16)]


_TABLE = np.array([bin(i).count("1") for i in range(1 << 16)], np.uint8) if not hasattr(np, "bitwise_count") else None
_bit_count = getattr(np, "bitwise_count", _table_bit_count)  # NumPy 2 has the instruction
