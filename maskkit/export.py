"""Export a trained network to ONNX, in float32 and int8, and prove that it still gives torch's answers."""

import copy
import json
import logging
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

import maskkit
from maskkit.checkpoints import Checkpoint
from maskkit.datasets import Dataset, load_dataset
from maskkit.errors import InputError, require
from maskkit.files import file_digest, replace_file
from maskkit.onnx_model import FORMAT, INPUT, OUTPUT, OnnxModel, need

TOLERANCE = 1e-5      # largest difference of a probability that a float32 model may have from torch
IMAGES = 200          # for calibration, and as many others to compare on
_SYNTHETIC_SEED = 77  # of the faces that stand in where the images of the run are not at hand

logger = logging.getLogger(__name__)


class Deployed(nn.Module):
    """A network with its preprocessing: uint8 RGB pixels (B, H, W, 3), as Pillow gives them, to probabilities (B,)."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> Tensor:
        """Map uint8 pixels (B, H, W, 3) to probabilities (B,) of a mask."""
        images = pixels.permute(0, 3, 1, 2).to(next(self.parameters()).dtype) / 255  # (B, 3, H, W) in [0, 1]
        return torch.sigmoid(self.model(images))


@dataclass(frozen=True)
class ExportImages:
    """Images to export with, uint8 of shape (N, H, W, 3); none of them is a test image of the run.

    Attributes
    ----------
    calibration : the ranges of the int8 numbers are taken from these
    comparison : torch and the exported models are compared on these
    source : where they come from, in words
    """

    calibration: np.ndarray
    comparison: np.ndarray
    source: str


@dataclass(frozen=True)
class Exported:
    """One form of the model, and how it compares with torch.

    Attributes
    ----------
    name : "torch", "float32" or "int8"
    size : bytes; of torch, those of its weights
    milliseconds : for one photo on one core, from decoded pixels to the probability; the median
    largest_difference : of a probability from torch's, over the images compared
    agreeing, compared : on how many images the decision (probability at least one half) is torch's, out of how many
    """

    name: str
    size: int
    milliseconds: float
    largest_difference: float
    agreeing: int
    compared: int


def export(checkpoint: Checkpoint, out: str | Path, images: ExportImages, *, made_from: str | Path | None = None) -> list[Exported]:
    """Write ``out`` (float32) and, beside it, an int8 version; each is compared with torch before it takes its name.

    Of the file that the checkpoint was loaded from, ``made_from``, the metadata keep a hash: so it can be told which run a model is of.

    Returns
    -------
    list of Exported
        One for torch, float32 and int8 each.

    Raises
    ------
    InputError
        If a package is missing, an argument is of another kind, or a float32 probability is not within 1e-5 of torch's and not for
        rounding alone; files that were there then stay as they were.
    """
    require(checkpoint, Checkpoint, "export takes a Checkpoint, as load_checkpoint(path) gives it")
    require(images, ExportImages, "export takes ExportImages, as images_of_run(run_dir, image_size) gives them")
    need_packages()
    reference = Deployed(checkpoint.model.cpu().eval())
    with replace_file(out) as float_path, replace_file(int8_path(out)) as small_path:
        _write_onnx(reference, float_path, checkpoint, made_from)
        _write_int8(float_path, small_path, images)
        answers = {"torch": torch_answers(reference), **{name: OnnxModel(path, threads=1).predict_proba
                                                         for name, path in (("float32", float_path), ("int8", small_path))}}
        expected, *found = (answer(images.comparison) for answer in answers.values())
        difference = np.abs(found[0] - expected).max()
        if not (difference <= TOLERANCE or is_rounding(found[0], expected, torch_answers(copy.deepcopy(reference).double())(images.comparison))):
            raise InputError(f"ONNX and torch disagree: a probability differs by {difference:.1e}, so nothing was written; "
                             f"please report it, with the name of the network ({checkpoint.model_name}).")
        times = milliseconds(answers, images.comparison[:1])
        sizes = [sum(value.nbytes for value in checkpoint.model.state_dict().values()), float_path.stat().st_size, small_path.stat().st_size]
    return [Exported(name, size, time, float(np.abs(scores - expected).max()), int(((scores >= 0.5) == (expected >= 0.5)).sum()), len(expected))
            for name, size, time, scores in zip(answers, sizes, times, [expected, *found])]


def is_rounding(found: np.ndarray, expected: np.ndarray, exact: np.ndarray) -> bool:
    """Whether two float32 answers differ only in how they are rounded: ``found`` is nearly as close to float64's as ``expected`` is.

    Networks of many layers add up so many numbers that the order of the sums alone can move a probability by 1e-5.
    """
    return bool(np.abs(found - exact).max() <= max(TOLERANCE, 4 * np.abs(expected - exact).max()))


def need_packages() -> None:
    """Raise InputError if a package of the extra ``[export]`` is missing, or torch is older than it asks for."""
    need("onnx", "onnxscript", "onnxruntime")
    if torch.__version__ < (2, 6):  # a TorchVersion, which knows how such numbers are ordered
        raise InputError(f"Exporting needs torch 2.6 or newer, and this is {torch.__version__}; upgrade it: pip install --upgrade torch torchvision")


def int8_path(out: str | Path) -> Path:
    """Where the int8 version of ``out`` goes: beside it, with ``_int8`` in its name."""
    return Path(out).with_stem(Path(out).stem + "_int8")


def images_of_run(run_dir: str | Path, image_size: int, n: int = IMAGES) -> ExportImages:
    """Up to ``n`` training images of a run to calibrate on, and as many of its validation images to compare on.

    Synthetic faces stand in where the run's data are not at hand or are no longer the same, for then nothing says which
    of the images were its test images.
    """
    try:
        data = json.loads((Path(run_dir) / "config.json").read_text(encoding="utf-8"))["data"]
        dataset = load_dataset(data["source"], image_size=data["image_size"], **data["options"])
        if dataset.fingerprint != data["fingerprint"] or dataset.image_size != image_size:
            raise InputError("the images are not those that the run was trained on")
    except (OSError, ValueError, KeyError, TypeError) as error:
        logger.warning("The training images of the run are not at hand (%s); synthetic faces stand in.", error)
        return _synthetic_images(image_size, n)
    return _export_images(dataset, n, "images of the run")


def torch_answers(model: Deployed) -> Callable[[np.ndarray], np.ndarray]:
    """Torch's answer to uint8 images of shape (N, H, W, 3), in batches, as `OnnxModel.predict_proba` gives its own."""
    @torch.inference_mode()
    def answer(images: np.ndarray) -> np.ndarray:
        return torch.cat([model(batch) for batch in torch.from_numpy(images).split(64)]).numpy()

    return answer


