# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which Java?
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/keras_blog/blob/main/notebooks/entity_linking.ipynb)
#
# A name in a text may mean several things that you know, or none of them, or it may be no mention at all. This notebook trains
# `models.EntityLinker` on a small world with a few such names, and looks at its parts:
#
# 1. [names](#names), found in any spelling, with exact offsets;
# 2. [mentions](#mentions): which names count;
# 3. [entities](#entities): which one is meant, and how the prior decides where the text says nothing;
# 4. [none of them](#none).
#
# The idea is that of the kexue.fm article [6919](https://kexue.fm/archives/6919), of a competition in Chinese entity linking. On real
# data, the 36,000 usage examples of WordNet, `keras-blog train entity-linking` does the same; its figures are in the header of that
# recipe. With the environment variable `KERAS_BLOG_QUICK=1` this notebook trains for fewer epochs.

# %%
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("keras_blog") is None:  # on Colab
    source = "keras_blog[linking] @ git+https://github.com/OWNER/keras_blog"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", source], check=True)

# %%
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")  # TensorFlow is talkative otherwise

import keras
import matplotlib.pyplot as plt
import numpy as np

from keras_blog import losses, models
from keras_blog.models.knowledge_base import KnowledgeBase
from keras_blog.models.text_tokens import tokens

QUICK = os.environ.get("KERAS_BLOG_QUICK") == "1"
BLUE, RED, GREY = "#31688e", "#d1495b", "#c9ced6"
plt.rcParams.update({"figure.dpi": 110, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 11})
keras.utils.set_random_seed(1)

# %% [markdown]
# <a id="names"></a>
# ## Names
#
# An entity has an id, names and a description. A name may have a count: how often it means this entity.

# %%
entities = [
    {"id": "Java (island)", "names": {"Java": 2, "Jawa": 1}, "description": "island of Indonesia with volcanoes, rice and many people"},
    {"id": "Java (language)", "names": {"Java": 6, "Java SE": 1}, "description": "programming language with classes, compiler and code"},
    {"id": "Java (coffee)", "names": {"Java": 1}, "description": "coffee, a drink in a cup, black and hot"},
    {"id": "Python (language)", "names": {"Python": 5}, "description": "programming language with scripts, interpreter and code"},
    {"id": "Python (snake)", "names": {"python": 1}, "description": "snake of the forest that eats animals"},
    {"id": "Mercury (planet)", "names": {"Mercury": 3}, "description": "planet, nearest to the sun, in orbit"},
    {"id": "Mercury (element)", "names": {"mercury": 3, "quicksilver": 1}, "description": "metal, a liquid element, heavy and toxic"},
    {"id": "Straße", "names": ["Große Straße"], "description": "street of a town"},
]  # fmt: skip
knowledge = KnowledgeBase(entities)
for text in ("JAVA, java and Ｊａｖａ", "Java SE in Javanese", "die GROSSE STRASSE, 👩‍💻 große Straße"):
    found = tokens(text)
    print([text[found[first].start : found[last - 1].end] for first, last in knowledge.matches(found)])

# %% [markdown]
# The text stays as it is; only the keys of its words are folded, so that "ß" may become "ss" without moving anything behind it.
# Names are whole words: there is no Java in Javanese. "Java SE" holds two names, one inside the other; the article's decoder, which
# takes the nearest end of each begin, could find only one of them.

# %% [markdown]
# ## A world
#
# Sentences with a name and a clue, which is a word of the description. Some say "the word", and there the name is no mention;
# some have a clue of something that the knowledge base does not know; and a quarter has no clue at all, only a name, which then means
# what it means as often as the counts say.

# %%
CLUES = {
    "Java (island)": "island volcanoes rice people", "Java (language)": "classes compiler code programming",
    "Java (coffee)": "coffee drink cup hot", "Python (language)": "scripts interpreter code programming",
    "Python (snake)": "snake forest eats animals", "Mercury (planet)": "planet sun orbit", "Mercury (element)": "metal liquid toxic",
    None: "band album singer",
}  # fmt: skip
FRAMES = ("{} has {}", "we saw {} and its {}", "the {} of {}", "all about {} : {}", "my friend likes {} for the {}")
rng = np.random.default_rng(0)


def drawn():
    """An entity, evenly, with a clue; or, of a name that says too little, one by its counts, with a word that is no clue."""
    if rng.random() < 0.75:
        entity = list(CLUES)[rng.integers(len(CLUES))]
        return entity, str(rng.choice(CLUES[entity].split()))
    rows, shares = knowledge.candidates(str(rng.choice(["Java", "Python", "Mercury"])))
    return entities[rng.choice(rows, p=np.exp(shares) / np.exp(shares).sum())]["id"], str(
        rng.choice(["things", "news", "words"])
    )


