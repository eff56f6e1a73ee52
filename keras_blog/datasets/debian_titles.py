"""Titles of programs: the long description of a Debian package, and the short one that its maintainer gave it."""

import re
import zlib

from keras_blog.datasets import package_index


def load_data():
    """Long descriptions of packages, in English, and their short ones, such as `Command line interface for audio files`.

    A tenth of the source packages is for the test, for the packages of one source (libfoo, libfoo-dev) are described alike.
    A long description has 15 words at least, and none is in both parts. Of Debian 12: 53,190 and 5,464 pairs; half of the
    long descriptions have over 46 words, the short ones 6.7 on average.

    They are read off the package index by `apt-get`, as those of `debtags` are, and kept as one file in `archive.cache_dir()`.

    Returns:
        `((train_texts, train_titles), (test_texts, test_titles))`: lists of strings. Neighbours come of one source.

    Raises:
        RuntimeError: if the file is not in the cache and `apt-get` is missing or brings no descriptions.

    Example:
    >>> _parts("Plays chess\\n A strong\\n engine.\\n .\\n It has no board.")
    ('Plays chess', 'A strong engine. It has no board.')
    """
    rows = package_index.load_rows("debian_titles.jsonl.gz", "descriptions", _rows)
    rows.sort(key=lambda row: (zlib.crc32(row["source"].encode()), row["source"]))  # an order with no meaning
    parts = [], []
    for row in rows:
        parts[zlib.crc32(row["source"].encode()[::-1]) % 10 == 0].append(row)
    known = {row["text"] for row in parts[0]}
    test = [row for row in parts[1] if row["text"] not in known]
    return tuple(([row["text"] for row in part], [row["title"] for row in part]) for part in (parts[0], test))


def _rows(packages):
    """Rows `{"source", "title", "text"}`, one for each distinct pair."""
    rows = {}
    for entry, description in packages:
        title, text = _parts(description)
        if title and len(text.split()) >= 15:
            rows.setdefault((title, text), {"source": package_index.source_of(entry), "title": title, "text": text})
    return list(rows.values())


def _parts(description):
    """The short description, and the paragraphs of the long one in one line."""
    title, _, text = description.partition("\n")
    return title.strip(), " ".join(re.sub(r"(?m)^ \.$", "", text).split())
