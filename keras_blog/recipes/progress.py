"""A progress bar on the terminal, for work that is not Keras's."""

import sys


class Bar:
    """`with Bar(total, "Reading") as bar: bar(step)`: a line on the standard error, if that is a terminal."""

    def __init__(self, total, label):
        self.total, self.label, self.done, self.shown = max(total, 1), label, 0, None

    def __enter__(self):
        return self

    def __call__(self, step):
        self.done += step
        percent = min(100, 100 * self.done // self.total)
        if percent != self.shown and sys.stderr.isatty():
            self.shown = percent
            print(f"\r{self.label} {'━' * (percent // 5):20} {percent:3d} %", end="", file=sys.stderr, flush=True)

    def __exit__(self, *error):
        if self.shown is not None:
            print(file=sys.stderr)