def milliseconds(answers: Mapping[str, Callable[[np.ndarray], np.ndarray]], photo: np.ndarray, rounds: int = 20) -> list[float]:
    """Median time of each function for one photo, on one core; they take turns, so that what else the machine does hits all."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        times = [[_seconds(answer, photo) for answer in answers.values()] for _ in range(rounds + 3)]
    finally:
        torch.set_num_threads(threads)
    return [1000 * statistics.median(column) for column in zip(*times[3:])]  # the first few warm up


def _seconds(answer: Callable[[np.ndarray], np.ndarray], photo: np.ndarray) -> float:
    started = time.perf_counter()
    answer(photo)
    return time.perf_counter() - started


def _synthetic_images(image_size: int, n: int) -> ExportImages:
    faces = load_dataset("synthetic", image_size=image_size, n=2 * n, variety=1.0, seed=_SYNTHETIC_SEED, fractions=(0.5, 0.5, 0.0))
    return _export_images(faces, n, "synthetic faces")


def _export_images(dataset: Dataset, n: int, source: str) -> ExportImages:
    def some(name: str) -> np.ndarray:
        subset = dataset.subset(name)
        images, _ = next(iter((subset.sample(min(n, len(subset))) if len(subset) > 1 else subset).batches(n)))
        return images.permute(0, 2, 3, 1).contiguous().numpy()

    return ExportImages(some("train"), some("val"), source)


def _write_onnx(model: Deployed, path: Path, checkpoint: Checkpoint, made_from: str | Path | None) -> None:
    [onnx] = need("onnx")
    pixels = torch.zeros(2, checkpoint.image_size, checkpoint.image_size, 3, dtype=torch.uint8)
    with _quiet():
        program = torch.onnx.export(model, (pixels,), dynamo=True, verbose=False, input_names=[INPUT], output_names=[OUTPUT],
                                    dynamic_shapes={"pixels": {0: torch.export.Dim("n")}})
    proto = program.model_proto
    proto.doc_string = "Probability that the face in a photo wears a mask. The metadata say how to prepare a photo."
    onnx.helper.set_model_props(proto, _metadata(checkpoint, made_from))
    onnx.checker.check_model(proto)
    onnx.save(proto, path)


def _write_int8(float_path: Path, path: Path, images: ExportImages) -> None:
    """Weights and activations in 8 bits, their ranges taken from the calibration images (static quantisation, QDQ form)."""
    [onnx, quantization, shape_inference] = need("onnx", "onnxruntime.quantization", "onnxruntime.quantization.shape_inference")
    with tempfile.TemporaryDirectory() as folder, _quiet():
        prepared = Path(folder) / "prepared.onnx"
        shape_inference.quant_pre_process(float_path, prepared, skip_symbolic_shape=True)
        # One range for each channel of a weight; the last layer and the sigmoid stay exact: they cost nothing, and decide. Weights keep to seven of
        # their eight bits (reduce_range): processors without VNNI add two products in 16 bits, which larger ones overflow, unseen (ONNX Runtime
        # documentation, "Quantize ONNX models"). The file is to give the same answers wherever it is taken.
        quantization.quantize_static(prepared, path, _reader(images.calibration), per_channel=True, reduce_range=True, quant_format=quantization.QuantFormat.QDQ,
                                     activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8,
                                     nodes_to_exclude=_last_layer(onnx.load(prepared).graph))
    proto = onnx.load(path)
    kept = {entry.key: entry.value for entry in onnx.load(float_path, load_external_data=False).metadata_props}
    onnx.helper.set_model_props(proto, {**kept, "numbers": "int8", "calibrated_on": f"{len(images.calibration)} training {images.source}"})
    onnx.save(proto, path)


def _reader(images: np.ndarray) -> object:
    [quantization] = need("onnxruntime.quantization")

    class Reader(quantization.CalibrationDataReader):
        remaining = iter(images)

        def get_next(self) -> dict[str, np.ndarray] | None:
            image = next(self.remaining, None)
            return None if image is None else {INPUT: image[None]}

    return Reader()


def _last_layer(graph: object) -> list[str]:
    """Names of the last layer with weights and of all that follows it."""
    weighted = [index for index, node in enumerate(graph.node) if node.op_type in ("Gemm", "MatMul", "Conv")]
    return [node.name for node in graph.node[weighted[-1]:]]


def _metadata(checkpoint: Checkpoint, made_from: str | Path | None) -> dict[str, str]:
    size = checkpoint.image_size
    return {
        **({} if made_from is None else {"made_from_sha256": file_digest(made_from)}),
        "format": FORMAT, "maskkit": maskkit.__version__, "network": checkpoint.model_name, "numbers": "float32",
        "image_size": str(size), "class_names": json.dumps(list(checkpoint.class_names)),
        "input": f"{INPUT}: uint8 in [0, 255], shape (n, {size}, {size}, 3), channels red, green, blue",
        "preprocessing": f"Turn the photo upright (EXIF), lay transparent pixels on white, convert to 8-bit RGB (16 bits: divide by 257), resize to {size}x{size} "
                         "with bilinear, antialiased interpolation (Pillow: BILINEAR), the aspect ratio not kept. Scaling of the pixels is inside the model.",
        "output": f"{OUTPUT}: float32 in [0, 1], shape (n,); at least 0.5 means with_mask",
    }


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporters' own progress and advice, which a user can do nothing about."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)
