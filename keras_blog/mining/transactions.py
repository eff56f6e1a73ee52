"""Transactions as packed bits: one pass that numbers the items, one that sets the bits of the frequent ones.

Between the passes the numbers lie in a temporary file once they exceed 64 MB, so an iterator or a file of any length will do;
what stays in memory is the dictionary of items and one bit for each frequent item and transaction.
"""

import os
import tempfile
from collections import defaultdict
from itertools import chain, count, islice

import numpy as np

_ROWS = 65_536  # transactions read at a time; a multiple of 64
_SPOOL = 1 << 26


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
            bits = np.zeros((len(kept), -(-self.total // 64)), np.uint64)
            place = np.full(len(numbers), -1, np.int64)
            place[kept] = np.arange(len(kept))
            _set_bits(bits, place, sizes, spool)
        counts = popcount(bits)
        order = np.argsort(counts, kind="stable")
        order = order[counts[order] >= self.threshold]
        self.bits, self.counts = bits[order], counts[order]
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
        bad = next((row for row in block if isinstance(row, (str, bytes)) or not hasattr(row, "__iter__")), None)
        if bad is not None:
            raise ValueError(f"`transactions` must be iterables of items; received the transaction {bad!r}")
        block = [row if hasattr(row, "__len__") else list(row) for row in block]
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


def _set_bits(bits, place, sizes, spool):
    flat, words, first = bits.reshape(-1), bits.shape[1], 0
    spool.seek(0)
    for rows, length in sizes:
        lengths = np.frombuffer(spool.read(4 * rows), np.int32)
        item = place[np.frombuffer(spool.read(4 * length), np.int32)]
        row = np.repeat(np.arange(first, first + rows), lengths)
        key = np.sort((item * (64 * words) + row)[item >= 0])  # the bits of one word stand side by side
        word = key >> 6
        start = np.flatnonzero(np.r_[True, word[1:] != word[:-1]])[: len(word)]
        bit = np.left_shift(np.uint64(1), (key & 63).astype(np.uint64))
        if len(key):
            flat[word[start]] |= np.bitwise_or.reduceat(bit, start)
        first += rows


def _table_bit_count(words):
    return _TABLE[np.ascontiguousarray(words).view(np.uint16)]


_TABLE = np.array([bin(i).count("1") for i in range(1 << 16)], np.uint8) if not hasattr(np, "bitwise_count") else None
_bit_count = getattr(np, "bitwise_count", _table_bit_count)  # NumPy 2 has the instruction
