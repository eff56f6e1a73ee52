import pytest

from keras_blog.datasets import people_daily

TEXT = """迈向/v  新/a  世纪/n
他/r  说/v  ：/w  “/w  好/a  ！/w  ”/w  我们/r  走/v  。/w
"""


@pytest.fixture
def corpus(monkeypatch):
    """Ten distinct paragraphs, so that the tenth is the test; the last two sentences of it are new and old."""
    lines = [f"第/m  {n}/m  。/w" for n in "一二三四五六七八九"]
    lines = [*lines, lines[0], "中华人民/n  好/a  。/w  第/m  一/m  。/w"]
    monkeypatch.setattr(people_daily, "load_words", lambda: people_daily._parse("\n".join(lines)))


def joined(sentences):
    return ["".join(sentence) for sentence in sentences]


def texts(paragraph, max_length):
    return [people_daily._text(sentence) for sentence in people_daily._sentences(paragraph, max_length)]


def test_words_are_parsed():
    assert people_daily._parse(TEXT)[0] == [("迈向", "v"), ("新", "a"), ("世纪", "n")]


def test_a_slash_can_stand_in_a_word():
    assert people_daily._parse("Ａ/Ｂ/nx  //w") == [[("Ａ/Ｂ", "nx"), ("/", "w")]]


def test_a_closing_quotation_mark_stays_with_its_sentence():
    assert texts(people_daily._parse(TEXT)[1], 128) == ["他说：“好！”", "我们走。"]


@pytest.mark.parametrize(
    ("max_length", "expected"),
    [
        (9, ["一二三，四五；六七。"[:4] + "四五；", "六七。"]),
        (10, ["一二三，四五；六七。"]),
        (4, ["一二三，", "四五；", "六七。"]),
        (3, ["一二三", "，", "四五；", "六七。"]),
    ],
)
def test_long_sentences_are_cut_at_clauses_then_between_words(max_length, expected):
    [paragraph] = people_daily._parse("一/m 二三/m ，/w 四五/m ；/w 六/m 七/m 。/w")
    assert texts(paragraph, max_length) == expected


def test_segmentation(corpus):
    (train, train_tags), (test, test_tags) = people_daily.load_data()
    assert joined(train) == [f"第{n}。" for n in "一二三四五六七八九"]
    assert train_tags == [["S", "S", "S"]] * 9
    assert joined(test) == ["中华人民好。"]
    assert test_tags == [["B", "M", "M", "E", "S", "S"]]


def test_parts_of_speech(corpus):
    _, (_, test_tags) = people_daily.load_data("pos")
    assert test_tags == [["B-n", "M-n", "M-n", "E-n", "S-a", "S-w"]]


@pytest.mark.parametrize(("arguments", "name"), [({"task": "ner"}, "task"), ({"max_length": 0}, "max_length")])
def test_bad_arguments(arguments, name):
    with pytest.raises(ValueError, match=f"`{name}` must be .*; received"):
        people_daily.load_data(**arguments)


def test_the_corpus():
    try:
        words = people_daily.load_words()
    except RuntimeError as error:
        pytest.skip(f"no network: {error}")
    assert (len(words), sum(map(len, words))) == (19_484, 1_121_447)
    assert sum(len(word) for paragraph in words for word, _ in paragraph) == 1_841_657
    assert len({part for paragraph in words for _, part in paragraph}) == 44
    assert len(words) - len(set(map(people_daily._text, words))) == 490
    (train, train_tags), (test, test_tags) = people_daily.load_data("pos")
    assert (len(train), len(test)) == (40_579, 4_215)
    assert (sum(map(len, train)), sum(map(len, test))) == (1_667_417, 170_401)
    assert [len(tags) for tags in train_tags + test_tags] == [len(sentence) for sentence in train + test]
    assert max(map(len, train + test)) == 128
    assert len({tag for tags in train_tags for tag in tags}) == 128
    assert {tag for tags in test_tags for tag in tags} <= {tag for tags in train_tags for tag in tags}
    assert not set(joined(train)) & set(joined(test))
