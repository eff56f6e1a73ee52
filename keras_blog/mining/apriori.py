"""Frequent item sets: which things are bought together."""

import numpy as np

from keras_blog.mining.item_sets import ItemSets
from keras_blog.mining.transactions import Bits, popcount

_WORDS = 1 << 17  # words of an intermediate: 1 MB, which stays in the cache
_MATRIX = 8192  # most items for which a matrix says which pairs are frequent


def apriori(transactions, min_support, max_len=None):
    r"""All sets of items that stand together in at least `min_support` of the transactions.

    A set is frequent only if all its subsets are, so sets of `k + 1` items come from two sets of `k` that share all but the
    last. Transactions are bits: the support of a set is the number of bits in an AND, taken over only those transactions that
    hold its rarest item. Blocks of sets are extended depth first, so memory holds little beyond the result and one bit for each
    frequent item and transaction.

    Args:
        transactions: an iterable of iterables of hashable items, of any lengths; an iterator is read once. Or the path of a
            text file, a transaction a line, items between commas (see `read_transactions`). Or a data frame of True and False,
            a column an item. An item that stands twice in a transaction counts once; `None` and nan are no items; an
            empty transaction counts as one, but not an empty line.
        min_support: least fraction of the transactions, in `(0, 1]`; a set with exactly that fraction is in.
        max_len: most items in a set; any number by default.

    Returns:
        `ItemSets`: a mapping from `frozenset` to support.

    Raises:
        ValueError: if an argument is out of its range, an item cannot be hashed, or there is no transaction.

    Example:
    >>> baskets = [["milk", "bread"], ["milk", "bread", "tea"], ["milk"], ["tea", "tea"]]
    >>> found = apriori(baskets, min_support=0.5)
    >>> for items, support in found.items():
    ...     print(sorted(items), support)
    ['milk'] 0.75
    ['bread'] 0.5
    ['tea'] 0.5
    ['bread', 'milk'] 0.5

    References:
        Article: kexue.fm 5525
        Paper: Agrawal, Srikant, Fast Algorithms for Mining Association Rules, VLDB 1994
    """
    if not 0 < min_support <= 1:
        raise ValueError(f"`min_support` must be a fraction in (0, 1]; received {min_support!r}")
    if max_len is not None and (max_len != int(max_len) or max_len < 1):
        raise ValueError(f"`max_len` must be a whole number of at least 1; received {max_len!r}")
    data = Bits(transactions, min_support)
    levels = [[(np.arange(len(data.items))[:, None], data.counts)]] if data.items else []
    if len(data.items) > 1 and max_len != 1:
        _search(data, levels, max_len or len(data.items))
    joined = [tuple(map(np.concatenate, zip(*level, strict=True))) for level in levels]
    orders = [np.argsort(-counts, kind="stable") for _, counts in joined]
    return ItemSets(
        data.items, data.total, [(ids[order], counts[order]) for (ids, counts), order in zip(joined, orders, strict=True)]
    )


