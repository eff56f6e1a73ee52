"""A pretrained BERT as an encoder of token ids: MiniLM in keras-hub's backbone."""

import re

import keras
import numpy as np
from keras import ops

from keras_blog.datasets import minilm

_NAMES = {
    "token_embedding/embeddings": "embeddings.word_embeddings.weight",
    "position_embedding/embeddings": "embeddings.position_embeddings.weight",
    "segment_embedding/embeddings": "embeddings.token_type_embeddings.weight",
    "embeddings_layer_norm": "embeddings.LayerNorm",
    "self_attention_layer/query": "attention.self.query",
    "self_attention_layer/key": "attention.self.key",
    "self_attention_layer/value": "attention.self.value",
    "self_attention_layer/attention_output": "attention.output.dense",
    "self_attention_layer_norm": "attention.output.LayerNorm",
    "feedforward_layer_norm": "output.LayerNorm",
    "feedforward_intermediate_dense": "intermediate.dense",
    "feedforward_output_dense": "output.dense",
    "pooled_dense": "pooler.dense",
}
_KINDS = {"kernel": "weight", "bias": "bias", "gamma": "weight", "beta": "bias"}


def minilm_encoder(layers=6, length=512, trainable=True):
    """MiniLM-L6-v2, from word-piece ids, 0 at padding, to 384 features a token; an encoder for `NL2SQL` and others.

    The network is `keras_hub.models.BertBackbone`, the weights are those of `datasets.minilm`.

        tokenizer = models.WordPieces(minilm.vocabulary())
        model = models.NL2SQL(tokenizer, models.minilm_encoder())

    Args:
        layers: the first of them that are used, 1 to 6.
        length: tokens of a sequence, at most; up to 512.
        trainable: whether a training changes the weights.

    Returns:
        A Keras model from int ids `(batch, steps)` to vectors `(batch, steps, 384)`.

    Raises:
        ImportError: if keras-hub is not installed: `pip install 'keras-blog[bert]'`.
        ValueError: if there are not as many layers or positions.

    References:
        Article: kexue.fm 6771
        Paper: Wang et al., MiniLM, arXiv:2002.10957
    """
    if layers not in range(1, 7) or length not in range(1, 513):
        raise ValueError(f"`layers` must be 1 to 6 and `length` 1 to 512; received {layers!r} and {length!r}")
    backbone = bert(minilm.weights(), layers, heads=12, length=length)
    backbone.trainable = trainable
    return backbone


def bert(weights, layers, heads, length):
    """An encoder of ids out of the weights of a BERT, named as in its original files."""
    from keras_hub.models import BertBackbone  # an extra: it takes seconds to import

    words = weights["embeddings.word_embeddings.weight"]
    backbone = BertBackbone(
        vocabulary_size=words.shape[0],
        num_layers=layers,
        num_heads=heads,
        hidden_dim=words.shape[1],
        intermediate_dim=weights["encoder.layer.0.intermediate.dense.bias"].shape[0],
        max_sequence_length=length,
        name="bert",
    )
    for variable in backbone.weights:
        value = weights[_name(variable.path)]
        if variable.path.endswith("/kernel"):
            value = value.T
        if variable.path.startswith("position"):
            value = value[:length]
        variable.assign(np.reshape(value, variable.shape))
    ids = keras.Input((None,), dtype="int32", name="ids")
    mask = ops.cast(ops.not_equal(ids, 0), "int32")
    found = backbone({"token_ids": ids, "segment_ids": ops.zeros_like(ids), "padding_mask": mask})
    return keras.Model(ids, found["sequence_output"], name="bert_encoder")


def _name(path):
    """The name in the original files of a variable of keras-hub's backbone."""
    layer = re.match(r"transformer_layer_(\d+)/", path)
    rest = path[layer.end() :] if layer else path
    if rest in _NAMES:
        return _NAMES[rest]
    owner, _, kind = rest.rpartition("/")
    prefix = f"encoder.layer.{layer[1]}." if layer else ""
    return f"{prefix}{_NAMES[owner]}.{_KINDS[kind]}"
