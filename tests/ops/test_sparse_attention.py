"""Sparse attention equals dense attention under the mask of its pattern."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_blog.ops import sparse_attention
from keras_blog.ops.sparse_attention import Pattern, atrous, attend, density, fixed, local, sparse_mask, strided
from tests.dense_attention import dense_attention, value_and_gradients

BACKEND = keras.config.backend()
# Windows, rates and blocks that do not divide most lengths; tiles of 16, 32 and 64 rows; every clause alone and in company.
PATTERNS = {
    "local": local(5),
    "local_causal": local(20, causal=True),
    "local_wide": local(33, causal=True, global_tokens=3),
    "local_global": local(3, global_tokens=2),
    "atrous": atrous(3),
    "atrous_causal": atrous(7, causal=True),
    "strided": strided(4),
    "strided_causal": strided(5, window=9, causal=True),
    "strided_global": strided(5, window=2, global_tokens=4),
    "fixed": fixed(8, 2),
    "fixed_causal": fixed(7, 3, causal=True, global_tokens=2),
    "fixed_global": fixed(9, 1, global_tokens=1),
    "band_and_blocks": Pattern(window=6, block=8, summary=2, causal=True),
}
# JAX compiles for every length and pattern; all 70 of them are in the slow test.
LENGTHS = range(1, 71) if BACKEND != "jax" else (1, 6, 33, 70)
X = np.array([[1, 0], [0, 1], [1, 1], [-1, 0], [0, -1], [0.5, 0.5]], "float32").reshape((1, 6, 1, 2))
each_pattern = pytest.mark.parametrize("name", PATTERNS)


def arrays(n, seed=0):
    return list(np.random.default_rng(seed).normal(size=(4, 2, n, 2, 4)).astype("float32"))


def compare(name, lengths):
    def function(query, key, value):
        return attend(query, key, value, PATTERNS[name])

    call = value_and_gradients(function)
    for n in lengths:
        expected = dense_attention(*arrays(n)[:3], sparse_mask(n, PATTERNS[name])[None], arrays(n)[3])
        for got, right in zip(call(*arrays(n)), expected, strict=True):
            np.testing.assert_allclose(got, right, atol=1e-5, err_msg=f"{name}, {n} steps")


@each_pattern
def test_equals_dense_attention_with_gradients(name):
    compare(name, LENGTHS)


@pytest.mark.slow
@each_pattern
def test_equals_dense_attention_at_every_length(name):
    compare(name, range(1, 71))


@pytest.mark.parametrize("name", ["local_wide", "local", "atrous_causal", "strided_global", "fixed_causal"])
def test_bug_padding_was_seen(name):
    """The published layers gave padding, at the end or at the edge of a window, the weight e^0."""
    query, key, value, upstream = arrays(37)
    real = np.random.default_rng(1).random((2, 37)) < 0.7
    real[1, 20:] = False
    seen = sparse_mask(37, PATTERNS[name]) & real[:, :, None] & real[:, None, :]
    expected = dense_attention(query, key, value, seen, upstream)

    def function(query, key, value):
        return attend(query, key, value, PATTERNS[name], mask=real)

    dirty = [np.where(real[:, :, None, None], x, np.float32("nan")) for x in (query, key, value)]
    for got, right in zip(value_and_gradients(function)(*dirty, upstream), expected, strict=True):
        np.testing.assert_allclose(got, right, atol=1e-5)
    nothing = ops.convert_to_numpy(attend(query, key, value, PATTERNS[name], mask=np.zeros((2, 37), bool)))
    assert not nothing.any()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["local_causal", "strided"])
def test_sixteen_bits(name, dtype):
    """Exact but for the rounding of inputs and output: half a unit in the last place, of numbers below 4."""
    inputs = [ops.cast(10 * x, dtype) for x in arrays(37)[:2]] + [ops.cast(arrays(37)[2], dtype)]
    wide = [ops.convert_to_numpy(ops.cast(x, "float32")) for x in inputs]
    expected = dense_attention(*wide, sparse_mask(37, PATTERNS[name])[None], wide[0])[0]
    got = attend(*inputs, PATTERNS[name])
    assert keras.backend.standardize_dtype(got.dtype) == dtype
    unit = 2.0**-10 if dtype == "float16" else 2.0**-7
    np.testing.assert_allclose(ops.convert_to_numpy(ops.cast(got, "float32")), expected, atol=2 * unit)


@pytest.mark.parametrize("name", ["local_causal", "strided"])
def test_gradients_in_sixteen_bits(name):
    inputs = [x.astype("float16").astype("float32") for x in arrays(33)]

    def function(*arrays):
        return ops.cast(attend(*(ops.cast(x, "float16") for x in arrays), PATTERNS[name]), "float32")

    expected = dense_attention(*inputs[:3], sparse_mask(33, PATTERNS[name])[None], inputs[3])
    for got, right in zip(value_and_gradients(function)(*inputs), expected, strict=True):
        np.testing.assert_allclose(got, right, atol=2.0**-9)


def test_exact_values():
    """Article 6853's patterns on six steps; `sparse` is the union of local and atrous, its own key counted once."""
    expected = {
        atrous(2): [(0.802224, 0.203336), (-0.064673, 0.615461), (0.925680, 0.545665),
                    (-0.449567, 0.362194), (0.424025, -0.435946), (0.002780, 0.601668)],
        local(2): [(0.669762, 0.330238), (0.598888, 0.802224), (0.545665, 0.925680),
                   (-0.435946, -0.143966), (-0.173955, -0.449567), (0.334881, 0.004642)],
        strided(3): [(0.642092, 0.545675), (0.309669, 0.544052), (0.595718, 0.595718),
                     (-0.120859, 0.147673), (-0.033041, -0.146484), (0.419631, 0.419631)],
    }  # fmt: skip
    for pattern, rows in expected.items():
        np.testing.assert_allclose(ops.convert_to_numpy(attend(X, X, X, pattern))[0, :, 0], rows, atol=1e-6)


