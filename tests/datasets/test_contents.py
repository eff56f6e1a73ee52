import subprocess
import sys

from keras_blog import datasets


def test_the_table_of_contents_is_complete():
    assert datasets.__all__ == [
        "analogies",
        "archive",
        "cmudict",
        "conll",
        "debian",
        "debian_titles",
        "debtags",
        "digits",
        "entities",
        "geonames",
        "glove",
        "home_assistant",
        "inews",
        "labelled_images",
        "labelled_texts",
        "lee",
        "linked_texts",
        "minilm",
        "msra_ner",
        "newsgroups",
        "people_daily",
        "reuters",
        "scored_pairs",
        "shopping_reviews",
        "spider",
        "table_questions",
        "text_groups",
        "text_pairs",
        "wikisql",
        "word_pairs",
        "wordnet",
        "yeast",
    ]
    assert all(hasattr(datasets, name) for name in datasets.__all__)


def test_neither_keras_nor_a_backend_is_imported():
    code = "import sys, keras_blog.datasets; print(sorted({'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"
