"""What `apriori` finds."""

import gc
from collections.abc import Mapping
from functools import cached_property

import numpy as np


class ItemSets(Mapping):
    """Frequent item sets: a mapping from `frozenset` to support, small sets first, of one size the most frequent first.

    Attributes:
        total: number of transactions.
        counts: a dict from each set to the number of transactions that hold it.

    Example:
    >>> from keras_blog.mining import apriori
    >>> found = apriori([["a", "b"], ["a", "b", "c"], ["a"], ["a", "c"]], min_support=0.5)
    >>> found[frozenset("ab")], found.counts[frozenset("ab")], found.total
    (0.5, 2, 4)
    >>> sorted(map(sorted, found.maximal()))
    [['a', 'b'], ['a', 'c']]
    >>> sorted(map(sorted, found.closed()))
    [['a'], ['a', 'b'], ['a', 'c']]

    References:
        Article: kexue.fm 5525
    """

    def __init__(self, items, total, levels):
        self.items_by_number = items
        self.total = total
        self._levels = levels  # (numbers (sets, size), counts (sets,)) for each size

    @cached_property
    def counts(self):
        names = np.empty(len(self.items_by_number), object)
        names[:] = self.items_by_number
        counts, collects = {}, gc.isenabled()
        gc.disable()  # so many small sets would set it off again and again
        try:
            for numbers, count in self._levels:
                counts.update(zip(map(frozenset, names[numbers].tolist()), count.tolist(), strict=True))
        finally:
            if collects:
                gc.enable()
        return counts

    def __getitem__(self, items):
        return self.counts[frozenset(items)] / self.total

    def __iter__(self):
        return iter(self.counts)

    def __len__(self):
        return sum(len(count) for _, count in self._levels)

    def __repr__(self):
        return f"<{len(self)} frequent sets in {self.total} transactions>"

    def maximal(self):
        """The sets, as a dict to their supports, that no frequent set contains."""
        inner = {larger - {item} for larger in self.counts for item in larger}
        return {items: count / self.total for items, count in self.counts.items() if items not in inner}

    def closed(self):
        """The sets, as a dict to their supports, that no set of the same support contains: all others follow from them."""
        inner = {
            smaller for larger, n in self.counts.items() for item in larger if self.counts.get(smaller := larger - {item}) == n
        }
        return {items: count / self.total for items, count in self.counts.items() if items not in inner}

    def to_frame(self):
        """A pandas data frame with the columns `support` and `itemsets`, as mlxtend's.

        Raises:
            ImportError: if pandas is not installed.
        """
        import pandas

        return pandas.DataFrame({"support": list(self.values()), "itemsets": list(self)})
