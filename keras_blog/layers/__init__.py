"""Layers: whatever owns weights, or turns tensors into tensors inside a model."""

from keras_blog.layers.adaptive_instance_normalization import AdaptiveInstanceNormalization
from keras_blog.layers.atrous_self_attention import AtrousSelfAttention
from keras_blog.layers.bidirectional_decoder import BidirectionalDecoder
from keras_blog.layers.candidate_prior import CandidatePrior
from keras_blog.layers.class_centers import ClassCenters
from keras_blog.layers.conditional_batch_normalization import ConditionalBatchNormalization
from keras_blog.layers.conditional_layer_normalization import ConditionalLayerNormalization
from keras_blog.layers.cosine_dense import CosineDense
from keras_blog.layers.crf import CRF, CRFDecoder
from keras_blog.layers.cross_alignment import CrossAlignment
from keras_blog.layers.cross_match import CrossMatch
from keras_blog.layers.gated_convolution import GatedConvolution
from keras_blog.layers.gaussian_mixture_prior import GaussianMixturePrior
from keras_blog.layers.gaussian_sampling import GaussianSampling
from keras_blog.layers.gram_embedding import GramEmbedding
from keras_blog.layers.gumbel_softmax_sampling import GumbelSoftmaxSampling
from keras_blog.layers.half_pointer import HalfPointer
from keras_blog.layers.hsic_regularizer import HSICRegularizer
from keras_blog.layers.information_bottleneck import InformationBottleneck
from keras_blog.layers.known_bigrams import KnownBigrams
from keras_blog.layers.label_threshold import LabelThreshold
from keras_blog.layers.likelihood import Likelihood
from keras_blog.layers.local_self_attention import LocalSelfAttention
from keras_blog.layers.margin_schedule import MarginSchedule
from keras_blog.layers.phased_conv2d import PhasedConv2D
from keras_blog.layers.phased_conv2d_transpose import PhasedConv2DTranspose
from keras_blog.layers.prior_bias import PriorBias
from keras_blog.layers.query_heads import ColumnAggregate, ColumnMatch
from keras_blog.layers.sampled_dense import SampledDense
from keras_blog.layers.segment_mean import SegmentMean
from keras_blog.layers.self_modulated_batch_normalization import SelfModulatedBatchNormalization
from keras_blog.layers.sinkhorn_distance import SinkhornDistance
from keras_blog.layers.source_prior import SourcePrior
from keras_blog.layers.span_mean import SpanMean
from keras_blog.layers.sparse_self_attention import SparseSelfAttention
from keras_blog.layers.spectral_normalization import SpectralNormalization

__all__ = [
    "CRF",
    "AdaptiveInstanceNormalization",
    "AtrousSelfAttention",
    "BidirectionalDecoder",
    "CRFDecoder",
    "CandidatePrior",
    "ClassCenters",
    "ColumnAggregate",
    "ColumnMatch",
    "ConditionalBatchNormalization",
    "ConditionalLayerNormalization",
    "CosineDense",
    "CrossAlignment",
    "CrossMatch",
    "GatedConvolution",
    "GaussianMixturePrior",
    "GaussianSampling",
    "GramEmbedding",
    "GumbelSoftmaxSampling",
    "HSICRegularizer",
    "HalfPointer",
    "InformationBottleneck",
    "KnownBigrams",
    "LabelThreshold",
    "Likelihood",
    "LocalSelfAttention",
    "MarginSchedule",
    "PhasedConv2D",
    "PhasedConv2DTranspose",
    "PriorBias",
    "SampledDense",
    "SegmentMean",
    "SelfModulatedBatchNormalization",
    "SinkhornDistance",
    "SourcePrior",
    "SpanMean",
    "SparseSelfAttention",
    "SpectralNormalization",
]
