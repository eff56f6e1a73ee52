import collections

import pytest

from keras_blog.datasets import inews

# As protocol 2 writes `(["一", "一"], ["b"], [0, 300])`, the second string by reference.
CONTENT = b"\x80\x02]q\x00(X\x03\x00\x00\x00\xe4\xb8\x80q\x01h\x01e]q\x02(X\x01\x00\x00\x00bq\x03e]q\x04(K\x00M,\x01e\x87q\x05."


def test_plain_lists():
    assert inews.plain_lists(CONTENT) == (["一", "一"], ["b"], [0, 300])


@pytest.mark.parametrize("content", [b"cos\nsystem\n(X\x02\x00\x00\x00lstR.", b"\x80\x02}q\x00."])
def test_nothing_else_is_understood(content):
    with pytest.raises(ValueError, match=r"`content` must describe plain lists; received the instruction [A-Z_]+"):
        inews.plain_lists(content)


def test_the_corpus():
    try:
        parts = inews.load_data()
    except RuntimeError as error:
        pytest.skip(f"no network: {error}")
    assert [len(part[0]) for part in parts] == [5_355, 962, 964]
    assert [sum(map(len, part[1])) for part in parts] == [6_307_198, 1_212_418, 1_220_762]
    assert [sorted(collections.Counter(part[2]).values()) for part in parts] == [
        [578, 2105, 2672],
        [82, 407, 473],
        [97, 398, 469],
    ]
    assert not set(parts[0][1]) & {text for part in parts[1:] for text in part[1]}
