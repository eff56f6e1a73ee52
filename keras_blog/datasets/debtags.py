"""What a program is for: descriptions of Debian packages and the tags that volunteers gave them, many a package."""

import gzip
import json
import os
import re
import shutil
import subprocess
import tempfile
import zlib
from collections import Counter
from pathlib import Path

from keras_blog.datasets import archive

_CONFIGURATION = """#clear Acquire::Languages;
Acquire::Languages {{ "en"; }};
Acquire::GzipIndexes "false";
Dir::State::lists "{folder}/lists";
Dir::Cache "{folder}/cache";
"""  # no system setting is touched; an empty language list of the system would keep the long descriptions away


def load_data(min_count=100):
    """Descriptions of packages, in English, and their tags, such as `game::strategy` or `implemented-in::python`.

    A fifth of the source packages is for the test, for the packages of one source (libfoo, libfoo-dev) are described alike.
    Of Debian 12: 29,417 distinct descriptions, 135 tags, 3.3 a package. Tags are incomplete by nature.

    They are read off the package index by `apt-get`, into a private folder, from wherever the machine has its packages; so
    this needs a machine with Debian, once. What was read is kept as one file (4 MB) in `archive.cache_dir()`, which serves
    other machines too. A new release of Debian changes the figures a little.

    Args:
        min_count: tags of fewer descriptions are left out; a description may be left without any.

    Returns:
        `((train_texts, train_tags), (test_texts, test_tags))`: lists of strings, and of lists of strings. Neighbours in the
        lists come of one source.

    Raises:
        RuntimeError: if the file is not in the cache and `apt-get` is missing or brings no tags.
    """
    path = archive.cache_dir() / "debtags.jsonl.gz"
    if not path.is_file():
        _write(path, _read_index())
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    counts = Counter(tag for row in rows for tag in row["tags"])
    rows.sort(key=lambda row: (zlib.crc32(row["source"].encode()), row["source"]))  # an order with no meaning
    parts = ([], []), ([], [])
    for row in rows:
        texts, tags = parts[zlib.crc32(row["source"].encode()[::-1]) % 5 == 0]
        texts.append(row["text"])
        tags.append([tag for tag in row["tags"] if counts[tag] >= min_count])
    return parts


def _read_index():
    """Rows `{"source", "text", "tags"}`, one for each distinct description of a package that has tags."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("lists/partial", "cache/archives/partial"):
            Path(folder, name).mkdir(parents=True)
        settings = Path(folder, "apt.conf")
        settings.write_text(_CONFIGURATION.format(folder=folder), encoding="utf-8")
        problem = _update(settings)
        described, packages = {}, []
        for entry in _entries(folder, "*_Translation-en", "Description-en"):
            described[entry.get("Description-md5")] = entry["Description-en"]
        for entry in _entries(folder, "*_Packages", "Tag"):
            text = described.get(entry.get("Description-md5"))
            if text:
                source = entry.get("Source", entry["Package"]).split(" ")[0]
                tags = sorted(set(re.findall(r"[^\s,]+::[^\s,]+", entry["Tag"])))
                packages.append({"source": source, "text": text, "tags": tags})
    if not packages:
        raise RuntimeError(
            f"could not read Debian's tags: {problem or 'the package index of this machine has none'}. To go on, put a copy of "
            f"debtags.jsonl.gz, made on a machine with Debian, at {archive.cache_dir() / 'debtags.jsonl.gz'}"
        )
    return list({row["text"]: row for row in reversed(packages)}.values())[::-1]  # of equal descriptions the first


def _update(settings):
    """Fetch the index; what went wrong, or None."""
    if shutil.which("apt-get") is None:
        return "this machine has no apt-get"
    command = ["apt-get", f"-c={settings}", "-qq", "update"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    return (done.stderr.strip() or f"exit status {done.returncode}").splitlines()[-1] if done.returncode else None


def _entries(folder, pattern, needed):
    for path in sorted(Path(folder, "lists").glob(pattern)):
        for block in path.read_text(encoding="utf-8").split("\n\n"):
            if f"\n{needed}:" in block:
                fields = re.split(r"\n(?=\S)", block.strip("\n"))
                yield {name: value.strip() for name, _, value in (field.partition(":") for field in fields)}


def _write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=path.parent) as scratch:
        unfinished = Path(scratch) / path.name
        with gzip.open(unfinished, "wt", encoding="utf-8") as lines:
            lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        os.replace(unfinished, path)
