import gzip

import pytest

from keras_blog.datasets import archive, debtags

PACKAGES = """Package: {0}-bin
Source: {0} (1.0)
Description: short
Description-md5: {1}
Tag: game::strategy,
 role::{2}, role::{2}

Package: {0}-untagged
Description-md5: {1}

"""
TRANSLATIONS = """Package: {0}-bin
Description-md5: {1}
Description-en: {2}
 of {0}

"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "keras_blog"


@pytest.fixture
def apt(tmp_path, monkeypatch):
    """Stands before the real apt-get; returns a function that says what it writes into the folder of lists, or fails with."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    for kind in ("Packages", "Translation-en"):
        (folder / kind).touch()

    def answers(files, status=0):
        for kind, content in files.items():
            (folder / kind).write_text(content, encoding="utf-8")
        script = f"""#!/bin/sh
lists=$(sed -n 's/^Dir::State::lists "\\(.*\\)";$/\\1/p' "${{1#-c=}}")
cp {folder}/Packages "$lists/mirror_dists_main_Packages"
cp {folder}/Translation-en "$lists/mirror_dists_main_Translation-en"
[ {status} = 0 ] || echo 'E: the mirror is away' >&2
exit {status}
"""
        (folder / "apt-get").write_text(script)
        (folder / "apt-get").chmod(0o755)

    return answers


def test_descriptions_join_their_tags_and_a_source_stays_in_one_part(home, apt):
    sources = [f"tool{i}" for i in range(40)]
    apt({
        "Packages": "".join(PACKAGES.format(name, f"m{name}", "program" if i else "rare") for i, name in enumerate(sources)),
        "Translation-en": "".join(TRANSLATIONS.format(name, f"m{name}", "Description") for name in sources),
    })  # fmt: skip
    (train, tags), (test, test_tags) = debtags.load_data(min_count=2)
    assert sorted(train + test) == sorted(f"Description\n of {name}" for name in sources)
    assert 0 < len(test) < 20
    assert sorted(map(sorted, tags + test_tags))[:2] == [["game::strategy"], ["game::strategy", "role::program"]]
    (home.parent.parent / "bin" / "apt-get").unlink()  # a second time the file in the cache serves
    assert debtags.load_data(min_count=2) == ((train, tags), (test, test_tags))
    assert sorted(path.name for path in home.iterdir()) == ["debtags.jsonl.gz"]


def test_of_equal_descriptions_one_is_kept(home, apt):
    apt({
        "Packages": PACKAGES.format("one", "m", "program") + PACKAGES.format("two", "m", "library"),
        "Translation-en": TRANSLATIONS.format("one", "m", "Description"),
    })  # fmt: skip
    (train, tags), (test, test_tags) = debtags.load_data(min_count=1)
    assert train + test == ["Description\n of one"]
    assert tags + test_tags == [["game::strategy", "role::program"]]


def test_without_tags_one_line_says_what_to_do(home, apt, monkeypatch):
    expected = f"To go on, put a copy of debtags.jsonl.gz, made on a machine with Debian, at {home / 'debtags.jsonl.gz'}"
    apt({})
    with pytest.raises(RuntimeError, match="the package index of this machine has none") as error:
        debtags.load_data()
    assert expected in str(error.value)
    apt({}, status=100)
    with pytest.raises(RuntimeError, match="could not read Debian's tags: E: the mirror is away"):
        debtags.load_data()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RuntimeError, match="this machine has no apt-get") as error:
        debtags.load_data()
    assert "\n" not in str(error.value)
    assert not home.exists()


def test_the_corpus():
    path = archive.cache_dir() / "debtags.jsonl.gz"
    if not path.is_file():
        pytest.skip("the index has not been read on this machine")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = sum(1 for _ in lines)
    (train, tags), (test, test_tags) = debtags.load_data()
    assert len(train) + len(test) == len(tags) + len(test_tags) == rows > 20_000
    assert not set(train) & set(test)
    assert 100 < len({tag for row in tags for tag in row}) < 200
