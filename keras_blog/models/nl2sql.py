"""Questions about a table, in plain language, as queries."""

import itertools
from typing import NamedTuple

import keras
from keras import ops

from keras_blog.layers import CRF, ColumnAggregate, ColumnMatch, CrossAlignment, SegmentMean
from keras_blog.layers.segment_mean import PADDING, QUESTION
from keras_blog.losses import CRFNegativeLogLikelihood, StepCrossEntropy
from keras_blog.models.gram_encoder import gram_encoder
from keras_blog.models.question_rows import NOT_SELECTED, TAG_NAMES, inputs, parts_of
from keras_blog.models.sql_decoder import candidates, grounded, join_parts
from keras_blog.models.vocabulary import of_similar_length
from keras_blog.ops import crf
from keras_blog.sql import CONNECTORS, OPERATORS, Database


class Answer(NamedTuple):
    """The SQL with a `?` a value, the values, the rows that it finds, the `sql.Query`, and its log-probability."""

    sql: str
    parameters: tuple
    rows: list
    query: object
    log_probability: float


@keras.saving.register_keras_serializable("keras_blog")
class NL2SQL(keras.Model):
    """Reads a question and the names of a table's columns as one sequence, and says what to select under which conditions.

    Five heads: the connector of the conditions; an aggregate for each column, or "not selected"; a CRF that finds the values
    among the question's words; and for each word of a value its operator and its column. Their losses are negative
    log-likelihoods, so that their plain sum is that of the query:

        model = NL2SQL(WordGrams(WordGrams.words_of(texts)))
        model.compile("adam", loss=NL2SQL.losses_of_heads())
        model.fit(QuestionBatches(model, questions), epochs=5)
        model.ask("How many towns have more than 5000 people?", read_csv("towns.csv")).rows

    Args:
        tokenizer: cuts texts; `WordGrams`, `WordPieces`, or what has their methods and is registered with Keras.
        encoder: any Keras model from ids, as the tokenizer makes them, 0 at padding, to vectors `(batch, steps, size)`;
            `gram_encoder(tokenizer)` by default.
        dim: size of the layers behind the encoder, even.
        dropout: share of features that is dropped in training.
        length: tokens of a question and the names of all columns, at most; wider tables are read in parts.
        many: whether a query may select several columns.
        seed: of the dropouts.

    Call arguments:
        inputs: a dict: `ids`, `(batch, steps)` or `(batch, steps, n)`; `segments`, `(batch, steps)`, 0 at padding, 1 in the
            question, `2 + i` in column `i`; `types`, `(batch, columns)`, 0 at padding. `question_rows.inputs` makes it.

    Returns:
        A dict of logits: `connector` `(batch, 3)`, `aggregate` `(batch, columns, 7)`, `operator` `(batch, steps, 4)`, `column`
        `(batch, steps, columns)`; and `value`, packed potentials, see `ops.crf.pack`.

    References:
        Article: kexue.fm 6771
    """

    def __init__(self, tokenizer, encoder=None, dim=128, dropout=0.3, length=256, many=False, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(dim, int) or isinstance(dim, bool) or dim < 2 or dim % 2 or dim > 2**16:
            raise ValueError(f"`dim` must be an even int from 2 to 2**16; received {dim!r}")
        if not isinstance(length, int) or isinstance(length, bool) or not 8 <= length <= 2**20:
            raise ValueError(f"`length` must be an int from 8 to 2**20; received {length!r}")
        self.tokenizer, self.dim, self.dropout, self.length = tokenizer, dim, dropout, length
        self.many, self.seed = many, seed
        self.encoder = gram_encoder(tokenizer, dim, dropout, seed) if encoder is None else encoder
        self.alignment = CrossAlignment(dim, name="alignment")
        self.mix = keras.layers.Dense(dim, "tanh", name="mix")
        self.drop = keras.layers.Dropout(dropout, seed=seed, name="drop")
        self.context = keras.layers.Bidirectional(keras.layers.GRU(dim // 2, return_sequences=True), name="context")
        self.columns = SegmentMean(name="columns")
        # Columns have a bias, and no vectors of their types: a model may be trained without types and asked with them. They
        # are the decoder's business.
        self.bias = self.add_weight(name="bias", shape=(2 * dim,), initializer="random_uniform")
        self.connector = keras.layers.Dense(len(CONNECTORS) + 1, name="connector")
        self.aggregate = ColumnAggregate(NOT_SELECTED + 1, dim, dropout, seed, name="aggregate")
        self.tags = keras.layers.Dense(len(TAG_NAMES), name="tags")
        self.crf = CRF(len(TAG_NAMES), allowed=crf.allowed_transitions(TAG_NAMES, "BIO"), name="crf")
        self.operator = keras.layers.Dense(len(OPERATORS), name="operator")
        self.match = ColumnMatch(dim, name="match")

    @staticmethod
    def losses_of_heads():
        """The loss of each head, for `compile`."""
        names = ("connector", "aggregate", "operator", "column")
        return {"value": CRFNegativeLogLikelihood(), **{name: StepCrossEntropy() for name in names}}

    def call(self, inputs, training=None):
        segments, types = inputs["segments"], inputs["types"]
        real, question = ops.not_equal(segments, PADDING), ops.equal(segments, QUESTION)
        x = self.encoder(inputs["ids"], training=training)
        x = ops.concatenate([x, self.alignment(x, segments), ops.cast(question, x.dtype)[..., None]], axis=-1)
        x = self.drop(self.mix(x), training=training)
        x = self.drop(ops.concatenate([x, self.context(x, mask=real, training=training)], axis=-1), training=training)
        columns = self.columns(x, segments, types) + ops.cast(self.bias, x.dtype)
        whole = ops.max(ops.where(question[..., None], x, ops.cast(-1e4, x.dtype)), axis=1)
        return {
            "connector": self.connector(whole),
            "aggregate": self.aggregate(columns, x, question, training=training),
            "value": self.crf(self.tags(x), mask=question),
            "operator": self.operator(x),
            "column": self.match(x, columns, ops.not_equal(types, 0)),
        }

    def candidates(self, question, table, paths=3):
        """Queries that the table admits, the likeliest first: pairs of a log-probability and a `sql.Query`.

        Args:
            question: a string.
            table: a `sql.Table`.
            paths: ways to cut the values out of the question that are looked at.

        Raises:
            ValueError: if the question is no string with a word in it, or longer than the model reads.
        """
        return candidates(self._scores([(question, table)], paths)[0], table, self.many)

    def translate(self, pairs, batch_size=128):
        """The likeliest queries of pairs of a question and a `sql.Table`; `None` where the table admits none."""
        scores = self._scores(pairs, 1, batch_size)
        found = (next(candidates(one, table, self.many), None) for one, (_, table) in zip(scores, pairs, strict=True))
        return [pair and pair[1] for pair in found]

    def ask(self, question, table, tries=10):
        """The likeliest query that finds something in the table, or else the likeliest that runs.

        Args:
            question: a string.
            table: a `sql.Table` with its rows.
            tries: queries to run, at most.

        Returns:
            An `Answer`.

        Raises:
            ValueError: as `candidates`; and if no reading of the question fits the types of the columns.
        """
        first = None
        with Database(table) as database:
            for log_probability, query in itertools.islice(self.candidates(question, table), tries):
                query = grounded(query, table)
                rows = database.rows(query)
                answer = Answer(*query.sql(table), rows, query, log_probability)
                if any(cell not in (None, 0) for row in rows for cell in row):
                    return answer
                first = first or answer
        if first is None:
            raise ValueError(f"`question` must be one about the columns of the table; no query fits {question!r}")
        return first

    def _scores(self, pairs, paths, batch_size=128):
        rows, owners = [], []
        for i, (question, table) in enumerate(pairs):
            if not isinstance(question, str) or not question.strip():
                raise ValueError(f"`question` must be a string with a word in it; received {question!r}")
            parts = parts_of(self.tokenizer, question, table, self.length)
            rows, owners = rows + parts, owners + [i] * len(parts)
        found = [[] for _ in pairs]
        for some in of_similar_length([one.ids for one in rows], batch_size):
            batch = inputs([rows[i] for i in some], self.length)
            outputs = {name: ops.convert_to_numpy(value) for name, value in self.predict_on_batch(batch).items()}
            tags, scores = crf.k_best(outputs["value"], paths)
            scores = scores - crf.log_partition(outputs["value"])[:, None]
            outputs |= {"tags": ops.convert_to_numpy(tags), "log_probability": ops.convert_to_numpy(scores)}
            for n, i in enumerate(some):
                found[owners[i]].append((i, rows[i], {name: value[n] for name, value in outputs.items()}))
        return [join_parts(question, sorted(one)) for (question, _), one in zip(pairs, found, strict=True)]

    def get_config(self):
        names = ("dim", "dropout", "length", "many", "seed")
        objects = {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in ("tokenizer", "encoder")}
        return {**super().get_config(), **{name: getattr(self, name) for name in names}, **objects}

    @classmethod
    def from_config(cls, config):
        objects = {name: keras.saving.deserialize_keras_object(config[name]) for name in ("tokenizer", "encoder")}
        return cls(**{**config, **objects})
