"""The lines of a file of the user's own that holds a JSON object a line."""

import json

from keras_blog.datasets.text_lines import numbered_lines


def numbered_objects(path, expected, keys=None):
    """`(number, object)` of the lines that are not empty, from 1.

    Args:
        path: of the file, UTF-8.
        expected: how a line should look, for the errors.
        keys: all that an object may have, if no others.

    Raises:
        ValueError: `FILE:LINE: what is wrong; expected ...; received ...`.
        FileNotFoundError: if there is no such file.
    """
    for number, line in numbered_lines(path):
        try:
            found = json.loads(line)
            json.dumps(found, ensure_ascii=False).encode()  # half a character, as in "\ud83d", is none
        except (ValueError, RecursionError) as error:
            what = f"not JSON in UTF-8 ({error})"
            raise ValueError(f"{path}:{number}: {what}; expected {expected}; received {line[:80]!r}") from None
        if not isinstance(found, dict) or not (keys is None or set(found) <= keys):
            raise ValueError(f"{path}:{number}: not such an object; expected {expected}; received {line[:80]!r}")
        yield number, found
