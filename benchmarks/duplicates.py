"""How many planted copies does ``find_duplicates`` find, how many pictures does it join wrongly, and how long does it take?

    python benchmarks/duplicates.py                      # synthetic faces of variety 0.3 and 1
    python benchmarks/duplicates.py --photos DATASET     # and the public photos, without the ones that are copies already
    python benchmarks/duplicates.py --growth             # milliseconds and memory for 2,500, 5,000 and 10,000 faces

Each kind of copy is made of 100 pictures that have no other copy; 500 more pictures have none at all.
"""

import argparse
import io
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from maskkit.duplicates import find_duplicates
from maskkit.faces import generate_faces

EACH, ALONE = 100, 500


def picture(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(pixels))


def saved_again(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    memory = io.BytesIO()
    picture(pixels).save(memory, format="JPEG", quality=int(rng.integers(30, 80)))
    return np.asarray(Image.open(memory))


def turned(pixels: np.ndarray, rng: np.random.Generator, aspect: float = 1.0) -> np.ndarray:
    fill = ((0, 0, 0), (255, 255, 255))[rng.integers(2)]
    size = picture(pixels).size
    upright = picture(pixels).resize((round(size[0] * aspect), size[1]))
    return np.asarray(upright.rotate(rng.uniform(-25, 25), Image.Resampling.BILINEAR, fillcolor=fill).resize(size))


def cropped(pixels: np.ndarray, rng: np.random.Generator, share: float) -> np.ndarray:
    side = round(len(pixels) * share)
    top, left = rng.integers(0, len(pixels) - side + 1, 2)
    return np.asarray(picture(pixels[top:top + side, left:left + side]).resize(picture(pixels).size))


KINDS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "saved again as JPEG": saved_again,
    "mirrored": lambda pixels, rng: pixels[:, ::-1],
    "turned by 90, 180 or 270°": lambda pixels, rng: np.rot90(pixels, rng.integers(1, 4)),
    "turned by up to 25°": turned,
    "turned, photo of 3:4": lambda pixels, rng: turned(pixels, rng, 0.75),
    "cropped to 90 %": lambda pixels, rng: cropped(pixels, rng, 0.9),
    "cropped to 80 %": lambda pixels, rng: cropped(pixels, rng, 0.8),
    "resized to 40×40": lambda pixels, rng: np.asarray(picture(pixels).resize((40, 40)).resize(picture(pixels).size)),
    "blurred": lambda pixels, rng: np.asarray(picture(pixels).filter(ImageFilter.GaussianBlur(2))),
    "brightened or darkened": lambda pixels, rng: np.clip(pixels * rng.uniform(0.7, 1.3) + 10, 0, 255).astype(np.uint8),
    "noise added": lambda pixels, rng: np.clip(pixels + rng.normal(0, 15, pixels.shape), 0, 255).astype(np.uint8),
    "mirrored, turned and cropped": lambda pixels, rng: cropped(turned(pixels[:, ::-1], rng), rng, 0.85),
}


def measure(name: str, originals: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    copies = np.stack([make(originals[EACH * kind + i], rng) for kind, make in enumerate(KINDS.values()) for i in range(EACH)])
    planted = {(index, len(originals) + index) for index in range(len(copies))}
    started = time.process_time()
    pairs = {(pair.first, pair.second) for pair in find_duplicates(np.concatenate([originals, copies]))}
    seconds = time.process_time() - started
    n, wrong = len(originals) + len(copies), {index for pair in pairs - planted for index in pair}
    print(f"\n{name}: {n} pictures, {1000 * seconds / n:.1f} ms of one core each; "
          f"joined wrongly: {len(wrong)} ({len(wrong) / n:.2%}); precision of the pairs {len(pairs & planted) / len(pairs):.3f}")
    for kind, label in enumerate(KINDS):
        print(f"  {label:30} recall {np.mean([(i, len(originals) + i) in pairs for i in range(EACH * kind, EACH * (kind + 1))]):.2f}")


def photos(dataset: Path) -> np.ndarray:
    """One photo of each group of the manifest, as many as are needed."""
    from maskkit.datasets import read_images
    from maskkit.photos import read_manifest

    chosen = list({row["group"]: row["path"] for row in read_manifest()}.values())
    chosen = np.random.default_rng(0).permutation(chosen)[:EACH * len(KINDS) + ALONE]
    return read_images([dataset / path for path in chosen], 128)[0]


def growth() -> None:
    faces = generate_faces(10_000, image_size=64, seed=2, variety=1.0, progress=True)[0]
    for n in (2500, 5000, 10_000):
        started = time.process_time()
        found = find_duplicates(faces[:n])
        print(f"{n} faces: {1000 * (time.process_time() - started) / n:.2f} ms of one core each, {len(found)} pairs; "
              f"most memory so far {peak_memory():.0f} MiB")


def peak_memory() -> float:
    if sys.platform == "win32":
        return float("nan")
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, metavar="DATASET")
    parser.add_argument("--growth", action="store_true")
    arguments = parser.parse_args()
    if arguments.growth:
        return growth()
    for variety in (0.3, 1.0):
        measure(f"synthetic faces, variety {variety}", generate_faces(EACH * len(KINDS) + ALONE, image_size=128, seed=1, variety=variety)[0])
    if arguments.photos:
        measure("public photos", photos(arguments.photos))


if __name__ == "__main__":
    main()
