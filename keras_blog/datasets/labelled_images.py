"""Images from your own file, with labels or without."""

import numpy as np


def load_data(path):
    """Images, and the labels if there are any, of a NumPy file.

    Args:
        path: an `.npz` file with `images`, grey, numbers from 0 to 255, shape `(n, height, width)`, and perhaps `labels`, whole
            numbers, shape `(n,)`; as `numpy.savez(path, images=..., labels=...)` writes it. Nothing is unpickled.

    Returns:
        `(images, labels)`: uint8, and ints or None.

    Raises:
        ValueError: `FILE: what was expected; received ...`.
        FileNotFoundError: if there is no such file.

    Example:
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(pathlib.Path(folder, "mine.npz"), images=np.zeros((3, 8, 6)))
    ...     images, labels = load_data(pathlib.Path(folder, "mine.npz"))
    >>> images.shape, labels
    ((3, 8, 6), None)
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name] for name in ("images", "labels") if name in file}
    except FileNotFoundError:
        raise
    except Exception as error:  # whatever a file of another kind raises
        raise ValueError(f"{path}: expected an .npz file of numbers; received {error}") from error
    images, labels = found.get("images"), found.get("labels")
    if images is None or images.ndim != 3 or images.dtype.kind not in "uif" or not images.size:
        shape = "none" if images is None else f"{images.shape} of {images.dtype}"
        raise ValueError(f"{path}: `images` must be numbers of shape (n, height, width); received {shape}")
    if not (images.min() >= 0 and images.max() <= 255):
        raise ValueError(f"{path}: `images` must be from 0 to 255; received {images.min()} to {images.max()}")
    if labels is not None and (labels.shape != images.shape[:1] or labels.dtype.kind not in "ui"):
        raise ValueError(f"{path}: `labels` must be {len(images)} whole numbers; received {labels.shape} of {labels.dtype}")
    return images.astype("uint8"), labels
