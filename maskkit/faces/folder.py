"""Many faces: the same pictures in one process or in several, in memory or in a folder."""

from __future__ import annotations

import csv
import hashlib
import multiprocessing
import os
import sys
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from maskkit.errors import InputError
from maskkit.faces.attributes import ATTRIBUTE_NAMES, FaceAttributes, sample_attributes, steady
from maskkit.faces.drawing import check_image_size, draw_face
from maskkit.faces.flaws import PlantedAttributes, as_file, as_loaded, carries_shortcut, check_shortcut, paint_shortcut
from maskkit.files import as_path, new_folder
from maskkit.progress import progress_bar

CHUNK = 50  # faces that a worker draws before it hands them over
WORTH_WORKERS = 600  # fewer faces than this are drawn sooner than new processes start


@dataclass(frozen=True)
class Recipe:
    """What each face of a set depends on besides its number."""

    image_size: int
    seed: int
    variety: float
    shortcut: str
    strength: float


def generate_faces(n: int, *, image_size: int = 128, seed: int = 0, variety: float = 1.0, shortcut: str = "none",
                   shortcut_strength: float = 1.0, workers: int | None = None, progress: bool = False) -> tuple[np.ndarray, list[FaceAttributes]]:
    """Draw n faces, half of them with a mask.

    Face i depends on (seed, i) and the options alone: the bytes are the same in one process or many, and whatever n.

    Parameters
    ----------
    variety : float in [0, 1]
        Of camera, light and pose: near 0 portraits from one studio, at 1 pictures from anywhere (see `steady`).
    shortcut : "none", "tint", "frame", "resolution" or "format"
        Planted to give the class away without the mask; the attributes then tell which faces carry it.
    shortcut_strength : float in [-1, 1]
        Share of the faces with a mask that carry it, of those without none does; below 0 it is the other way round.
    workers : int, optional
        Processes; left out, as many as pay. 1 draws in this process.

    Returns
    -------
    images : np.ndarray
        (n, image_size, image_size, 3) uint8.
    attributes : list of FaceAttributes
    """
    recipe = check_recipe(n, workers, Recipe(image_size, seed, variety, shortcut, shortcut_strength))
    images = np.empty((n, image_size, image_size, 3), np.uint8)
    attributes: list[FaceAttributes] = []
    with closing(draw_chunks(_draw_chunk, n, recipe, workers, progress)) as chunks:
        for first, pictures, known in chunks:
            images[first:first + len(pictures)] = [as_loaded(picture, _carried(face)) for picture, face in zip(pictures, known, strict=True)]
            attributes.extend(known)
    return images, attributes


def write_faces(folder: str | Path, n: int, *, image_size: int = 128, seed: int = 0, variety: float = 1.0, shortcut: str = "none",
                shortcut_strength: float = 1.0, workers: int | None = None, progress: bool = False) -> Path:
    """Draw n faces into `folder`: with_mask/, without_mask/ and attributes.csv (a row for each picture). Options as in `generate_faces`.

    The folder appears, or an empty one is filled, only when all faces are drawn. A planted "format" saves its carriers as JPEG, the others as PNG; a planted
    "resolution" saves them with half as many pixels a side.

    Raises
    ------
    InputError
        If the folder holds something already.
    """
    folder = as_path(folder)
    recipe = check_recipe(n, workers, Recipe(image_size, seed, variety, shortcut, shortcut_strength))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} exists and is not an empty folder; choose another folder or remove it.")
    with new_folder(folder) as drawn, closing(draw_chunks(_draw_chunk, n, recipe, workers, progress)) as chunks:
        _fill_folder(drawn, chunks, _columns(recipe))
    return folder


def recipe_hash(n: int, image_size: int = 128, seed: int = 0, variety: float = 1.0, shortcut: str = "none", shortcut_strength: float = 1.0) -> str:
    """A key for a drawn set: changes with the arguments and with the generator's own source."""
    digest = hashlib.sha256(f"{n} {Recipe(image_size, seed, variety, shortcut, shortcut_strength)}".encode())
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


