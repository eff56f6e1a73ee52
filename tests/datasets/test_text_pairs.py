import pytest

from keras_blog.datasets import text_pairs


def test_pairs_and_empty_lines(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_bytes("\ufeffab\tA B\r\n\n cd \t C D \n".encode())
    assert text_pairs.load_data(path) == (["ab", "cd"], ["A B", "C D"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\tb\nno tab\n", r"pairs.tsv:2: no pair; expected SOURCE<TAB>TARGET; received 'no tab'"),
        (b"a\tb\tc\n", r":1: no pair"),
        (b"a\t \n", r":1: no pair"),
        (b"a\tb\n\xff\t\xfe\n", r":2: not UTF-8"),
        (b"\n", r"no pairs; expected lines of SOURCE<TAB>TARGET; received none"),
    ],
)
def test_a_bad_line_is_named(content, message, tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        text_pairs.load_data(path)
