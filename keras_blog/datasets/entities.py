"""A knowledge base of your own: what texts may speak of, one JSON object a line."""

import math

from keras_blog.datasets.json_lines import numbered_objects

_EXPECTED = '{"id": "...", "names": ["...", ...], "description": "..."}'


def load_data(path):
    r"""Entities of a file of JSON lines, `{"id": "...", "names": ["...", ...], "description": "..."}`.

    `names` may also be an object, from each name to how often it means this entity, a number of at least 0: for `{"Java": 12}`
    a text is likelier to mean it by "Java" than for `{"Java": 3}`. Names are compared without regard to case and to how
    Unicode composes them. UTF-8; empty lines are passed over.

    Args:
        path: the file.

    Returns:
        A list of dicts with `id`, `names` (a dict from name to count; 0 where none is given) and `description`.

    Raises:
        ValueError: `FILE:LINE: what is wrong; expected ...; received ...`.
        FileNotFoundError: if there is no such file.

    Example:
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "entities.jsonl")
    ...     _ = path.write_text('{"id": "Q251", "names": {"Java": 12}, "description": "programming language"}\n')
    ...     load_data(path)
    [{'id': 'Q251', 'names': {'Java': 12.0}, 'description': 'programming language'}]
    """
    entities, lines = [], {}
    for number, entity in numbered_objects(path, _EXPECTED, {"id", "names", "description"}):
        try:
            entities.append(checked(entity))
        except ValueError as error:
            raise ValueError(f"{path}:{number}: {error}") from None
        earlier = lines.setdefault(entities[-1]["id"], number)
        if earlier != number:
            raise ValueError(f"{path}:{number}: not a new id; expected distinct ones; received that of line {earlier} again")
    if not entities:
        raise ValueError(f"{path}:1: no entity; expected lines of {_EXPECTED}; received an empty file")
    return entities


def checked(entity):
    """An entity as `load_data` returns it.

    Raises:
        ValueError: what is wrong; expected ...; received ....
    """
    for key in ("id", "description"):
        if not isinstance(entity.get(key), str) or (key == "id" and not entity[key]):
            raise ValueError(f"no `{key}`; expected a string; received {_shown(entity.get(key))}")
    names = entity.get("names")
    if isinstance(names, list):
        counts = [0.0] * len(names)
    elif isinstance(names, dict):
        names, counts = list(names), list(names.values())
    else:
        raise ValueError(f"no `names`; expected strings, or an object from strings to counts; received {_shown(names)}")
    if not names or not all(isinstance(name, str) and name.strip() for name in names) or len(set(names)) < len(names):
        raise ValueError(f"no `names`; expected distinct strings, at least one, none empty; received {_shown(names)}")
    if not all(isinstance(n, (int, float)) and not isinstance(n, bool) and 0 <= n < math.inf for n in counts):
        raise ValueError(f"no counts of `names`; expected finite numbers of at least 0; received {_shown(counts)}")
    names = dict(zip(names, map(float, counts), strict=True))
    return {"id": entity["id"], "names": names, "description": entity["description"]}


def _shown(value):
    return repr(value)[:80]
