"""English test sets inside gensim 4.4.0, of which nothing is imported."""

from keras_blog.datasets import archive


def read(name):
    """The bytes of a file of `gensim/test/test_data`: the same in every wheel of the version, of which this is one (28 MB)."""
    path = archive.fetch(
        "gensim==4.4.0",
        "gensim-4.4.0-cp311-cp311-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl",
        sha256="91a7fa5e814e7b1bad4b2dffa8d62c1e55410d5cbdf930714c1997ffb4404db8",
    )
    return archive.read_member(path, f"gensim/test/test_data/{name}")
