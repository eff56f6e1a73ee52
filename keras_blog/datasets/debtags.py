"""What a program is for: descriptions of Debian packages and the tags that volunteers gave them, many a package."""

import re
import zlib
from collections import Counter

from keras_blog.datasets import package_index


def load_data(min_count=100):
    """Descriptions of packages, in English, and their tags, such as `game::strategy` or `implemented-in::python`.

    A fifth of the source packages is for the test, for the packages of one source (libfoo, libfoo-dev) are described alike.
    Of Debian 12: 29,417 distinct descriptions, 135 tags, 3.3 a package. Tags are incomplete by nature.

    They are read off the package index by `apt-get`, into a private folder, from wherever the machine has its packages; so
    this needs a machine with Debian, once. What was read is kept as one file (4 MB) in `archive.cache_dir()`, which serves
    other machines too. A new release of Debian changes the figures a little.

    Args:
        min_count: tags of fewer descriptions are left out; a description may be left without any.

    Returns:
        `((train_texts, train_tags), (test_texts, test_tags))`: lists of strings, and of lists of strings. Neighbours in the
        lists come of one source.

    Raises:
        RuntimeError: if the file is not in the cache and `apt-get` is missing or brings no tags.
    """
    rows = package_index.load_rows("debtags.jsonl.gz", "tags", _rows)
    counts = Counter(tag for row in rows for tag in row["tags"])
    rows.sort(key=lambda row: (zlib.crc32(row["source"].encode()), row["source"]))  # an order with no meaning
    parts = ([], []), ([], [])
    for row in rows:
        texts, tags = parts[zlib.crc32(row["source"].encode()[::-1]) % 5 == 0]
        texts.append(row["text"])
        tags.append([tag for tag in row["tags"] if counts[tag] >= min_count])
    return parts


def _rows(packages):
    """Rows `{"source", "text", "tags"}`, one for each distinct description of a package that has tags."""
    rows = {}
    for entry, text in packages:
        if "Tag" in entry:
            tags = sorted(set(re.findall(r"[^\s,]+::[^\s,]+", entry["Tag"])))
            rows.setdefault(text, {"source": package_index.source_of(entry), "text": text, "tags": tags})
    return list(rows.values())
