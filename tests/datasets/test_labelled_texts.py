import pytest

from keras_blog.datasets import labelled_texts, reuters


def write(tmp_path, content):
    path = tmp_path / "file.tsv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_what_is_read(tmp_path):
    one = write(tmp_path, "\ufeffx\ta b\r\n\n y \tc\td\n")
    assert labelled_texts.load_data(one) == (["a b", "c\td"], ["x", "y"])
    many = write(tmp_path, "x, y\ta b\n\tc\n")
    assert labelled_texts.load_data(many, many=True) == (["a b", "c"], [["x", "y"], []])


@pytest.mark.parametrize(
    ("content", "many", "message"),
    [
        ("x\ta\nb\n", False, "file.tsv:2: not a labelled text; expected `label<TAB>text`; received 'b'"),
        ("\ta\n", False, "file.tsv:1: not a labelled text"),
        ("x\t \n", False, "file.tsv:1: not a labelled text"),
        ("x,,y\ta\n", True, "file.tsv:1: not a labelled text; expected `label,label,...<TAB>text`"),
        ("x,x\ta\n", True, "file.tsv:1: not a labelled text"),
        ("x\ta\ny\t中".encode("gbk"), False, "file.tsv:2: not UTF-8"),
        ("\n", False, "file.tsv:1: no text"),
    ],
)
def test_bad_lines(tmp_path, content, many, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011  the text is compared below
        labelled_texts.load_data(write(tmp_path, content), many)
    assert message in str(error.value)


def test_reuters():
    try:
        (train, classes), (test, test_classes) = reuters.load_data()
    except RuntimeError as error:
        pytest.skip(f"no network: {error}")
    assert (len(train), len(classes), len(test), len(test_classes)) == (6532, 6532, 2568, 2568)
    counts = [classes.count(name) for name in sorted(set(classes))]
    assert (len(counts), max(counts), min(counts), sum(n < 20 for n in counts)) == (52, 2840, 1, 28)
    assert set(test_classes) == set(classes)
    assert len(set(train) & set(test)) == 6
