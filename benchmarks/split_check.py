"""Do near-duplicates cross the canonical split of the public photos? A check by another method than the one that built it.

    python benchmarks/split_check.py [FOLDER] [--show 40] [--sheet FILE.png]

The split was built by aligning grey detail. Here all photos are compared with all, by brute force: small colour pictures
(the middle disc, 16×16, each channel standardised) under mirroring, quarter turns, turns of up to 25 degrees and central
cuts, and their perceptual hashes (dHash, also mirrored). Printed are the closest pairs of different groups, those that
stand in different splits first, for a person to look at (--sheet lays them side by side; it shows photos, so keep it to
yourself). As a yardstick, the same is printed for pairs that the manifest groups.
"""

import argparse
from itertools import product
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image, ImageDraw

from maskkit.datasets import read_images
from maskkit.photos import photos_dir, read_manifest

SIDE = 16
QUARTERS, TURNS, CUTS = (0, 90, 180, 270), range(-25, 26, 5), (1.0, 0.9, 0.8)


def colour_vectors(images: list[Image.Image]) -> np.ndarray:
    """Unit vectors of the middle disc of small colour pictures, float32 (N, D)."""
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    disc = np.hypot(x, y) < SIDE / 2
    values = np.stack([np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)[disc] for image in images])
    values -= values.mean(axis=1, keepdims=True)
    values /= values.std(axis=1, keepdims=True) + 8
    flat = values.reshape(len(images), -1)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)


def variant(image: Image.Image, mirrored: bool, turn: int, cut: float) -> Image.Image:
    image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else image
    edge = image.width * (1 - cut) / 2
    return image.rotate(turn, Image.Resampling.BILINEAR).crop((round(edge), round(edge), round(image.width - edge), round(image.width - edge)))


def variants() -> list[tuple[bool, int, float]]:
    small = list(product((False, True), TURNS, CUTS))
    return small + list(product((False, True), QUARTERS[1:], (1.0,)))


def best_similarity(images: list[Image.Image]) -> np.ndarray:
    """Of each pair the similarity in the best of all variants, float32 (N, N)."""
    plain = colour_vectors(images)
    best = np.full((len(images), len(images)), -1, np.float32)
    for mirrored, turn, cut in variants():
        changed = colour_vectors([variant(image, mirrored, turn, cut) for image in images])
        np.maximum(best, changed @ plain.T, out=best)
    return np.maximum(best, best.T)


def hash_distance(images: list[Image.Image]) -> np.ndarray:
    """Fewest bits of 64 by which the dHashes of two photos differ, one of them mirrored or not, uint8 (N, N)."""
    def hashes(pictures: list[Image.Image]) -> np.ndarray:
        return np.array([np.packbits(imagehash.dhash(picture).hash) for picture in pictures]).view(np.uint64).ravel()

    plain, mirrored = hashes(images), hashes([image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for image in images])
    return np.minimum(*(np.bitwise_count(plain[:, None] ^ other[None]) for other in (plain, mirrored)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=photos_dir(), help="of the photos, where maskkit data photos did not put them")
    parser.add_argument("--show", type=int, default=40)
    parser.add_argument("--sheet", type=Path)
    arguments = parser.parse_args()
    rows = read_manifest()
    pixels, kept, problems = read_images([arguments.folder / row["path"] for row in rows], 96, progress=True)
    if problems:
        parser.error(f"{len(problems)} of the {len(rows)} listed photos cannot be read below {arguments.folder}; maskkit data photos fetches them.")
    images = [Image.fromarray(image) for image in pixels]
    split, group = (np.array([row[key] for row in rows]) for key in ("split", "group"))
    upper = np.triu(np.ones((len(rows), len(rows)), bool), k=1)
    across, together = upper & (split[:, None] != split[None]), upper & (group[:, None] == group[None])
    colour, bits = best_similarity(images), hash_distance(images)

    print(f"{across.sum()} pairs stand in different splits, {together.sum()} in one group")
    for low in (0.98, 0.96, 0.94, 0.92, 0.9):
        print(f"colour similarity of at least {low}: {(colour[together] >= low).sum()} pairs of one group, {(colour[across] >= low).sum()} across splits")
    for most in (2, 4, 6, 8):
        print(f"dHash within {most} bits: {(bits[together] <= most).sum()} pairs of one group, {(bits[across] <= most).sum()} across splits")
    # Pairs of different groups in the same split are looked at too: with another seed they could stand in two.
    apart = upper & (group[:, None] != group[None])
    chosen = sorted(closest(colour, bits, apart, arguments.show), key=lambda pair: not across[pair])
    print("\nclosest pairs of different groups (colour similarity, dHash bits):")
    for first, second in chosen:
        print(f"{'split' if across[first, second] else 'group'} {colour[first, second]:.3f} {bits[first, second]:2}  {rows[first]['path']} ({split[first]})  {rows[second]['path']} ({split[second]})")
    if arguments.sheet:
        sheet(images, chosen, colour, bits).save(arguments.sheet)


def closest(colour: np.ndarray, bits: np.ndarray, across: np.ndarray, n: int) -> list[tuple[int, int]]:
    """The n closest by either measure."""
    first, second = np.nonzero(across & ((colour > 0.85) | (bits <= 12)))
    by_colour = np.argsort(-colour[first, second])[:n]
    by_bits = np.argsort(bits[first, second], kind="stable")[:n]
    return [(int(first[i]), int(second[i])) for i in dict.fromkeys([*by_colour, *by_bits])]


def sheet(images: list[Image.Image], pairs: list[tuple[int, int]], colour: np.ndarray, bits: np.ndarray, columns: int = 6) -> Image.Image:
    width, height = 200, 112
    page = Image.new("RGB", (columns * width, -(-len(pairs) // columns) * height), "white")
    for index, (first, second) in enumerate(pairs):
        x, y = index % columns * width, index // columns * height
        page.paste(images[first], (x, y + 14))
        page.paste(images[second], (x + 97, y + 14))
        ImageDraw.Draw(page).text((x, y), f"{index}: {colour[first, second]:.3f} {bits[first, second]}", fill="black")
    return page


if __name__ == "__main__":
    main()
