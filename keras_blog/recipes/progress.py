"""A progress bar on the terminal, for work that is not Keras's."""

from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress


@contextmanager
def progress_bar(total, label):
    """`with progress_bar(total, "Reading") as advance: advance(step)`: on the standard error, if that is a terminal."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(escape(label), total=max(total, 1))
        yield lambda step: progress.advance(task, step)
