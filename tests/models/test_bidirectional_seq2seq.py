"""Texts written from both ends."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog.models import BidirectionalSeq2Seq, PairBatches
from keras_blog.models.bidirectional_seq2seq import _positions

RNG = np.random.default_rng(0)
SOURCES = ["".join(RNG.choice(list("abc"), size=n)) for n in RNG.integers(2, 5, size=512)]


def numpy(x):
    return ops.convert_to_numpy(x)


def small(**options):
    return BidirectionalSeq2Seq(list("abcd"), **{"dim": 16, "depth": 1, "num_heads": 2, "seed": 1, **options})


def test_it_learns_writes_and_loads(tmp_path):
    keras.utils.set_random_seed(0)
    model = small(dropout=0.0, dim=32)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    model.compile(keras.optimizers.Adam(0.005), loss)
    losses = model.fit(PairBatches(model, SOURCES, SOURCES, 32), epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 3
    outputs = model.generate(SOURCES[:40], beams=4, steps=8)
    assert (
        np.mean([output == source for output, source in zip(outputs, SOURCES, strict=False)]) > 0.3
    )  # one in thirty by chance
    model.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").generate(SOURCES[:40], beams=4, steps=8) == outputs


@pytest.mark.parametrize("options", [{"depth": 2}, {"fusion": "average", "prior": 6, "tied": True}])
def test_a_step_at_a_time_is_all_at_once(options):
    model = small(**options)
    sources, (inputs, _) = model.encode(["abcd", "ba"]), model.encode_targets(["abd", "c"])
    model((sources, inputs))  # builds it
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(0, 0.3, weight.shape) for weight in model.get_weights()])
    expected = numpy(model((sources, inputs)))
    step, state, mask = model.stepper(ops.convert_to_tensor(sources), inputs.shape[2], 1)
    assert numpy(mask).tolist() == (sources > 0).tolist()
    for t in range(5):
        logits, state, attention = step(ops.convert_to_tensor(inputs[:, :, t].reshape(-1)), state)
        np.testing.assert_allclose(numpy(attention).sum(axis=1), 1, atol=1e-5)
        np.testing.assert_allclose(numpy(logits).reshape(2, 2, -1), expected[:, :, t], atol=1e-4)


def test_bug_every_pair_was_run_again_from_its_start():
    """The article's search does so; keeping the states of k² pairs finds the same."""
    model = small(depth=2, prior=True)
    sources, k, steps = model.encode(["abcd"]), 2, 4
    model((sources, model.encode_targets(["abd"])[0]))  # builds it
    rng = np.random.default_rng(2)
    model.set_weights([rng.normal(0, 0.5, weight.shape) for weight in model.get_weights()])
    allowed = np.where(model.allowed(), 0.0, -1e30)
    alive = [[(0.0, [model.start + side])] for side in range(2)]
    for t in range(steps):
        pairs = [(left, right) for _, left in alive[0] for _, right in alive[1]]
        rows = np.zeros((len(pairs), 2, steps), "int32")
        rows[:, :, : t + 1] = pairs
        logits = numpy(model((np.repeat(sources, len(pairs), axis=0), rows)))[:, :, t].astype("float64")
        p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
        p = p.reshape(len(alive[0]), len(alive[1]), 2, -1)
        longer = []
        for side, mean in enumerate((p[:, :, 0].mean(1), p[:, :, 1].mean(0))):
            found = [
                (total + score, [*words, token])
                for (total, words), scores in zip(alive[side], np.log(mean) + allowed, strict=True)
                for token, score in enumerate(scores)
                if token != model.end  # `min_length` below
            ]
            longer.append(sorted(found, key=lambda row: -row[0])[:k])
        alive = longer
    for side in range(2):
        options = {"paired": True, "side": side, "min_length": steps, "length_penalty": 0.0, "best": k}
        tokens, scores = model.search(ops.convert_to_tensor(sources), steps, k, None, options)
        words = [row[1:][:: -1 if side else 1] for _, row in alive[side]]
        np.testing.assert_array_equal(numpy(tokens)[0], words)
        np.testing.assert_allclose(numpy(scores)[0], [total for total, _ in alive[side]], rtol=1e-4)


