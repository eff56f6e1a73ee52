"""Counts of all n-grams of a stream of texts, in bounded memory.

Five symbols of 12 bits are one 64-bit key, so counting is sorting, and one sort counts all lengths: the n-grams are prefixes of
the keys. Sorted runs lie in temporary files and are merged a range of first symbols at a time.
"""

import os
import re
import tempfile
from itertools import chain
from pathlib import Path

import numpy as np

LONGEST = 5
_BITS = 12
_MASK = (1 << _BITS) - 1
_SYMBOLS = _MASK  # the most frequent ones; others end an n-gram, as punctuation does
_CHUNK = 1 << 21
DIGITS, LATIN = "0", "A"
_RUNS = re.compile(r"\d+(?:[.．]\d+)*[%％]?|[A-Za-zＡ-Ｚａ-ｚÀ-ɏ]+")


def symbols(text):
    """`(text with runs shortened, pieces)`: a number becomes `0`, a Latin word `A`; a piece is `(symbol, start, end)`."""
    pieces, last = [], 0
    for run in _RUNS.finditer(text):
        pieces += [(text[i], i, i + 1) for i in range(last, run.start())]
        pieces.append((DIGITS if run[0][0].isdigit() else LATIN, run.start(), run.end()))
        last = run.end()
    pieces += [(text[i], i, i + 1) for i in range(last, len(text))]
    return pieces


def is_letter(symbol):
    """Whether a symbol can be part of a word: letters and digits of any script, but no punctuation, space or picture."""
    return symbol.isalnum() or symbol == "○"  # a Chinese zero that Unicode calls a circle


class NgramCounts:
    """How often each sequence of up to five symbols occurs.

    A symbol is a character that `is_letter`, a whole number (`0`), or a whole word of Latin letters (`A`). N-grams do not reach
    over anything else, nor over the end of a text.

    Attributes:
        total: number of symbols.
        tables: a dict from the length to `(keys, counts)`, keys ascending; those below `min_count` are left out.

    References:
        Article: kexue.fm 5476
    """

    def __init__(self, alphabet, total, tables, min_count):
        self._alphabet = alphabet
        self._numbers = {symbol: i for i, symbol in enumerate(alphabet, 1)}
        self.total, self.tables, self.min_count = total, tables, min_count

    def __getitem__(self, ngram):
        """The count of an n-gram; 0 if it is below `min_count`, or longer than was counted."""
        keys, counts = self.tables.get(len(ngram), (np.zeros(0, np.uint64),) * 2)
        key = 0
        for symbol in ngram:
            key = key << _BITS | self._numbers.get(symbol, 0)
        place = np.searchsorted(keys, np.uint64(key))
        return int(counts[place]) if place < len(keys) and keys[place] == key else 0

    def ngrams(self, length):
        """The n-grams of a length as strings, in the order of their keys."""
        keys = self.tables[length][0]
        alphabet = np.array(["", *self._alphabet])
        columns = [alphabet[(keys >> np.uint64(_BITS * (length - 1 - i))) & np.uint64(_MASK)] for i in range(length)]
        return list(map("".join, zip(*(column.tolist() for column in columns), strict=True)))

    def prefixes(self, length, size):
        """For each n-gram of `length` the place of its first `size` symbols in the table of `size`."""
        keys = self.tables[length][0] >> np.uint64(_BITS * (length - size))
        return np.searchsorted(self.tables[size][0], keys)

    def suffixes(self, length, size):
        """For each n-gram of `length` the place of its last `size` symbols in the table of `size`."""
        keys = self.tables[length][0] & np.uint64((1 << (_BITS * size)) - 1)
        return np.searchsorted(self.tables[size][0], keys)


def count_ngrams(texts, max_len=LONGEST, min_count=2):
    """Count all n-grams of up to `max_len` symbols, at a few million characters a second.

    Texts are read once and go to a temporary file, 4 bytes a character; sorted runs of counts follow, so memory holds a few
    chunks of two million characters and what occurs `min_count` times. Counts are exact, but only the 4,095 most frequent
    symbols form n-grams.

    Args:
        texts: an iterable of strings; or the path of a UTF-8 file, a text a line.
        max_len: most symbols, 1 to 5.
        min_count: rarer n-grams are left out, single symbols never.

    Returns:
        `NgramCounts`.

    Raises:
        ValueError: if a text is not a string, nothing can be counted, or a number is out of its range.

    Example:
    >>> counts = count_ngrams(["天天向上", "天天1998年"], min_count=1)
    >>> counts["天"], counts["天天"], counts["0年"], counts["上天"], counts.total
    (4, 2, 1, 0, 8)

    References:
        Article: kexue.fm 5476
    """
    if not 1 <= max_len <= LONGEST:
        raise ValueError(f"`max_len` must be from 1 to {LONGEST}; received {max_len!r}")
    if min_count < 1:
        raise ValueError(f"`min_count` must be at least 1; received {min_count!r}")
    with tempfile.TemporaryDirectory(prefix="keras-blog-") as folder:
        path = Path(folder)
        with open(path / "symbols", "wb") as file:
            codes, occurrences = _write(lines(texts), file)
        order = np.argsort(-occurrences, kind="stable")
        order = order[occurrences[order] > 0][:_SYMBOLS]
        if not len(order):
            raise ValueError("`texts` must hold letters or digits; received none")
        place = np.zeros(len(codes) + 1, np.uint64)
        place[order] = np.arange(1, len(order) + 1)
        runs = list(_runs(path / "symbols", place, max_len))
        tables = _merge(runs, max_len, min_count)
    return NgramCounts([codes[i] for i in order], int(occurrences.sum()), tables, min_count)


