# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Questions about a table
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/keras_blog/blob/main/notebooks/nl2sql.ipynb)
#
# "How many towns have more than 5000 people?" is a query of one table: a column, an aggregate, conditions. This notebook shows
#
# 1. [queries that are never text](#sql), so that no value and no column name can do harm;
# 2. [what a network has to say](#heads) for a query to follow, and how five heads say it;
# 3. [a model that learns it](#train) from a few hundred questions, [and what it reads where](#looks);
# 4. [many candidates and a database](#candidates) that decides between them.
#
# The idea is that of kexue.fm article [6771](https://kexue.fm/archives/6771); the column attention comes from Xu, Liu and Song,
# *SQLNet*, [arXiv:1711.04436](https://arxiv.org/abs/1711.04436), running the candidates from Wang et al.,
# [arXiv:1807.03100](https://arxiv.org/abs/1807.03100). It runs in two minutes on two CPU cores; with the environment variable
# `KERAS_BLOG_QUICK=1`, for fewer epochs, in one.

# %%
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("keras_blog") is None:  # on Colab
    source = "git+https://github.com/OWNER/keras_blog"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", source], check=True)

# %%
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")  # TensorFlow is talkative otherwise

import itertools
import random
import sqlite3

import keras
import matplotlib.pyplot as plt
import numpy as np

from keras_blog import models
from keras_blog.datasets.wikisql import Question
from keras_blog.models.question_rows import inputs, row
from keras_blog.ops import crf
from keras_blog.sql import Database, Query, Table, accuracy, number

QUICK = os.environ.get("KERAS_BLOG_QUICK") == "1"
BLUE, RED, GREY = "#31688e", "#d1495b", "#c9ced6"
plt.rcParams.update({"figure.dpi": 110, "axes.titlesize": 11})
numpy = keras.ops.convert_to_numpy

# %% [markdown]
# <a id="sql"></a>
# ## Queries that are never text
#
# A `sql.Query` holds numbers of columns, names of operators, and values. Only `sql` writes it down: names quoted, a `?` for each
# value, and the values beside it. So an evil value only compares, and an evil name only names.

# %%
evil = "x'; DROP TABLE towns; --"
towns = Table(
    ["Town", "People", 'Mayor" OR 1=1 --'],
    ["text", "number", "text"],
    [("Bath", 94_000, "Ann Lee"), ("Wells", 12_000, "Bo"), (evil, 7, "Cy")],
    name="towns",
)
for query in (
    Query([("COUNT", 0)], [(1, ">", 5000)]),
    Query([("", 1)], [(0, "=", evil)]),
    Query([("", 0)], [(2, "=", "Bo")]),
):
    with Database(towns) as database:
        print(*query.sql(towns), database.rows(query), sep="\n    ")

# %% [markdown]
# And if a statement came through all the same: the connection was told to read, and nothing else.

# %%
with Database(towns) as database:
    for statement in ("DROP TABLE towns", "PRAGMA query_only = OFF", "ATTACH DATABASE 'other.db' AS other"):
        try:
            database._connection.execute(statement)
        except sqlite3.DatabaseError as error:
            print(f"{statement:40} {error}")

# %% [markdown]
# Numbers are read by one rule in cells and in questions:

# %%
print({text: number(text) for text in ("5,000", "−3.5", "$2 million", "12%", "3万", "two", "4-4-2")})

# %% [markdown]
# <a id="heads"></a>
# ## What a network has to say
#
# Question and column names are one sequence. Then a query follows from five kinds of decisions, each with a head of its own:
#
# - how the conditions are joined: none, AND, OR;
# - of each column, which of six aggregates, or that it is not selected;
# - of each word, whether it begins a value, goes on with one, or is none: our CRF, so that nothing goes on that did not begin;
# - of each word of a value, its operator, and its column.
#
# Here are questions of a few forms about tables of three domains; a fourth is kept for the test.

# %%
DOMAINS = {
    "town people mayor area": (["Bath", "Wells", "Ely", "York", "New Mill"], ["Ann Lee", "Bo", "Cy Dow"]),
    "film length director year": (["Alien", "Big Fish", "Cats", "Dune"], ["Ridley Scott", "Tim Burton"]),
    "player points team age": (["Ada", "Mo Salah", "Rex"], ["Reds", "Blue Stars", "Lions"]),
    "book pages author price": (["Emma", "Dracula", "Jane Eyre"], ["Jane Austen", "Bram Stoker"]),
}


def questions_of(domain, count, seed):
    chance = random.Random(seed)
    names, people = DOMAINS[domain]
    columns = domain.split()
    table = Table(columns, ["text", "number", "text", "number"], [
        (name, chance.randrange(10, 100) * 10, chance.choice(people), chance.randrange(1, 90)) for name in names
    ], name=columns[0])  # fmt: skip
    found = []
    for _ in range(count):
        conditions, said = [], []
        for i in chance.sample(range(4), chance.choice([0, 1, 1, 2])):
            if table.types[i] == "text":
                value = chance.choice(names if i == 0 else people)
                sign, words = "=", chance.choice([f"with {columns[i]} {value}", f"whose {columns[i]} is {value}"])
            else:
                value, sign = str(chance.randrange(1, 900)), chance.choice("=<>")
                words = {"=": f"with {columns[i]} {value}", ">": f"with over {value} {columns[i]}"}
                words = words.get(sign, f"with {columns[i]} under {value}")
            conditions.append((i, sign, value))
            said.append(words)
        aggregate, i = chance.choice([("", 0), ("", 2), ("COUNT", 0), ("MAX", 1), ("AVG", 3), ("SUM", 1), ("MIN", 3)])
        asked = {"": "which", "COUNT": "how many", "MAX": "highest", "AVG": "mean", "SUM": "total", "MIN": "lowest"}[aggregate]
        joined = " and ".join(said)
        found.append(Question(f"{asked} {columns[i]} {joined}".strip() + "?", table, Query([(aggregate, i)], conditions)))
    return found


