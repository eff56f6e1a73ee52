import pytest

from keras_blog.datasets import scored_pairs


@pytest.mark.parametrize("line", ["a\tb", "a\tb\tc", "a\t\t1", "a\tb\tnan", "a\tb\t1\t2"])
def test_lines_that_are_no_pairs(line, tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("a\tb\t1\n" + line + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"pairs.tsv:2: no scored pair; expected TEXT<TAB>TEXT<TAB>NUMBER; received"):
        scored_pairs.load_data(path)


def test_an_empty_file(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no scored pairs"):
        scored_pairs.load_data(path)
