"""What a word in a sentence means: mentions found, candidates ranked, beside the first sense and Lesk.

Task: in the sentences that WordNet gives as examples, find the word that the sentence is an example of, and which of its
senses, of whatever part of speech, is meant: 8.2 candidates on average, 75 at most.
Data: `datasets.wordnet`, 32,614 sentences for training, of which a twentieth sets the thresholds, and 3,626 others for the
test; or your texts and your knowledge base, two files of JSON lines. A name that the text is not about is no mention.
Command: `keras-blog train entity-linking --backend jax`, 9.5 minutes of CPU time for word vectors, four epochs and evaluation
(24 minutes on a shared machine). Which sense, for a mention whose place is given:

                    accuracy       MRR    accuracy, part of speech known
    first sense        .3055     .5137                             .4113
    Lesk               .3160     .5246                             .4303
    linker             .3934     .5906                             .4507

The first sense is the most frequent one in WordNet's counts; Lesk's is the one whose description shares most words with the
sentence, weighted by rarity, ties to the first. Where the part of speech is known, other candidates are struck out afterwards.
The mentions, found in the raw sentence, and the senses of those that were found:

                                 precision    recall        F1
    longest names                    .2954     .9983     .4559
    mentions                         .7786     .7584     .7684
    links                            .2723     .2653     .2688

"None of the candidates": said of 32 % of the mentions when their sense is taken away, and of 9 % when it is there.

The linker has not learned even its training sentences: on 640 of them its accuracy is .392, on 640 of the test .408. So it is
the training that falls short, not the transfer to new sentences.

References:
    Article: kexue.fm 6919
"""

import time
from pathlib import Path

import keras
import numpy as np

from keras_blog import losses, models
from keras_blog.datasets import entities as entity_lines
from keras_blog.datasets import linked_texts, wordnet
from keras_blog.models.text_tokens import tokens
from keras_blog.recipes import linking_figures
from keras_blog.recipes.run_folder import write_csv
from keras_blog.recipes.run_options import check_positive, settings_of
from keras_blog.recipes.training import resumed_fit, write_metrics, write_model


def add_arguments(parser):
    """The arguments of the recipe."""
    parser.add_argument("--train", metavar="FILE", help="texts with linked mentions, JSON lines (default: WordNet's examples)")
    parser.add_argument("--entities", metavar="FILE", help="the knowledge base, JSON lines; goes with --train")
    parser.add_argument("--test", metavar="FILE", help="as --train, for the final figures (default: a tenth of --train)")
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("runs/entity-linking"), help="default: %(default)s")
    parser.add_argument("--texts", type=int, metavar="N", help="train on N texts only, drawn at random")
    parser.add_argument("--epochs", type=int, default=4, help="default: %(default)s")
    parser.add_argument("--batch-size", type=int, default=64, help="default: %(default)s")
    parser.add_argument("--learning-rate", type=float, default=2e-3, help="at the start, then a cosine; default: %(default)s")
    parser.add_argument("--dim", type=int, default=64, help="of the embeddings; default: %(default)s")
    parser.add_argument("--units", type=int, default=48, help="of each GRU; default: %(default)s")
    parser.add_argument("--dropout", type=float, default=0.3, help="default: %(default)s")
    parser.add_argument("--candidates", type=int, default=8, help="of a mention in training; default: %(default)s")
    parser.add_argument("--no-vectors", dest="vectors", action="store_false", help="start from random embeddings")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--fresh", action="store_true", help="forget an unfinished run in DIR")


