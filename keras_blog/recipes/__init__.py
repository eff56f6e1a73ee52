"""End-to-end trainings, one a file, run by the command line; this table is its list.

A recipe is a module with `add_arguments(parser)` and `run(options)`. It is imported only when it runs, after the backend is
chosen.
"""

RECIPES = {
    "bottleneck": "good or bad reviews: a convolution with and without an information bottleneck (or your label<TAB>text file)",
    "char-lm": "Chinese characters, each from those before: sparse and dense attention, n-grams (People's Daily, or your text)",
    "dirac": "which games of a GAN converge: one number a player, trained and predicted",
    "draw-digits": "handwritten digits drawn, encoded and blended: O-GAN with every loss (MNIST, Fashion-MNIST, or your .npz)",
    "cluster-digits": "handwritten digits in clusters, without labels: a VAE with a Gaussian a cluster (MNIST, or your .npz)",
    "density": "how probable an image is: VAE, IWAE, DReG, and their log likelihoods (MNIST digits, or your .npz)",
    "infomax": "features of images without labels: Deep InfoMax beside a VAE and pixels (MNIST digits, or your .npz)",
    "entity-linking": "what a name in a text means: mentions, candidates, a matcher (WordNet's examples, or your JSON lines)",
    "long-tail": "rare classes of texts: logit adjustment (Reuters R52, or your lines of label<TAB>text)",
    "long-text": "sentiment of long Chinese articles: sparse beside dense attention (iNews, or your lines of label<TAB>text)",
    "multilabel": "many labels a sample: one softmax or many sigmoids (yeast genes, Debian tags, or your `a,b<TAB>text` file)",
    "ner": "Chinese named entities: characters, convolutions, CRF (MSRA, or your CoNLL-style file)",
    "nl2sql": "questions about a table as SQL: GRU, CRF, five heads (WikiSQL, or your questions)",
    "pronounce": "English letters to phonemes: attention, beam search (CMU dictionary, or your lines of source<TAB>target)",
    "ring-of-gaussians": "25 modes on a ring: which of them each loss of a GAN finds, with each penalty",
    "sentence-similarity": "Chinese sentences of one meaning: character GRU, margin softmax, search (or your groups of texts)",
    "sentiment": "good or bad reviews: one LSTM over one-hot characters, characters, words (or your `label TAB text` file)",
    "titles": "a title for a text: prior, both directions (Chinese iNews, Debian packages, or your lines of text<TAB>title)",
    "word-vectors": "vectors whose products are mutual information (Chinese or English corpora, or your text, a text a line)",
    "word-segmentation": "Chinese words: the same tagger (People's Daily 1998, or your CoNLL-style file)",
}
COMMANDS = {  # of `keras-blog NAME`, without `train` and without Keras
    "rules": "association rules of your baskets, a line each (or of what Debian's packages depend on)",
    "templates": "templates of sentences, a sentence a line (or of commands to a smart home), and sentences made of them",
    "text-distance": "how far texts are from each other, by the vectors of their words (yours, a line each, or Lee's 50)",
    "vocabulary": "words of raw text without spaces, a text a line (or of the People's Daily, scored against its words)",
}