def test_numbers_of_pairs():
    pairs = {(2, False): 158, (2, True): 87, (4, False): 148, (4, True): 82}
    for (rate, causal), count in pairs.items():
        assert density(16, strided(rate, causal=causal)).pairs == count
        assert sparse_mask(16, strided(rate, causal=causal)).sum() == count


def test_bug_the_softmax_was_a_plain_average():
    """The published layers subtracted 1e10 from every score unless causal: uniform weights."""
    y = ops.convert_to_numpy(attend(X, X, X, atrous(1)))
    assert np.abs(y - X.mean(1, keepdims=True)).max() > 0.1


def test_bug_strided_attention_did_not_see_its_neighbours():
    """The published sparse layer dilated its window: step 6 at rate 3 saw 0, 3, 6, 9, 12 and not 4 to 8."""
    assert np.flatnonzero(sparse_mask(13, strided(3))[6]).tolist() == [0, 3, 4, 5, 6, 7, 8, 9, 12]


def test_bug_at_rate_one_a_step_saw_itself_twice():
    dense = ops.convert_to_numpy(attend(X, X, X, atrous(1)))
    np.testing.assert_allclose(ops.convert_to_numpy(attend(X, X, X, strided(1))), dense, atol=1e-6)


def test_bug_a_whole_block_was_added_where_the_rate_divides_the_length():
    assert density(64, atrous(8)).computed == 8 * 8 * 8
    assert density(65, atrous(8)).computed == 8 * 9 * 9


@pytest.mark.parametrize("pattern", [atrous(1, True), atrous(2, True), strided(3, window=5, causal=True)])
def test_long_causal_tiles_are_cut_into_strips(pattern):
    n = 211
    query, key, value, upstream = arrays(n)
    real = np.arange(n) < [[211], [150]]
    seen = sparse_mask(n, pattern) & real[:, :, None] & real[:, None, :]
    expected = dense_attention(query, key, value, seen, upstream)
    results = value_and_gradients(lambda *x: attend(*x, pattern, mask=real))(query, key, value, upstream)
    for got, right in zip(results, expected, strict=True):
        np.testing.assert_allclose(got, right, atol=1e-5)
    assert density(n, atrous(2, True)).computed < 0.65 * density(n, atrous(2)).computed


def test_limits_are_dense():
    ones = np.ones((40, 40), bool)
    for pattern in (local(40), atrous(1), strided(40), fixed(40, 1), fixed(5, 5), local(1, global_tokens=40)):
        assert (sparse_mask(40, pattern) == ones).all()
        assert (sparse_mask(40, Pattern(**{**vars(pattern), "causal": True})) == np.tril(ones)).all()