def lines(texts):
    """The texts of an iterable, or the lines of a UTF-8 file."""
    if not isinstance(texts, (str, os.PathLike)):
        yield from texts
        return
    with open(texts, "rb") as file:
        for number, line in enumerate(file, 1):
            try:
                yield line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError:
                raise ValueError(f"{texts}:{number}: not UTF-8; expected UTF-8 text; received bytes {line[:40]!r}") from None


def _write(texts, file):
    """Number the symbols as they come, write the numbers; return the symbols and their counts, 0 for what ends an n-gram."""
    numbers = np.full(0x110000, -1, np.int32)  # of each code point
    codes, occurrences, waiting, size = [], np.zeros(0, np.int64), [], 0
    for text in chain(texts, [None]):
        if text is not None:
            if not isinstance(text, str):
                raise ValueError(f"`texts` must be strings; received {type(text).__name__}")
            waiting.append(_RUNS.sub(_shortened, text))
            size += len(text)
        if waiting and (text is None or size > _CHUNK):
            points = np.frombuffer("\n".join([*waiting, ""]).encode("utf-32-le", "surrogatepass"), np.uint32)
            found = np.unique(points[numbers[points] < 0])
            numbers[found] = np.arange(len(codes), len(codes) + len(found))
            codes += map(chr, found.tolist())
            chunk = numbers[points]
            file.write(chunk.tobytes())
            seen = np.bincount(chunk, minlength=len(codes))
            seen[: len(occurrences)] += occurrences
            occurrences, waiting, size = seen, [], 0
    occurrences[[not is_letter(code) for code in codes]] = 0
    return codes, occurrences


def _shortened(run):
    return DIGITS if run[0][0].isdigit() else LATIN


def _runs(numbers, place, max_len):
    """A chunk at a time, sorted distinct keys and their counts to a file each; where in them each first symbol begins."""
    edges = np.arange(_SYMBOLS + 2, dtype=np.uint64) << np.uint64(_BITS * (max_len - 1))
    for start in range(0, numbers.stat().st_size // 4, _CHUNK):
        window = place[np.fromfile(numbers, np.uint32, _CHUNK + max_len - 1, offset=4 * start)]
        size = min(_CHUNK, len(window))
        window = np.concatenate([window, np.zeros(max_len - 1, np.uint64)])
        keys, alive = np.zeros(size, np.uint64), np.ones(size, bool)
        for i in range(max_len):
            symbol = window[i : i + size]
            alive &= symbol > 0
            keys = keys << np.uint64(_BITS) | np.where(alive, symbol, np.uint64(0))
        keys = np.sort(keys[window[:size] > 0])
        first = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])[: len(keys)]
        files = [numbers.with_name(f"{start}.{name}") for name in ("keys", "counts")]
        keys[first].tofile(files[0])
        np.diff(np.r_[first, len(keys)]).astype(np.uint64).tofile(files[1])
        yield files, np.searchsorted(keys[first], edges)


def _merge(runs, max_len, min_count):
    found = {length: [] for length in range(1, max_len + 1)}
    low, totals = 0, sum(places for _, places in runs)
    while low <= _SYMBOLS:
        high = max(low + 1, int(np.searchsorted(totals, totals[low] + 2 * _CHUNK, side="right")) - 1)
        parts = [[np.fromfile(file, np.uint64, p[high] - p[low], offset=8 * p[low]) for file in files] for files, p in runs]
        keys, counts = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.argsort(keys, kind="stable")
        keys, counts = keys[order], counts[order].astype(np.int64)
        for length in range(max_len, 0, -1):
            first = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])[: len(keys)]
            keys, counts = keys[first], np.add.reduceat(counts, first) if len(first) else counts
            whole = (keys & np.uint64(_MASK)) > 0
            kept = whole & (counts >= (min_count if length > 1 else 1))
            found[length].append((keys[kept], counts[kept]))
            keys = keys >> np.uint64(_BITS)
        low = high
    return {length: tuple(map(np.concatenate, zip(*parts, strict=True))) for length, parts in found.items()}
