"""What `keras-blog predict` does: spans of a text under a saved tagger or linker, labels under a classifier."""

import re
from pathlib import Path

import keras

from keras_blog import models
from keras_blog.models.text_writer import TextWriter
from keras_blog.models.token_classifier import TokenClassifier
from keras_blog.recipes.words import pieces_of, words_of

_READERS = (
    models.EntityLinker, models.Tagger, models.LACTagger, models.TextClassifier, TextWriter, TokenClassifier,
)  # fmt: skip


def load(name):
    """A model of ours that reads texts: a `.keras` file, or `lac`."""
    if name == "lac":
        return models.LACTagger.from_package()
    if not Path(name).is_file():
        raise ValueError(f"{name}: no such file; expected the model.keras of a recipe, or `lac`")
    try:
        model = keras.saving.load_model(name, compile=False)
    except Exception as error:  # whatever a damaged archive raises
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"{name}: not a model that Keras can load: {reason}") from error
    if not isinstance(model, _READERS):
        raise ValueError(f"{name}: expected a model of keras_blog that reads texts; received a {type(model).__name__}")
    return model


def predict(model, text):
    """`{"text": ..., "spans": [{"start", "end", "type", "text"}, ...]}`, offsets in characters, `end` exclusive.

    Of a text classifier `{"text": ..., "labels": [...]}`, with `"probability"` where the model gives one; of a model that
    writes, `{"text": ..., "output": ...}`. Of a linker, spans as of a tagger, with `"entity"` (an id, or null for none of those
    that are known) and `"probability"` for `"type"`.
    """
    if isinstance(model, models.EntityLinker):
        spans = [
            {"start": s, "end": e, "entity": entity, "probability": round(p, 4), "text": text[s:e]}
            for s, e, entity, p in model.link(text)
        ]
        return {"text": text, "spans": spans}
    if isinstance(model, TextWriter):
        words = max(map(len, model.source_vocabulary)) > 1
        (output,) = model.generate([pieces_of(text) if words else text])
        return {"text": text, "output": output if isinstance(output, str) else " ".join(output)}
    if isinstance(model, TokenClassifier):
        words = max(map(len, model.vocabulary)) > 1
        row = model.probabilities(words_of([text]) if words else [text])[0]
        return {"text": text, "labels": [model.class_names[row.argmax()]], "probability": round(float(row.max()), 4)}
    if isinstance(model, models.TextClassifier):
        (found,) = model.classify([text])
        return {"text": text, "labels": found if model.many else [found]}
    if isinstance(model, models.LACTagger):
        spans, end = [], 0
        for word, kind in model.tag([text])[0]:
            spans.append((end, end + len(word), kind))
            end += len(word)
    elif max(map(len, model.vocabulary)) > 1:  # trained on words, which white space separates
        words = list(re.finditer(r"\S+", text))
        found = model.spans([[word.group() for word in words]])[0]
        spans = [(words[start].start(), words[end - 1].end(), kind) for start, end, kind in found]
    else:
        spans = model.spans([text])[0]
    return {"text": text, "spans": [{"start": s, "end": e, "type": kind, "text": text[s:e]} for s, e, kind in spans]}


def line(answer):
    """The spans of an answer on one line: `word/TYPE word/TYPE`, or words alone where they have no types.

    Of a linker the ids of the entities, `?` for none; of a classifier its labels, comma between, and the probability; of a
    model that writes, what it wrote.
    """
    if "output" in answer:
        return answer["output"]
    if "labels" in answer:
        return " ".join([",".join(answer["labels"]), *(f"{answer[key]:.2f}" for key in answer if key == "probability")])
    named = [(span["text"], span["type"] if "type" in span else span["entity"] or "?") for span in answer["spans"]]
    return " ".join(f"{text}/{name}" if name else text for text, name in named)
