"""One small valid example of every public object; `tests/test_contract.py` runs over them. A new object adds an entry here."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from keras_blog import layers, losses, metrics, sql
from keras_blog.ops import crf, sparse_attention

RNG = np.random.default_rng(0)
EMISSIONS = RNG.normal(size=(3, 5, 4)).astype("float32")
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 0, 1, 1, 0]], bool)
TAGS = np.where(MASK, RNG.integers(0, 4, size=(3, 5)), -1).astype("int32")
TAG_NAMES = ["O", "B-X", "I-X", "B-Y"]
TRANSITIONS, START, END = (RNG.normal(size=size).astype("float32") for size in ((4, 4), 4, 4))
IDS = np.array([[3, 1, 4, 1, 5], [9, 2, 6, 0, 0], [5, 3, 5, 8, 0]], "int32")


def potentials():
    """Packed potentials of the chains above, NumPy."""
    import keras

    return keras.ops.convert_to_numpy(crf.pack(EMISSIONS, TRANSITIONS, START, END, MASK))


COSINES = np.random.default_rng(3).uniform(-0.9, 0.9, size=(3, 5)).astype("float32")
COSINE_IDS = np.array([4, 0, 2], "int32")


@dataclass
class Layer:
    """A layer that `make()` builds, and its input.

    `mask` is that of its steps, if it takes one; `floats` says that `x` may be cast, `steps` that axis 1 may have any length.
    """

    make: Callable
    x: Callable
    mask: np.ndarray | None = None
    floats: bool = True
    steps: bool = True


@dataclass
class Loss:
    """A loss that `make(**options)` builds, and its function, on three samples.

    `network()` gives an uncompiled model whose outputs it takes, and inputs for it. `wrong` are labels of a bad shape;
    `nothing` labels that make it 0, if there are such; `varies(y_pred)` marks what may be varied by itself, all by default.
    """

    make: Callable
    function: Callable
    y_true: np.ndarray
    y_pred: Callable
    network: Callable
    wrong: np.ndarray
    nothing: np.ndarray | None = None
    varies: Callable = np.ones_like
    metrics: tuple = ()


@dataclass
class Metric:
    """`make()` builds the metric."""

    make: Callable
    y_true: np.ndarray
    y_pred: Callable


def chain_network():
    """Scores from a Dense layer, and a CRF."""
    import keras

    inputs = keras.Input((None, 4))
    return keras.Model(inputs, layers.CRF(4)(keras.layers.Dense(4)(inputs))), EMISSIONS


def steps_network():
    """Scores of four classes a step from a Dense layer."""
    import keras

    inputs = keras.Input((None, 4))
    return keras.Model(inputs, keras.layers.Dense(4)(inputs)), EMISSIONS


def chain_varies(y_pred):
    """The emissions at real steps, and the transitions of the first sequence, which are those of the batch."""
    varies = y_pred != 0
    varies[..., -1] = varies[1:, :6] = False
    return varies


FEATURES = RNG.normal(size=(3, 4)).astype("float32")
TARGETS = np.array([2, 0, 6], "int32")


def scored_candidates():
    """The target and five draws for each of three samples, one of them an accidental hit, packed; NumPy."""
    packed = np.stack([*np.random.default_rng(0).normal(size=(2, 3, 6)), np.ones((3, 6))], axis=-1).astype("float32")
    packed[1, 3, 2] = -1
    return packed


def candidate_varies(packed):
    """Scores and noise; the counts are no variable."""
    return np.broadcast_to([True, True, False], packed.shape)


def sampled_network():
    """A layer that draws negatives; the targets are an input as well."""
    import keras

    features, target = keras.Input((4,)), keras.Input((), dtype="int32")
    outputs = layers.SampledDense(7, 200, noise="log_uniform", learn_log_z=True, seed=1)(features, target)
    return keras.Model([features, target], outputs), [FEATURES, TARGETS]


def pair_network():
    """Queries and keys."""
    import keras

    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.Reshape((2, 3))(keras.layers.Dense(6)(inputs))), FEATURES


def cosine_network():
    """Features from a Dense layer, and their cosines."""
    import keras

    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.CosineDense(5)(keras.layers.Dense(4)(inputs))), FEATURES


def center_network():
    """Features from a Dense layer, packed with the centres of seven classes."""
    import keras

    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.ClassCenters(7, seed=1)(keras.layers.Dense(4)(inputs))), FEATURES


def packed_centers():
    """Features and the centres of seven classes, NumPy."""
    rows = np.random.default_rng(4).normal(size=(11, 4)).astype("float32")
    rows[7] = 0.5
    rows[8:] /= np.linalg.norm(rows[8:], axis=1, keepdims=True)
    return rows


def center_varies(packed):
    """All but the noise."""
    return np.broadcast_to(np.arange(len(packed))[:, None] != 7, packed.shape)


def margin(make, function):
    """A margin loss."""
    y_pred = lambda: COSINES  # noqa: E731
    return Loss(make, function, COSINE_IDS, y_pred, cosine_network, wrong=COSINE_IDS[:, None], nothing=np.full(3, -1))


def dense_network():
    """Scores of six classes from a Dense layer."""
    import keras

    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.Dense(6)(inputs)), EMISSIONS[:, 0]


def keras_schedule(*arguments):
    """A rate that falls exponentially."""
    import keras

    return keras.optimizers.schedules.ExponentialDecay(*arguments)


SCORES = RNG.normal(size=(3, 6)).astype("float32")
LABELS = np.array([[1, 0, 0.9, 0, 1, 0], [0, 0, 0, -1, 0.2, 0], [0, 1, 0, 0, -1, -1]], "float32")
LABEL_IDS = np.array([[2, 0, 4], [1, -1, -1], [-1, -1, 5]], "int32")
CLASS_IDS = np.array([3, 0, 5], "int32")
COUNTS = [50, 20, 5, 2, 1, 0]


def spectral_dense():
    """A wrapped Dense layer."""
    import keras

    return layers.SpectralNormalization(keras.layers.Dense(3, name="inner"), seed=1, name="spectral")


LAYERS = {
    "AtrousSelfAttention": Layer(lambda: layers.AtrousSelfAttention(2, 4, rate=2, name="atrous"), lambda: EMISSIONS, MASK),
    "CRF": Layer(lambda: layers.CRF(4, lr_multiplier=2.0, name="crf"), lambda: EMISSIONS, MASK),
    "CRFDecoder": Layer(lambda: layers.CRFDecoder(name="decoder"), potentials, floats=False),
    "ClassCenters": Layer(lambda: layers.ClassCenters(7, seed=1, name="centers"), lambda: FEATURES, steps=False),
    "CosineDense": Layer(lambda: layers.CosineDense(5, sub_centers=2, name="cosines"), lambda: FEATURES, steps=False),
    "GatedConvolution": Layer(lambda: layers.GatedConvolution(dilation_rate=2, name="gated"), lambda: EMISSIONS, MASK),
    "HalfPointer": Layer(lambda: layers.HalfPointer(6, name="pointer"), lambda: EMISSIONS, MASK),
    "KnownBigrams": Layer(lambda: layers.KnownBigrams([[0, 3], [1, 4], [2, 6]], name="bigrams"), lambda: IDS, floats=False),
    "SampledDense": Layer(
        lambda: layers.SampledDense(7, 5, noise=[0.3, 0.05, 0.2, 0.25, 0.1, 0.06, 0.04], learn_log_z=True, seed=1, name="head"),
        lambda: FEATURES,
        steps=False,
    ),
    "MarginSchedule": Layer(lambda: layers.MarginSchedule(name="margin"), lambda: COSINES, steps=False),
    "LabelThreshold": Layer(lambda: layers.LabelThreshold(per_label=True, name="threshold"), lambda: EMISSIONS),
    "SpectralNormalization": Layer(spectral_dense, lambda: EMISSIONS),
    "PriorBias": Layer(lambda: layers.PriorBias([5, 3, 1, 0], tau=0.5, name="prior"), lambda: EMISSIONS),
    "LocalSelfAttention": Layer(
        lambda: layers.LocalSelfAttention(2, 4, window=2, dropout=0.1, seed=1, name="local"), lambda: EMISSIONS, MASK
    ),
    "GaussianMixturePrior": Layer(
        lambda: layers.GaussianMixturePrior(3, learn_variances=True, learn_weights=True, name="mixture"), lambda: EMISSIONS
    ),
    "GaussianSampling": Layer(lambda: layers.GaussianSampling(samples=2, seed=1, name="sampling"), lambda: EMISSIONS),
    "GumbelSoftmaxSampling": Layer(
        lambda: layers.GumbelSoftmaxSampling(keras_schedule(1.0, 100, 0.99), hard=True, seed=1, name="gumbel"),
        lambda: EMISSIONS,
    ),
    "InformationBottleneck": Layer(
        lambda: layers.InformationBottleneck(0.1, target_rate=2.0, seed=1, name="bottleneck"), lambda: EMISSIONS
    ),
    "SparseSelfAttention": Layer(
        lambda: layers.SparseSelfAttention(
            4, 4, sparse_attention.strided(2, causal=True), num_key_value_heads=2, rotary_base=100.0, name="sparse"
        ),
        lambda: EMISSIONS,
        MASK,
    ),
}
SAMPLED = (TARGETS, scored_candidates, sampled_network, TARGETS[:2], np.full_like(TARGETS, -1), candidate_varies)
LOSSES = {
    "StreamedMargin": Loss(
        lambda **options: losses.StreamedMargin(scale=10.0, **options),
        lambda y_true, y_pred: losses.streamed_margin(y_true, y_pred, scale=10.0),
        COSINE_IDS,
        packed_centers,
        center_network,
        wrong=COSINE_IDS[:, None],
        nothing=np.full(3, -1),
        varies=center_varies,
    ),
    "AMSoftmax": margin(losses.AMSoftmax, losses.am_softmax),
    "ArcFace": margin(losses.ArcFace, losses.arcface),
    "CombinedMargin": margin(losses.CombinedMargin, losses.combined_margin),
    "NormalizedSoftmax": margin(losses.NormalizedSoftmax, losses.normalized_softmax),
    "SimplerASoftmax": margin(losses.SimplerASoftmax, losses.simpler_a_softmax),
    "SphereFace": margin(losses.SphereFace, losses.sphereface),
    "CRFNegativeLogLikelihood": Loss(
        losses.CRFNegativeLogLikelihood,
        losses.crf_negative_log_likelihood,
        TAGS,
        potentials,
        chain_network,
        wrong=TAGS[:, :-1],
        nothing=np.full_like(TAGS, -1),
        varies=chain_varies,
        metrics=("CRFAccuracy", "SpanF1"),
    ),
    "StepCrossEntropy": Loss(
        losses.StepCrossEntropy,
        losses.step_cross_entropy,
        TAGS,
        lambda: EMISSIONS,
        steps_network,
        wrong=TAGS[:, :-1],
        nothing=np.full_like(TAGS, -1),
    ),
    "InfoNCE": Loss(
        lambda **options: losses.InfoNCE(0.5, **options),
        lambda y_true, y_pred: losses.info_nce(y_true, y_pred, 0.5),
        TARGETS,
        lambda: np.random.default_rng(0).normal(size=(3, 2, 4)).astype("float32"),
        pair_network,
        wrong=TARGETS[:2],
        nothing=np.full_like(TARGETS, -1),
    ),
    "NCE": Loss(losses.NCE, losses.nce, *SAMPLED),
    "NegativeSampling": Loss(losses.NegativeSampling, losses.negative_sampling, *SAMPLED),
    "SampledSoftmax": Loss(losses.SampledSoftmax, losses.sampled_softmax, *SAMPLED),
    "LogitAdjusted": Loss(
        lambda **options: losses.LogitAdjusted(COUNTS, tau=0.8, **options),
        lambda y_true, y_pred: losses.logit_adjusted(y_true, y_pred, COUNTS, tau=0.8),
        CLASS_IDS,
        lambda: SCORES,
        dense_network,
        wrong=CLASS_IDS[:, None],
        nothing=np.full(3, -1),
        metrics=("BalancedAccuracy",),
    ),
    "MultilabelSoftmax": Loss(
        lambda **options: losses.MultilabelSoftmax(threshold=0.3, **options),
        lambda y_true, y_pred: losses.multilabel_softmax(y_true, y_pred, threshold=0.3),
        LABELS,
        lambda: SCORES,
        dense_network,
        wrong=LABELS[:, :-1],
        nothing=np.full((3, 6), -1),
        metrics=("MultilabelF1",),
    ),
    "PairwiseMargin": Loss(
        lambda **options: losses.PairwiseMargin(-0.5, [0.5] * 6, 2.0, [1, 2, 3, 4, 5, 6], **options),
        lambda y_true, y_pred: losses.pairwise_margin(y_true, y_pred, -0.5, [0.5] * 6, 2.0, [1, 2, 3, 4, 5, 6]),
        CLASS_IDS,
        lambda: SCORES,
        dense_network,
        wrong=CLASS_IDS[:, None],
        nothing=np.full(3, -1),
        metrics=("BalancedAccuracy",),
    ),
    "SparseMultilabelSoftmax": Loss(
        lambda **options: losses.SparseMultilabelSoftmax(pad_id=-1, **options),
        losses.sparse_multilabel_softmax,
        LABEL_IDS,
        lambda: SCORES,
        dense_network,
        wrong=LABEL_IDS[:2],
    ),
}
METRICS = {
    "BalancedAccuracy": Metric(lambda: metrics.BalancedAccuracy(6, only=[0, 3, 5]), CLASS_IDS, lambda: SCORES),
    "ClusterAccuracy": Metric(lambda: metrics.ClusterAccuracy(6), CLASS_IDS, lambda: SCORES),
    "CRFAccuracy": Metric(metrics.CRFAccuracy, TAGS, potentials),
    "MultilabelF1": Metric(lambda: metrics.MultilabelF1(6, average="macro"), LABELS, lambda: SCORES),
    "SpanF1": Metric(lambda: metrics.SpanF1(TAG_NAMES, "BIO"), TAGS, potentials),
}
# Their own tests run them: a callback needs a training, a model a vocabulary.
ELSEWHERE = {
    **dict.fromkeys(("VAE", "ConditionalVAE", "ClusteringVAE", "LogLikelihood", "log_likelihood"), "tests/models/test_vae.py"),
    **dict.fromkeys(sql.__all__, "tests/sql/"),
    **dict.fromkeys(("ColumnAggregate", "ColumnMatch", "CrossAlignment", "GramEmbedding", "SegmentMean"), "tests/layers/"),
    **dict.fromkeys(("WordPieces", "minilm_encoder"), "tests/models/test_minilm_encoder.py"),
    **dict.fromkeys(("NL2SQL", "QuestionBatches", "WordGrams", "gram_encoder"), "tests/models/test_nl2sql.py"),
    "DeepInfoMax": "tests/models/test_deep_info_max.py",
    **dict.fromkeys(("HSICRegularizer", "Likelihood"), "tests/layers/test_latents.py"),
    **dict.fromkeys(("active_units", "clustering"), "tests/metrics/test_cluster_accuracy.py"),
    **dict.fromkeys((name for name in losses.__all__ if name.islower()), "with its class, above"),
    "crf_negative_log_likelihood": "with its class, above",
    **dict.fromkeys(("info_nce", "nce", "negative_sampling", "sampled_softmax"), "with its class, above"),
    **dict.fromkeys(("logit_adjusted", "multilabel_softmax", "pairwise_margin"), "with its class, above"),
    "sparse_multilabel_softmax": "with its class, above",
    "SentenceEncoder": "tests/models/test_sentence_encoder.py",
    "Seq2Seq": "tests/models/test_seq2seq.py",
    "BidirectionalSeq2Seq": "tests/models/test_bidirectional_seq2seq.py",
    "PairBatches": "tests/models/test_seq2seq.py",
    "BidirectionalDecoder": "tests/layers/test_bidirectional_decoder.py",
    "SinkhornDistance": "tests/layers/test_sinkhorn_distance.py",
    "SourcePrior": "tests/layers/test_source_prior.py",
    "ConditionalLayerNormalization": "tests/layers/test_conditional_layer_normalization.py",
    "edit_distance": "tests/metrics/test_edit_distance.py",
    "error_rates": "tests/metrics/test_edit_distance.py",
    "retrieval": "tests/metrics/test_retrieval.py",
    "ExactResume": "tests/callbacks/test_exact_resume.py",
    "Geometric": "tests/initializers/test_geometric.py",
    "ConvolutionalClassifier": "tests/models/test_convolutional_classifier.py",
    "RecurrentClassifier": "tests/models/test_recurrent_classifier.py",
    **dict.fromkeys(("ItemSets", "Rule", "Rules", "apriori", "association_rules"), "tests/mining/test_apriori.py"),
    **dict.fromkeys(
        ("NgramCounts", "Vocabulary", "bits_per_character", "count_ngrams", "entropy_gain", "lines", "vocabulary"),
        "tests/mining/test_vocabulary.py",
    ),
    **dict.fromkeys(
        ("centroid_bound", "nearest_texts", "relaxed_bound", "relaxed_rotator_bound", "rotator_bound", "rotator_similarity"),
        "tests/mining/test_word_distances.py",
    ),
    "convert_vectors": "tests/mining/test_convert_vectors.py",
    **dict.fromkeys(("word_mover_distance", "word_rotator_distance"), "tests/mining/test_word_distances.py"),
    **dict.fromkeys(
        ("Cooccurrence", "Pairs", "WordVectors", "cooccurrence", "pmi_vectors"), "tests/mining/test_word_vectors.py"
    ),
    **dict.fromkeys(("Parse", "SkipPairs", "TemplateParser", "templates"), "tests/mining/test_templates.py"),
    **dict.fromkeys(("CandidatePrior", "CrossMatch", "SpanMean"), "tests/layers/test_linking.py"),
    **dict.fromkeys(("EntityLinker", "LinkedBatches", "word_encoder"), "tests/models/test_entity_linker.py"),
    "PMIEmbedding": "tests/models/test_pmi_embedding.py",
    "read_transactions": "tests/mining/test_apriori.py",
    "LACTagger": "tests/models/test_lac_tagger.py",
    "LongTextClassifier": "tests/models/test_long_text_classifier.py",
    "TextBatches": "tests/models/test_long_text_classifier.py",
    "sparse_transformer": "tests/models/test_long_text_classifier.py",
    "TaggedBatches": "tests/models/test_tagger.py",
    "TextClassifier": "tests/models/test_text_classifier.py",
    "Tagger": "tests/models/test_tagger.py",
    "character_encoder": "tests/models/test_tagger.py",
    **dict.fromkeys(
        ("AdversarialLoss", "DesignedGAN", "FGAN", "HingeGAN", "LeastSquaresGAN", "RelativisticGAN", "WassersteinGAN"),
        "tests/losses/test_adversarial.py",
    ),
    "QuadraticPotential": "tests/losses/test_adversarial.py",
    **dict.fromkeys(("GradientPenalty", "OneCentered", "R1", "R2", "WassersteinDivergence", "ZeroCentered"), "tests/losses/"),
    **dict.fromkeys(
        ("AdaptiveInstanceNormalization", "ConditionalBatchNormalization", "SelfModulatedBatchNormalization"),
        "tests/layers/test_modulated_normalization.py",
    ),
    **dict.fromkeys(("PhasedConv2D", "PhasedConv2DTranspose"), "tests/layers/test_phases.py"),
    **dict.fromkeys(("GAN", "NoiseBatches", "PlayerOptimizer"), "tests/models/test_gan.py"),
    **dict.fromkeys(
        ("frechet_distance", "kernel_distance", "mode_coverage", "precision_recall"),
        "tests/metrics/test_sets_of_features.py",
    ),
    "OGAN": "tests/models/test_ogan.py",
    **dict.fromkeys(("AAE", "ALI"), "tests/models/test_encoder_gan.py"),
    **dict.fromkeys(("dcgan", "resnet_gan", "selfmod"), "tests/models/test_gan_networks.py"),
}