def test_bug_a_tied_table_wrote_its_last_token_again():
    """What the blocks add to is the embedding of the last token, and its own row scores it highest, untrained."""
    model = BidirectionalSeq2Seq([f"t{i}" for i in range(50)], dim=32, depth=1, dropout=0.0, tied=True)
    tokens = [f"t{i}" for i in range(20)]
    inputs, _ = model.encode_targets([tokens])
    logits = numpy(model((model.encode([tokens]), inputs)))[0, 0, 1:21]
    assert np.mean(logits.argmax(axis=-1) == inputs[0, 0, 1:21]) < 0.5


def test_the_sides_are_the_text_and_its_mirror():
    model = small()
    inputs, labels = model.encode_targets(["abd"])
    assert inputs[0, :, :5].tolist() == [[model.start, 2, 3, 5, 0], [model.start + 1, 5, 3, 2, 0]]
    assert labels[0, :, :5].tolist() == [[2, 3, 5, model.end, -1], [5, 3, 2, model.end, -1]]


@pytest.mark.parametrize("side", [0, 1])
def test_nothing_that_either_side_writes_later_changes_a_logit(side):
    """Two blocks deep: a leak of one would be read by the next."""
    model = small(depth=2, future_weight=0.5)
    sources, (inputs, _) = model.encode(["abcd"]), model.encode_targets(["abcdab"])
    changed = inputs.copy()
    changed[:, side, 3:] = 2
    before, after = (numpy(model((sources, x))) for x in (inputs, changed))
    np.testing.assert_allclose(before[:, :, :3], after[:, :, :3], atol=1e-6)
    assert (np.abs(before - after)[:, :, 4:].max(axis=(0, 2, 3)) > 1e-6).all()


def test_coverage_leads_the_search():
    """It was refused for want of a mask that nobody could give. Scores with it are lower, by what was not read."""
    model = small(depth=1)
    model.build()
    sources = ops.convert_to_tensor(model.encode(["abcd", "b"]))
    plain, covered = (
        numpy(model.search(sources, 2, 4, None, {"coverage_penalty": beta, "min_length": 2, "best": 2})[1])
        for beta in (0.0, 0.5)
    )
    assert (covered[0] < plain[0] - 0.1).all()
    np.testing.assert_allclose(covered[1], plain[1], atol=1e-5)  # of one token every step reads all


def test_bug_positions_were_float32_and_ended_at_1024():
    angles = np.arange(1500)[:, None] / 10000 ** (np.arange(4) / 4)
    expected = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    # float32 knows an angle of 1,500 to a ten-thousandth
    np.testing.assert_allclose(numpy(_positions(1500, 8, "float32")), expected, atol=3e-4)
    keras.config.set_dtype_policy("mixed_float16")
    model = small()
    assert len(model.generate(["abc", ""], beams=2, steps=4)) == 2


def test_padding_changes_nothing():
    model = small()
    sources, (inputs, _) = model.encode(["abcd", ""]), model.encode_targets(["ab", "c"])
    longer, more = np.pad(sources, ((0, 0), (0, 9))), np.pad(inputs, ((0, 0), (0, 0), (0, 4)))
    before, after = numpy(model((sources, inputs))), numpy(model((longer, more)))
    np.testing.assert_allclose(before, after[:, :, :-4], atol=1e-5)
    assert np.isfinite(before).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: small(num_heads=3), "`num_heads` must be a divisor of `dim`, 16; received 3"),
        (lambda: small(fusion="sum"), "`fusion` must be 'tanh' or 'average'"),
        (lambda: small().generate(["a"], beams=3), "`beams` must be an even int of at least 2; received 3"),
        (lambda: small().generate(["a"], beams=None), "`beams` must be an int"),
        (lambda: small(prior="yes"), "`prior` must be a number, True or False; received 'yes'"),
        (lambda: small(prior=True, target_vocabulary=["x"]), "`prior` needs one vocabulary for both sides"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
