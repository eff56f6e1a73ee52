"""What the classifiers of token sequences share: their vocabulary, their class names, and raw texts in and names out."""

import keras
import numpy as np

from keras_blog.models.vocabulary import Vocabulary, distinct, of_similar_length, quarters, vocabulary_of


class TokenClassifier(keras.Model):
    """A classifier of texts as sequences of ids; a subclass has `call(ids)`, which returns logits `(batch, classes)`.

    Args:
        vocabulary: the tokens that are known, without duplicates: characters, or words.
        class_names: the classes in the order of their ids.
        length: tokens that are read of a text; the rest is cut off.
    """

    width = staticmethod(quarters)

    def __init__(self, vocabulary, class_names, length, **kwargs):
        super().__init__(**kwargs)
        self.vocabulary, self.class_names, self.length = list(vocabulary), distinct("class_names", class_names), length
        if not isinstance(length, int) or isinstance(length, bool) or not 1 <= length <= 2**24:
            raise ValueError(f"`length` must be an int from 1 to 2**24; received {length!r}")
        self.tokens = Vocabulary(self.vocabulary)

    vocabulary_of = staticmethod(vocabulary_of)

    def encode(self, texts):
        """Int ids of texts, each a string (its characters are the tokens) or a list of tokens, with zeros behind.

        All are cut at `length`. Where all are short, the width is one of few, so that a compiled model meets few shapes.
        """
        return self.tokens.encode(texts, lambda longest: min(self.width(longest), self.length), self.length)

    def probabilities(self, texts, batch_size=64):
        """Probabilities of the classes for raw texts, NumPy, shape `(texts, classes)`."""
        out = np.empty((len(texts), len(self.class_names)), "float32")
        for some in of_similar_length(texts, batch_size):
            logits = self.predict_on_batch(self.encode([texts[i] for i in some]))
            out[some] = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
        return out

    def classify(self, texts, batch_size=64):
        """The likeliest class of each raw text, by name."""
        return [self.class_names[i] for i in self.probabilities(texts, batch_size).argmax(axis=1)]

    def get_config(self):
        names = ("vocabulary", "class_names", "length")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
