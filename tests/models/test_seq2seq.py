"""From texts to texts: what is written, and that a step at a time is the same as all at once."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog.models import PairBatches, Seq2Seq

RNG = np.random.default_rng(0)
SOURCES = ["".join(RNG.choice(list("abcd"), size=n)) for n in RNG.integers(2, 5, size=512)]


def numpy(x):
    return ops.convert_to_numpy(x)


def small(**options):
    return Seq2Seq(list("abcd"), **{"dim": 16, "num_heads": 2, "seed": 1, **options})


@pytest.fixture(scope="module")
def echo():
    """A model that has learned to repeat its source."""
    keras.utils.set_random_seed(0)
    model = small(prior=True, dropout=0.0, dim=32)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    model.compile(keras.optimizers.Adam(0.005), loss)
    model.fit(PairBatches(model, SOURCES, SOURCES, 32), epochs=20, verbose=0)
    return model


def test_it_learns_and_writes(echo, tmp_path):
    outputs = echo.generate(SOURCES[:40], beams=2, steps=8)
    assert np.mean([output == source for output, source in zip(outputs, SOURCES, strict=False)]) > 0.5  # one in sixty by chance
    echo.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").generate(SOURCES[:40], beams=2, steps=8) == outputs


def test_an_output_does_not_depend_on_its_batch(echo):
    together = echo.generate(SOURCES[:9], beams=2, steps=8, batch_size=4)
    alone = [echo.generate([source], beams=2, steps=8)[0] for source in SOURCES[:9]]
    assert together == alone


def test_more_than_the_best(echo):
    """They were searched and left out."""
    best = echo.generate(SOURCES[:3], beams=2, steps=8, best=2)
    assert [row[0] for row in best] == echo.generate(SOURCES[:3], beams=2, steps=8)
    assert all(len(row) == len(set(row)) == 2 for row in best)
    drawn = echo.generate(iter(SOURCES[:3]), beams=None, steps=8, samples=4, seed=keras.random.SeedGenerator(1))
    assert [len(row) for row in drawn] == [4, 4, 4]


def test_allowed_holds_tokens(echo):
    """A list of bool could not be looked up among the compiled searches, and let padding and unknown tokens pass."""
    outputs = echo.generate(SOURCES[:9], beams=2, steps=8, min_length=2, allowed=["a", "c"])
    assert set("".join(outputs)) == {"a", "c"}
    with pytest.raises(ValueError, match="`allowed` must hold tokens that outputs are made of; received 'x'"):
        echo.generate(["ab"], allowed="ax")


def test_rules_and_draws(echo):
    ruled = echo.generate(SOURCES[:9], beams=2, steps=8, no_repeat=2, min_length=6, coverage_penalty=0.2)
    assert all(len(output) >= 6 and len({*zip(output, output[1:])}) == len(output) - 1 for output in ruled)  # noqa: B905, RUF007
    wide = [echo.generate(SOURCES[:9], beams=None, steps=8, seed=1, temperature=4.0) for _ in range(2)]
    assert wide[0] != wide[1]
    assert set("".join(wide[0])) <= set("abcd")  # nothing unknown, no padding


@pytest.mark.parametrize(
    "options",
    [{}, {"depth": 2}, {"num_heads": 0, "tied": True}, {"prior": True}, {"target_vocabulary": ["x", "yy", "z"], "tied": True}],
)
def test_a_step_at_a_time_is_all_at_once(options):
    """States, not the output so far, carry what was written: no step costs more than the first."""
    model = small(**options)
    targets = [["x", "yy", "x"], ["z"]] if "target_vocabulary" in options else ["abd", "c"]
    sources, (inputs, _) = model.encode(["abcd", "ba"]), model.encode_targets(targets)
    model((sources, inputs))  # builds it
    rng = np.random.default_rng(1)
    spread = 0.2 if model.tied else 0.5  # a tied table is read four times as large
    model.set_weights([rng.normal(0, spread, weight.shape) for weight in model.get_weights()])
    expected = numpy(model((sources, inputs)))
    step, state, mask = model.stepper(ops.convert_to_tensor(sources), 1)
    assert numpy(mask).tolist() == (sources > 0).tolist()
    for t in range(inputs.shape[1]):
        logits, state, attention = step(ops.convert_to_tensor(inputs[:, t]), state)
        np.testing.assert_allclose(numpy(logits), expected[:, t], atol=1e-5)
        if model.num_heads:  # else all that is real counts alike
            np.testing.assert_allclose(numpy(attention).sum(axis=1), 1, atol=1e-5)
            np.testing.assert_allclose(numpy(attention)[~(sources > 0)], 0, atol=1e-6)


def test_a_tied_table_embeds_and_scores():
    model = small(tied=True, prior=6)
    model.build()
    table, x = numpy(model.target_table.embeddings), RNG.normal(size=(2, 3, 16)).astype("float32")
    model.bias.assign(RNG.normal(size=model.size))
    np.testing.assert_allclose(numpy(model.score(ops.convert_to_tensor(x))), x @ table.T + numpy(model.bias), atol=1e-5)
    np.testing.assert_allclose(numpy(model.embed(model.target_table, np.array([2, 5]))), 4 * table[[2, 5]], atol=1e-6)
    assert model.logits is None
    assert Seq2Seq.from_config(model.get_config()).get_config() == model.get_config()


def test_bug_no_model_of_titles_began_to_read():
    """Half a nat does not lift the tokens of a source above thousands, and a small table is no input."""
    tokens = [f"t{i}" for i in range(1000)]
    first = {}
    for options in ({"prior": True}, {"prior": 6, "tied": True}):
        model = Seq2Seq(tokens, dim=16, num_heads=2, dropout=0.0, **options)
        p = numpy(ops.softmax(model((model.encode([tokens[:20]]), model.encode_targets([["t500"]])[0]))))[0, 0]
        first[len(options)] = p[2:22].sum()
        memory, mask, _ = model.read(model.encode([tokens[:20]]))
        first[f"{len(options)} states"] = numpy(memory)[numpy(mask)].std()
    assert first[1] < 0.05 < 0.2 < first[2]
    assert first["1 states"] < 0.05 < 0.2 < first["2 states"]


def test_attention_of_a_target(echo):
    weights = echo.attention_of("abcd", "ab")
    assert weights.shape == (2, 4)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)


def test_nothing_that_follows_changes_a_logit():
    model = small()
    sources, (inputs, _) = model.encode(["abcd"]), model.encode_targets(["abcd"])
    changed = inputs.copy()
    changed[:, 3:] = 2
    np.testing.assert_array_equal(*(numpy(model((sources, x)))[:, :3] for x in (inputs, changed)))


def test_padding_changes_nothing():
    model = small(prior=True)
    sources, (inputs, _) = model.encode(["abcd", ""]), model.encode_targets(["ab", "c"])
    longer = np.pad(sources, ((0, 0), (0, 9)))
    before, after = (numpy(model((x, inputs))) for x in (sources, longer))
    np.testing.assert_allclose(before, after, atol=1e-5)
    assert np.isfinite(before).all()


def test_ids_and_labels():
    model = small()
    inputs, labels = model.encode_targets(["ab", "c?"])
    assert inputs.shape == (2, 8)  # no wider: each step costs a score a token
    assert inputs[:, :4].tolist() == [[model.start, 2, 3, 0], [model.start, 4, 1, 0]]
    assert labels[:, :4].tolist() == [[2, 3, model.end, -1], [4, 1, model.end, -1]]
    batches = PairBatches(model, SOURCES[:10], SOURCES[:10], 4)
    assert sum(len(batches[i][1]) for i in range(len(batches))) == 10


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: small(dim=3), "`dim` must be even; received 3"),
        (lambda: small(depth=0), "`depth` must be an int from 1 to 65536; received 0"),
        (lambda: small(prior=True, target_vocabulary=["x"]), "`prior` needs one vocabulary for both sides"),
        (lambda: small(target_vocabulary=["x", "x"]), "`vocabulary` must be distinct strings"),
        (lambda: PairBatches(small(), ["a"], []), "`targets` must be one a source, at least one; received 0 for 1 sources"),
        (lambda: small().generate("abc"), "`texts` must be a list of texts; received one string, 'abc'"),
        (lambda: small().generate(["a"], batch_size=0), "`batch_size` must be an int of at least 1; received 0"),
        (lambda: small().generate(["a"], steps=2.5), "`steps` must be an int of at least 1; received 2.5"),
        (lambda: small().generate([3]), "`texts` must hold strings or lists of tokens; received int at index 0"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
