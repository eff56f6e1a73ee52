"""Reference models, built from the parts."""

from keras_blog.models.tagger import TaggedBatches, Tagger, character_encoder

__all__ = ["TaggedBatches", "Tagger", "character_encoder"]