def face(recipe: Recipe, index: int) -> tuple[np.ndarray, FaceAttributes]:
    """Face `index` of a set. Of faces 2k and 2k + 1 one wears a mask; a coin says which."""
    seed = recipe.seed
    coin = np.random.default_rng([seed, index // 2, 1]).random() < 0.5
    rng = np.random.default_rng([seed, index, 0])
    attributes = sample_attributes(rng, with_mask=bool((index % 2 == 0) == coin))
    attributes = steady(attributes, np.random.default_rng([seed, index, 2]), recipe.variety)
    picture = draw_face(attributes, rng, image_size=recipe.image_size)
    if recipe.shortcut == "none":
        return picture, attributes
    # A generator of its own: the face below is the same as without the shortcut.
    carries = carries_shortcut(attributes.with_mask, recipe.strength, np.random.default_rng([seed, index, 3]))
    planted = PlantedAttributes(**asdict(attributes), shortcut=recipe.shortcut if carries else "none")
    return paint_shortcut(picture, planted.shortcut), planted


def _carried(attributes: FaceAttributes) -> str:
    return getattr(attributes, "shortcut", "none")


def _columns(recipe: Recipe) -> list[str]:
    return ["file", *ATTRIBUTE_NAMES, *(["shortcut"] if recipe.shortcut != "none" else [])]


def _fill_folder(folder: Path, chunks: Iterator, columns: list[str]) -> None:
    for name in ("with_mask", "without_mask"):
        (folder / name).mkdir()
    with open(folder / "attributes.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns, lineterminator="\n")
        table.writeheader()
        for first, pictures, known in chunks:
            for i, (picture, attributes) in enumerate(zip(pictures, known, strict=True), first + 1):
                ending, content = as_file(picture, _carried(attributes))
                name = f"{'with_mask' if attributes.with_mask else 'without_mask'}/face_{i:06d}{ending}"
                (folder / name).write_bytes(content)
                table.writerow({"file": name, **asdict(attributes)})


def check_recipe(n: int, workers: int | None, recipe: Recipe) -> Recipe:
    """The recipe, unless something of the request is impossible: then InputError."""
    for name, value, low in (("n", n, 0), ("seed", recipe.seed, 0), ("workers", 1 if workers is None else workers, 1)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < low:
            raise InputError(f"{name} must be a whole number of at least {low}, got {value!r}.")
    if not 0 <= recipe.variety <= 1:
        raise InputError(f"variety must be a number from 0 to 1, got {recipe.variety!r}.")
    check_image_size(recipe.image_size)
    check_shortcut(recipe.shortcut, recipe.strength)
    return recipe


def draw_chunks(draw: Callable, n: int, recipe: Recipe, workers: int | None, progress: bool) -> Generator:
    """What `draw` makes of (recipe, first index, count), in order, from this process or from several.

    Whoever stops before the end closes it: an error's traceback would keep it, and the processes would draw all that is left.
    """
    jobs = [(recipe, first, min(CHUNK, n - first)) for first in range(0, n, CHUNK)]
    workers = min(_worth(n) if workers is None else workers, len(jobs))
    drawn = (draw(job) for job in jobs) if workers < 2 else _in_processes(draw, jobs, workers)
    with closing(drawn), progress_bar(shown=progress, total=n, desc="drawing faces", unit="face") as bar:
        for first, pictures, known in drawn:
            yield first, pictures, known
            bar.update(len(pictures))


def _draw_chunk(job: tuple[Recipe, int, int]) -> tuple[int, np.ndarray, list[FaceAttributes]]:
    recipe, first, count = job
    faces = [face(recipe, index) for index in range(first, first + count)]
    return first, np.stack([picture for picture, _ in faces]), [attributes for _, attributes in faces]


def _in_processes(draw: Callable, jobs: list, workers: int) -> Generator:
    """Draw the jobs in spawned processes; what they cannot draw (no processes here), this process does."""
    done = 0
    try:
        pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _one_thread)
        try:
            with _hidden_main():
                results = pool.map(draw, jobs)  # hands in all jobs, which starts the processes
            for result in results:
                yield result
                done += 1
        finally:  # `with pool` would draw all that waits, also where nobody takes it any more; so may a pool that is left without waiting
            pool.shutdown(cancel_futures=True)
    except (BrokenProcessPool, OSError, ImportError):
        yield from map(draw, jobs[done:])


def _one_thread() -> None:
    """Matrix products stay in the process that asks for them: each of the cores has a process of its own, and a second thread would disturb it."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)


@contextmanager
def _hidden_main() -> Iterator[None]:
    """Hide the script that runs: a spawned process would run it again, and these workers need nothing of it."""
    main = sys.modules["__main__"].__dict__
    hidden = {name: main.pop(name) for name in ("__file__", "__spec__") if name in main}
    main["__spec__"] = None
    try:
        yield
    finally:
        main.pop("__spec__")
        main.update(hidden)


def _worth(n: int) -> int:
    """How many processes pay for n faces on this machine; none inside another worker."""
    if n < WORTH_WORKERS or multiprocessing.parent_process() is not None:
        return 1
    return min(os.cpu_count() or 1, 8)
