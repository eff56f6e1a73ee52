"""Sentiment of long Chinese articles: local and atrous attention by turns, beside the same model with dense attention.

Task: three classes, accuracy and macro-F1 on the test part of iNews (964 articles). Data: `datasets.inews`, or your own file.

Command: `keras-blog train long-text`, for both models on all 5,355 articles; `--attention sparse` is that one alone, and
`--steps 4096` reads nearly every article to its end. Measured on parts of them with `--texts 2000 --epochs 3` and `--texts 640
--epochs 3` (TensorFlow, one core, CPU seconds; .487 of the test part is of the largest class):

=============================  ========  ========  ===============  =======
articles, attention            accuracy  macro-F1  seconds (epoch)  peak MB
=============================  ========  ========  ===============  =======
2,000, local(64), atrous(32)       .700      .559               33      541
2,000, dense                       .685      .570               75     1397
640, local(64), atrous(32)         .668      .597               13      520
640, dense                         .668      .466               35     1163
=============================  ========  ========  ===============  =======

At `--steps 4096 --batch-size 2`, on eight articles of that length, the first epoch, tracing included, takes 8.6 s and 331 MB
sparse, 36 s and 2,956 MB dense.

With `--texts 2000 --epochs 4 --attention sparse`: .697 and .617. More articles help more than more epochs, for the models fit
these well (accuracy on them .93): the figures tell the cost of the two apart, not their quality.
"""

import keras
import numpy as np

from keras_blog import models
from keras_blog.datasets import inews, labelled_texts
from keras_blog.recipes import attention_twins


def add_arguments(parser):
    """The arguments of the recipe."""
    parser.add_argument("--train", metavar="FILE", help="your lines of class<TAB>text")
    parser.add_argument("--test", metavar="FILE", help="the same, for the final figures (default: the last tenth of --train)")
    parser.add_argument("--texts", type=int, metavar="N", help="train on the first N texts only")
    attention_twins.add_arguments(parser, epochs=4, steps=1024)


def run(options):
    """Train both, print the test figures, write the run folder."""
    attention_twins.check(options)
    (texts, labels), (test_texts, test_labels), classes = _load(options)
    texts, labels = texts[: options.texts], labels[: options.texts]
    vocabulary = models.LongTextClassifier.vocabulary_of(texts)
    print(f"{len(texts):,} training, {len(test_texts):,} test texts; {len(classes)} classes, {len(vocabulary):,} characters")

    def make(attention):
        patterns = attention_twins.patterns(options, attention, causal=False)
        encoder = models.sparse_transformer(
            len(vocabulary) + 2, patterns, options.dim, num_heads=4, dropout=options.dropout, seed=options.seed
        )
        model = models.LongTextClassifier(vocabulary, classes, options.steps, encoder)
        batches = models.TextBatches(model, texts, labels, options.batch_size)
        rate = keras.optimizers.schedules.CosineDecay(options.learning_rate, options.epochs * len(batches), alpha=0.02)
        model.compile(
            keras.optimizers.Adam(rate, clipnorm=1.0),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        model(batches[0][0][:1])  # builds it
        return model, batches

    def evaluate(model):
        found = model.probabilities(test_texts, options.batch_size).argmax(axis=1)
        right = np.array(test_labels)
        hits = [np.sum((found == k) & (right == k)) for k in range(len(classes))]
        f1 = [2 * hit / max(np.sum(found == k) + np.sum(right == k), 1) for k, hit in enumerate(hits)]
        return {"accuracy": float(np.mean(found == right)), "macro_f1": float(np.mean(f1))}

    attention_twins.train(options, "long-text", make, evaluate)


def _load(options):
    """`((texts, labels), (test texts, test labels), class names)`."""
    if options.train is None:
        if options.test:
            raise ValueError("--test needs --train")
        train, _, test = inews.load_data()
        return train[1:], test[1:], ["positive", "neutral", "negative"]
    train = labelled_texts.load_data(options.train)
    if options.test:
        test = labelled_texts.load_data(options.test)
    else:
        cut = len(train[0]) // 10
        if not cut:
            raise ValueError(f"--train must hold at least 10 texts to cut a test part off; received {len(train[0])}")
        train, test = tuple(part[:-cut] for part in train), tuple(part[-cut:] for part in train)
    classes = sorted({*train[1], *test[1]})
    return *((texts, [classes.index(name) for name in names]) for texts, names in (train, test)), classes
