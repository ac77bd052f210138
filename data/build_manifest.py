"""Write data/manifest.csv: what is known of each of the public photos, and the split that no near-duplicate crosses.

    python data/build_manifest.py DATASET       # the folder with with_mask and without_mask, as in the archive

Columns: path, sha256, bytes, class, group (near-duplicates share a number), split, flags (words separated by spaces).

Groups hold exact copies and all pairs whose similarity is at least 0.8. That is looser than the default of
``find_duplicates``, so that photos taken in a row come together too: a group too many costs nothing here, a leak would.
Then come the pairs of data/joins.csv, joined by hand after benchmarks/split_check.py had shown them.
Flags are those of data/flags.csv, given by looking at every photo.
"""

import argparse
from collections import Counter
from hashlib import sha256
from pathlib import Path

import numpy as np

from maskkit.datasets import read_images
from maskkit.duplicates import find_duplicates, join_groups
from maskkit.files import read_csv, write_csv
from maskkit.images import CLASS_NAMES, find_samples
from maskkit.splits import assign_splits, straddling_groups

HERE = Path(__file__).parent
MIN_SIMILARITY = 0.8
SEED = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    root = parser.parse_args().dataset
    samples = find_samples(root)
    names = [sample.path.relative_to(root).as_posix() for sample in samples]
    images, kept, problems = read_images([sample.path for sample in samples], 128, progress=True)
    assert not problems, problems
    contents = [sample.path.read_bytes() for sample in samples]
    digests = [sha256(content).hexdigest() for content in contents]

    duplicates = find_duplicates(images, min_similarity=MIN_SIMILARITY)
    pairs = [(pair.first, pair.second) for pair in duplicates]
    pairs += [(digests.index(digest), index) for index, digest in enumerate(digests)]
    pairs += [(names.index(row["path"]), names.index(row["same_as"])) for row in read_csv(HERE / "joins.csv")]
    groups = join_groups(len(names), np.array(pairs))
    targets = np.array([sample.target for sample in samples])
    split = assign_splits(targets, groups, seed=SEED)
    assert not len(straddling_groups(groups, split))

    flags = {row["path"]: row["flags"] for row in read_csv(HERE / "flags.csv")}
    assert set(flags) <= set(names), set(flags) - set(names)
    write_csv(HERE / "manifest.csv", [
        {"path": name, "sha256": digest, "bytes": len(content), "class": CLASS_NAMES[target], "group": group, "split": part, "flags": flags.get(name, "")}
        for name, digest, content, target, group, part in zip(names, digests, contents, targets, groups, split)])
    report(duplicates, groups, targets, split, flags, digests)


def report(duplicates, groups, targets, split, flags, digests) -> None:
    sizes = np.bincount(groups)
    print(f"{len(groups)} files, {len(set(digests))} different ones")
    print(f"{(sizes > 1).sum()} groups hold {sizes[sizes > 1].sum()} files, the largest {sizes.max()}")
    both = [group for group in np.flatnonzero(sizes > 1) if len(set(targets[groups == group])) == 2]
    print(f"{len(both)} groups hold photos of both classes")
    alike = [pair for pair in duplicates if not pair.exact]
    print("pairs:", {f"{low} and more": sum(pair.similarity >= low for pair in alike) for low in (0.8, 0.86, 0.9)}, "exact:", len(duplicates) - len(alike))
    sure = [pair for pair in alike if pair.similarity >= 0.86]
    print("of those of 0.86 and more:", dict(mirrored=sum(pair.mirrored for pair in sure), turned=sum(abs(pair.angle) >= 2 for pair in sure)))
    for name in ("train", "val", "test"):
        print(name, {CLASS_NAMES[target]: int(((split == name) & (targets == target)).sum()) for target in (0, 1)})
    print("flags:", dict(Counter(word for words in flags.values() for word in words.split())), "on", len(flags), "photos")


if __name__ == "__main__":
    main()
