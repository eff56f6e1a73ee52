"""Templates of sentences: words that call for each other across gaps, and what a sentence is made of.

`keras-blog templates FILE` reads a sentence a line, UTF-8; words of Chinese are found in the text itself, others are runs of
letters and digits. `--parse TEXT` covers a sentence by the templates, one in the gap of another. Without a file: 21,868 Chinese
commands to a smart home.
"""

import csv
import os
import time

from keras_blog import mining
from keras_blog.datasets import home_assistant
from keras_blog.recipes.chinese_font import font_families
from keras_blog.recipes.found_words import cut_texts, word_cutter
from keras_blog.recipes.run_folder import whole, write_json


def add_arguments(parser):
    """The arguments of the command."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="a sentence a line (default: commands to a smart home)")
    parser.add_argument("--window", type=int, default=5, help="farthest distance of linked words (default: %(default)s)")
    parser.add_argument("--min-count", type=int, default=5, help="of a pair and of a template (default: %(default)s)")
    parser.add_argument("--min-pmi", type=float, default=2.0, help="of a pair, in nats (default: %(default)s)")
    parser.add_argument("--max-paths", type=int, default=4, help="most templates of a sentence (default: %(default)s)")
    parser.add_argument("--parse", nargs="+", default=[], metavar="TEXT", help="cover these sentences by the templates")
    parser.add_argument("--top", type=int, default=20, help="templates to print and draw (default: %(default)s)")
    parser.add_argument("--out", default=os.path.join("runs", "templates"), help="folder of the results (default: %(default)s)")


def run(options):
    """Cut, count, find, parse, write."""
    texts = options.file or home_assistant.load_data()[0][0]
    start = time.perf_counter()
    cut = word_cutter(texts, numbers=True)
    pairs = mining.SkipPairs(options.window).update(cut_texts(texts, cut, "Counting pairs"))
    sentences = cut_texts(texts, cut, "Finding templates")
    found = mining.templates(
        sentences, min_count=options.min_count, min_pmi=options.min_pmi, max_paths=options.max_paths, pairs=pairs
    )
    found = {template: count for template, count in found.items() if None in template}
    print(f"{len(pairs.words):,} words, {len(found):,} templates with a gap in {time.perf_counter() - start:.1f} s\n")
    best = list(found.items())[: options.top]
    for template, count in best:
        print(f"{count:8,}  {_text(template)}")
    parsed = []
    for text in options.parse if found else ():
        words = cut(text)
        if words:
            parse = mining.TemplateParser(found).parse(words)
            parsed.append({"text": text, "parse": str(parse), "score": parse.score})
            print(f"\n{text}\n{parse}  {parse.score:.3f}")
    out = options.out
    with whole(os.path.join(out, "templates.csv")) as unfinished, open(unfinished, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["template", "sentences"])
        writer.writerows([_text(template), count] for template, count in found.items())
    write_json(os.path.join(out, "templates.json"), {
        "templates": [{"words": template, "sentences": count} for template, count in found.items()], "parses": parsed,
    })  # fmt: skip
    files = ["templates.csv", "templates.json"]
    if best:
        _draw(best, os.path.join(out, "templates.png"))
        files.append("templates.png")
    print(f"\nIn {out}: {', '.join(files)}")


def _text(template):
    return " ".join(word or "…" for word in template)


def _draw(best, path):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 1 + 0.3 * len(best)), layout="constrained")
    bars = figure.subplots()
    bars.barh(range(len(best)), [count for _, count in reversed(best)])
    bars.set_yticks(range(len(best)), [_text(template) for template, _ in reversed(best)], fontfamily=font_families())
    bars.set(xlabel="sentences")
    with whole(path) as unfinished:
        figure.savefig(unfinished, dpi=120)
