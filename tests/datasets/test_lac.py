import numpy as np
import pytest

from keras_blog.datasets import lac


@pytest.fixture(scope="module")
def parameters():
    try:
        return lac.load_parameters()
    except RuntimeError as error:
        pytest.skip(f"no network: {error}")


def test_the_parameters(parameters):
    weights, vocabulary, tag_names = parameters
    shapes = {"word_emb": (20941, 128), "fc_4.w_0": (256, 57), "fc_4.b_0": (57,), "crfw": (59, 57)}
    for i in range(4):
        shapes |= {f"fc_{i}.w_0": (128 if i < 2 else 256, 384), f"fc_{i}.b_0": (384,)}
        shapes |= {f"gru_{i}.w_0": (128, 384), f"gru_{i}.b_0": (1, 384)}
    assert {name: array.shape for name, array in weights.items()} == shapes
    assert sum(array.size for array in weights.values()) == 3_193_052
    assert all(array.dtype == "float32" and np.isfinite(array).all() for array in weights.values())
    assert len(vocabulary) == len(set(vocabulary)) == 20941
    assert [i for i, character in enumerate(vocabulary) if len(character) != 1] == [*range(20935, 20941)]
    assert (vocabulary[0], vocabulary[20939], vocabulary[20940]) == ("a", "", "OOV")
    assert tag_names[-9:] == ["PER-B", "PER-I", "LOC-B", "LOC-I", "ORG-B", "ORG-I", "TIME-B", "TIME-I", "O"]


def test_what_is_normalised_was_never_trained_and_what_it_becomes_was(parameters):
    size = dict(zip(parameters.vocabulary, np.abs(parameters.weights["word_emb"]).max(axis=1), strict=True))
    normalised = set(lac.NORMALIZATION) - {" "}  # the vocabulary has no space
    assert max(size[character] for character in normalised) <= 0.1
    assert min(size[character] for character in lac.NORMALIZATION.values()) > 1
    # Untrained too: characters that Baidu's text did not have, as control characters and rare ideographs.
    untrained = {c for c in parameters.vocabulary if len(c) == 1 and size[c] <= 0.1 and c.isprintable()} - normalised
    assert {c for c in untrained if not "\u3400" <= c <= "\u9fff"} == set("╘‐︽﹂︼︸") | set(
        compatibility_ideographs(untrained)
    )


def compatibility_ideographs(characters):
    return [character for character in characters if "\uf900" <= character <= "\ufaff"]


@pytest.mark.parametrize(
    ("characters", "become"),
    [("ＡｂＣ１，！～", "abc1,!~"), ("XyZ", "xyz"), ("。、“”‘’「」【】（）", '.,""\'\'""[]()'), ("﹐﹖﹪", ",?%"), (" ", ",")],
)
def test_normalization(characters, become):
    assert "".join(lac.NORMALIZATION.get(character, character) for character in characters) == become


def test_a_tensor_of_another_type_is_refused():
    with pytest.raises(ValueError, match="`data` must be a float32 tensor of Paddle's; received one that starts with"):
        lac._tensor(bytes(16) + b"\x04\0\0\0\x08\x06\x10\x01" + bytes(8))


def test_a_tensor():
    tensor = lac._tensor(bytes(16) + b"\x07\0\0\0\x08\x05\x10\x96\x01\x10\x02" + np.arange(300, dtype="<f4").tobytes())
    assert tensor.shape == (150, 2)
    assert tensor[-1].tolist() == [298.0, 299.0]