def _search(data, levels, max_len):
    """Pairs first, then all larger sets, for as many consecutive first items at a time as fit into a block."""
    pairs, counts = _pairs(data)
    _record(levels, pairs, counts)
    if max_len == 2 or len(pairs) < 3:
        return
    frequent = np.zeros((len(data.items),) * 2, bool) if len(data.items) <= _MATRIX else None
    if frequent is not None:
        frequent[pairs[:, 0], pairs[:, 1]] = True
    words = -(-data.counts[pairs[:, 0]] // 64)  # of the transactions that hold the first item; ascending
    if len(pairs) * data.bits.shape[1] <= 4 * _WORDS:
        words[:] = data.bits.shape[1]  # picking them out would take longer than to keep all
    starts = np.flatnonzero(np.r_[True, pairs[1:, 0] != pairs[:-1, 0]])
    ends = np.r_[starts[1:], len(pairs)]
    first = 0
    while first < len(starts):
        room = np.flatnonzero((ends[first:] - starts[first]) * words[ends[first:] - 1] <= _WORDS)
        last = first + (room[-1] if len(room) else 0)
        block = pairs[starts[first] : ends[last]]
        _extend(block, _rows_of(data, block, int(words[ends[last] - 1])), levels, data.threshold, max_len, frequent)
        first = last + 1


def _pairs(data):
    """Frequent pairs `(m, 2)` in lexicographic order, and their counts."""
    if data.pairs is not None:
        pairs = np.argwhere(np.triu(data.pairs >= data.threshold, 1))
        return pairs, data.pairs[pairs[:, 0], pairs[:, 1]]
    items, words = data.bits.shape
    step, found = max(1, _WORDS // words), []
    for i in range(items - 1):
        used = np.flatnonzero(data.bits[i])  # rare items leave most words empty
        others = data.bits[i + 1 :] if 2 * len(used) > words else data.bits[i + 1 :, used]
        held = data.bits[i] if 2 * len(used) > words else data.bits[i, used]
        counts = np.concatenate([popcount(others[j : j + step] & held) for j in range(0, len(others), step)])
        kept = np.flatnonzero(counts >= data.threshold)
        found.append((np.stack([np.full(len(kept), i), i + 1 + kept], 1), counts[kept]))
    return map(np.concatenate, zip(*found, strict=True))


def _rows_of(data, pairs, words):
    """Bits `(m, words)` of each pair over only those transactions that hold its first item."""
    if 4 * words > data.bits.shape[1]:
        return data.bits[pairs[:, 0]] & data.bits[pairs[:, 1]]
    first, starts = np.unique(pairs[:, 0], return_index=True)
    found = np.zeros((len(pairs), 8 * words), np.uint8)
    for i, start, end in zip(first, starts, [*starts[1:], len(pairs)], strict=True):
        used = np.flatnonzero(data.bits[i])
        rows = np.flatnonzero(np.unpackbits(data.bits[i, used].view(np.uint8)).view(bool))
        others = data.bits[pairs[start:end, 1]].take(used, axis=1)
        held = np.packbits(np.unpackbits(others.view(np.uint8), axis=1).take(rows, axis=1), axis=1)
        found[start:end, : held.shape[1]] = held
    return found.view(np.uint64)


def _extend(sets, bits, levels, threshold, max_len, frequent):
    """Join the sets `(m, k)`, in lexicographic order, that share all but the last item; go on with what is frequent."""
    size = sets.shape[1]
    if size >= max_len:
        return
    changes = np.flatnonzero((sets[1:, :-1] != sets[:-1, :-1]).any(1)) + 1
    ends = np.r_[changes, len(sets)]
    partners = np.repeat(ends, np.diff(np.r_[0, ends])) - np.arange(len(sets)) - 1
    total = np.cumsum(partners)
    start = 0
    while start < len(sets):
        before = total[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(total, before + max(1, _WORDS // bits.shape[1]), side="right")))
        number = partners[start:stop]
        left = np.repeat(np.arange(start, stop), number)
        right = left + 1 + np.arange(len(left)) - np.repeat(np.cumsum(number) - number, number)
        start = stop
        if frequent is not None and bits.shape[1] > 4:
            kept = frequent[sets[left, -1], sets[right, -1]]
            left, right = left[kept], right[kept]
        joined = bits[left] & bits[right]
        counts = popcount(joined)
        kept = np.flatnonzero(counts >= threshold)
        if len(kept):
            larger = np.concatenate([sets[left[kept]], sets[right[kept], -1:]], 1)
            _record(levels, larger, counts[kept])
            _extend(larger, joined[kept], levels, threshold, max_len, frequent)


def _record(levels, sets, counts):
    if len(sets):
        while len(levels) < sets.shape[1]:
            levels.append([])
        levels[sets.shape[1] - 1].append((sets, counts))
