"""Baidu's LAC, small edition: the trained parameters of a Chinese tagger, for `models.LACTagger`."""

import tarfile
from typing import NamedTuple

import numpy as np

from keras_blog.datasets import archive

_FOLDER = "jieba-0.42.1/jieba/lac_small/"
_PARAMETERS = _FOLDER + "model_baseline/"


def _normalization():
    # fmt: off
    written_otherwise = dict(zip(
        "。、…—‖￣∶〝〞“”‘’「」『』〈〉〔〕〖〗【】﹐﹑﹒﹔﹕﹖﹗﹙﹚﹛﹜﹝﹞﹟﹠﹡﹢﹣﹤﹥﹦﹨﹩﹪﹫",
        ".,.-|~:\"\"\"\"''\"\"\"\"<>()[][],,.;:?!(){}[]#&*+-<>=\\$%@",
        strict=True,
    ))
    # fmt: on
    wide = {chr(code): chr(code - 0xFEE0).lower() for code in range(0xFF01, 0xFF5F)}  # ！ to ～ in the order of ASCII
    capitals = {letter: letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    return {**written_otherwise, **wide, **capitals, " ": ","}


NORMALIZATION = _normalization()
"""What LAC reads in place of a character: its half-width form, a small letter, a comma for a space.

The package leaves this table out, and its own reader goes without it: full stops, full-width commas, quotation marks
and capitals then reach the network as vectors that no training ever moved, and it takes them for parts of names and
verbs. The table is recovered from those vectors: they still lie in the initial range of the embedding, `[-0.1, 0.1]`.
"""


class LACParameters(NamedTuple):
    """`weights`, arrays by Paddle's names; `vocabulary` and `tag_names`, lists of strings in the order of their ids."""

    weights: dict
    vocabulary: list
    tag_names: list


def load_parameters():
    """Parameters of two bidirectional GRUs with a CRF on top, as Baidu trained them: 3.2 million numbers.

    The tag `n-B` begins a word and `n-I` continues it; before the hyphen stands a part of speech (`n` noun, `v` verb,
    `w` punctuation, ...), or `PER`, `LOC`, `ORG` or `TIME`. The vocabulary has characters, and `OOV` for all others.

    =====================================  ==========================================================================
    array                                  meaning
    =====================================  ==========================================================================
    `word_emb` (20941, 128)                embeddings
    `fc_i.w_0` (128 or 256, 384), `.b_0`   what GRU `i` takes from its input: update gate, reset gate, candidate
    `gru_i.w_0` (128, 384), `.b_0`         what it takes from its state; 0 and 2 run forwards, 1 and 3 backwards
    `fc_4.w_0` (256, 57), `.b_0`           scores of the tags
    `crfw` (59, 57)                        scores of a first tag, of a last tag, and of tag `j` after tag `i`
    =====================================  ==========================================================================

    `keras_gru` puts the arrays of a GRU into the form of Keras.

    The files are read out of the package jieba 0.42.1 (19 MB, downloaded once; see `archive.fetch`).
    The package is under the MIT licence, LAC under Apache 2.0.

    Returns:
        `LACParameters(weights, vocabulary, tag_names)`.

    Raises:
        RuntimeError: if the package is not in the cache and cannot be downloaded.
    """
    path = archive.fetch(
        "jieba==0.42.1",
        "jieba-0.42.1.tar.gz",
        sha256="055ca12f62674fafed09427f176506079bc135638a14e23e25be909131928db2",
    )
    with tarfile.open(path) as package:  # in one pass, for a compressed tar file has no index
        files = {m.name: package.extractfile(m).read() for m in package if m.isfile() and m.name.startswith(_FOLDER)}
    weights = {name.removeprefix(_PARAMETERS): _tensor(files[name]) for name in files if name.startswith(_PARAMETERS)}
    vocabulary, tag_names = (_by_id(files[_FOLDER + name]) for name in ("word.dic", "tag.dic"))
    return LACParameters(weights, vocabulary, tag_names)


def keras_gru(weights, i):
    """Kernel, recurrent kernel and bias of GRU `i`, with the dense layer before it, for `keras.layers.GRU(reset_after=False)`.

    Paddle stores the recurrent kernel as two matrices, one after the other: the gates' and the candidate's. Its update gate is
    the share of the candidate in the new state, that of Keras the share of the old state: `1 - sigmoid(x) = sigmoid(-x)`. Both
    order the parts alike.
    """
    kernel, recurrent = weights[f"fc_{i}.w_0"], weights[f"gru_{i}.w_0"]
    units = len(recurrent)
    gates, candidate = np.split(recurrent.ravel(), [2 * units * units])
    recurrent = np.concatenate([gates.reshape(units, 2 * units), candidate.reshape(units, units)], axis=1)
    bias = weights[f"fc_{i}.b_0"] + weights[f"gru_{i}.b_0"][0]
    sign = np.repeat(np.array([-1, 1, 1], "float32"), units)
    return kernel * sign, recurrent * sign, bias * sign


def _by_id(data):
    pairs = (line.split("\t") for line in data.decode().split("\n") if line)
    strings = {int(i): string for i, string in pairs}
    return [strings.get(i, "") for i in range(max(strings) + 1)]  # id 20939 names nothing


def _tensor(data):
    """The float32 array of one of Paddle's files: 16 zeros, a protocol buffer of the type and the shape, the numbers."""
    start = 20 + int.from_bytes(data[16:20], "little")
    if any(data[:16]) or data[20:22] != b"\x08\x05":
        raise ValueError(f"`data` must be a float32 tensor of Paddle's; received one that starts with {data[:22]!r}")
    shape, description = [], iter(data[22:start])
    for _key in description:
        size, shift = 0, 0
        for byte in description:  # 7 bits a byte, the lowest first; the last byte is below 128
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        shape.append(size)
    return np.frombuffer(data, "<f4", offset=start).reshape(shape)
