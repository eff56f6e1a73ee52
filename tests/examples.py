"""One small valid example of every public object; `tests/test_contract.py` runs over them. A new object adds an entry here."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from keras_blog import layers, losses, metrics
from keras_blog.ops import crf

RNG = np.random.default_rng(0)
EMISSIONS = RNG.normal(size=(3, 5, 4)).astype("float32")
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 0, 1, 1, 0]], bool)
TAGS = np.where(MASK, RNG.integers(0, 4, size=(3, 5)), -1).astype("int32")
TAG_NAMES = ["O", "B-X", "I-X", "B-Y"]
TRANSITIONS, START, END = (RNG.normal(size=size).astype("float32") for size in ((4, 4), 4, 4))
IDS = np.array([[3, 1, 4, 1, 5], [9, 2, 6, 0, 0], [5, 3, 5, 8, 0]], "int32")


def potentials():
    """Packed potentials of the chains above, NumPy."""
    import keras

    return keras.ops.convert_to_numpy(crf.pack(EMISSIONS, TRANSITIONS, START, END, MASK))


@dataclass
class Layer:
    """`make()` builds the layer; `x` is its input; `mask` of its steps if it takes one; `floats` if `x` is to be cast."""

    make: Callable
    x: Callable
    mask: np.ndarray | None = None
    floats: bool = True


@dataclass
class Loss:
    """`make(**options)` builds the loss; `y_pred` may carry its own mask."""

    make: Callable
    function: Callable
    y_true: np.ndarray
    y_pred: Callable


@dataclass
class Metric:
    """`make()` builds the metric."""

    make: Callable
    y_true: np.ndarray
    y_pred: Callable


LAYERS = {
    "CRF": Layer(lambda: layers.CRF(4, lr_multiplier=2.0, name="crf"), lambda: EMISSIONS, MASK),
    "CRFDecoder": Layer(lambda: layers.CRFDecoder(name="decoder"), potentials, floats=False),
    "GatedConvolution": Layer(lambda: layers.GatedConvolution(dilation_rate=2, name="gated"), lambda: EMISSIONS, MASK),
    "HashedBigrams": Layer(lambda: layers.HashedBigrams(50, name="bigrams"), lambda: IDS, floats=False),
}
LOSSES = {
    "CRFNegativeLogLikelihood": Loss(losses.CRFNegativeLogLikelihood, losses.crf_negative_log_likelihood, TAGS, potentials),
}
METRICS = {
    "CRFAccuracy": Metric(metrics.CRFAccuracy, TAGS, potentials),
    "SpanF1": Metric(lambda: metrics.SpanF1(TAG_NAMES, "BIO"), TAGS, potentials),
}
# Their own tests run them: a callback needs a training, a model a vocabulary.
ELSEWHERE = {
    "crf_negative_log_likelihood": "with its class, above",
    "ExactResume": "tests/callbacks/test_exact_resume.py",
    "LACTagger": "tests/models/test_lac_tagger.py",
    "TaggedBatches": "tests/models/test_tagger.py",
    "Tagger": "tests/models/test_tagger.py",
    "character_encoder": "tests/models/test_tagger.py",
}
