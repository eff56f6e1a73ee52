"""Files of a finished run: each appears whole or not at all."""

import csv
import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path):
    """A path to write to, beside `path`, that takes its place when the block ends well."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=path.parent) as folder:
        unfinished = Path(folder) / path.name
        yield unfinished
        os.replace(unfinished, path)


def write_json(path, content):
    """`content` as indented JSON."""
    with whole(path) as unfinished:
        unfinished.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_csv(path, columns):
    """A dict of columns of equal length, as `callbacks.ExactResume.history`, as CSV with an epoch number first."""
    with whole(path) as unfinished, open(unfinished, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["epoch", *columns])
        writer.writerows([i, *row] for i, row in enumerate(zip(*columns.values(), strict=True), start=1))
