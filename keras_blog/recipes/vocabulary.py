"""Words of raw text: found by their statistics, nothing but the text given.

`keras-blog vocabulary FILE` reads a text a line, UTF-8. Without a file: the People's Daily of January 1998 without its spaces,
scored against its words (whole corpus, 19,484 paragraphs, 1,121,447 words); `--peers` adds SentencePiece models of equal size.

Command: `keras-blog vocabulary --peers`, two cores that much other work shared, 12 seconds of CPU time without the peers:

                           precision  recall  F1
    found, 308,758 words       .7611   .8036  .7818
    refined, 22,097 words      .7615   .8041  .7822
    SentencePiece unigram      .6671   .6267  .6463
    SentencePiece BPE          .6290   .5883  .6080

Bits a character: 9.453 by characters, 7.001 by words.
"""

import csv
import json
import os
import tempfile
import time
from collections import Counter

from keras_blog import mining
from keras_blog.datasets import people_daily
from keras_blog.recipes.progress import progress_bar
from keras_blog.recipes.run_folder import whole, write_json


def add_arguments(parser):
    """The arguments of the command."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="UTF-8, a text a line (default: the People's Daily)")
    parser.add_argument("--max-len", type=int, default=4, help="most symbols in a word, up to 4 (default: %(default)s)")
    parser.add_argument("--min-count", type=int, default=2, help="of a word (default: %(default)s)")
    parser.add_argument("--min-pmi", type=float, default=0.0, help="inside a word, in nats (default: %(default)s)")
    parser.add_argument("--peers", action="store_true", help="beside SentencePiece (People's Daily only)")
    parser.add_argument(
        "--out", default=os.path.join("runs", "vocabulary"), help="folder of the results (default: %(default)s)"
    )


def run(options):
    """Find, refine, score where there are gold words, write."""
    if options.peers and options.file:
        raise ValueError(f"`--peers` must go without a file, for it needs gold words; received {options.file!r}")
    texts, gold = (options.file, None) if options.file else _people_daily()
    start = time.perf_counter()
    size = os.path.getsize(texts) // 3 if options.file else sum(map(len, texts))
    with progress_bar(size, "Counting") as advance:
        found = mining.vocabulary(texts, options.max_len, options.min_count, options.min_pmi, advance)
    with progress_bar(size, "Cutting") as advance:
        words = found.refined(texts, options.min_count, progress=advance)
    seconds = time.perf_counter() - start
    with progress_bar(size, "Scoring") as advance:
        counts = words.count(texts, advance)
    characters = Counter()
    for text in mining.lines(texts):
        characters.update(text)
    report = {
        "words": len(words),
        "bits_per_character_before": mining.bits_per_character(characters),
        "bits_per_character": mining.bits_per_character(counts),
        "seconds": seconds,
    }
    print(f"{len(found):,} candidates, {len(words):,} words in {seconds:.0f} s; bits a character: "
          f"{report['bits_per_character_before']:.3f} by characters, {report['bits_per_character']:.3f} by words")  # fmt: skip
    if gold is not None:
        print(f"\n{'':22}{'precision':>10}{'recall':>10}{'F1':>10}")
        report["scores"] = {"found": _score("found", map(found.spans, texts), gold)}
        report["scores"]["refined"] = _score("refined", map(words.spans, texts), gold)
        for kind in ("unigram", "bpe") if options.peers else ():
            report["scores"][kind] = _score(f"SentencePiece {kind}", _sentence_piece(texts, kind, len(words)), gold)
    out = options.out
    os.makedirs(out, exist_ok=True)
    ranked = [(word, count) for word, count in counts.most_common() if word in words and len(word) > 1]
    with whole(os.path.join(out, "words.csv")) as unfinished, open(unfinished, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerows([("word", "count", "log_probability"), *((w, n, words.scores[w]) for w, n in ranked)])
    for form in ("plain", "jieba", "keras"):
        with whole(os.path.join(out, f"{form}.txt")) as unfinished:
            words.save(unfinished, form)
    with whole(os.path.join(out, "scores.json")) as unfinished, open(unfinished, "w", encoding="utf-8") as file:
        json.dump(words.scores, file, ensure_ascii=False)
    write_json(os.path.join(out, "metrics.json"), report)
    _draw(counts, os.path.join(out, "words.png"))
    print(f"\nIn {out}: words.csv, plain.txt, jieba.txt, keras.txt, scores.json, metrics.json, words.png")


def _people_daily():
    texts, gold = [], []
    for paragraph in people_daily.load_words():
        spans, end = set(), 0
        for word, _ in paragraph:
            spans.add((end, end + len(word)))
            end += len(word)
        texts.append("".join(word for word, _ in paragraph))
        gold.append(spans)
    return texts, gold


def _score(name, cuts, gold):
    hits = predicted = 0
    for spans, right in zip(cuts, gold, strict=True):
        hits, predicted = hits + len(right.intersection(spans)), predicted + len(spans)
    actual = sum(map(len, gold))
    figures = {"precision": hits / predicted, "recall": hits / actual, "f1": 2 * hits / (predicted + actual)}
    print(f"{name:22}" + "".join(f"{figure:10.4f}" for figure in figures.values()), flush=True)
    return figures


def _sentence_piece(texts, kind, size):
    try:
        import sentencepiece
    except ImportError:
        raise ValueError("`--peers` needs SentencePiece: pip install sentencepiece") from None
    with tempfile.TemporaryDirectory() as folder:
        prefix = os.path.join(folder, kind)
        options = {"character_coverage": 1.0, "normalization_rule_name": "identity", "add_dummy_prefix": False}
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts), model_prefix=prefix, model_type=kind, vocab_size=size, num_threads=1,
            max_sentence_length=100_000, minloglevel=2, **options,
        )  # fmt: skip
        model = sentencepiece.SentencePieceProcessor(model_file=f"{prefix}.model")
    for text in texts:
        spans, end = [], 0
        for piece in model.encode(text, out_type=str):
            spans.append((end, end + len(piece)))
            end += len(piece)
        yield spans


def _draw(counts, path):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.5), layout="constrained")
    lengths, ranks = figure.subplots(1, 2)
    tokens = Counter()
    for word, count in counts.items():
        tokens[len(word)] += count
    lengths.bar(list(tokens), list(tokens.values()))
    lengths.set(xlabel="symbols in a word", ylabel="words cut", xticks=sorted(tokens))
    ranks.loglog(sorted(counts.values(), reverse=True))
    ranks.set(xlabel="rank", ylabel="count")
    with whole(path) as unfinished:
        figure.savefig(unfinished, dpi=120)
