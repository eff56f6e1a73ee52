"""The tagger: texts in, spans out, everything in one file."""

import keras
import numpy as np
import pytest

from keras_blog import losses, models

TAGS = ["O", "B-N", "E-N", "S-N"]
TEXTS = ["abxc", "xx", "", "a" * 40 + "b", "日本x"]


def small(**options):
    encoder = models.character_encoder(8, dim=8, dilations=(1, 2), bigrams=[[2, 3], [3, 4], [4, 4]], dropout=0.1)
    return models.Tagger(list("abcx日"), TAGS, "BMES", encoder=encoder, **options)


def test_predict_gives_a_tag_for_each_token():
    tagger = small()
    tags = tagger.predict(TEXTS)
    assert [len(row) for row in tags] == [len(text) for text in TEXTS]
    assert {tag for row in tags for tag in row} <= set(TAGS)
    assert tagger.predict([list(text) for text in TEXTS]) == tags
    potentials = tagger.predict(tagger.encode(TEXTS), verbose=0)
    assert potentials.shape == (5, 48 + 4 + 2, 5)


def test_tags_obey_the_scheme_untrained():
    tagger = small()
    keras.utils.set_random_seed(3)
    texts = ["".join(row) for row in np.random.default_rng(0).choice(list("abcx日"), size=(50, 12))]
    for row in tagger.predict(texts):
        letters = "".join(tag[0] for tag in row)
        assert not set("BE") & set(letters.replace("BE", ""))


def test_a_text_does_not_depend_on_its_batch():
    tagger = small()
    alone = [tagger.predict([text])[0] for text in TEXTS]
    assert tagger.predict(TEXTS) == alone
    together = tagger.predict(tagger.encode(TEXTS), verbose=0)
    short = tagger.predict(tagger.encode(TEXTS[:2]), verbose=0)
    head = len(TAGS) + 2
    np.testing.assert_allclose(together[0, head : head + 4], short[0, head : head + 4], atol=1e-6)


def test_saves_and_loads_everything_in_one_file(tmp_path):
    tagger = small(lr_multiplier=3.0)
    before = tagger.spans(TEXTS), tagger.predict(tagger.encode(TEXTS), verbose=0)
    tagger.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    assert (loaded.vocabulary, loaded.tag_names, loaded.scheme) == (tagger.vocabulary, TAGS, "BMES")
    assert loaded.crf.lr_multiplier == 3.0
    assert loaded.spans(TEXTS) == before[0]
    np.testing.assert_array_equal(loaded.predict(loaded.encode(TEXTS), verbose=0), before[1])


def test_any_encoder_can_be_passed_in(tmp_path):
    encoder = keras.Sequential([keras.layers.Embedding(8, 4, mask_zero=True), keras.layers.GRU(6, return_sequences=True)])
    tagger = models.Tagger(list("abcx日"), TAGS, "BMES", encoder=encoder)
    tags = tagger.predict(TEXTS)
    tagger.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras", compile=False).predict(TEXTS) == tags


def test_fit_learns_and_trains_on_batches_of_any_length():
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("abcx"), size=rng.integers(1, 40))) for _ in range(120)]
    tags = [["S-N" if token == "x" else "O" for token in text] for text in texts]
    tagger = small()
    tagger.compile(keras.optimizers.Adam(0.03), loss=losses.CRFNegativeLogLikelihood())
    history = tagger.fit(models.TaggedBatches(tagger, texts, tags, batch_size=16), epochs=4, verbose=0).history["loss"]
    assert history[-1] < 0.2 * history[0]
    assert tagger.spans(["axb"]) == [[(1, 2, "N")]]


def test_vocabulary_counts_tokens():
    assert models.Tagger.vocabulary_of(["aab", "bcc"], min_count=2) == ["a", "b", "c"]
    assert models.Tagger.vocabulary_of([["New", "York"], ["New"]], min_count=2) == ["New"]


def test_bad_input_names_what_came():
    with pytest.raises(ValueError, match="`tag_names` must be distinct"):
        models.Tagger(["a"], ["O", "O"], "BIO")
    with pytest.raises(ValueError, match="tag 'M-X' is not of scheme BIO"):
        models.Tagger(["a"], ["O", "M-X"], "BIO")
    tagger = small()
    with pytest.raises(ValueError, match=r"`texts` must hold strings .* received int at index 1"):
        tagger.encode(["a", 5])
    with pytest.raises(ValueError, match=r"`tags` must be of .*received \['B-Q'\]"):
        tagger.encode_tags([["B-Q"]])
    with pytest.raises(ValueError, match="received 2 for 3 tokens at index 0"):
        models.TaggedBatches(tagger, ["abc"], [["O", "O"]])
