import functools

import keras
import numpy as np
import pytest

from keras_blog import losses
from keras_blog.datasets import lac, msra_ner
from keras_blog.models.lac_tagger import LACTagger
from keras_blog.ops import crf
from keras_blog.ops.tag_scheme import spans


@pytest.fixture(scope="module")
def tagger():
    try:
        return LACTagger.from_package()
    except RuntimeError as error:
        pytest.skip(f"no network: {error}")


@pytest.fixture(scope="module")
def corpus():
    """`names(start, end)` gives sentences of the test part of MSRA's corpus and the names in them."""
    try:
        sentences, tags = msra_ner.load_data()[1]
    except RuntimeError as error:
        pytest.skip(f"no network: {error}")
    return lambda start, end: (
        ["".join(sentence) for sentence in sentences[start:end]],
        [spans(row, "BMES") for row in tags[start:end]],
    )


@pytest.fixture
def untrained():
    return LACTagger(["我", "爱", "OOV"], ["n-B", "n-I", "PER-B", "PER-I", "O"], {"愛": "爱"}, dim=4, units=3)


class Oracle:
    """LAC in NumPy, float64, from the equations of Paddle: `h = (1 - u) h + u tanh(x + (r h) C)`."""

    def __init__(self, weights, vocabulary, tag_names):
        self.weights = {name: array.astype("float64") for name, array in weights.items()}
        self.ids, self.tag_names = {character: i for i, character in enumerate(vocabulary)}, tag_names

    def __call__(self, texts):
        lengths = np.array([len(text) for text in texts])
        ids = np.zeros((len(texts), lengths.max()), int)
        for row, text in zip(ids, texts, strict=True):
            row[: len(text)] = [self.ids.get(lac.NORMALIZATION.get(c, c), self.ids["OOV"]) for c in text]
        x = self.weights["word_emb"][ids]
        for forward in (0, 2):
            ahead = self.gru(x, forward)
            back = reversed_rows(self.gru(reversed_rows(x, lengths), forward + 1), lengths)
            x = np.concatenate([ahead, back], axis=-1)
        scores = x @ self.weights["fc_4.w_0"] + self.weights["fc_4.b_0"]
        return [[self.tag_names[tag] for tag in self.best(row[:n])] for row, n in zip(scores, lengths, strict=True)]

    def gru(self, x, i):
        product = functools.partial(np.einsum, "bi,ij->bj")  # `@` shares small products among threads: slow on a busy machine
        seen = x @ self.weights[f"fc_{i}.w_0"] + self.weights[f"fc_{i}.b_0"] + self.weights[f"gru_{i}.b_0"]
        numbers = self.weights[f"gru_{i}.w_0"].ravel()
        gates, candidate = numbers[: 128 * 256].reshape(128, 256), numbers[128 * 256 :].reshape(128, 128)
        h, states = np.zeros((len(x), 128)), []
        for t in range(x.shape[1]):
            update, reset = np.split(1 / (1 + np.exp(-seen[:, t, :256] - product(h, gates))), 2, axis=1)
            h = (1 - update) * h + update * np.tanh(seen[:, t, 256:] + product(reset * h, candidate))
            states.append(h)
        return np.stack(states, axis=1)

    def best(self, scores):
        start, end, transitions = self.weights["crfw"][0], self.weights["crfw"][1], self.weights["crfw"][2:]
        top, came = start + scores[0], []
        for step in scores[1:]:
            ways = top[:, None] + transitions
            came.append(ways.argmax(axis=0))
            top = ways.max(axis=0) + step
        path = [(top + end).argmax()]
        for source in reversed(came):
            path.append(source[path[-1]])
        return path[::-1]


def reversed_rows(x, lengths):
    x = x.copy()
    for row, n in zip(x, lengths, strict=True):
        row[:n] = row[:n][::-1].copy()
    return x


def assert_oracle_agrees(tagger, texts):
    expected = Oracle(*lac.load_parameters())(texts)
    assert tagger._tags(texts, 64) == expected
    assert sum(map(len, expected)) == sum(map(len, texts))


def test_the_same_tags_as_numpy(tagger, corpus):
    assert_oracle_agrees(tagger, corpus(0, 60)[0])


@pytest.mark.slow
def test_the_same_tags_as_numpy_on_300_sentences(tagger, corpus):
    assert_oracle_agrees(tagger, corpus(0, 300)[0])


@pytest.mark.parametrize(
    ("start", "expected"),
    [  # right, found, in the corpus: exactly, type and both ends
        (0, {"PER": (54, 67, 65), "LOC": (33, 44, 53), "ORG": (42, 48, 64)}),
        (369, {"PER": (179, 212, 211), "LOC": (182, 236, 330), "ORG": (113, 136, 187)}),
    ],
)
def test_names_in_300_sentences(tagger, corpus, start, expected):
    texts, names = corpus(start, start + 300)
    found = tagger.spans(texts, types=("PER", "LOC", "ORG"))
    for kind, counts in expected.items():
        ours, theirs = ({(i, *s) for i, row in enumerate(rows) for s in row if s[2] == kind} for rows in (found, names))
        measured = len(ours & theirs), len(ours), len(theirs)
        print(f"test[{start}:{start + 300}] {kind} {measured} precision {measured[0] / measured[1]:.3f}", end=" ")
        print(f"recall {measured[0] / measured[2]:.3f}")
        assert np.abs(np.subtract(measured, counts)).max() <= 1  # a float of one backend may turn a tag


