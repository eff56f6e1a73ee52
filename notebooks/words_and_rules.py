# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Words and rules
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/keras_blog/blob/main/notebooks/words_and_rules.ipynb)
#
# How far does counting go? No network, no gradient, nothing but how often things stand together, against how often they would by
# chance. That finds
#
# 1. [rules](#rules) among the words of news stories;
# 2. [the words](#words) of a newspaper that prints no spaces;
# 3. [templates](#templates) of sentences, and how a sentence is made of them;
# 4. [vectors](#vectors) of words, in whose plane subjects are directions;
# 5. [the way from one text to another](#way), word by word.
#
# The ideas are those of the kexue.fm articles [5525](https://kexue.fm/archives/5525), [5476](https://kexue.fm/archives/5476),
# [5577](https://kexue.fm/archives/5577), [4671](https://kexue.fm/archives/4671) and [7388](https://kexue.fm/archives/7388). With
# the environment variable `KERAS_BLOG_QUICK=1` it reads less text.

# %%
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("keras_blog") is None:  # on Colab
    source = "keras_blog[text] @ git+https://github.com/OWNER/keras_blog"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", source], check=True)

# %%
import os
import re
from collections import Counter

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")  # TensorFlow is talkative otherwise

import matplotlib.pyplot as plt
import numpy as np

from keras_blog import mining
from keras_blog.datasets import people_daily, reuters
from keras_blog.mining import ngram_scores

QUICK = os.environ.get("KERAS_BLOG_QUICK") == "1"
BLUE, RED, GREY = "#31688e", "#d1495b", "#c9ced6"
plt.rcParams.update({"figure.dpi": 110, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 11})

# %% [markdown]
# <a id="rules"></a>
# ## What goes together
#
# The words of a news story are a basket, those left out that are in every second story or hardly any. `mining.apriori` finds
# all sets of words that at least one story in sixty has, and `mining.association_rules` the rules among them. The lift says
# how much likelier the right side is where the left side holds.

# %%
(stories, _), _ = reuters.load_data()
stories = [re.findall(r"[a-z]+", story) for story in stories[: 2500 if QUICK else None]]
common = Counter(word for story in stories for word in set(story) if len(word) > 3)
kept = {word for word, count in common.items() if 0.015 < count / len(stories) < 0.3}
baskets = [kept.intersection(story) for story in stories]
sets = mining.apriori(baskets, min_support=1 / 60, max_len=2)
rules = sorted(
    mining.association_rules(sets, min_confidence=0.5, min_lift=2.0), key=lambda rule: (-rule.lift, sorted(rule.antecedent))
)
print(f"{len(baskets):,} baskets, {len(sets):,} frequent sets, {len(rules):,} rules")
for rule in rules[:8]:
    print(f"  {', '.join(rule.antecedent):28} => {', '.join(rule.consequent):28} {rule.confidence:.2f}, lift {rule.lift:.1f}")

# %%
shown = rules[:24]
names = sorted({word for rule in shown for word in (*rule.antecedent, *rule.consequent)})
angles = {name: 2 * np.pi * i / len(names) for i, name in enumerate(names)}
figure, axis = plt.subplots(figsize=(7.6, 7.0), layout="constrained")
for rule in shown:
    ends = [np.array([np.cos(angles[word]), np.sin(angles[word])]) for side in rule[:2] for word in side]
    style = {"arrowstyle": "-|>", "color": RED, "alpha": rule.confidence**2, "lw": 1.5, "connectionstyle": "arc3,rad=0.25"}
    axis.annotate("", ends[1], ends[0], arrowprops=style)
for name, angle in angles.items():
    x, y = np.cos(angle), np.sin(angle)
    left, degrees = x < -1e-9, np.degrees(angle)
    axis.text(1.05 * x, 1.05 * y, name, rotation=degrees - 180 if left else degrees, rotation_mode="anchor",
              ha="right" if left else "left", va="center", fontsize=8)  # fmt: skip
axis.set(xlim=(-1.9, 1.9), ylim=(-1.9, 1.9), aspect="equal", title="Who has the one has the other: the rules of highest lift")
axis.axis("off")
plt.show()

# %% [markdown]
# <a id="words"></a>
# ## Words where none are marked
#
# Take the spaces out of a newspaper. Two characters that make a word stand together oftener than by chance, their mutual
# information is high; and around a word anything may stand, so the entropy of its neighbours is high. A dot is a pair of
# characters of the People's Daily; red are those that its editors count as words. Nobody told the two axes.

# %%
paragraphs = people_daily.load_words()[: 1500 if QUICK else 12_000]
gold = {word for paragraph in paragraphs for word, _ in paragraph}
texts = ["".join(word for word, _ in paragraph) for paragraph in paragraphs]
counts = mining.count_ngrams(texts, 3, min_count=2)
pairs, number = counts.ngrams(2), counts.tables[2][1]
pmi, gain = ngram_scores.cohesion(counts, 2)
freedom = np.minimum(*(entropy for entropy, _ in ngram_scores.branching(counts, 2)))
often = np.flatnonzero(number >= (10 if QUICK else 40))
is_word = np.array([pairs[i] in gold for i in often])
figure, axis = plt.subplots(figsize=(7.0, 4.4), layout="constrained")
for kind, color, label in ((False, GREY, "not a word"), (True, RED, "a word")):
    some = often[is_word == kind]
    axis.scatter(pmi[some], freedom[some], s=5, color=color, alpha=0.6, lw=0, label=label)
axis.set(xlabel="mutual information inside, nats", ylabel="entropy of the neighbours, nats (the lesser side)")
axis.set_title("Words are firm inside and free outside")
axis.legend(frameon=False, markerscale=3)
plt.show()

