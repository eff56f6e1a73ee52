"""Texts in groups of one meaning, from your own file: `group<TAB>text`, one a line."""

from keras_blog.datasets.text_lines import numbered_lines


def load_data(path):
    r"""Texts and groups of a file.

    A line holds the name of a group, a tab, and a text; texts of one group need not stand together. Empty lines are ignored.
    UTF-8, with or without a byte order mark.

    Args:
        path: the file.

    Returns:
        `(texts, groups)`: two lists of strings of equal length.

    Raises:
        ValueError: `FILE:LINE: what is wrong; expected ...; received ...`, if a line has no tab, an empty group or text, or
            is not UTF-8, or if the file holds no text.
        FileNotFoundError: if there is no such file.

    Example:
    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "groups.tsv")
    >>> _ = path.write_text("light\t开灯\nlight\t把灯打开\n", encoding="utf-8")
    >>> load_data(path)
    (['开灯', '把灯打开'], ['light', 'light'])
    >>> folder.cleanup()
    """
    texts, groups = [], []
    for number, line in numbered_lines(path):
        group, tab, text = line.partition("\t")
        if not (tab and group.strip() and text.strip()):
            raise ValueError(f"{path}:{number}: no group and text; expected GROUP<TAB>TEXT; received {line[:60]!r}")
        texts.append(text.strip())
        groups.append(group.strip())
    if not texts:
        raise ValueError(f"{path}: no texts; expected lines of GROUP<TAB>TEXT; received none")
    return texts, groups
