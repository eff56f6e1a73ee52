"""Chinese named entities: characters and bigrams, gated convolutions, CRF; beside the same encoder with a softmax.

Task: LOC, ORG and PER in news, strict entity-level figures on the MSRA test set (5,000 sentences, 6,457 entities).
Data: `datasets.msra_ner`, or your CoNLL-style file. Command: `keras-blog train ner`, TensorFlow, seed 1.

                 precision  recall  F1
    CRF             .9104   .8609   .8850    (LOC .9035, ORG .8475, PER .8839)
    softmax         .9206   .8224   .8687    (LOC .9007, ORG .8238, PER .8521)

29 minutes for both on two cores that much other work shared, 23 minutes of CPU time.
"""

from keras_blog.datasets import msra_ner
from keras_blog.recipes import tagging

EXAMPLES = (
    "江泽民在北京人民大会堂会见了美国总统克林顿。",
    "中国科学院院士王选是北京大学教授。",
    "联合国秘书长安南将于下周访问伊拉克首都巴格达。",
)


def add_arguments(parser):
    """The arguments of the recipe."""
    tagging.add_arguments(parser, epochs=5, dropout=0.5)


def run(options):
    """Train both, print the test figures, write the run folder."""
    examples = EXAMPLES if options.train is None else ()
    tagging.run(options, "ner", msra_ner.load_data, examples)
