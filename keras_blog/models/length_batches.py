"""What the batches of texts share: texts of similar length together, the batches in random order."""

import keras
import numpy as np

from keras_blog.models.vocabulary import of_similar_length


class LengthBatches(keras.utils.PyDataset):
    """Batches of texts; a subclass makes one of the indices that `part` gives.

    The order is drawn from NumPy's global generator at the start of each epoch, which `callbacks.ExactResume` saves. Before
    the first it is the longest, then the shortest: from these two TensorFlow learns, when `fit` starts, that lengths differ;
    and what does not fit into memory shows at once.

    Args:
        texts: strings or lists, of whose lengths the batches are made.
        batch_size: texts in a batch.
        shuffle: whether to draw an order; else shortest first, after the longest.
    """

    def __init__(self, texts, batch_size, shuffle):
        super().__init__()
        self.shuffle, self._parts = shuffle, of_similar_length(texts, batch_size)
        self._order = np.roll(np.arange(len(self)), 1)

    def __len__(self):
        return len(self._parts)

    def part(self, index):
        """The indices of the texts of a batch."""
        return self._parts[self._order[index]]

    def on_epoch_begin(self):
        if self.shuffle:
            self._order = np.random.permutation(len(self))
