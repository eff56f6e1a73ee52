import pytest

from keras_blog.datasets import text_groups


def test_groups_and_texts(tmp_path):
    path = tmp_path / "groups.tsv"
    path.write_bytes("\ufeffa\tone  two\r\n\r\nb\t三\ta tab\na\tfour".encode())
    assert text_groups.load_data(path) == (["one  two", "三\ta tab", "four"], ["a", "b", "a"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\tone\nno tab\n", r"groups.tsv:2: no group and text; expected GROUP<TAB>TEXT; received 'no tab'"),
        (b"a\t \n", r"groups.tsv:1: no group and text"),
        (b"\tone\n", r"groups.tsv:1: no group and text"),
        (b"a\tone\na\t\xff\n", r"groups.tsv:2: not UTF-8"),
        (b"\n", r"groups.tsv: no texts"),
    ],
)
def test_bad_lines_by_number(content, message, tmp_path):
    path = tmp_path / "groups.tsv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        text_groups.load_data(path)
