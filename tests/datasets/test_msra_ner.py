import pytest

from keras_blog.datasets import msra_ner

LEGAL_BEFORE = {"O": "OES", "B": "OES", "S": "OES", "M": "BM", "E": "BM"}


def is_legal(tags):
    pairs = zip(["O", *tags], [*tags, "O"], strict=True)
    return all(left[0] in LEGAL_BEFORE[right[0]] and (right[0] not in "ME" or left[1:] == right[1:]) for left, right in pairs)


def test_tags_are_numbered_from_outside():
    assert msra_ner.TAGS[:5] == ("O", "B-LOC", "M-LOC", "E-LOC", "S-LOC")
    assert len(set(msra_ner.TAGS)) == 13


@pytest.mark.parametrize(
    ("first", "opened"), [("M-PER", "B-PER"), ("E-ORG", "S-ORG"), ("B-LOC", "B-LOC"), ("S-LOC", "S-LOC"), ("O", "O")]
)
def test_a_sentence_never_starts_inside_an_entity(first, opened):
    assert msra_ner._opened(first) == opened


def test_the_corpus():
    try:
        (train, train_tags), (test, test_tags) = msra_ner.load_data()
    except RuntimeError as error:
        pytest.skip(f"no network: {error}")
    assert (len(train), len(test)) == (50_289, 5_000)
    assert (sum(map(len, train)), sum(map(len, test))) == (2_153_462, 189_018)
    assert [len(tags) for tags in train_tags + test_tags] == [len(sentence) for sentence in train + test]
    assert {tag for tags in train_tags + test_tags for tag in tags} == set(msra_ner.TAGS)
    assert all(map(is_legal, train_tags + test_tags))
    assert max(map(len, train + test)) == 100
    for name, in_train, in_test in (("LOC", 36_430, 2_964), ("ORG", 20_487, 1_418), ("PER", 17_527, 2_075)):
        ends = [sum(tag in (f"E-{name}", f"S-{name}") for tags in part for tag in tags) for part in (train_tags, test_tags)]
        assert ends == [in_train, in_test]
    assert "".join(test[369]) == "中共中央致中国致公党十一大的贺词"
    assert len({"".join(sentence) for sentence in train} & {"".join(sentence) for sentence in test}) == 1
