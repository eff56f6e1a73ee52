import pytest

from keras_blog.datasets import archive, debian_titles, package_index

LONG = "\n A program that does one thing, and does it well enough\n for those who like to have it done.\n .\n It is small."
TEXT = "A program that does one thing, and does it well enough for those who like to have it done. It is small."


def packages(count):
    for i in range(count):
        yield {"Package": f"tool{i}"}, f"does {i}{LONG}"
        yield {"Package": f"tool{i}-doc", "Source": f"tool{i} (1.0)"}, f"does {i} (manual){LONG}"
        yield {"Package": f"tool{i}-dbg", "Source": f"tool{i}"}, f"does {i}{LONG}"  # the same pair again
        yield {"Package": f"short{i}"}, "short\n Has no fifteen words."


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))


def test_pairs_are_distinct_and_a_source_stays_in_one_part(home, monkeypatch):
    rows = [(entry, text.replace("one thing", f"thing {i // 4}")) for i, (entry, text) in enumerate(packages(40))]
    monkeypatch.setattr(package_index, "_read_index", lambda: (rows, None))
    train, test = debian_titles.load_data()
    assert len(train[0]) + len(test[0]) == 80
    assert 0 < len(test[0]) < 20
    assert not set(train[0]) & set(test[0])
    assert TEXT.replace("one thing", "thing 7") in train[0] + test[0]
    assert "does 7 (manual)" in train[1] + test[1]
    monkeypatch.setattr(package_index, "_read_index", None)  # a second time the file in the cache serves
    assert debian_titles.load_data() == (train, test)


def test_a_text_of_both_parts_is_left_out_of_the_test(home, monkeypatch):
    monkeypatch.setattr(package_index, "_read_index", lambda: (list(packages(40)), None))
    train, test = debian_titles.load_data()
    assert set(train[0]) == {TEXT}
    assert test == ([], [])


def test_without_an_index_one_line_says_what_to_do(home, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RuntimeError, match="could not read Debian's descriptions: this machine has no apt-get") as error:
        debian_titles.load_data()
    assert "debian_titles.jsonl.gz" in str(error.value)
    assert "\n" not in str(error.value)


def test_the_corpus():
    if not (archive.cache_dir() / "debian_titles.jsonl.gz").is_file():
        pytest.skip("the index has not been read on this machine")
    train, test = debian_titles.load_data()
    assert 5 < len(train[0]) / len(test[0]) < 20
    assert len(train[0]) > 40_000
    assert len(set(zip(*train, strict=True))) == len(train[0])
