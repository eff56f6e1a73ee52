"""Batches of texts and what they become."""

import keras
import numpy as np

from keras_blog.models.vocabulary import of_similar_length


class PairBatches(keras.utils.PyDataset):
    """Batches of `((sources, targets), labels)` for `Seq2Seq.fit`: pairs of similar length together, in random order.

    The order is drawn from NumPy's global generator at the start of each epoch, which `callbacks.ExactResume` saves.

    Args:
        model: a `Seq2Seq`.
        sources: strings or lists of tokens.
        targets: as many strings or lists of tokens.
        batch_size: pairs in a batch.
        shuffle: whether to draw an order; else shortest first.

    Raises:
        ValueError: if there are not as many targets as sources, or none.
    """

    def __init__(self, model, sources, targets, batch_size=64, shuffle=True):
        super().__init__()
        if len(sources) != len(targets) or not len(sources):
            raise ValueError(
                f"`targets` must be one a source, at least one; received {len(targets)} for {len(sources)} sources"
            )
        self.model, self.sources, self.targets, self.shuffle = model, sources, targets, shuffle
        self._parts = of_similar_length(
            [(*source, *target) for source, target in zip(sources, targets, strict=True)], batch_size
        )
        self._order = np.roll(np.arange(len(self)), 1)  # the longest first: what does not fit into memory shows at once

    def __len__(self):
        return len(self._parts)

    def __getitem__(self, index):
        some = self._parts[self._order[index]]
        targets, labels = self.model.encode_targets([self.targets[i] for i in some])
        return (self.model.encode([self.sources[i] for i in some]), targets), labels

    def on_epoch_begin(self):
        if self.shuffle:
            self._order = np.random.permutation(len(self))
