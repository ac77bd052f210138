"""Twins: the same face bare and with a mask, and where in the picture the mask makes the difference.

Nothing but the mask tells two twins apart, so a network that is taught with both can learn nothing else; and the
difference of the two pictures says where to look, for which nobody had to draw an outline.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from maskkit.faces.attributes import sample_attributes, steady
from maskkit.faces.drawing import draw_face
from maskkit.faces.folder import Recipe, check_recipe, draw_chunks

CELLS = 24  # cells a side of the map of differences
VISIBLE = 14  # a difference of more grey levels than this (and than the noise) is one


@dataclass(frozen=True)
class Twins:
    """The same faces twice.

    Attributes
    ----------
    bare, masked : np.ndarray, uint8, shape (n, image_size, image_size, 3)
    where : np.ndarray, uint8, shape (n, CELLS, CELLS)
        How much of each cell of the picture the mask changes: 0 nothing, 255 all of it.
    """

    bare: np.ndarray
    masked: np.ndarray
    where: np.ndarray


def generate_twins(n: int, *, image_size: int = 128, seed: int = 0, variety: float = 1.0, workers: int | None = None,
                   progress: bool = False) -> Twins:
    """Draw n faces, each bare and with a mask: 2 n pictures.

    Twins i depend on (seed, i) and the options alone, as in `generate_faces`, but they are other faces than there.

    Parameters
    ----------
    variety : float in [0, 1]
        See `generate_faces`.
    workers : int, optional
        Processes; left out, as many as pay. 1 draws in this process.

    Raises
    ------
    InputError
        If an option is impossible.
    """
    recipe = check_recipe(n, workers, Recipe(image_size, seed, variety, "none", 0.0))
    bare, masked = (np.empty((n, image_size, image_size, 3), np.uint8) for _ in range(2))
    where = np.empty((n, CELLS, CELLS), np.uint8)
    with closing(draw_chunks(_draw_chunk, n, recipe, workers, progress)) as chunks:
        for first, pictures, known in chunks:
            last = first + len(pictures)
            bare[first:last], masked[first:last], where[first:last] = pictures[:, 0], pictures[:, 1], known
    return Twins(bare, masked, where)


def twins(recipe: Recipe, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Twins `index` of a recipe: bare and masked (image_size, image_size, 3), and where they differ (CELLS, CELLS)."""
    rng = np.random.default_rng([recipe.seed, index, 10])
    attributes = sample_attributes(rng, with_mask=False)
    attributes = steady(attributes, np.random.default_rng([recipe.seed, index, 11]), recipe.variety)
    under_chin = attributes.occluder == "mask_under_chin"  # the masked twin wears its mask where it belongs
    dressed = replace(attributes, with_mask=True, occluder="none" if under_chin else attributes.occluder)
    seed = int(rng.integers(2**63))
    bare, masked = (draw_face(each, seed, image_size=recipe.image_size) for each in (attributes, dressed))
    plain = draw_face(replace(dressed, with_mask=False), seed, image_size=recipe.image_size) if under_chin else bare
    return bare, masked, _where(plain, masked, attributes.noise)


def _where(bare: np.ndarray, masked: np.ndarray, noise: float) -> np.ndarray:
    """Share of each cell in which two pictures differ, 0 to 255."""
    changed = np.abs(masked.astype(np.int16) - bare).max(axis=2) > VISIBLE + 2 * noise**0.5
    return np.asarray(Image.fromarray(changed.astype(np.uint8) * 255).resize((CELLS, CELLS), Image.Resampling.BOX))


def _draw_chunk(job: tuple[Recipe, int, int]) -> tuple[int, np.ndarray, np.ndarray]:
    recipe, first, count = job
    bare, masked, where = zip(*(twins(recipe, index) for index in range(first, first + count)), strict=True)
    return first, np.stack([np.stack(bare), np.stack(masked)], axis=1), np.stack(where)
