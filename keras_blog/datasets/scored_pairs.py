"""Pairs of texts and how alike they are, from your own file: `text<TAB>text<TAB>score`, one pair a line."""

import math

from keras_blog.datasets.text_lines import numbered_lines


def load_data(path):
    r"""Texts and scored pairs of a file.

    A line holds a text, a tab, another text, a tab, and a number: the higher, the more alike. Empty lines are ignored. UTF-8,
    with or without a byte order mark.

    Args:
        path: the file.

    Returns:
        `(texts, pairs)`: a list of distinct strings, and a list of `(place, place, score)`.

    Raises:
        ValueError: `FILE:LINE: what is wrong; expected ...; received ...`, if a line is no such pair, or is not UTF-8, or if
            the file holds none.
        FileNotFoundError: if there is no such file.

    Example:
    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "pairs.tsv")
    >>> _ = path.write_text("a cat sat\ta dog sat\t3.5\na cat sat\tit rained\t0\n", encoding="utf-8")
    >>> load_data(path)
    (['a cat sat', 'a dog sat', 'it rained'], [(0, 1, 3.5), (0, 2, 0.0)])
    >>> folder.cleanup()
    """
    places, pairs = {}, []
    for number, line in numbered_lines(path):
        parts = [part.strip() for part in line.split("\t")]
        try:
            first, second, score = *parts[:-1], float(parts[-1])
        except ValueError:
            first, second, score = "", "", math.nan
        if not (first and second and math.isfinite(score)):
            raise ValueError(f"{path}:{number}: no scored pair; expected TEXT<TAB>TEXT<TAB>NUMBER; received {line[:80]!r}")
        pairs.append((*(places.setdefault(text, len(places)) for text in (first, second)), score))
    if not pairs:
        raise ValueError(f"{path}: no scored pairs; expected lines of TEXT<TAB>TEXT<TAB>NUMBER; received none")
    return list(places), pairs
