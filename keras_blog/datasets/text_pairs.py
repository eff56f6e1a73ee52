"""Texts and what they become, from your own file: `source<TAB>target`, one pair a line."""

from keras_blog.datasets.text_lines import numbered_lines


def load_data(path):
    r"""Sources and targets of a file.

    A line holds a source, a tab, and a target. Empty lines are passed over. UTF-8, with or without a byte order mark.

    Args:
        path: the file.

    Returns:
        `(sources, targets)`: two lists of strings of equal length.

    Raises:
        ValueError: `FILE:LINE: what is wrong; expected ...; received ...`, if a line has not exactly one tab, an empty source
            or target, or is not UTF-8, or if the file holds no pair.
        FileNotFoundError: if there is no such file.

    Example:
    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "pairs.tsv")
    >>> _ = path.write_text("hello\tHH AH L OW\n", encoding="utf-8")
    >>> load_data(path)
    (['hello'], ['HH AH L OW'])
    >>> folder.cleanup()

    References:
        Article: kexue.fm 5861
    """
    sources, targets = [], []
    for number, line in numbered_lines(path):
        parts = [part.strip() for part in line.split("\t")]
        if len(parts) != 2 or not all(parts):
            raise ValueError(f"{path}:{number}: no pair; expected SOURCE<TAB>TARGET; received {line[:80]!r}")
        sources.append(parts[0])
        targets.append(parts[1])
    if not sources:
        raise ValueError(f"{path}: no pairs; expected lines of SOURCE<TAB>TARGET; received none")
    return sources, targets