def test_fixed_is_openais_second_form():
    i, j = np.indices((40, 40))
    expected = ((j // 8 == i // 8) | (j % 8 >= 6)) & (j <= i)
    np.testing.assert_array_equal(sparse_mask(40, fixed(8, 2, causal=True)), expected)


def test_heads_share_keys():
    query, key, value, _ = arrays(20)
    query = np.concatenate([query, query[::-1]], axis=2)  # four heads, two of keys
    grouped = ops.convert_to_numpy(attend(query, key, value, local(5)))
    repeated = ops.convert_to_numpy(attend(query, key.repeat(2, axis=2), value.repeat(2, axis=2), local(5)))
    np.testing.assert_allclose(grouped, repeated, atol=1e-6)


@pytest.mark.parametrize("name", ["local_causal", "strided"])
def test_dropout_keeps_the_mean_and_its_own_gradient(name):
    """Dropped weights are those of the forward pass: for a fixed seed the gradient is a finite difference."""
    query, key, value, upstream = (x[:, :20] for x in arrays(20))

    def function(query, key, value):
        return attend(query, key, value, PATTERNS[name], dropout=0.5, seed=3)

    call = value_and_gradients(function)
    y, *gradients = call(query, key, value, upstream)
    step = np.random.default_rng(5).normal(size=query.shape).astype("float32")
    for k, gradient in enumerate(gradients):
        ends = []
        for sign in (1e-2, -1e-2):
            moved = [x + sign * step if i == k else x for i, x in enumerate((query, key, value))]
            ends.append((call(*moved, upstream)[0] * upstream).sum(dtype="float64"))
        np.testing.assert_allclose((gradient * step).sum(), (ends[0] - ends[1]) / 2e-2, rtol=5e-3, atol=5e-3)
    assert np.abs(y - ops.convert_to_numpy(attend(query, key, value, PATTERNS[name]))).max() > 0.1
    ones = np.ones_like(query)
    assert abs(call(ones, ones, ones, upstream)[0].mean() - 1) < 0.1


def test_nothing_is_quadratic(monkeypatch):
    """No product of matrices makes more scores than `density` says, and those grow with n."""
    sizes = []
    product = ops.matmul
    monkeypatch.setattr(sparse_attention.ops, "matmul", lambda a, b: sizes.append(np.prod((y := product(a, b)).shape)) or y)
    for pattern in (strided(64, causal=True), fixed(64, 4), local(100, global_tokens=1)):
        sizes.clear()
        n = 512
        x = np.ones((1, n, 1, 2), "float32")
        attend(x, x, x, pattern)
        scores = density(n, pattern).computed
        assert max(sizes) <= scores < n * n
        assert density(4 * n, local(100, global_tokens=1)).computed < 4.2 * density(n, local(100, global_tokens=1)).computed


@pytest.mark.parametrize("shape", [(0, 5, 2, 4), (2, 0, 2, 4)])
@pytest.mark.parametrize("name", ["local", "strided_causal", "fixed_global"])
def test_nothing_in_nothing_out(name, shape):
    x = np.zeros(shape, "float32")
    assert tuple(attend(x, x, x, PATTERNS[name]).shape) == shape


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "needs `window`, `rate` or `block`"),
        ({"window": 0}, "`window` must be a positive int; received 0"),
        ({"rate": 2.0}, "`rate` must be a positive int; received 2.0"),
        ({"window": 2, "global_tokens": -1}, "`global_tokens` must be an int, 0 or more; received -1"),
        ({"window": 2, "causal": 1}, "`causal` must be a bool; received 1"),
        ({"block": 4, "summary": 5}, "`summary` must be at most `block`; received 5 with block 4"),
        ({"rate": 4, "block": 5}, "`rate` or `block`, not both"),
    ],
)
def test_bad_patterns(arguments, message):
    with pytest.raises(ValueError, match=message):
        Pattern(**arguments)


def test_bad_shapes():
    x = np.zeros((2, 5, 4, 3), "float32")
    with pytest.raises(ValueError, match=r"`query` must have shape .batch, steps, heads, dim.; received .2, 5, 4"):
        attend(x[..., 0], x, x, local(2))
    with pytest.raises(ValueError, match="must be of one sequence"):
        attend(x, x[:, :4], x[:, :4], local(2))
    with pytest.raises(ValueError, match="a multiple of the heads of `key`; received 4 and 3"):
        attend(x, x[:, :, :3], x[:, :, :3], local(2))
    with pytest.raises(ValueError, match=r"`mask` must have shape .batch, steps.; received .2, 5, 1"):
        attend(x, x, x, local(2), mask=np.ones((2, 5, 1), bool))
    with pytest.raises(ValueError, match="`pattern` must be a Pattern"):
        attend(x, x, x, 256)
    with pytest.raises(ValueError, match=r"`dropout` must lie in .0, 1.; received 1.0"):
        attend(x, x, x, local(2), dropout=1.0)
