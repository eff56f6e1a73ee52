"""Rules of what goes together: Apriori over your baskets, or over what Debian's packages depend on.

`keras-blog rules FILE` reads a transaction a line, items between commas; without a file, the index of apt. It prints the
rules of the highest lift and writes all of them, the item sets, and a picture.
"""

import csv
import math
import os
import time

from keras_blog import mining
from keras_blog.datasets import debian
from keras_blog.recipes.progress import progress_bar
from keras_blog.recipes.run_folder import whole, write_json


def add_arguments(parser):
    """The arguments of the command."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="a transaction a line (default: Debian's dependencies)")
    parser.add_argument("--separator", default=",", help="what stands between items (default: a comma)")
    parser.add_argument("--min-support", type=float, default=0.01, help="least fraction of transactions (default: %(default)s)")
    parser.add_argument("--min-confidence", type=float, default=0.5, help="of a rule (default: %(default)s)")
    parser.add_argument("--min-lift", type=float, default=1.0, help="of a rule (default: %(default)s)")
    parser.add_argument("--max-len", type=int, help="most items in a set (default: any number)")
    parser.add_argument("--max-consequent", type=int, help="most items on the right of a rule (default: any number)")
    parser.add_argument("--top", type=int, default=15, help="rules to print and draw (default: %(default)s)")
    parser.add_argument("--out", default=os.path.join("runs", "rules"), help="folder of the results (default: %(default)s)")


def run(options):
    """Mine, print, write."""
    start = time.perf_counter()
    if options.file is None:
        sets = mining.apriori(debian.load_dependencies()[1], options.min_support, options.max_len)
    else:
        with progress_bar(os.path.getsize(options.file), f"Reading {options.file}") as advance:
            rows = mining.read_transactions(options.file, options.separator, progress=advance)
            sets = mining.apriori(rows, options.min_support, options.max_len)
    rules = mining.association_rules(sets, options.min_confidence, options.min_lift, options.max_consequent)
    seconds = time.perf_counter() - start
    print(f"{sets.total:,} transactions, {len(sets):,} frequent sets, {len(rules):,} rules in {seconds:.1f} s")
    best = sorted(rules, key=lambda rule: (-rule.lift, -rule.confidence))[: options.top]
    if best:
        print(f"\n{'support':>8} {'confidence':>11} {'lift':>8}")
    for rule in best:
        print(f"{rule.support:8.4f} {rule.confidence:11.4f} {rule.lift:8.2f}  {_text(rule)}")
    out = options.out
    _write_csv(os.path.join(out, "rules.csv"), mining.Rule._fields, ([_cell(value) for value in rule] for rule in rules))
    rows = ([_cell(items), count, count / sets.total] for items, count in sets.counts.items())
    _write_csv(os.path.join(out, "itemsets.csv"), ("items", "count", "support"), rows)
    write_json(os.path.join(out, "rules.json"), [dict(zip(rule._fields, map(_value, rule), strict=True)) for rule in rules])
    files = ["rules.csv", "rules.json", "itemsets.csv"]
    if best:
        _draw(rules, best, os.path.join(out, "rules.png"))
        files.append("rules.png")
    print(f"\nIn {out}: {', '.join(files)}")


def _text(rule):
    return f"{_cell(rule.antecedent)} → {_cell(rule.consequent)}"


def _cell(value):
    return ", ".join(sorted(map(str, value))) if isinstance(value, frozenset) else value


def _value(value):
    if isinstance(value, frozenset):
        return sorted(map(str, value))
    return None if value == math.inf else value  # JSON knows no infinity


def _write_csv(path, header, rows):
    with whole(path) as unfinished, open(unfinished, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def _draw(rules, best, path):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, max(4, 0.3 * len(best) + 1)), layout="constrained")
    cloud, bars = figure.subplots(1, 2)
    shades = cloud.scatter(
        [rule.support for rule in rules], [rule.confidence for rule in rules], 12, [math.log2(rule.lift) for rule in rules]
    )
    cloud.set(xlabel="support", ylabel="confidence", xscale="log", title=f"{len(rules):,} rules")
    figure.colorbar(shades, ax=cloud, label="log₂ lift")
    names = [name if len(name := _text(rule)) <= 60 else name[:59] + "…" for rule in reversed(best)]
    bars.barh(range(len(best)), [rule.lift for rule in reversed(best)], color="tab:blue")
    bars.set_yticks(range(len(best)), names, fontsize=8)
    bars.set(xlabel="lift", title="the highest lifts")
    with whole(path) as unfinished:
        figure.savefig(unfinished, dpi=120)
