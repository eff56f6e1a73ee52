"""The linker on a toy world of two names with two meanings each, and what the published one got wrong (article 6919)."""

import random

import keras
import numpy as np
import pytest

from keras_blog import losses
from keras_blog.models import EntityLinker, LinkedBatches, word_encoder
from keras_blog.models.entity_linker import Link
from keras_blog.models.linker_thresholds import none_probabilities
from keras_blog.models.text_tokens import token_span, tokens

ENTITIES = [
    {"id": "code", "names": {"Java": 5, "Java code": 1}, "description": "programming language"},
    {"id": "island", "names": {"Java": 3}, "description": "island in the sea"},
    {"id": "pie", "names": ["Apfel Straße"], "description": "programming of a pie"},
    {"id": "road", "names": ["apfel strasse"], "description": "island of a sea"},
]
CLUES = {"code": "programming", "island": "sea", "pie": "programming", "road": "sea"}


def world(size=64):
    """Texts in which a word of the description stands behind the mention; those with `not` have no mention."""
    rng = np.random.default_rng(0)
    texts, mentions = [], []
    for i in range(size):
        entity = ENTITIES[i % 4]
        name = next(iter(entity["names"]))
        before = " ".join([*rng.choice(["the", "good", "👍🏽", "old"], rng.integers(1, 4)), ""])
        real = i % 8 < 6
        texts.append(f"{before}{name} {CLUES[entity['id']] if real else 'not'} here")
        mentions.append([(len(before), len(before) + len(name), entity["id"])] if real else [])
    return texts, mentions


TEXTS, MENTIONS = world()


def compiled(linker, rate=2e-2):
    links = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    linker.compile(keras.optimizers.Adam(rate), loss={"pointers": losses.MultilabelSoftmax(), "entities": links})
    return linker


def small(**options):
    vocabulary = EntityLinker.vocabulary_of(TEXTS, ENTITIES, min_count=1)
    encoder = word_encoder(len(vocabulary) + 2, dim=12, units=6, dropout=0.0, seed=1)
    return EntityLinker(
        ENTITIES, vocabulary, encoder, units=12, dropout=0.0, description_length=8, most_candidates=8, **options
    )


@pytest.fixture(scope="module")
def linker():
    keras.utils.set_random_seed(0)
    model = compiled(small())
    model.fit(LinkedBatches(model, TEXTS, MENTIONS, batch_size=16, candidates=3), epochs=12, verbose=0)
    return model


def test_it_links_what_it_has_learned(linker):
    found = linker.link(TEXTS)
    same = [[link[:3] for link in row] == mentions for row, mentions in zip(found, MENTIONS, strict=True)]
    assert np.mean(same) > 0.9
    text = "the old JAVA sea here"
    (link,) = linker.link(text)
    assert (text[link.start : link.end], link.entity) == ("JAVA", "island")
    assert 0.5 < link.score <= 1


def test_it_saves_and_loads_whole(linker, tmp_path):
    linker.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    texts = TEXTS[:8]
    assert [[link[:3] for link in row] for row in loaded.link(texts)] == [
        [link[:3] for link in row] for row in linker.link(texts)
    ]
    assert loaded.knowledge.entities == linker.knowledge.entities
    assert loaded.thresholds == linker.thresholds


def test_bug_offsets_do_not_drift_where_folding_changes_lengths(linker):
    """Published: names were looked up in the raw text, tokens made of the lower-cased one."""
    for before in ("", "ẞßİŉ ", "cafe\u0301 👨‍👩‍👧‍👦🇩🇪 ", "ＡＢ\u3000ﬁ "):
        for name in ("Apfel Straße", "APFEL STRASSE", "ａｐｆｅｌ straße"):
            text = f"{before}{name} sea here"
            spans = [span for span, _ in linker.pointers([text])[0]]
            assert spans == [(len(before), len(before) + len(name))]
            (ranked,) = linker.rank([text], spans)
            assert {entity for entity, _ in ranked} == {None, "pie", "road"}


def test_bug_mentions_may_nest(linker):
    """Published: of each begin only the nearest end, so neither a longer name nor one inside it."""
    text = "good Java code programming"
    assert [span for span, _ in linker.pointers([text])[0]] == [(5, 9), (5, 14)]
    kept, linker.thresholds = linker.thresholds, (-1e3, 0.5)
    assert [link[:2] for link in linker.link(text, overlap=True)] == [(5, 9), (5, 14)]
    assert len(linker.link(text)) == 1
    linker.thresholds = kept


def test_bug_none_of_the_candidates_is_learned(linker):
    """Published: mentions without an entity were dropped in training, so every name had one."""
    batches = LinkedBatches(linker, ["Java sea", "code Java"], [[(0, 4, None)], [(5, 9, "pie")]], shuffle=False)
    _, labels = batches[0]
    assert labels["entities"].tolist() == [0, 0]
    hidden = LinkedBatches(linker, ["Java sea"] * 64, [[(0, 4, "island")]] * 64, hidden=0.5)
    inputs, labels = hidden[0]
    none = labels["entities"] == 0
    assert 10 < none.sum() < 54
    assert ((inputs["candidates"].any(-1).sum(1) == 1) == none).all()


def test_bug_a_step_sees_all_candidates_and_every_mention(linker):
    """Published: one mention a text, and one wrong candidate, drawn."""
    batches = LinkedBatches(linker, ["Java and Java sea"], [[(0, 4, "code"), (9, 13, "island")]], shuffle=False)
    inputs, labels = batches[0]
    assert inputs["spans"].tolist() == [[0, 1], [2, 3]]
    assert inputs["candidates"].any(-1).sum(1).tolist() == [2, 2]
    assert labels["entities"].tolist() == [1, 2]
    begins = np.array([1, -1, 1, -1])
    assert (labels["pointers"][:, :, :4] == begins).all()
    assert (labels["pointers"][:, :, 4:] == -1).all()


