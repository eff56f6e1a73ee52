"""Tagged sentences from your own files: one `token TAG` a line, an empty line between sentences."""


def load_data(path, sep=None):
    r"""Sentences and tags of a file in CoNLL style.

    A line holds a token, its tag last, and any columns between them, which are ignored; all lines hold as many
    columns. Empty lines and `-DOCSTART-` lines end a sentence. A line that starts with `# ` before the first token of
    a sentence is a comment, unless it has as many columns as the token lines before it. UTF-8, with or without a byte
    order mark; lines end in `\n` or `\r\n`.

    Args:
        path: the file.
        sep: what separates columns: `"\t"`, `","`; by default any run of ASCII spaces and tabs, so that an
            ideographic space can be a token.

    Returns:
        `(sentences, tags)`: two lists of as many sentences, each sentence a list of strings.

    Raises:
        ValueError: `FILE:LINE: what is wrong; expected ...; received ...`, if a line lacks its token or its tag, has
            another number of columns than the first, or is not UTF-8, or if the file holds no sentence.
        FileNotFoundError: if there is no such file.

    Example:
    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "train.txt")
    >>> _ = path.write_text("江 B-PER\n泽 M-PER\n民 E-PER\n\n人 O\n", encoding="utf-8")
    >>> sentences, tags = load_data(path)
    >>> sentences
    [['江', '泽', '民'], ['人']]
    >>> tags
    [['B-PER', 'M-PER', 'E-PER'], ['O']]
    >>> folder.cleanup()
    """
    with open(path, "rb") as lines:
        return parse(lines, source=path, sep=sep)


def parse(lines, source, sep=None):
    """Sentences and tags of lines in CoNLL style; see `load_data`.

    Args:
        lines: iterable of `bytes`, one a line, such as a file opened with `"rb"`.
        source: what error messages call it, usually the path.
        sep: as in `load_data`.
    """
    if sep is not None and (not isinstance(sep, str) or not sep):
        raise ValueError(f"`sep` must be None or a string of at least one character; received {sep!r}")
    separator = None if sep is None else sep.encode()
    strings = {}  # one object a distinct string: characters repeat by the thousand
    sentences, tags = [], []
    tokens, labels = [], []
    width = width_line = number = 0
    for number, line in enumerate(lines, 1):
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        columns = line.rstrip(b" \r\n").split(separator)
        if not line.strip() or line.startswith(b"-DOCSTART-"):
            if tokens:
                sentences.append(tokens)
                tags.append(labels)
                tokens, labels = [], []
            continue
        if len(columns) != width or not columns[0] or not columns[-1]:
            if not tokens and line.startswith(b"# ") and len(columns) != width:
                continue
            _check(columns, width, width_line, line, f"{source}:{number}")
            width, width_line = len(columns), number
        try:
            token, tag = columns[0], columns[-1]
            tokens.append(strings.get(token) or strings.setdefault(token, token.decode()))
            labels.append(strings.get(tag) or strings.setdefault(tag, tag.decode()))
        except UnicodeDecodeError as error:
            raise ValueError(f"{source}:{number}: not UTF-8; expected UTF-8 text; received bytes {error.object!r}") from None
    if tokens:
        sentences.append(tokens)
        tags.append(labels)
    if not sentences:
        what = "lines without a token" if number else "an empty file"
        raise ValueError(f"{source}:{max(number, 1)}: no sentence; expected lines of `token TAG`; received {what}")
    return sentences, tags


def _check(columns, width, width_line, line, where):
    received = f"received {line.decode(errors='backslashreplace').rstrip()!r}"
    if not columns[0] or (len(columns) == 1 and line[:1].isspace()):
        raise ValueError(f"{where}: a tag without a token; expected `token TAG`; {received}")
    if len(columns) == 1 or not columns[-1]:
        raise ValueError(f"{where}: a token without a tag; expected `token TAG`; {received}")
    if width and len(columns) != width:
        hint = ', or `sep="\\t"` if tokens hold spaces' if b"\t" in line else ""
        raise ValueError(
            f"{where}: wrong number of columns; expected {width}, as in line {width_line}{hint}; "
            f"received {len(columns)}: {line.decode(errors='backslashreplace').rstrip()!r}"
        )
