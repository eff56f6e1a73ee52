"""How often words stand near each other, and how much oftener than by chance."""

import tempfile
from collections import defaultdict
from itertools import chain, count
from typing import NamedTuple

import numpy as np

_TOKENS = 1 << 20  # tokens whose pairs are counted at a time
_BETWEEN = -1  # between texts; below it are words that were left out


class Pairs(NamedTuple):
    """Pairs of words, each once, `left <= right`, and a number each: int32, int32, float64 arrays of one length."""

    left: np.ndarray
    right: np.ndarray
    values: np.ndarray


class Cooccurrence:
    """Words by falling frequency, and how often two of them stand near each other.

    Attributes:
        words: list of strings.
        counts: how often each occurs, int64 `(words,)`.
        pairs: `Pairs` with how often two words stand near each other, in either order.
        tokens: number of tokens, those of rare words included.

    References:
        Articles: kexue.fm 4669, 4671
    """

    def __init__(self, words, counts, pairs, tokens):
        self.words, self.counts, self.pairs, self.tokens = list(words), np.asarray(counts), pairs, tokens

    def __len__(self):
        return len(self.words)

    def __repr__(self):
        return f"<{len(self.pairs.left):,} pairs of {len(self):,} words>"

    def pmi(self, marginals="unigram", power=1.0, shift=0.0):
        r"""Pointwise mutual information of the pairs that occur, in nats.

        .. math:: \log \frac{P(i, j)}{P(i) P(j)} - shift

        Args:
            marginals: `"unigram"`, shares of the tokens, as in the article; or `"pairs"`, shares of the pairs, which make
                P(i, j) a joint distribution of them.
            power: that marginals are raised to before they are normalised again, for both words of a pair; below 1, rare words
                lose their advantage.
            shift: log k matches k negatives of word2vec.

        Returns:
            `Pairs`.

        Raises:
            ValueError: if `marginals` is another word, or `power` is not positive.
        """
        if marginals not in ("unigram", "pairs"):
            raise ValueError(f"`marginals` must be 'unigram' or 'pairs'; received {marginals!r}")
        if not power > 0:
            raise ValueError(f"`power` must be positive; received {power!r}")
        left, right, values = self.pairs
        both = 2.0 - (left == right)  # a pair of two words stands for both orders
        if marginals == "unigram":
            single = self.counts.astype("float64")
        else:
            single = np.bincount(left, values, len(self)) + np.bincount(right, values, len(self))
        single = np.maximum(single, 1e-300) ** power
        log_single = np.log(single / single.sum())
        log_pair = np.log(values / np.sum(both * values))
        return Pairs(left, right, log_pair - log_single[left] - log_single[right] - shift)

    def weights(self, most=100.0, power=0.75):
        """Weights of the pairs in the article's loss, and in GloVe's: `min(count / most, 1) ** power`."""
        return np.minimum(self.pairs.values / most, 1.0) ** power