def sentence():
    """A text and its mentions."""
    entity, clue = drawn()
    shown = entity or str(rng.choice(list(CLUES)[:-1]))
    name, frame = shown.split(" (")[0], FRAMES[rng.integers(len(FRAMES))]
    text = frame.format(clue, name) if frame.startswith("the") else frame.format(name, clue)
    if rng.random() < 0.2:
        return text.replace(name, f"the word {name}"), []
    start = text.index(name)
    return text, [(start, start + len(name), entity)]


def world(size):
    """As many texts, and their mentions."""
    return tuple(zip(*(sentence() for _ in range(size)), strict=True))


train, held = world(1000), world(200)
for text, mentions in list(zip(*train, strict=True))[:6]:
    print(f"{text:44} {mentions}")

# %% [markdown]
# A plain `compile` with a loss for each output, and a plain `fit`. A batch holds a row a mention, with all candidates of its name.

# %%
vocabulary = models.EntityLinker.vocabulary_of(train[0], entities, min_count=1)
encoder = models.word_encoder(len(vocabulary) + 2, dim=24, units=12, dropout=0.1, seed=1)
linker = models.EntityLinker(entities, vocabulary, encoder, units=24, dropout=0.1, description_length=12, most_candidates=8)
linker.compile(
    keras.optimizers.Adam(1e-2),
    loss={
        "pointers": losses.MultilabelSoftmax(),
        "entities": keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1),
    },
)
batches = models.LinkedBatches(linker, *train, batch_size=50, candidates=4, hidden=0.0)
log = linker.fit(batches, epochs=3 if QUICK else 10, verbose=0).history
linker.calibrate(*held)

figure, axis = plt.subplots(figsize=(6.0, 3.2), layout="constrained")
for name, color in (("pointers", BLUE), ("entities", RED)):
    axis.plot(range(1, len(log["loss"]) + 1), log[f"{name}_loss"], marker="o", ms=3, color=color, label=name)
axis.set(title="Both losses fall", xlabel="epoch", ylabel="nats", ylim=(0, None))
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# <a id="mentions"></a>
# ## Mentions
#
# Two numbers a word: how much it looks like the begin of a mention, and like the last word of one. A name counts if both are above the
# threshold. Below, the lesser of both for the names in four texts.

# %%
shown = ["Java has code", "the word Java has code", "the planet of Mercury", "my friend likes the word Python for the snake"]
for text, names in zip(shown, linker.pointers(shown), strict=True):
    marks = [
        f"{text[start:end]} {score:+.1f}{' is a mention' if score > linker.thresholds[0] else ''}"
        for (start, end), score in names
    ]
    print(f"{text:46} {'; '.join(marks)}")

# %% [markdown]
# <a id="entities"></a>
# ## Entities
#
# The same name with different clues, and without one. Without a clue the prior decides: "Java" means the language six times in nine.

# %%
texts = [
    "we saw Java and its volcanoes",
    "we saw Java and its compiler",
    "we saw Java and its cup",
    "we saw Java and its things",
]
ranked = linker.rank(texts, [(7, 11)] * len(texts))
ids = ["Java (island)", "Java (language)", "Java (coffee)", None]
shares = np.array([[dict(row)[entity] for entity in ids] for row in ranked])
figure, axis = plt.subplots(figsize=(6.6, 2.8), layout="constrained")
left = np.zeros(len(texts))
for column, (entity, color) in enumerate(zip(ids, (BLUE, RED, "#6d904f", GREY), strict=True)):
    axis.barh(texts[::-1], shares[::-1, column], left=left, color=color, label=entity or "none of them")
    left += shares[::-1, column]
axis.set(title="Which Java?", xlabel="probability", xlim=(0, 1))
axis.legend(frameon=False, ncols=2, loc="upper center", bbox_to_anchor=(0.4, -0.25))
plt.show()

# %% [markdown]
# <a id="none"></a>
# ## None of them
#
# Mercury is also a singer's name. The knowledge base does not know him, but the training texts have mentions without an entity, so
# "none" has learned its own score. (Published, such mentions were left out of the training.) Where no text says "none", as in WordNet,
# `LinkedBatches` hides the right entity in some rows.

# %%
for text in ("Mercury has metal", "Mercury has album", "my friend likes Python for the snake"):
    print(f"{text:38}", *(f"{text[link.start : link.end]} = {link.entity} ({link.score:.2f})" for link in linker.link(text)))

# %%
found = linker.link(list(held[0]))
right = [{link[:3] for link in row} == set(mentions) for row, mentions in zip(found, held[1], strict=True)]
print(f"{np.mean(right):.1%} of the held-out texts are linked without an error")

# %% [markdown]
# `linker.save("linker.keras")` keeps all of it in one file: weights, vocabulary, thresholds, and the knowledge base.
