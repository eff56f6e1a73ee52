import pytest

from keras_blog.datasets import wordnet

LINES = {
    "n": (
        "00000001 15 n 02 bank 0 side(a) 0 001 @ 00000003 n 0000 | sloping land beside water; "
        '"they sat on the bank of the river"; "the Banks of Green Willow"',
        '00000002 15 n 01 bank 0 000 | a house of money; "he cashed a check at the bank"; "an unrelated sentence"',
        "00000003 15 n 01 land 0 000 | the solid part of the earth",
    ),
    "v": ('00000002 15 v 01 bank 0 000 | do business with a bank; "he banked there"; "no words of it"',),
}
KEYS = "bank%1:17:01:: 00000001 1 25\nbank%1:14:00:: 00000002 2 20\nbank%2:40:00:: 00000002 1 0\n"


@pytest.fixture
def linked():
    senses = dict(wordnet._sense(line, letter) for letter, lines in LINES.items() for line in lines)
    return wordnet._linked(senses, wordnet._counts(KEYS))


def test_examples_are_linked_to_their_sense(linked):
    _, texts = linked
    assert texts == {
        "they sat on the bank of the river": {(16, 20, "00000001-n")},
        "the Banks of Green Willow": {(4, 9, "00000001-n")},
        "he cashed a check at the bank": {(25, 29, "00000002-n")},
    }  # `banked` is only a verb


def test_the_knowledge_base_has_all_senses_of_a_name_and_no_examples(linked):
    entities, _ = linked
    assert entities == [
        {"id": "00000001-n", "names": {"bank": 26.0, "banks": 26.0}, "description": "sloping land beside water; bank, side; land"},  # noqa: E501
        {"id": "00000002-n", "names": {"bank": 20.5, "banks": 20.5}, "description": "a house of money; bank"},
        {
            "id": "00000002-v",
            "names": {name: 1.0 for name in ("bank", "banks", "banked", "banking")},
            "description": "do business with a bank; bank",
        },
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "part", "forms"),
    [
        ("city", "n", "city cities"),
        ("day", "n", "day days"),
        ("church", "n", "church churches"),
        ("fireman", "n", "fireman firemans firemen"),
        ("make", "v", "make makes maked making"),
        ("see", "v", "see sees seed seeing"),
        ("try", "v", "try tries tried trying"),
        ("happy", "a", "happy happier happiest"),
        ("nice", "a", "nice nicer nicest"),
        ("soon", "r", "soon"),
    ],
)
def test_inflections(word, part, forms):
    assert wordnet.inflections(word, part) == forms.split()
    assert wordnet.inflections("give up", "v") == ["give up"]


def test_parts_are_apart_by_sentence_and_a_mention_has_one_sense():
    texts = {f"text {i:02}": {(0, 4, "a")} for i in range(20)} | {"two": {(0, 3, "a"), (0, 3, "b")}}
    _, (train, _), (test, mentions) = wordnet._split([], texts)
    assert test == ["text 09", "text 19"]
    assert mentions == [[(0, 4, "a")]] * 2
    assert len(train) == 18
    assert not {"two", *test} & set(train)


@pytest.mark.slow
def test_the_corpus():
    try:
        entities, (train, train_mentions), (test, test_mentions) = wordnet.load_data()
    except RuntimeError as error:
        pytest.skip(f"no network: {error}")
    assert len(entities) == 39_769
    assert (len(train), sum(map(len, train_mentions))) == (32_614, 32_628)
    assert (len(test), sum(map(len, test_mentions))) == (3_626, 3_630)
    assert not set(train) & set(test)
    names = {(entity["id"], name) for entity in entities for name in entity["names"]}
    for text, mentions in zip(train + test, train_mentions + test_mentions, strict=True):
        assert all((entity, text[start:end].lower()) in names for start, end, entity in mentions)
    assert not any(f"; {text}" in entity["description"] for entity in entities for text in test[:5])