def run(options):
    """Train the linker, compare it with the first sense and with Lesk, write the run folder."""
    check_positive(options, "epochs", "batch_size", "dim", "units", "candidates")
    entities, train, validation, test = _data(options)
    print(f"{len(entities):,} entities; {len(train[0]):,} training, {len(validation[0]):,} validation, {len(test[0]):,} test "
          f"texts; backend {keras.config.backend()}")  # fmt: skip
    settings = settings_of(options)
    keras.utils.set_random_seed(options.seed)
    linker = _linker(options, entities, train)
    start = time.time()
    backup = _fit(linker, train, options, settings)
    seconds = time.time() - start
    linker.calibrate(*validation)

    figures, by_candidates = linking_figures.report(linker, test)
    linking_figures.show(figures)
    for i in np.random.default_rng(options.seed).permutation(len(test[0]))[:4]:
        linking_figures.show_links(linker, test[0][i])
    write_model(options.out / "model.keras", linker)
    write_csv(options.out / "history.csv", backup.history)
    about = {"thresholds": linker.thresholds, "seconds": round(seconds, 1)}
    write_metrics(options.out / "metrics.json", settings, test=figures, **about)
    linking_figures.draw(options.out / "accuracy.png", by_candidates)
    backup.clear()
    print(f"\nIn {options.out}: model.keras, metrics.json, history.csv, accuracy.png")


def _data(options):
    """`(entities, train, validation, test)`: of what is not given a part is cut off the training texts, drawn at random."""
    if (options.train is None) != (options.entities is None) or (options.test and not options.train):
        raise ValueError("--train and --entities go together, and --test with them")
    if options.train is None:
        entities, train, test = wordnet.load_data()
    else:
        entities = entity_lines.load_data(options.entities)
        train = linked_texts.load_data(options.train, entities)
        test = options.test and linked_texts.load_data(options.test, entities)
    order = np.random.default_rng(options.seed).permutation(len(train[0]))[: options.texts]
    part = max(1, len(order) // 20)
    if len(order) < 20:
        raise ValueError(f"--train and --texts must leave at least 20 texts, of which some are held out; received {len(order)}")
    pieces = [order[:part], order[part:] if test else order[3 * part :], order[part : 3 * part]]
    validation, fit, held = (tuple([column[i] for i in piece] for column in train) for piece in pieces)
    for name, (_, mentions) in (("training", fit), ("validation", validation), ("test", test or held)):
        if not any(entity is not None for row in mentions for *_, entity in row):
            raise ValueError(f"the {name} texts must hold a mention with an entity; received none in {len(mentions)} texts")
    return entities, fit, validation, test or held


def _linker(options, entities, train):
    vocabulary = models.EntityLinker.vocabulary_of(train[0], entities)
    encoder = models.word_encoder(len(vocabulary) + 2, options.dim, options.units, seed=options.seed)
    if options.vectors:
        _start(encoder, vocabulary, [*train[0], *(entity["description"] for entity in entities)], options)
    return models.EntityLinker(entities, vocabulary, encoder, dropout=options.dropout)


def _start(encoder, vocabulary, texts, options):
    """Embeddings that know which words stand together in the texts and descriptions; nothing but these is read."""
    from keras_blog import mining

    found = mining.cooccurrence(([token.key for token in tokens(text)] for text in texts), window=8, min_count=2)
    if len(found) <= options.dim:
        return
    vectors = mining.pmi_vectors(found, options.dim, seed=options.seed)
    table = encoder.get_layer("tokens").embeddings
    start = keras.ops.convert_to_numpy(table).copy()
    scale = np.sqrt((vectors.vectors**2).mean())
    for i, word in enumerate(vocabulary, start=2):
        if word in vectors:
            start[i] = 0.3 * vectors[word] / scale
    table.assign(start)


def _fit(linker, train, options, settings):
    batches = models.LinkedBatches(linker, *train, batch_size=options.batch_size, candidates=options.candidates)
    rate = keras.optimizers.schedules.CosineDecay(options.learning_rate, options.epochs * len(batches), alpha=0.02)
    links = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    linker.compile(
        keras.optimizers.Adam(rate, clipnorm=1.0),
        loss={"pointers": losses.MultilabelSoftmax(), "entities": links},
    )
    return resumed_fit(
        linker,
        batches,
        path=options.out / "state.npz",
        settings=settings,
        fresh=options.fresh,
        epochs=options.epochs,
        verbose=2,
    )
