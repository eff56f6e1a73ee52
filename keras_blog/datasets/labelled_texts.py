"""Texts with labels from your own files: one text a line, its labels and a tab before it."""

from keras_blog.datasets.text_lines import numbered_lines


def load_data(path, many=False):
    r"""Texts and labels of a file of lines `label<TAB>text`, or, with `many`, `label,label,...<TAB>text`.

    UTF-8, with or without a byte order mark; empty lines are passed over. With `many` a line may start with the tab: no label.

    Args:
        path: the file.
        many: whether a text has any number of labels.

    Returns:
        `(texts, labels)`: two lists of as many; a label is a string, or with `many` a list of distinct strings.

    Raises:
        ValueError: `FILE:LINE: what is wrong; expected ...; received ...`.
        FileNotFoundError: if there is no such file.

    Example:
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "train.tsv")
    ...     _ = path.write_text("game,strategy\tA game of war\n\tA library\n", encoding="utf-8")
    ...     load_data(path, many=True)
    (['A game of war', 'A library'], [['game', 'strategy'], []])
    """
    texts, labels = [], []
    expected = "`label,label,...<TAB>text`" if many else "`label<TAB>text`"
    for number, line in numbered_lines(path):
        label, tab, text = line.partition("\t")
        names = [name.strip() for name in label.split(",")] if many and label.strip() else [label.strip()]
        missing = not tab or not text.strip() or (not many and not label.strip())
        if missing or (label.strip() and not all(names)) or len(set(names)) < len(names):
            raise ValueError(f"{path}:{number}: not a labelled text; expected {expected}; received {line[:80]!r}")
        texts.append(text)
        labels.append((names if label.strip() else []) if many else names[0])
    if not texts:
        raise ValueError(f"{path}:1: no text; expected lines of {expected}; received an empty file")
    return texts, labels
