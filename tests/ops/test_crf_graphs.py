"""Graphs that do not know their sizes, other precisions, and NumPy predictions."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog.ops import crf
from tests.chains import BATCH, MASKS, STEPS, TAGS, numpy, oracles, random_chain

BACKEND = keras.config.backend()


def batch_of(batch, steps, seed=0):
    rng = np.random.default_rng(seed)
    emissions = rng.normal(size=(batch, steps, TAGS)).astype("float32")
    tags = rng.integers(0, TAGS, (batch, steps))
    mask = np.arange(steps) < rng.integers(1, steps + 1, (batch, 1))
    return emissions, tags, mask


@pytest.mark.skipif(BACKEND != "tensorflow", reason="JAX and torch know every shape")
def test_tensorflow_graph_without_sizes():
    """One trace for all batches and lengths."""
    import tensorflow as tf

    _, transitions, start, end = random_chain(np.random.default_rng(0), 1.0)
    specs = [(None, None, TAGS), (None, None), (None, None)]
    signature = [tf.TensorSpec(*spec) for spec in zip(specs, ("float32", "int64", "bool"), strict=True)]
    traces = []

    @tf.function(input_signature=signature)
    def losses_gradient_and_tags(emissions, tags, mask):
        traces.append(1)
        with tf.GradientTape() as tape:
            tape.watch(emissions)
            potentials = crf.pack(emissions, transitions, start, end, mask)
            losses = -crf.log_likelihood(potentials, tags)
        return losses, tape.gradient(losses, emissions), crf.decode(potentials)[0]

    for batch, steps in ((2, 1), (2, 2)):
        emissions, tags, mask = batch_of(batch, steps)
        exact = oracles(emissions, transitions, start, end, mask)
        losses, gradient, best = losses_gradient_and_tags(emissions, tags, mask)
        expected = [c.log_z - c.score(row[real]) for c, row, real in zip(exact, tags, mask, strict=True)]
        np.testing.assert_allclose(losses, expected, atol=1e-5)
        assert gradient.shape == emissions.shape
        for row, (c, real) in enumerate(zip(exact, mask, strict=True)):
            np.testing.assert_allclose(gradient[row][real], c.marginals() - np.eye(TAGS)[tags[row, real]], atol=1e-5)
            assert best[row][real].numpy().tolist() == list(c.best()[0])
    assert len(traces) == 1


@pytest.mark.skipif(BACKEND != "tensorflow", reason="elsewhere Keras promotes float64 to float32")
@pytest.mark.usefixtures("without_xla")
def test_float64():
    chain = random_chain(np.random.default_rng(1), 1.0)
    tags = np.zeros((BATCH, STEPS), int)
    potentials = crf.pack(*(ops.convert_to_tensor(part, "float64") for part in chain), mask=MASKS)
    assert "float64" in str(potentials.dtype)
    exact = oracles(*chain)
    log_p = [c.score(row[mask]) - c.log_z for c, row, mask in zip(exact, tags, MASKS, strict=True)]
    np.testing.assert_allclose(numpy(crf.log_likelihood(potentials, tags)), log_p, atol=1e-12)
    np.testing.assert_allclose(numpy(crf.decode(potentials)[1]), [c.best()[1] for c in exact], atol=1e-12)
    np.testing.assert_allclose(numpy(crf.k_best(potentials, 7)[1])[:, 0], [c.best()[1] for c in exact], atol=1e-12)


def test_numpy_in():
    """What `model.predict` returns will do."""
    chain = random_chain(np.random.default_rng(2), 1.0)
    potentials = crf.pack(*chain, mask=MASKS)
    as_numpy = numpy(potentials)
    np.testing.assert_array_equal(numpy(crf.decode(as_numpy)[0]), numpy(crf.decode(potentials)[0]))
    np.testing.assert_array_equal(numpy(crf.log_partition(as_numpy)), numpy(crf.log_partition(potentials)))
