"""Use a model that ``maskkit export`` wrote: ONNX Runtime and NumPy, no torch."""

import importlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from maskkit.errors import InputError
from maskkit.images import CLASS_NAMES, load_image

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = "maskkit-onnx-1"
INPUT, OUTPUT = "pixels", "probability_with_mask"


class OnnxModel:
    """An exported model: RGB pixels in, the probability of a mask out.

    Parameters
    ----------
    path : file that ``maskkit export`` wrote
    threads : most threads to use, 0 for as many as there are cores

    Attributes
    ----------
    image_size : side of the pictures it takes, in pixels
    metadata : dict of str, what the file says about itself: its network, its input and how to prepare it, its output

    Raises
    ------
    InputError
        If the file is missing or may not be read, is no exported model of MaskKit, or ONNX Runtime is not installed.
    """

    def __init__(self, path: str | Path, threads: int = 0):
        path = Path(path)
        if path.is_dir():
            raise InputError(f"{path} is a folder; give the .onnx file that 'maskkit export' wrote.")
        if not path.is_file():
            raise InputError(f"There is no model file {path}; make one with 'maskkit export', or correct the path.")
        if not os.access(path, os.R_OK):
            raise InputError(f"The model file {path} may not be read; give yourself the permission to read it, or ask its owner.")
        self._session = _open_session(path, threads)
        self.metadata = dict(self._session.get_modelmeta().custom_metadata_map)
        try:
            known = self.metadata["format"] == FORMAT and json.loads(self.metadata["class_names"]) == list(CLASS_NAMES)
            self.image_size = int(self.metadata["image_size"])
            known &= self._session.get_inputs()[0].shape[1:] == [self.image_size, self.image_size, 3]
        except (KeyError, ValueError):
            known = False
        if not known:
            raise InputError(f"{path} is no model that this MaskKit exported; make one with 'maskkit export'.")

    def predict_proba(self, images: "np.ndarray | Tensor") -> np.ndarray:
        """Probability of ``with_mask`` for each image, float32 of shape (N,).

        ``images`` are uint8 RGB, of shape (N, image_size, image_size, 3) as an array, or (N, 3, image_size, image_size) as
        the tensor of a data set.
        """
        return np.concatenate([np.empty(0, np.float32), *map(self._answer, _batches(images))])

    def _answer(self, batch: np.ndarray) -> np.ndarray:
        if batch.dtype != np.uint8 or batch.shape[1:] != (self.image_size, self.image_size, 3):
            raise InputError(f"The model takes uint8 images of shape (N, {self.image_size}, {self.image_size}, 3); got {batch.dtype} {batch.shape}.")
        return self._session.run([OUTPUT], {INPUT: batch})[0]

    def predict_image(self, source: str | Path | BinaryIO) -> float:
        """Probability of ``with_mask`` for one photo, prepared as the model's training images were."""
        return float(self.predict_proba(load_image(source, self.image_size)[None])[0])


def _batches(images: "np.ndarray | Tensor", size: int = 64) -> Iterator[np.ndarray]:
    """Some images at a time, channels last, so that memory stays bounded however many there are."""
    if isinstance(images, np.ndarray):
        yield from (images[start:start + size] for start in range(0, len(images), size))
    else:
        yield from (batch.permute(0, 2, 3, 1).numpy() for batch in images.split(size))


def need(*packages: str) -> list[ModuleType]:
    """Import what the extra ``[export]`` installs, or say in one sentence how to get it."""
    try:
        return [importlib.import_module(package) for package in packages]
    except ImportError as error:
        raise InputError(f"ONNX models need the packages onnx, onnxscript and onnxruntime ({error}); "
                         "install them with: pip install onnx onnxscript onnxruntime") from error


def _open_session(path: Path, threads: int) -> object:
    [onnxruntime] = need("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors only
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    # ONNX Runtime has an exception for each kind of damage, without a common base.
    except Exception as error:
        raise InputError(f"{path} is not an ONNX model, or is damaged ({type(error).__name__}).") from error