*known, unseen = DOMAINS
train = [question for domain in known for question in questions_of(domain, 300, seed=1)]
test = {
    "known tables": [question for domain in known for question in questions_of(domain, 60, seed=2)],
    "a table never seen": questions_of(unseen, 180, seed=3),
}
for question in train[:4]:
    print(question.text, *question.query.sql(question.table), sep="\n    ")

# %% [markdown]
# <a id="train"></a>
# ## A model that learns it
#
# Each head has its loss, a negative log-likelihood summed over what is labelled; the sum of the five is that of the whole query. So plain
# `compile` and `fit` do.

# %%
keras.utils.set_random_seed(1)
words = models.WordGrams.words_of([*(q.text for q in train), *itertools.chain(*(q.table.columns for q in train))], min_count=3)
model = models.NL2SQL(models.WordGrams(words, buckets=512), dim=48, seed=1)
model.compile(keras.optimizers.Adam(0.005), loss=models.NL2SQL.losses_of_heads())
batches = models.QuestionBatches(model, train, batch_size=32)
history = model.fit(batches, epochs=3 if QUICK else 10, verbose=0).history

shares = {}
for name, questions in test.items():
    found = model.translate([(question.text, question.table) for question in questions])
    shares[name] = accuracy([question.query for question in questions], found)
    print(f"{name:20}", {part: round(share, 2) for part, share in shares[name].items()})

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.6), layout="constrained")
for part in ("connector", "aggregate", "value", "operator", "column"):
    left.semilogy(range(1, len(history["loss"]) + 1), history[f"{part}_loss"], label=part)
left.set(title="Losses of the heads", xlabel="epoch", ylabel="nats a question")
left.legend(frameon=False)
parts = list(shares["known tables"])
for shift, color, (name, share) in zip((0.2, -0.2), (BLUE, RED), shares.items(), strict=True):
    right.barh(np.arange(len(parts))[::-1] + shift, [share[part] for part in parts], 0.38, color=color, label=name)
right.set_yticks(np.arange(len(parts))[::-1], parts)
right.set(title="Questions whose query agrees, whole and in parts", xlim=(0, 1))
right.legend(frameon=False, loc="lower left")
plt.show()

# %% [markdown]
# Three tables are soon learned by heart, names and all. On columns that were never seen less than half of the queries are right:
# that a name of a column in the question is *that column*, whatever the name, takes many tables to learn. WikiSQL has 17,964 of them;
# there the test asks of unseen tables only.

# %% [markdown]
# <a id="looks"></a>
# ## What it reads where
#
# For one question about the unseen table: how likely each word is part of a value, by the CRF's marginals, and which column it
# would belong to.

# %%
question = next(q for q in test["a table never seen"] if len(q.query.conditions) == 2)
one = row(model.tokenizer, question.text, question.table)
outputs = model.predict_on_batch(inputs([one], model.length))
tokens = [question.text[a:b] for a, b in one.offsets]
steps, count = slice(1, len(tokens) + 1), len(question.table.columns)
inside = 1 - numpy(crf.marginals(outputs["value"]))[0, steps, 0]
columns = numpy(keras.ops.softmax(numpy(outputs["column"])[0, steps, :count]))

figure, (above, below) = plt.subplots(2, 1, figsize=(9, 3.8), sharex=True, height_ratios=[2, 3], layout="constrained")
above.bar(range(len(tokens)), inside, color=BLUE)
above.set(title="Probability that a word is part of a value", ylim=(0, 1))
below.imshow(columns.T * inside, cmap="Blues", vmin=0, vmax=1, aspect="auto")
below.set_yticks(range(count), question.table.columns)
below.set_xticks(range(len(tokens)), tokens, rotation=30)
below.set(title="... and which column it belongs to")
plt.show()

# %% [markdown]
# <a id="candidates"></a>
# ## Many candidates, and a database
#
# The likeliest parts may not fit together. `candidates` goes through the queries in the order of their probability and leaves out what
# the types of the columns refuse. `ask` then runs them until one finds something: a value that is in no cell of the column is
# a hint that it belongs to another.

# %%
for log_probability, query in itertools.islice(model.candidates(question.text, question.table), 4):
    print(f"{log_probability:8.2f}", *query.sql(question.table))

# %%
books = Table(["book", "pages", "author", "price"], ["text", "number", "text", "number"], [
    ("Emma", 474, "Jane Austen", 8), ("Persuasion", 249, "Jane Austen", 7), ("Dracula", 418, "Bram Stoker", 9),
], name="books")  # fmt: skip
for text in (
    "which book with author Jane Austen?",
    "highest pages whose author is bram stoker?",
    "how many book with over 400 pages?",
):
    answer = model.ask(text, books)
    print(text, answer.sql, answer.parameters, answer.rows, sep="\n    ")

# %% [markdown]
# `keras-blog train nl2sql` trains the same model on WikiSQL's 56,355 questions; its figures are in the header of
# `keras_blog/recipes/nl2sql.py`. `keras-blog ask table.csv "..."` asks it about your own table.
