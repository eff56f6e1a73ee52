"""The conditional random field as layers: potentials for training, tags for inference."""

import keras
import numpy as np
from keras import ops

from keras_blog.ops import crf


@keras.saving.register_keras_serializable("keras_blog")
class CRF(keras.layers.Layer):
    r"""Linear-chain conditional random field on top of per-step tag scores.

    A softmax at every step may put any tag next to any other; the CRF scores the whole sequence, transitions included, and
    is trained and decoded as one choice among all paths. This layer owns the transitions and packs everything that the chain
    needs into its one output, so that the loss, the metrics and the decoder are stateless:

        tags = keras.layers.Dense(5)(features)
        model = keras.Model(inputs, layers.CRF(5)(tags))
        model.compile("adam", loss=losses.CRFNegativeLogLikelihood(), metrics=[metrics.CRFAccuracy()])
        decoder = keras.Sequential([model, layers.CRFDecoder()])

    Args:
        tags: number of tags, a positive int.
        boundaries: whether the first and the last tag have scores of their own.
        allowed: what may follow what, in training and decoding: a boolean array `(tags, tags)`, or all that
            `ops.crf.allowed_transitions` returns, `(transitions, start, end)`. Everything is allowed by default.
        lr_multiplier: how many times faster the transitions learn than the rest (article 7196: a hundred and more on top of
            a pretrained encoder); they are stored divided by it.
        initial_range: transitions start uniformly in `[-initial_range, initial_range]`.
        transition_regularizer: regularizer of the stored transitions.

    Call arguments:
        inputs: emissions in nats, shape `(batch, steps, tags)`.
        mask: true at real steps, shape `(batch, steps)`; Keras passes on that of an Embedding or Masking layer. It ends here,
            for the output carries it.

    Returns:
        Potentials as of `ops.crf.pack`, float32 also under a mixed policy, shape `(batch, tags + 2 + steps, tags + 1)`.

    Example:
    >>> layer = CRF(2, initial_range=0.0)
    >>> potentials = layer(np.array([[[1.0, 0.0], [0.0, 3.0]]], "float32"))
    >>> tags = CRFDecoder()(potentials)
    >>> [int(tag) for tag in tags[0]]
    [0, 1]

    References:
        Articles: kexue.fm 5542, 7196
        Paper: Lafferty, McCallum, Pereira, Conditional Random Fields, ICML 2001
    """

    def __init__(
        self,
        tags,
        boundaries=True,
        allowed=None,
        lr_multiplier=1.0,
        initial_range=0.1,
        transition_regularizer=None,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)
        if not isinstance(tags, int) or isinstance(tags, bool) or not 1 <= tags <= 65536:
            raise ValueError(f"`tags` must be an int from 1 to 65536; received {tags!r}")
        if not 0 < lr_multiplier < 1e6:
            raise ValueError(f"`lr_multiplier` must lie between 0 and 1e6; received {lr_multiplier!r}")
        if not 0 <= initial_range < 1e6:
            raise ValueError(f"`initial_range` must lie in [0, 1e6); received {initial_range!r}")
        self.tags = tags
        self.boundaries = boundaries
        self.lr_multiplier = lr_multiplier
        self.initial_range = initial_range
        self.transition_regularizer = keras.regularizers.get(transition_regularizer)
        self.allowed = _allowed(allowed, tags)
        self.supports_masking = True

    def build(self, input_shape):
        if len(input_shape) != 3 or input_shape[-1] != self.tags:
            raise ValueError(
                f"`inputs` must be emissions of shape (batch, steps, {self.tags}); received {tuple(input_shape)}. "
                f"Put keras.layers.Dense({self.tags}) before the CRF"
            )
        bound = self.initial_range / self.lr_multiplier
        make = {"initializer": keras.initializers.RandomUniform(-bound, bound), "dtype": "float32", "autocast": False}
        tags, regularizer = self.tags, self.transition_regularizer
        self.transition_weights = self.add_weight(name="transitions", shape=(tags, tags), regularizer=regularizer, **make)
        if self.boundaries:
            self.start_weights = self.add_weight(name="start", shape=(tags,), **make)
            self.end_weights = self.add_weight(name="end", shape=(tags,), **make)

    def scores(self):
        """`(transitions, start, end)` as the chain uses them, forbidden ones at `ops.crf.FORBIDDEN`."""
        weights = [self.transition_weights]
        weights += [self.start_weights, self.end_weights] if self.boundaries else [ops.zeros((self.tags,))] * 2
        scores = [self.lr_multiplier * ops.convert_to_tensor(weight) for weight in weights]
        if self.allowed is not None:
            scores = [ops.where(ok, score, crf.FORBIDDEN) for ok, score in zip(self.allowed, scores, strict=True)]
        return tuple(scores)

    def call(self, inputs, mask=None):
        return crf.pack(inputs, *self.scores(), mask=mask)

    def compute_mask(self, inputs, previous_mask=None):
        return None

    def compute_output_spec(self, inputs, mask=None):
        batch, steps, _ = inputs.shape
        dtype = keras.backend.result_type(inputs.dtype, "float32")
        return keras.KerasTensor((batch, None if steps is None else steps + self.tags + 2, self.tags + 1), dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "tags": self.tags,
            "boundaries": self.boundaries,
            "allowed": None if self.allowed is None else [ok.tolist() for ok in self.allowed],
            "lr_multiplier": self.lr_multiplier,
            "initial_range": self.initial_range,
            "transition_regularizer": keras.regularizers.serialize(self.transition_regularizer),
        }


@keras.saving.register_keras_serializable("keras_blog")
class CRFDecoder(keras.layers.Layer):
    """Best tags of packed potentials (Viterbi), int32, shape `(batch, steps)`; -1 at masked steps.

    Stateless: it goes behind a trained `CRF` for inference. On NumPy, `ops.crf.decode(model.predict(x))` does the same.
    """

    def __init__(self, **kwargs):
        super().__init__(autocast=False, **kwargs)

    def call(self, inputs):
        return crf.decode(inputs)[0]

    def compute_output_spec(self, inputs):
        batch, rows, width = inputs.shape
        return keras.KerasTensor((batch, None if rows is None else rows - width - 1), "int32")


def _allowed(allowed, tags):
    if allowed is None:
        return None
    arrays = list(allowed) if len(allowed) == 3 and np.ndim(allowed[1]) == 1 and np.ndim(allowed[0]) == 2 else [allowed]
    arrays = [np.asarray(array, bool) for array in arrays]
    if len(arrays) == 1:
        arrays += [np.ones(tags, bool)] * 2
    if [array.shape for array in arrays] != [(tags, tags), (tags,), (tags,)]:
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise ValueError(
            f"`allowed` must have shape ({tags}, {tags}), or be a triple of shapes ({tags}, {tags}), ({tags},), ({tags},); "
            f"received {shapes}"
        )
    return arrays
