"""Debian's package index with its long descriptions, as `apt-get` brings it into a private folder."""

import gzip
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from keras_blog.datasets import archive

_CONFIGURATION = """#clear Acquire::Languages;
Acquire::Languages {{ "en"; }};
Acquire::GzipIndexes "false";
Dir::State::lists "{folder}/lists";
Dir::Cache "{folder}/cache";
"""  # no system setting is touched; an empty language list of the system would keep the long descriptions away


def load_rows(filename, what, rows_of):
    """Rows of a file in `archive.cache_dir()`, lines of JSON, which is made from the index if it is not there yet.

    Args:
        filename: of the cache, `"debtags.jsonl.gz"`.
        what: it holds, for the message of an error.
        rows_of: makes the rows, JSON objects, of the packages, `(fields of its entry, description)` each; the description has
            the short one in its first line.

    Raises:
        RuntimeError: if the file is missing, and `apt-get` too, or it brings nothing that makes a row.
    """
    path = archive.cache_dir() / filename
    if not path.is_file():
        packages, problem = _read_index()
        rows = rows_of(packages)
        if not rows:
            raise RuntimeError(
                f"could not read Debian's {what}: {problem or 'the package index of this machine has none'}. To go on, put a "
                f"copy of {filename}, made on a machine with Debian, at {path}"
            )
        _write(path, rows)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def source_of(entry):
    """The source package that a package is built from."""
    return entry.get("Source", entry["Package"]).split(" ")[0]


def _read_index():
    """The packages that have a description, and what went wrong, or None."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("lists/partial", "cache/archives/partial"):
            Path(folder, name).mkdir(parents=True)
        settings = Path(folder, "apt.conf")
        settings.write_text(_CONFIGURATION.format(folder=folder), encoding="utf-8")
        problem = _update(settings)
        described = {
            entry.get("Description-md5"): entry["Description-en"]
            for entry in _entries(folder, "*_Translation-en")
            if "Description-en" in entry
        }
        packages = [(entry, described.get(entry.get("Description-md5"))) for entry in _entries(folder, "*_Packages")]
    return [(entry, description) for entry, description in packages if description], problem


def _update(settings):
    """Fetch the index; what went wrong, or None."""
    if shutil.which("apt-get") is None:
        return "this machine has no apt-get"
    command = ["apt-get", f"-c={settings}", "-qq", "update"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    return (done.stderr.strip() or f"exit status {done.returncode}").splitlines()[-1] if done.returncode else None


def _entries(folder, pattern):
    for path in sorted(Path(folder, "lists").glob(pattern)):
        for block in path.read_text(encoding="utf-8").split("\n\n"):
            fields = re.split(r"\n(?=\S)", block.strip("\n"))
            entry = {name: value.strip() for name, _, value in (field.partition(":") for field in fields)}
            if "Package" in entry:
                yield entry


def _write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=path.parent) as scratch:
        unfinished = Path(scratch) / path.name
        with gzip.open(unfinished, "wt", encoding="utf-8") as lines:
            lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        os.replace(unfinished, path)