# %% [markdown]
# `mining.vocabulary` decides by both, for words of up to four characters, and cuts a text where the sum of scores is highest.

# %%
words = mining.vocabulary(texts).refined(texts)
print(" ".join(words.tokenize(texts[5][:60])))
before, after = mining.bits_per_character("".join(texts)), mining.bits_per_character(words.count(texts))
print(f"{len(words):,} words; bits a character: {before:.2f} by characters, {after:.2f} by words")

# %% [markdown]
# <a id="templates"></a>
# ## Templates
#
# Words call for each other across gaps, too. `mining.templates` links pairs of words with high mutual information and reads
# templates off the paths; `mining.TemplateParser` covers a sentence by templates, one in the gap of another, at the highest sum of
# log probabilities.

# %%
fruits, colours = ["apples", "pears", "plums", "figs"], ["red", "green", "blue", "black"]
sentences = [["why", "are", fruit, "so", colour] for fruit in fruits for colour in colours]
sentences += [["if", "it", "is", colour, "then", "eat", fruit] for fruit in fruits for colour in colours]
found = mining.templates(sentences, min_count=5, min_pmi=0.5, max_paths=1)
for template, count in found.items():
    print(f"{count:4} {' '.join(word or '[X]' for word in template)}")
parse = mining.TemplateParser({**found, (None, "and", None): 8}).parse("why are apples and pears and figs so red".split())


def rows(parse, depth=0):
    """The phrases of a parse, each with its depth."""
    return [(parse, depth), *(row for part in parse.parts for row in rows(part, depth + 1))]


figure, axis = plt.subplots(figsize=(8.0, 2.6), layout="constrained")
for part, depth in rows(parse):
    axis.barh(-depth, len(part.words) - 0.08, 0.8, part.start + 0.04, color=plt.cm.Blues(0.15 + 0.12 * depth))
    hole = {i for inner in part.parts for i in range(inner.start, inner.start + len(inner.words))}
    for i in range(part.start, part.start + len(part.words)):
        if i not in hole:
            axis.text(i + 0.5, -depth, parse.words[i], ha="center", va="center", fontsize=9)
axis.set_title("A sentence as templates in the gaps of templates")
axis.axis("off")
plt.show()

# %% [markdown]
# <a id="vectors"></a>
# ## Words as vectors
#
# Give every word a vector so that the inner product of two is their mutual information. `mining.pmi_vectors` has the best such
# vectors by eigenvectors, from the same stories.

# %%
near = mining.cooccurrence(stories, window=5, min_count=10, most=1500 if QUICK else 4000)
vectors = mining.pmi_vectors(near, dim=50)
for word in ("coffee", "crude", "bank"):
    print(f"{word:8} stands beside {', '.join(w for w, _ in vectors.correlated(word, k=5))}; "
          f"is used like {', '.join(w for w, _ in vectors.similar(word, k=5))}")  # fmt: skip

# %%
figure, axis = plt.subplots(figsize=(7.0, 5.0), layout="constrained")
families = {word: [word, *(w for w, _ in vectors.correlated(word, k=9))] for word in ("coffee", "crude", "bank")}
chosen = np.array([vectors[word] for family in families.values() for word in family])
chosen = chosen / np.linalg.norm(chosen, axis=1, keepdims=True)
plane = (chosen - chosen.mean(0)) @ np.linalg.svd(chosen - chosen.mean(0), full_matrices=False)[2][:2].T
for k, (family, color) in enumerate(zip(families.values(), (RED, BLUE, "#5a8f3d"), strict=True)):
    places = plane[10 * k : 10 * k + 10]
    middle = places.mean(axis=0)
    for rank, i in enumerate(np.argsort(places[:, 1])):  # labels in a column, each with a line to its dot
        label = (middle[0] + 0.28, middle[1] + 0.065 * (rank - 4.5))
        axis.scatter(*places[i], s=14, color=color)
        axis.annotate(family[i], places[i], label, fontsize=8, color=color, va="center",
                      arrowprops={"arrowstyle": "-", "color": GREY, "lw": 0.6})  # fmt: skip
axis.set(xlim=(plane[:, 0].min() - 0.1, plane[:, 0].max() + 0.55))
axis.set(ylim=(plane[:, 1].min() - 0.25, plane[:, 1].max() + 0.25))
axis.set_title("Directions of the words beside coffee, crude and bank")
axis.set(xticks=[], yticks=[])
plt.show()

# %% [markdown]
# <a id="way"></a>
# ## The way from one text to another
#
# Two sentences without a word in common can say the same. Carry the words of the one to those of the other at the least cost: the
# word rotator's distance weighs a word by the length of its vector and charges for the angle. Its plan says which word went where.

# %%
first, second = "wheat harvest falls after frost".split(), "grain crop lower because of cold weather".split()
first, second = ([word for word in text if word in vectors] for text in (first, second))
x, y = (np.array([vectors[word] for word in text]) for text in (first, second))
distance, plan = mining.word_rotator_distance(x, y, plan=True)
other = [word for word in "central bank raises interest rates".split() if word in vectors]
far = mining.word_rotator_distance(x, np.array([vectors[word] for word in other]))
print(f"distance {distance:.3f}; to '{' '.join(other)}' {far:.3f}")
figure, axis = plt.subplots(figsize=(5.6, 3.6), layout="constrained")
image = axis.imshow(plan, cmap="Blues")
axis.set_xticks(range(len(second)), second, rotation=30)
axis.set_yticks(range(len(first)), first)
figure.colorbar(image, label="mass carried")
plt.show()

# %% [markdown]
# Each of these runs on a file of yours: `keras-blog rules FILE`, `keras-blog vocabulary FILE`, and the guide *Words and rules*.
