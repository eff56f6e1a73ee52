"""A language model of Chinese characters: causal local and atrous attention, beside dense attention and n-grams.

Task: bits a character on the last tenth of the text. Data: People's Daily of January 1998 (1.8 million characters,
`datasets.people_daily`), or your own text file. A character that the training part has only once counts as unknown.

Command: `keras-blog train char-lm`, 2,448 updates of each model; `--attention sparse` is that one alone. The first three lines
with `--characters 600000 --epochs 4`, 524 updates (TensorFlow, one core of a busy machine, CPU seconds):

================================  ==========  ===============  =======
                                  bits, test  seconds (epoch)  peak MB
================================  ==========  ===============  =======
540,000 characters: 4-grams             7.50
local(64), atrous(32)                   8.21               34
dense                                   8.31               45      359
1,675,000 characters: 4-grams           6.25
local(64), atrous(32)                   6.72              103      223
================================  ==========  ===============  =======

The n-grams are Witten-Bell's, and ahead: the models still learn where these runs stop, the longer one at 8.58, 7.29, 6.94,
6.75, 6.64, 6.59 bits on the training text by epoch. The dense model was not trained on the longer text.
"""

import functools
import math
from collections import Counter, defaultdict
from pathlib import Path

import keras
import numpy as np

from keras_blog import models
from keras_blog.datasets import people_daily
from keras_blog.recipes import attention_twins


def add_arguments(parser):
    """The arguments of the recipe."""
    parser.add_argument("--train", metavar="FILE", help="plain text; its last tenth is the test part")
    parser.add_argument("--characters", type=int, metavar="N", help="take the first N characters of the text only")
    parser.add_argument("--order", type=int, default=4, help="of the n-grams; default: %(default)s")
    attention_twins.add_arguments(parser, epochs=6, steps=1024, batch_size=4)  # many small steps: it learns slowly


def run(options):
    """Train both and the n-grams, print bits a character, write the run folder."""
    attention_twins.check(options)
    if options.train is None:
        paragraphs = people_daily.load_words()
        text = "\n".join("".join(word for word, _ in paragraph) for paragraph in paragraphs)
    else:
        text = Path(options.train).read_text(encoding="utf-8")
    text = text[: options.characters]
    cut = len(text) - len(text) // 10
    if cut < 2 * options.steps:
        raise ValueError(f"the text must have at least {3 * options.steps:,} characters for --steps {options.steps}; "
                         f"received {len(text):,}")  # fmt: skip
    known = [character for character, count in Counter(text[:cut]).most_common() if count > 1]
    ids_of = {character: i for i, character in enumerate(known, start=2)}  # 0 is padding, 1 unknown
    ids = np.array([ids_of.get(character, 1) for character in text], "int32")
    train, test, size = ids[:cut], ids[cut:], len(known) + 2
    print(f"{len(train):,} training, {len(test):,} test characters; {size - 1:,} different ones")

    @functools.cache
    def baseline():
        print(f"{options.order}-grams …", flush=True)
        return ngram_bits(train.tolist(), test.tolist(), options.order, size - 1)

    def make(attention):
        patterns = attention_twins.patterns(options, attention, causal=True)
        encoder = models.sparse_transformer(size, patterns, options.dim, dropout=options.dropout, seed=options.seed)
        model = keras.Sequential([encoder, keras.layers.Dense(size, name="next")], name="char_lm")
        batches = _Windows(train, options.steps, options.batch_size)
        rate = keras.optimizers.schedules.CosineDecay(options.learning_rate, options.epochs * len(batches), alpha=0.02)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(rate, clipnorm=1.0), loss=loss)
        model(batches[0][0][:1])  # builds it
        return model, batches

    def evaluate(model):
        return {"bits": _bits(model, test, options.steps, options.batch_size), "ngram_bits": baseline()}

    attention_twins.train(options, "char-lm", make, evaluate)


class _Windows(keras.utils.PyDataset):
    """Batches of `(ids, next ids)`: windows of the text, which start at a new offset in each epoch, in random order."""

    def __init__(self, ids, steps, batch_size):
        super().__init__()
        self.ids, self.steps, self.batch_size = ids, steps, batch_size
        self._count = (len(ids) - 1) // steps - 1
        self._starts = np.arange(self._count) * steps

    def __len__(self):
        return max(self._count // self.batch_size, 1)

    def __getitem__(self, index):
        starts = self._starts[index * self.batch_size : (index + 1) * self.batch_size]
        rows = np.stack([self.ids[start : start + self.steps + 1] for start in starts])
        return rows[:, :-1], rows[:, 1:]

    def on_epoch_begin(self):
        self._starts = np.random.permutation(self._count) * self.steps + np.random.randint(self.steps)


def _bits(model, ids, steps, batch_size):
    """Bits a character over windows that overlap by half: each character but the first ones has half a window behind it."""
    half = steps // 2
    total, count = 0.0, 0
    starts = list(range(0, max(len(ids) - steps, 1), half))
    for i in range(0, len(starts), batch_size):
        rows = np.stack([ids[start : start + steps + 1] for start in starts[i : i + batch_size] if start + steps < len(ids)])
        logits = np.asarray(model.predict_on_batch(rows[:, :-1]), "float64")[:, half:]
        right = np.take_along_axis(logits, rows[:, half + 1 :, None], axis=-1)[..., 0]
        top = logits.max(-1)
        total += np.sum(top + np.log(np.exp(logits - top[..., None]).sum(-1)) - right)
        count += right.size
    return total / count / math.log(2)


def ngram_bits(train, test, order, symbols):
    """Bits a symbol of `test` under n-grams of `train`, interpolated as Witten and Bell do, the last with a uniform one.

    After a context seen c times with t different symbols, a symbol seen k times has probability
    (k + t p) / (c + t), where p is its probability after the context without its first symbol.
    """
    counts = [defaultdict(Counter) for _ in range(order)]
    for length in range(order):
        for i in range(length, len(train)):
            counts[length][tuple(train[i - length : i])][train[i]] += 1
    totals = [{context: sum(after.values()) for context, after in table.items()} for table in counts]
    bits = 0.0
    for i, symbol in enumerate(test):
        p = 1 / symbols
        for length in range(min(order, i + 1)):
            context = tuple(test[i - length : i])
            after = counts[length].get(context)
            if after is None:
                break
            p = (after[symbol] + len(after) * p) / (totals[length][context] + len(after))
        bits -= math.log2(p)
    return bits / len(test)
