"""BERT's word pieces as a tokenizer of `NL2SQL`."""

import keras


@keras.saving.register_keras_serializable("keras_blog")
class WordPieces:
    """Cuts a text into word pieces, in lower case and without accents, by the `tokenizers` library.

    Args:
        vocabulary: the pieces in the order of their ids, `"[PAD]"` first, as `datasets.minilm.vocabulary` has them.

    Raises:
        ImportError: if `tokenizers` is not installed: `pip install 'keras-blog[bert]'`.
        ValueError: if a piece that BERT needs is missing.
    """

    def __init__(self, vocabulary):
        from tokenizers.implementations import BertWordPieceTokenizer

        self.vocabulary = list(vocabulary)
        ids = {piece: i for i, piece in enumerate(self.vocabulary)}
        needed = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
        if not all(piece in ids for piece in needed) or ids["[PAD]"] != 0:
            raise ValueError(f"`vocabulary` must hold {needed}, [PAD] first; received {self.vocabulary[:5]}")
        self._tokenizer = BertWordPieceTokenizer(ids, lowercase=True)
        self.start, self.separator, self.size = ids["[CLS]"], ids["[SEP]"], len(self.vocabulary)

    def encode(self, text):
        """`(ids, offsets)`: the id of each piece, and its `(start, end)` in the text."""
        found = self._tokenizer.encode(text, add_special_tokens=False)
        return found.ids, found.offsets

    def get_config(self):
        """The arguments."""
        return {"vocabulary": self.vocabulary}

    @classmethod
    def from_config(cls, config):
        """One of the same arguments."""
        return cls(**config)