def test_words_and_names(tagger):
    text = "江泽民在人民大会堂发表讲话，欢迎克林顿总统访华。"
    words = "江泽民/PER 在/p 人民大会堂/LOC 发表/v 讲话/vn ，/w 欢迎/v 克林顿/PER 总统/n 访华/v 。/w"
    assert tagger.tag([text]) == [[tuple(word.split("/")) for word in words.split()]]
    assert tagger.spans([text]) == [[(0, 3, "PER"), (4, 9, "LOC"), (16, 19, "PER")]]
    assert tagger.spans([text, ""], types=["vn"]) == [[(11, 13, "vn")], []]


TEXTS = [
    "",
    " \n\t ",
    "我爱北京",
    "  张三 李四\u3000王五\r\n\n在上海 ",
    "今天😀去👨‍👩‍👧了🏢",
    "Ｉ ＬＯＶＥ 北京！Windows 10",
    "\ud800龘𠮷\x00\u200b",
]


@pytest.mark.parametrize("name", ["tagger", "untrained"])
def test_words_joined_are_the_text(name, request):
    words = request.getfixturevalue(name).tag(TEXTS)
    assert ["".join(word for word, _ in row) for row in words] == TEXTS
    assert all(word and tag for row in words for word, tag in row)
    assert words[0] == []
    assert words[1] == [(" \n\t ", "w")]


def test_offsets_count_characters_of_the_text(tagger):
    text = "👨‍👩‍👧 \n  江泽民\u3000在北京"
    assert [(text[i:j], kind) for i, j, kind in tagger.spans([text])[0]] == [("江泽民", "PER"), ("北京", "LOC")]


def test_lines_do_not_see_each_other(tagger):
    first, second = "江泽民在人民大会堂", "克林顿总统访华。"
    together = tagger.tag([f"{first}\n\n{second}"])[0]
    assert together == [*tagger.tag([first])[0], ("\n\n", "w"), *tagger.tag([second])[0]]


def test_a_batch_is_its_texts_one_by_one(tagger, corpus):
    texts = [*TEXTS, "长" * 70, *corpus(0, 12)[0]]
    assert tagger.tag(texts) == [tagger.tag([text])[0] for text in texts]
    assert tagger.tag(TEXTS, batch_size=3) == tagger.tag(TEXTS)
    assert tagger.tag([]) == []


def test_a_file_holds_everything(tagger, tmp_path):
    path, text = tmp_path / "lac.keras", "「江泽民」 在ＩＢＭ　发表讲话，\n😀"
    tagger.save(path)
    loaded = keras.models.load_model(path)
    assert type(loaded) is LACTagger
    assert (loaded.vocabulary, loaded.tag_names) == (tagger.vocabulary, tagger.tag_names)
    assert loaded.normalization == lac.NORMALIZATION
    assert loaded.tag([text]) == tagger.tag([text])
    for ours, theirs in zip(loaded.get_weights(), tagger.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_ids(untrained):
    ids = untrained.encode(["我愛他", "", "爱"])
    assert ids.shape == (4, 32)
    assert ids[:, :4].tolist() == [[0, 1, 2, -1], [-1] * 4, [1, -1, -1, -1], [-1] * 4]
    assert np.all(ids[:, 4:] == -1)


def test_white_space_reads_as_a_space():
    tagger = LACTagger([",", "OOV"], ["n-B", "n-I"], {" ": ","}, dim=2, units=2)
    assert tagger.encode([" \t\u3000，"])[0, :4].tolist() == [0, 0, 0, 1]


def test_it_gives_potentials_and_learns(untrained):
    ids = untrained.encode(["我爱他", "爱我"])
    labels = np.full(ids.shape, -1)
    labels[0, :3], labels[1, :2] = [2, 3, 4], [4, 2]
    potentials = untrained(ids)
    assert potentials.shape == (2, 5 + 2 + 32, 5 + 1)
    assert np.array_equal(keras.ops.convert_to_numpy(crf.unpack(potentials)[4]), ids >= 0)
    assert untrained(keras.Input((None,), dtype="int32")).shape == (None, None, 6)
    untrained.compile(keras.optimizers.Adam(0.05), loss=losses.CRFNegativeLogLikelihood())
    history = untrained.fit(ids, labels, epochs=30, verbose=0).history["loss"]
    assert history[-1] < history[0] / 2
    assert untrained.tag(["我爱他", "爱我"]) == [[("我爱", "PER"), ("他", "O")], [("爱", "O"), ("我", "PER")]]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("我爱", r"`texts` must be a list of strings; received str; write \[text\] for one text"),
        (None, "`texts` must be a list of strings; received NoneType"),
        (["我", 3], "`texts` must be a list of strings; received int at index 1"),
        ([["我"]], "`texts` must be a list of strings; received list at index 0"),
    ],
)
def test_bad_texts(untrained, texts, message):
    for method in (untrained.tag, functools.partial(untrained.spans, types=["PER"])):
        with pytest.raises(ValueError, match=message):
            method(texts)


def test_bad_arguments(untrained):
    with pytest.raises(ValueError, match="`batch_size` must be a positive int; received 0"):
        untrained.tag(["我"], batch_size=0)
    for types in ("PER", ("PER", "LOC"), None):
        with pytest.raises(ValueError, match="`types` must be a list of tags from O, PER, n; received"):
            untrained.spans(["我"], types=types)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"vocabulary": ["我"]}, "`vocabulary` must have 'OOV', for unknown characters; received none"),
        ({"vocabulary": ["我", "我", "OOV"]}, "`vocabulary` must be distinct strings, at least one; received 3 values"),
        ({"tag_names": []}, "`tag_names` must be distinct strings, at least one; received 0 values"),
        ({"dim": 0}, "`dim` must be an int from 1 to 65536; received 0"),
        ({"units": 10**9}, "`units` must be an int from 1 to 65536; received 1000000000"),
    ],
)
def test_bad_constructor_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        LACTagger(**{"vocabulary": ["我", "OOV"], "tag_names": ["n-B"], **arguments})
