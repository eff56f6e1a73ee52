"""Reference models, built from the parts."""

from keras_blog.models.aae import AAE
from keras_blog.models.ali import ALI
from keras_blog.models.bidirectional_seq2seq import BidirectionalSeq2Seq
from keras_blog.models.clustering_vae import ClusteringVAE
from keras_blog.models.conditional_vae import ConditionalVAE
from keras_blog.models.convolutional_classifier import ConvolutionalClassifier
from keras_blog.models.dcgan import dcgan, selfmod
from keras_blog.models.deep_info_max import DeepInfoMax
from keras_blog.models.entity_linker import EntityLinker
from keras_blog.models.gan import GAN
from keras_blog.models.gram_encoder import gram_encoder
from keras_blog.models.lac_tagger import LACTagger
from keras_blog.models.linked_batches import LinkedBatches
from keras_blog.models.log_likelihood import LogLikelihood, log_likelihood
from keras_blog.models.long_text_classifier import LongTextClassifier, TextBatches
from keras_blog.models.minilm_encoder import minilm_encoder
from keras_blog.models.nl2sql import NL2SQL
from keras_blog.models.noise_batches import NoiseBatches
from keras_blog.models.ogan import OGAN
from keras_blog.models.pair_batches import PairBatches
from keras_blog.models.player_optimizer import PlayerOptimizer
from keras_blog.models.pmi_embedding import PMIEmbedding
from keras_blog.models.question_rows import QuestionBatches
from keras_blog.models.recurrent_classifier import RecurrentClassifier
from keras_blog.models.resnet_gan import resnet_gan
from keras_blog.models.sentence_encoder import SentenceEncoder
from keras_blog.models.seq2seq import Seq2Seq
from keras_blog.models.sparse_transformer import sparse_transformer
from keras_blog.models.tagger import TaggedBatches, Tagger, character_encoder
from keras_blog.models.text_classifier import TextClassifier
from keras_blog.models.vae import VAE
from keras_blog.models.word_encoder import word_encoder
from keras_blog.models.word_grams import WordGrams
from keras_blog.models.word_pieces import WordPieces

__all__ = [
    "AAE",
    "ALI",
    "GAN",
    "NL2SQL",
    "OGAN",
    "VAE",
    "BidirectionalSeq2Seq",
    "ClusteringVAE",
    "ConditionalVAE",
    "ConvolutionalClassifier",
    "DeepInfoMax",
    "EntityLinker",
    "LACTagger",
    "LinkedBatches",
    "LogLikelihood",
    "LongTextClassifier",
    "NoiseBatches",
    "PMIEmbedding",
    "PairBatches",
    "PlayerOptimizer",
    "QuestionBatches",
    "RecurrentClassifier",
    "SentenceEncoder",
    "Seq2Seq",
    "TaggedBatches",
    "Tagger",
    "TextBatches",
    "TextClassifier",
    "WordGrams",
    "WordPieces",
    "character_encoder",
    "dcgan",
    "gram_encoder",
    "log_likelihood",
    "minilm_encoder",
    "resnet_gan",
    "selfmod",
    "sparse_transformer",
    "word_encoder",
]
