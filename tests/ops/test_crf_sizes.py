"""Chains of every size: no step, one step, no sequence, one tag, many tags, thousands and a million of steps."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog.ops import crf
from tests.chains import numpy
from tests.gradients import value_and_gradients
from tests.oracles import Chain, forward_backward, viterbi


def chain_of(batch, steps, tags, seed=0, spread=1.0):
    rng = np.random.default_rng(seed)
    sizes = ((batch, steps, tags), (tags, tags), tags, tags)
    return tuple((spread * rng.normal(size=size)).astype("float32") for size in sizes)


SMALL = [(2, 0, 3), (2, 1, 3), (2, 2, 3), (2, 2, 1)]
if keras.config.backend() != "tensorflow":  # which refuses the maximum of an empty batch, unless compiled
    SMALL.append((0, 2, 3))


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")  # of the one tag
@pytest.mark.usefixtures("without_xla")
@pytest.mark.parametrize(("batch", "steps", "tags"), SMALL)
def test_small_sizes(batch, steps, tags):
    chain = chain_of(batch, steps, tags)
    potentials = crf.pack(*chain)
    exact = [Chain(row, *chain[1:]) for row in chain[0]]
    y, ones = np.zeros((batch, steps), int), np.ones((batch, steps, tags))
    log_p = [c.score(row) - c.log_z for c, row in zip(exact, y, strict=True)]
    assert_close(crf.log_partition(potentials), [c.log_z for c in exact])
    assert_close(crf.log_likelihood(potentials, y), log_p)
    assert_close(crf.log_likelihood(potentials, y, ones[..., 0]), log_p)
    assert_close(crf.log_likelihood(potentials, ones), np.zeros(batch))
    assert_close(crf.path_score(potentials, y), [c.score(row) for c, row in zip(exact, y, strict=True)])
    assert_close(crf.entropy(potentials), [c.entropy() for c in exact])
    assert_close(crf.marginals(potentials), np.reshape([c.marginals() for c in exact], (batch, steps, tags)))
    edges = (batch, max(steps - 1, 0), tags, tags)
    assert_close(crf.edge_marginals(potentials), np.reshape([c.edge_marginals() for c in exact], edges))
    best, scores = crf.decode(potentials)
    np.testing.assert_array_equal(numpy(best), np.reshape([c.best()[0] for c in exact], (batch, steps)))
    assert_close(scores, [c.best()[1] for c in exact])
    many, scores = crf.k_best(potentials, 2)
    assert ops.shape(many) == (batch, 2, steps)
    assert ops.shape(scores) == (batch, 2)
    assert_close(scores[:, 0], [c.best()[1] for c in exact])
    assert ops.shape(crf.sample(potentials, 0)) == (batch, steps)


@pytest.mark.parametrize(("batch", "steps", "tags"), [(2, 1, 3), (0, 2, 3)])
def test_small_sizes_compiled(batch, steps, tags):
    chain, y = chain_of(batch, steps, tags), np.zeros((batch, steps), int)
    value, gradients = value_and_gradients(sum_of_losses, *chain, constants=(y,))
    exact = [Chain(row, *chain[1:]) for row in chain[0]]
    assert_close(value, sum(c.log_z - c.score(row) for c, row in zip(exact, y, strict=True)))
    nodes = np.reshape([c.marginals() for c in exact], (batch, steps, tags))
    assert_close(gradients[0], nodes - np.eye(tags)[0])
    assert_close(gradients[1], np.zeros((tags, tags)))  # there is no transition
    best, _ = crf.decode(crf.pack(*chain))
    np.testing.assert_array_equal(numpy(best), np.reshape([c.best()[0] for c in exact], (batch, steps)))


def assert_close(actual, expected):
    np.testing.assert_allclose(numpy(actual), expected, atol=1e-5)


def sum_of_losses(emissions, transitions, start, end, tags):
    return -ops.sum(crf.log_likelihood(crf.pack(emissions, transitions, start, end), tags))


def test_many_tags():
    """From 32 tags on, multiples of eight take another way through Viterbi."""
    chain = chain_of(3, 6, 40, spread=3.0)
    best, scores = map(numpy, crf.decode(crf.pack(*chain)))
    for row, path, score in zip(chain[0], best, scores, strict=True):
        expected, top = viterbi(row, *chain[1:])
        assert path.tolist() == expected
        assert score == pytest.approx(top, rel=1e-6)
    ties = [np.round(part) for part in chain]
    best = numpy(crf.decode(crf.pack(*ties))[0])
    assert best.tolist() == [viterbi(row, *ties[1:])[0] for row in ties[0]]


def test_a_million_steps():
    """One block of 1024 steps over and over: from four and five of them follow the values of all."""
    tags, width = 5, 1024
    blocks = 32 if keras.config.backend() == "torch" else 1024  # a minute on torch, which loops in Python
    block = np.random.default_rng(0).normal(size=(width, tags)).astype("float32")
    emissions, transitions = np.tile(block, (1, blocks, 1)), np.eye(tags, dtype="float32")

    def total(function):
        few = [function(np.tile(block, (n, 1)), transitions, 0.0, 0.0) for n in (4, 5)]
        return few[0] + (blocks - 4) * (few[1] - few[0])

    log_z, top = total(lambda *chain: forward_backward(*chain)[0]), total(lambda *chain: viterbi(*chain)[1])
    potentials = crf.pack(emissions, transitions)
    best, score = map(numpy, crf.decode(potentials))
    on_path = np.take_along_axis(emissions, best[..., None], -1).sum(dtype="float64")
    exact = on_path + np.sum(best[:, 1:] == best[:, :-1])
    assert exact == pytest.approx(top, rel=1e-5)
    assert score[0] == pytest.approx(top, rel=1e-4)
    assert numpy(crf.log_likelihood(potentials, best))[0] == pytest.approx(exact - log_z, rel=1e-4)


@pytest.mark.parametrize("spread", [1.0, 20.0])
def test_thousands_of_steps(spread):
    """A forbidden transition and a spread over 30 nats take the careful way; the error does not grow with the steps."""
    steps, tags = 4096, 64
    emissions, transitions, start, end = chain = chain_of(1, steps, tags, spread=spread)
    if spread > 1:
        transitions[0, 1] = transitions[3, 3] = -np.inf
    y = np.array([viterbi(emissions[0], transitions, start, end)[0]])
    value, gradients = value_and_gradients(sum_of_losses, *chain, constants=(y,))
    exact_z, nodes, edges = forward_backward(emissions[0], transitions, start, end)
    _, top = viterbi(emissions[0], transitions, start, end)
    np.testing.assert_allclose(value, exact_z - top, rtol=1e-3)
    np.testing.assert_allclose(value + top, exact_z, rtol=1e-6)
    np.testing.assert_allclose(gradients[0][0], nodes - np.eye(tags)[y[0]], atol=1e-3)
    np.add.at(edges, (y[0, :-1], y[0, 1:]), -1)
    np.testing.assert_allclose(gradients[1], edges, atol=2e-2)


@pytest.mark.skipif(keras.config.backend() != "jax", reason="JAX alone shows the shapes in a program")
def test_memory_does_not_grow_with_the_square_of_the_tags():
    """Loss and gradient of 4096 steps and 64 tags: arrays of steps x tags, none of steps x tags x tags."""
    import jax

    steps, tags = 4096, 64
    chain, y = chain_of(1, steps, tags), np.zeros((1, steps), int)
    program = jax.make_jaxpr(jax.grad(sum_of_losses, argnums=(0, 1)))(*chain, y)
    assert steps * tags <= largest(program.jaxpr) < 4 * steps * tags


def largest(jaxpr):
    """Size of the largest array in a JAX program, those inside its loops and branches too."""
    import jax

    sizes = [v.aval.size for equation in jaxpr.eqns for v in equation.outvars if hasattr(v.aval, "size")]
    for equation in jaxpr.eqns:
        sizes += [largest(sub) for sub in jax.core.jaxprs_in_params(equation.params)]
    return max(sizes, default=0)
