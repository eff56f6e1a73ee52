"""F1 of spans, strict: boundaries and type must both be right."""

import keras
import numpy as np
from keras import ops

from keras_blog.metrics.crf import label_ids
from keras_blog.ops import crf
from keras_blog.ops.tag_scheme import boundary_letters, split_tag


@keras.saving.register_keras_serializable("keras_blog")
class SpanF1(keras.metrics.Metric):
    """Micro-averaged F1 of the spans that tags write, computed in the graph; equal to seqeval's strict mode.

    What the scheme does not allow is no span: one that starts in its middle, or never ends. `precision`, `recall` and
    `report` read more out of the same counts.

    Args:
        tag_names: the tags in the order of their ids, as in `["O", "B-PER", "I-PER"]`.
        scheme: `"BIO"`, `"BIOES"` or `"BMES"`.
        name: shown in the logs.
        dtype: of the result.

    Call arguments:
        y_true: int tags, shape `(batch, steps)`, -1 left out; or one-hot tags `(batch, steps, tags)`.
        y_pred: packed potentials of `layers.CRF`, which are decoded; or scores of each tag `(batch, steps, tags)`, of which
            the highest counts; or int tags `(batch, steps)`.
        sample_weight: not used; here for `compile`.

    Example:
    >>> metric = SpanF1(["O", "B-PER", "I-PER"], "BIO")
    >>> metric.update_state([[1, 2, 0, 1]], [[1, 2, 0, 0]])
    >>> print(f"{float(metric.precision()):.2f} {float(metric.recall()):.2f} {float(metric.result()):.2f}")
    1.00 0.50 0.67
    """

    def __init__(self, tag_names, scheme, name="span_f1", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.tag_names, self.scheme = list(tag_names), scheme
        parts = [split_tag(tag, scheme) for tag in self.tag_names]
        self.types = sorted({kind for letter, kind in parts if letter != "O"})
        letters = boundary_letters(scheme)
        is_in = {name: np.array([letter in chosen for letter, _ in parts]) for name, chosen in letters._asdict().items()}
        self._begins, self._inside, self._open, self._closed = (is_in[name] for name in letters._fields)
        self._type = np.array([self.types.index(kind) if letter != "O" else -1 for letter, kind in parts])
        zeros = {"shape": (max(len(self.types), 1),), "initializer": "zeros", "dtype": "float32"}
        self.hits, self.predicted, self.actual = (self.add_weight(name=n, **zeros) for n in ("hits", "predicted", "actual"))

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true = label_ids(y_true)
        y_pred = self._decoded(y_pred)
        kept = ops.logical_and(y_true >= 0, y_pred >= 0)
        begins, lengths, types = self._spans(y_true, y_true >= 0)
        found, found_lengths, found_types = self._spans(y_pred, kept)
        same = ops.logical_and(ops.equal(lengths, found_lengths), ops.equal(types, found_types))
        hit = ops.logical_and(ops.logical_and(begins, found), same)
        for counts, spans, kinds in (
            (self.hits, hit, types),
            (self.predicted, found, found_types),
            (self.actual, begins, types),
        ):
            each = ops.one_hot(ops.maximum(kinds, 0), counts.shape[0], dtype="float32")
            counts.assign_add(ops.sum(each * ops.cast(spans, "float32")[..., None], axis=(0, 1)))

    def precision(self):
        """Share of predicted spans that are right; 0 if none is predicted."""
        return _share(ops.sum(self.hits), ops.sum(self.predicted))

    def recall(self):
        """Share of actual spans that are found; 0 if there is none."""
        return _share(ops.sum(self.hits), ops.sum(self.actual))

    def result(self):
        return _share(2 * ops.sum(self.hits), ops.sum(self.predicted) + ops.sum(self.actual))

    def report(self):
        """Precision, recall, F1 and the number of actual spans, overall and by type, as a dict of dicts of floats."""
        counts = [ops.convert_to_numpy(counts).astype(float) for counts in (self.hits, self.predicted, self.actual)]
        rows = {"overall": [c.sum() for c in counts]}
        rows.update({kind or "span": [c[i] for c in counts] for i, kind in enumerate(self.types)})
        return {
            name: {
                "precision": hits / max(predicted, 1.0),
                "recall": hits / max(actual, 1.0),
                "f1": 2 * hits / max(predicted + actual, 1.0),
                "spans": int(actual),
            }
            for name, (hits, predicted, actual) in rows.items()
        }

    def get_config(self):
        return {"tag_names": self.tag_names, "scheme": self.scheme, "name": self.name, "dtype": self.dtype}

    def _decoded(self, y_pred):
        y_pred = ops.convert_to_tensor(y_pred)
        if len(y_pred.shape) == 2:
            return ops.cast(y_pred, "int32")
        width, tags = y_pred.shape[-1], len(self.tag_names)
        if width == tags + 1:
            return crf.decode(y_pred)[0]
        if width != tags:
            raise ValueError(f"`y_pred` must have {tags} scores a step, or be packed potentials; received {y_pred.shape}")
        return ops.cast(ops.argmax(y_pred, axis=-1), "int32")

    def _spans(self, tags, kept):
        """Where a well-formed span begins, the length of the run that begins there, and its type; each `(b, t)`.

        Steps link to the next where the scheme lets a span go on; each maximal run of linked steps is a span if its first
        letter may begin one and its last may end one.
        """
        at = ops.maximum(tags, 0)
        begins, inside, opens, closed = (
            ops.logical_and(ops.take(ops.convert_to_tensor(letters), at, axis=0), kept)
            for letters in (self._begins, self._inside, self._open, self._closed)
        )
        types = ops.take(ops.convert_to_tensor(self._type, "int32"), at, axis=0)
        links = ops.logical_and(ops.logical_and(opens[:, :-1], inside[:, 1:]), ops.equal(types[:, :-1], types[:, 1:]))
        never = ops.zeros_like(kept[:, :1])
        linked_on, linked_back = ops.concatenate([links, never], axis=1), ops.concatenate([never, links], axis=1)
        firsts = ops.logical_not(linked_back)
        run = ops.cumsum(ops.cast(ops.reshape(firsts, (-1,)), "int32")) - 1  # number of the run, over the whole batch
        ends_well = ops.logical_and(closed, ops.logical_not(linked_on))
        runs = ops.shape(run)[0]
        length = ops.take(ops.segment_sum(ops.ones_like(run), run, num_segments=runs), run)
        well = ops.take(ops.segment_sum(ops.cast(ops.reshape(ends_well, (-1,)), "int32"), run, num_segments=runs), run)
        shape = ops.shape(tags)
        begins = ops.logical_and(ops.logical_and(begins, firsts), ops.reshape(well, shape) > 0)
        return begins, ops.reshape(length, shape), types


def _share(part, whole):
    return part / ops.maximum(whole, 1.0)
