"""Texts of your own in which mentions are linked to entities, one JSON object a line."""

from keras_blog.datasets.json_lines import numbered_objects

_EXPECTED = '{"text": "...", "mentions": [{"start": 0, "end": 4, "entity": "..."}, ...]}'


def load_data(path, entities=None):
    r"""Texts and mentions of a file of JSON lines, `{"text": "...", "mentions": [{"start": 0, "end": 4, "entity": "..."}]}`.

    Offsets count characters as Python does, code points, `end` exclusive. The entity is an id, or null for something that is
    none of those in the knowledge base. UTF-8; empty lines are passed over.

    Args:
        path: the file.
        entities: those of `datasets.entities`; ids that are none of theirs are errors then.

    Returns:
        `(texts, mentions)`: two lists of as many; of each text a list of `(start, end, entity)`, entity an id or `None`.

    Raises:
        ValueError: `FILE:LINE: what is wrong; expected ...; received ...`.
        FileNotFoundError: if there is no such file.

    Example:
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "train.jsonl")
    ...     _ = path.write_text('{"text": "Java runs", "mentions": [{"start": 0, "end": 4, "entity": "Q251"}]}\n')
    ...     load_data(path)
    (['Java runs'], [[(0, 4, 'Q251')]])
    """
    known = None if entities is None else {entity["id"] for entity in entities}
    texts, mentions = [], []
    for number, found in numbered_objects(path, _EXPECTED, {"text", "mentions"}):
        text, rows = found.get("text"), found.get("mentions")
        if not isinstance(text, str) or not text.strip() or not isinstance(rows, list):
            raise ValueError(f"{path}:{number}: no linked text; expected {_EXPECTED}; received {repr(found)[:80]}")
        texts.append(text)
        mentions.append([_mention(f"{path}:{number}", text, row, known) for row in rows])
    if not texts:
        raise ValueError(f"{path}:1: no text; expected lines of {_EXPECTED}; received an empty file")
    return texts, mentions


def _mention(place, text, row, known):
    if not isinstance(row, dict) or set(row) != {"start", "end", "entity"}:
        raise ValueError(f'{place}: no mention; expected {{"start": 0, "end": 4, "entity": "..."}}; received {row!r}')
    start, end, entity = row["start"], row["end"], row["entity"]
    whole = all(isinstance(at, int) and not isinstance(at, bool) for at in (start, end))
    if not whole or not 0 <= start < end <= len(text):
        raise ValueError(f"{place}: no span; expected 0 <= start < end <= {len(text)}; received {start!r} and {end!r}")
    if entity is not None and (not isinstance(entity, str) or (known is not None and entity not in known)):
        raise ValueError(f"{place}: no entity; expected an id of the knowledge base, or null; received {entity!r}")
    return start, end, entity