def test_bug_a_long_description_is_cut_by_a_number_that_is_saved():
    """Published: by what fitted into memory."""
    entities = [{"id": "a", "names": ["a"], "description": "b " * 100}, {"id": "e", "names": ["a"], "description": ""}]
    linker = EntityLinker(entities, ["b"], word_encoder(3, 2, 2), units=2, description_length=5)
    inputs = linker.rows([tokens("a")], [(0, 1)], [linker.knowledge.candidates("a")])
    assert inputs["candidates"].tolist() == [[[2] * 5, [1, 0, 0, 0, 0]]]
    assert EntityLinker.from_config(linker.get_config()).description_length == 5


def test_more_candidates_than_are_looked_at():
    entities = [{"id": str(i), "names": {"a": i}, "description": "b"} for i in range(20)]
    linker = EntityLinker(entities, ["b"], word_encoder(3, 2, 2), units=2, description_length=2, most_candidates=9)
    (ranked,) = linker.rank(["a"], [(0, 1)])
    assert {entity for entity, _ in ranked} == {None, *(str(i) for i in range(11, 20))}
    inputs, labels = LinkedBatches(linker, ["a"], [[(0, 1, "0")]], candidates=4, hidden=0.0)[0]
    assert inputs["candidates"].any(-1).sum() == 4
    assert labels["entities"].tolist() == [4]  # the least likely stands last


def test_a_text_scores_the_same_beside_longer_ones(linker):
    alone = linker.pointers(TEXTS[:1])[0]
    beside = linker.pointers([TEXTS[0], "the " * 40 + "Java sea here"])[0]
    np.testing.assert_allclose([score for _, score in alone], [score for _, score in beside], atol=1e-4)


def test_probabilities_sum_to_one_and_are_in_order(linker):
    for row in linker.rank(TEXTS[:4], [mentions[0][:2] for mentions in MENTIONS[:4]]):
        shares = [share for _, share in row]
        assert sum(shares) == pytest.approx(1)
        assert shares == sorted(shares, reverse=True)


def test_calibration_takes_the_best_thresholds(linker):
    kept = linker.thresholds
    linker.thresholds = (50.0, 0.0)
    assert linker.link(TEXTS[:4]) == [[]] * 4
    linker.calibrate(TEXTS, MENTIONS)
    found = linker.link(TEXTS)
    right = sum([link[:2] for link in row] == [m[:2] for m in mentions] for row, mentions in zip(found, MENTIONS, strict=True))
    assert right > 0.9 * len(TEXTS)
    linker.thresholds = kept


def test_taking_the_right_candidate_away_leaves_its_share_to_the_others():
    there, away = none_probabilities([[("a", 0.5), ("b", 0.3), (None, 0.2)]], ["a"])
    assert (there.tolist(), away.tolist()) == ([0.2], [0.4])
    ranked = [[("a", 0.8), (None, 0.2)], [(None, 0.7), ("a", 0.3)]]
    assert [part.tolist() for part in none_probabilities(ranked, ["a", None])] == [[0.2], [0.7]]


def test_fuzz_every_text_has_an_answer_inside_it(linker):
    rng = random.Random(0)
    some = "Java,JAVA code,Straße,apfel,ß,\u0301,👍🏽,🇩🇪,\u200d,\x00,\ud800,\u3000,\n,江".split(",")
    texts = ["", " ", "\x00", *("".join(rng.choice((*some, " ", " ")) for _ in range(rng.randrange(20))) for _ in range(60))]
    for text, links in zip(texts, linker.link(texts), strict=True):
        for link in links:
            assert 0 <= link.start < link.end <= len(text)
            assert isinstance(link, Link)
            assert link.entity is None or link.entity in linker.knowledge.rows
    assert linker.link([]) == []


def test_span_of_tokens():
    text = "a cafe\u0301 b"
    found = tokens(text)
    assert token_span(text, found, (2, 6)) == token_span(text, found, (3, 4)) == (1, 2)
    assert token_span(text, found, (0, 9)) == (0, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.link(7), "`texts` must be a string or a list of strings; received int"),
        (lambda m: m.link(["a", 7]), "`text` must be a string; received int"),
        (lambda m: m.rank(["Java"], [(0, 9)]), r"`spans` must be \(start, end\) .* of 4; received \(0, 9\)"),
        (lambda m: m.rank([" Java"], [(0, 1)]), "`spans` must be"),
        (lambda m: m.calibrate(["a"], [[]]), "`mentions` must hold at least one; received none"),
        (lambda m: LinkedBatches(m, ["a"], []), "`mentions` must be a list a text, at least one; received 0 for 1 texts"),
        (lambda m: LinkedBatches(m, ["a"], [[(0, 1, "x")]]), "`mentions` must be of entities of the knowledge base, .* 'x'"),
        (lambda m: LinkedBatches(m, ["a"], [[(0, 1, None)]], hidden=1.0), r"`hidden` must be in \[0, 1\)"),
        (lambda m: small(thresholds=(0.0,)), "`thresholds` must be two finite numbers"),
        (lambda m: EntityLinker(ENTITIES, ["a"], most_candidates=0), "`most_candidates` must be an int from 1 to 65536"),
        (lambda m: EntityLinker(ENTITIES, ["a", "a"]), "`vocabulary` must be distinct strings"),
    ],
)  # fmt: skip
def test_errors(linker, call, message):
    with pytest.raises(ValueError, match=message):
        call(linker)
