import doctest

import pytest

from keras_blog.datasets import conll


@pytest.fixture
def load(tmp_path):
    def load(content, **kwargs):
        path = tmp_path / "file.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return conll.load_data(path, **kwargs)

    return load


GOOD = ([["江", "民"], ["人"]], [["B-PER", "E-PER"], ["O"]])


@pytest.mark.parametrize(
    "content",
    [
        "江 B-PER\n民 E-PER\n\n人 O\n",
        "江\tB-PER\n民\tE-PER\n\n人\tO",
        "江 B-PER\r\n民 E-PER\r\n\r\n人 O\r\n\r\n",
        "\ufeff江 B-PER\n民 E-PER\n\n人 O\n",
        "\n\n江  B-PER \n民 \t E-PER\n \t\n\n\n人 O\n\n\n",
        "江 nr x B-PER\n民 nr y E-PER\n\n人 n z O\n",
        "-DOCSTART- O\n\n江 B-PER\n民 E-PER\n-DOCSTART-\n人 O\n",
        "-DOCSTART- -X- -X- O\n\n江 B-PER\n民 E-PER\n\n人 O\n",
        "# newdoc\n# sent_id = 1\n江 B-PER\n民 E-PER\n\n# sent_id = 2\n人 O\n",
    ],
)
def test_what_is_read(load, content):
    assert load(content) == GOOD


def test_a_number_sign_can_be_a_token(load):
    assert load("a O\n# O\n\n# O\n#nlp B-TAG\n") == ([["a", "#"], ["#", "#nlp"]], [["O", "O"], ["O", "B-TAG"]])


def test_an_ideographic_space_can_be_a_token(load):
    assert load("\u3000 O\n") == ([["\u3000"]], [["O"]])


def test_a_separator_keeps_spaces_in_tokens(load):
    assert load("-DOCSTART- -X- O\n\nNew York\tB-LOC \n \tO\n", sep="\t") == ([["New York", " "]], [["B-LOC", "O"]])


def test_equal_strings_are_one_object(load):
    sentences, _ = load("中 B\n国 E\n\n中 S\n")
    assert sentences[0][0] is sentences[1][0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("江 B\n泽\n", "file.txt:2: a token without a tag; expected `token TAG`; received '泽'"),
        ("江 B\n\tM\n", "file.txt:2: a tag without a token; expected `token TAG`; received '\\tM'"),
        (
            "江 n B\n\n泽 M\n",
            "file.txt:3: wrong number of columns; expected 3, as in line 1; received 2: '泽 M'",
        ),
        (
            "York\tB\nNew York\tB\n",
            'file.txt:2: wrong number of columns; expected 2, as in line 1, or `sep="\\t"` if tokens hold spaces; '
            "received 3: 'New York\\tB'",
        ),
        ("江 B\n# 泽 of three\n", "file.txt:2: wrong number of columns; expected 2"),
        ("#tag\n", "file.txt:1: a token without a tag"),
        (
            "江 B\n".encode() + "泽 M".encode("gbk"),
            "file.txt:2: not UTF-8; expected UTF-8 text; received bytes b'\\xd4\\xf3'",
        ),
        ("江 B\n".encode("utf-16"), "file.txt:1: not UTF-8; expected UTF-8 text"),
        ("", "file.txt:1: no sentence; expected lines of `token TAG`; received an empty file"),
        ("\n\n# nothing\n", "file.txt:3: no sentence; expected lines of `token TAG`; received lines without a token"),
    ],
)
def test_bad_lines(load, content, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011  the text is compared below
        load(content)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("江\t\n", "file.txt:1: a token without a tag"),
        ("\tO\n", "file.txt:1: a tag without a token"),
        ("江 O\n", "token without"),
    ],
)
def test_bad_lines_with_a_separator(load, content, message):
    with pytest.raises(ValueError, match=message):
        load(content, sep="\t")


def test_a_missing_file_names_itself(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.txt"):
        conll.load_data(tmp_path / "nowhere.txt")


@pytest.mark.parametrize("sep", ["", b"\t", 3])
def test_a_bad_separator(load, sep):
    with pytest.raises(ValueError, match="`sep` must be None or a string"):
        load("a O", sep=sep)


def test_the_example_runs():
    failed, tried = doctest.testmod(conll)
    assert failed == 0
    assert tried
