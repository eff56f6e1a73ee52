"""pytorch-crf as a second opinion, where torch is the backend."""

import keras
import numpy as np
import pytest

from keras_blog.losses import CRFNegativeLogLikelihood
from keras_blog.ops import crf
from tests.chains import RIGHT_PADDED, numpy, random_chain

pytestmark = pytest.mark.skipif(keras.config.backend() != "torch", reason="pytorch-crf needs the torch backend")


@pytest.mark.parametrize("spread", [1e-3, 1.0, 10.0])
def test_equals_pytorch_crf(spread):
    torch = pytest.importorskip("torch")
    torchcrf = pytest.importorskip("torchcrf")
    rng = np.random.default_rng(0)
    masks = RIGHT_PADDED[:5]  # it knows no empty sequence
    emissions, transitions, start, end = random_chain(rng, spread)
    emissions, tags = emissions[:5], rng.integers(0, 3, masks.shape)
    peer = torchcrf.CRF(3, batch_first=True)
    with torch.no_grad():
        peer.transitions[...], peer.start_transitions[...], peer.end_transitions[...] = map(
            torch.tensor, (transitions, start, end)
        )
    x, y, mask = torch.tensor(emissions, requires_grad=True), torch.tensor(tags), torch.tensor(masks)
    expected = peer(x, y, mask=mask, reduction="none")
    gradient = torch.autograd.grad(expected.sum(), [x, *peer.parameters()])

    parts = [torch.tensor(part, requires_grad=True) for part in (emissions, start, end, transitions)]
    potentials = crf.pack(parts[0], parts[3], parts[1], parts[2], mask)
    log_p = crf.log_likelihood(potentials, tags)
    np.testing.assert_allclose(numpy(log_p), numpy(expected), rtol=1e-5, atol=1e-5)
    for one, other in zip(torch.autograd.grad(log_p.sum(), parts), gradient, strict=True):
        np.testing.assert_allclose(numpy(one), numpy(other), atol=1e-5)
    best = [row[row >= 0].tolist() for row in numpy(crf.decode(potentials)[0])]
    assert best == peer.decode(x, mask=mask)

    for ours, theirs in (("sum", "sum"), ("sum_over_batch_size", "mean")):
        loss = CRFNegativeLogLikelihood(reduction=ours)(tags, potentials)
        np.testing.assert_allclose(numpy(loss), -numpy(peer(x, y, mask=mask, reduction=theirs)), rtol=1e-5)
    token_mean = -numpy(CRFNegativeLogLikelihood(reduction="sum")(tags, potentials)) / masks.sum()
    np.testing.assert_allclose(token_mean, numpy(peer(x, y, mask=mask, reduction="token_mean")), rtol=1e-5)
