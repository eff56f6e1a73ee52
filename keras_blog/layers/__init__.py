"""Layers: whatever owns weights, or turns tensors into tensors inside a model."""

from keras_blog.layers.crf import CRF, CRFDecoder

__all__ = ["CRF", "CRFDecoder"]