def cooccurrence(texts, window=5, min_count=5, by_distance=False, self_pairs=False, most=None):
    """Counts pairs of words that are at most `window` tokens apart in one text.

    The texts are read once and kept on disk as numbers; memory holds the words, the pairs of those that are kept, and a million
    tokens.

    Args:
        texts: an iterable of texts, each a list of tokens.
        window: farthest distance. Rare words take up places.
        min_count: words that are rarer are left out.
        by_distance: whether a pair at distance d counts 1 / d, as in GloVe, or 1, as in the article.
        self_pairs: whether a word can be near itself.
        most: words that are kept, the most frequent; all by default.

    Returns:
        `Cooccurrence`.

    Raises:
        ValueError: if a number is out of its range, a text is a string, or no word is frequent enough.

    Example:
    >>> found = cooccurrence(["a b a c b a a c".split()], window=1, min_count=1)
    >>> found.words, found.counts.tolist()
    (['a', 'b', 'c'], [4, 2, 2])
    >>> [(found.words[i], found.words[j], int(count)) for i, j, count in zip(*found.pairs)]
    [('a', 'b', 3), ('a', 'c', 2), ('b', 'c', 1)]
    >>> found.pmi().values.round(4).tolist()  # log 2, log 4/3, log 4/3
    [0.6931, 0.2877, 0.2877]

    References:
        Articles: kexue.fm 4669, 4671
    """
    for name, value in (("window", window), ("min_count", min_count), ("most", 1 if most is None else most)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(f"`{name}` must be an int of at least 1; received {value!r}")
    ids = defaultdict(count().__next__)
    with tempfile.TemporaryFile() as spool:
        counts = _write(texts, ids, spool)
        names = np.array(list(ids), object)
        kept = np.flatnonzero(counts >= min_count)
        kept = kept[np.argsort(-counts[kept], kind="stable")][:most]
        if not len(kept):
            raise ValueError(
                f"`texts` must hold a word that occurs `min_count` times, {min_count}; received {len(names)} words"
            )
        new = np.full(len(counts) + 1, _BETWEEN - 1, "int64")
        new[kept] = np.arange(len(kept))
        new[-1] = _BETWEEN  # where id -1 looks
        keys, values = _counted(spool, new, len(kept), window, by_distance, self_pairs)
    pairs = Pairs((keys // len(kept)).astype("int32"), (keys % len(kept)).astype("int32"), values)
    return Cooccurrence(names[kept].tolist(), counts[kept], pairs, int(counts.sum()))


def _write(texts, ids, spool):
    """Number the words as they come and write the numbers; return how often each occurs."""
    counts, waiting, ends = np.zeros(0, "int64"), [], []
    for text in chain(texts, [None]):
        if isinstance(text, str):
            raise ValueError(f"`texts` must hold lists of tokens; received the string {text[:20]!r}")
        if text is not None:
            waiting += text
            ends.append(len(waiting))
        if waiting and (text is None or len(waiting) >= _TOKENS):
            numbers = np.fromiter(map(ids.__getitem__, waiting), "int32", len(waiting))
            seen = np.bincount(numbers, minlength=len(ids))
            seen[: len(counts)] += counts
            counts, waiting = seen, []
            np.insert(numbers, ends, _BETWEEN).tofile(spool)
            ends = []
    return counts


def _counted(spool, new, words, window, by_distance, self_pairs):
    """Keys `left * words + right`, ascending, and how much each counts."""
    spool.seek(0)
    before, runs, size = np.zeros(0, "int64"), [(np.zeros(0, "int64"), np.zeros(0))], 0
    while len(fresh := np.fromfile(spool, "int32", _TOKENS)):
        tokens = np.concatenate([before, new[fresh]])
        texts = np.cumsum(tokens == _BETWEEN)
        found = []
        for distance in range(1, window + 1):
            first = max(len(before) - distance, 0)  # pairs inside what came before are counted
            left, right = tokens[first:-distance], tokens[first + distance :]
            near = (left >= 0) & (right >= 0) & (texts[first:-distance] == texts[first + distance :])
            near &= self_pairs | (left != right)
            left, right = left[near], right[near]
            keys, times = np.unique(np.minimum(left, right) * words + np.maximum(left, right), return_counts=True)
            found.append((keys, times * (1.0 / distance if by_distance else 1.0)))
        runs.append(_merged(found))
        size += len(runs[-1][0])
        if size > len(runs[0][0]):  # so each pair is merged a few times in all
            runs, size = [_merged(runs)], 0
        before = tokens[-window:]
    return _merged(runs)


def _merged(runs):
    """One run of keys, ascending, out of several."""
    keys, values = map(np.concatenate, zip(*runs, strict=True))
    order = np.argsort(keys, kind="stable")  # quick on what is sorted in parts
    keys = keys[order]
    first = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])[: len(keys)]
    return keys[first], np.add.reduceat(values[order], first) if len(first) else values
