"""What is measured of a linker, beside the first sense and Lesk; the recipe `entity-linking` prints and draws it."""

from collections import Counter

import numpy as np

from keras_blog.models.knowledge_base import longest
from keras_blog.models.linker_thresholds import none_probabilities
from keras_blog.models.text_tokens import tokens
from keras_blog.recipes.run_folder import whole


def report(linker, test):
    """`(figures, accuracy)`: all figures of the test texts by name, and the accuracy by the number of candidates."""
    rows = [(text, *mention) for text, found in zip(*test, strict=True) for mention in found if mention[2] is not None]
    gold = [row[3] for row in rows]
    ranked = linker.rank([row[0] for row in rows], [row[1:3] for row in rows])
    orders = {
        "first sense": [_ids(linker, linker.knowledge.candidates(text[start:end])[0]) for text, start, end, _ in rows],
        "Lesk": lesk(linker.knowledge, rows),
        "linker": [[entity for entity, _ in row if entity is not None] for row in ranked],
    }
    figures = {name: _ranking(order, gold) for name, order in orders.items()}
    parts = [entity.rpartition("-")[2] for entity in gold]
    if all(part in ("n", "v", "a", "r") for part in parts):  # WordNet: what if the part of speech is known?
        for name, order in orders.items():
            kept = [[e for e in row if e.endswith(f"-{part}")] for row, part in zip(order, parts, strict=True)]
            figures[name]["accuracy, part of speech known"] = _ranking(kept, gold)["accuracy"]
    some, none = none_probabilities(ranked, gold)
    threshold = linker.thresholds[1]
    figures["none"] = {"candidate there": float((some <= threshold).mean()), "taken away": float((none > threshold).mean())}
    figures |= _found(linker, test)
    size = np.minimum([len(row) for row in orders["first sense"]], 16)
    hits = {name: np.array([row[:1] == [e] for row, e in zip(order, gold, strict=True)]) for name, order in orders.items()}
    return figures, {name: {int(n): float(hit[size == n].mean()) for n in np.unique(size)} for name, hit in hits.items()}


def lesk(knowledge, rows):
    """Entities of the mentions `(text, start, end, ...)` by the words that text and description share, rare ones weighing more.

    Lesk's rule with weights log(n / count) over the descriptions; the mention itself does not count, ties go to the likelier.
    """
    described = [{token.key for token in tokens(entity["description"])} for entity in knowledge.entities]
    counts = Counter(word for words in described for word in words)
    weight = {word: np.log(len(described) / count) for word, count in counts.items()}
    out = []
    for text, start, end, *_ in rows:
        around = {token.key for token in tokens(text) if token.end <= start or token.start >= end}
        candidates = knowledge.candidates(text[start:end])[0]
        shared = [-sum(weight[word] for word in sorted(around & described[row])) for row in candidates]
        out.append([knowledge.entities[candidates[i]]["id"] for i in np.argsort(shared, kind="stable")])
    return out


def show(figures):
    """Print the figures."""
    wordnet = "accuracy, part of speech known" in figures["linker"]
    print(f"\n{'':14}{'accuracy':>10}{'MRR':>10}" + ("  accuracy, part of speech known" if wordnet else ""))
    for name in ("first sense", "Lesk", "linker"):
        row = figures[name]
        known = f"{row['accuracy, part of speech known']:32.4f}" if wordnet else ""
        print(f"{name:14}{row['accuracy']:10.4f}{row['mrr']:10.4f}{known}")
    print(f"\n{'':24}{'precision':>10}{'recall':>10}{'F1':>10}")
    for name in ("longest names", "mentions", "links"):
        print(f"{name:24}" + "".join(f"{figures[name][figure]:10.4f}" for figure in ("precision", "recall", "f1")))
    some, none = figures["none"]["candidate there"], figures["none"]["taken away"]
    print(f"\nSaid to be a candidate, where the right one is there: {some:.4f}; none, where it was taken away: {none:.4f}")


def show_links(linker, text):
    """Print a text, and below it the descriptions of what it speaks of."""
    print(f"\n{text}")
    for start, end, entity, score in linker.link(text):
        known = linker.knowledge.rows.get(entity)
        about = "none of the candidates" if known is None else linker.knowledge.entities[known]["description"]
        print(f"  {text[start:end]:16} {score:.2f}  {about}")


def draw(path, accuracy):
    """Accuracy by the number of candidates, as a picture."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for name, values in accuracy.items():
        axes.plot(list(values), list(values.values()), marker="o", label=name)
    axes.set(title="Which of the candidates is meant?", xlabel="candidates (16: or more)", ylabel="accuracy", ylim=(0, 1))
    axes.legend()
    with whole(path) as unfinished:
        figure.savefig(unfinished, dpi=120)
    plt.close(figure)


def _ids(linker, rows):
    return [linker.knowledge.entities[row]["id"] for row in rows]


def _ranking(orders, gold):
    """Accuracy and mean reciprocal rank; an entity that is not among the candidates has rank infinity."""
    ranks = np.array([order.index(e) + 1 if e in order else np.inf for order, e in zip(orders, gold, strict=True)])
    return {"accuracy": float((ranks == 1).mean()), "mrr": float((1 / ranks).mean()), "mentions": len(gold)}


def _found(linker, test):
    """Precision, recall and F1 of mentions as spans: by the longest names, by the linker; and of spans with their entities."""
    texts, mentions = test
    links = linker.link(texts)
    found = {
        "longest names": [
            [(words[a].start, words[b - 1].end) for a, b in longest(linker.knowledge.matches(words))]
            for words in map(tokens, texts)
        ],
        "mentions": [[link[:2] for link in row] for row in links],
        "links": [[link[:3] for link in row] for row in links],
    }
    out = {}
    for name, rows in found.items():
        gold = [{mention[: 3 if name == "links" else 2] for mention in row} for row in mentions]
        hits = sum(len(own.intersection(row)) for own, row in zip(gold, rows, strict=True))
        said, there = sum(map(len, rows)), sum(map(len, gold))
        f1 = 2 * hits / max(said + there, 1)
        out[name] = {"precision": hits / max(said, 1), "recall": hits / max(there, 1), "f1": f1}
    return out
