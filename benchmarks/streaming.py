"""Memory and images a second when photos are streamed from disk, for folders of growing size.

    python benchmarks/streaming.py                       # 1,000, 10,000 and 100,000 files of 128×128
    python benchmarks/streaming.py 500 2000 --faces 200  # sizes; how many different faces are drawn
    python benchmarks/streaming.py 10000 --search        # with the search for near-duplicates, whose time and memory grow with the folder

A few thousand faces are drawn and saved as JPEG; a folder of more files is made of hard links to them. Each size runs in a process of its own, so that
the peak memory is its own; what is added is counted from that of Python, torch and a network that has trained on empty pictures. The search for
near-duplicates is left out, as it would find that most files are the same. Measured are: the one look at every file before training, reading
alone (shuffled batches of 32), and training (``MaskCNN``, the original recipe) on the first batches of an epoch; the last row is the same from
images in memory, for the smallest folder.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

MEASURED = """
import sys, threading, time
from itertools import islice
import psutil, torch
from torch import nn
from maskkit.datasets import load_dataset
from maskkit.models import build_model
from maskkit.training import train_one_epoch
from maskkit.transforms import AUGMENTATIONS

folder, stream, search, steps = sys.argv[1], sys.argv[2] == "stream", sys.argv[3] == "search", int(sys.argv[4])
torch.manual_seed(0)
model = build_model("maskcnn", 128)
optimizer, criterion, generator = torch.optim.Adam(model.parameters()), nn.BCEWithLogitsLoss(), torch.Generator().manual_seed(0)

def train(batches):
    train_one_epoch(model, batches, optimizer, criterion, AUGMENTATIONS["original"], generator)

train([(torch.zeros(32, 3, 128, 128, dtype=torch.uint8), torch.zeros(32))] * 3)  # so that the optimiser's memory counts as the network's
process = psutil.Process()
before = highest = process.memory_info().rss

def watch():
    global highest
    while True:
        highest = max(highest, process.memory_info().rss)
        time.sleep(0.02)

threading.Thread(target=watch, daemon=True).start()

def timed(work):
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started

dataset, loading = timed(lambda: load_dataset(folder, image_size=128, stream=stream, near_duplicates=search))
loaded, highest = highest, process.memory_info().rss
batches = dataset.subset("train").batches(32, shuffle=True, generator=generator)
n, reading = timed(lambda: sum(len(targets) for _, targets in islice(batches, 20 * steps)))
streamed, highest = highest, process.memory_info().rss
_, training = timed(lambda: train(islice(batches, steps)))
print(len(dataset), before / 2**20, (loaded - before) / 2**20, (streamed - before) / 2**20, (highest - before) / 2**20,
      len(dataset) / loading, n / reading, min(32 * steps, len(batches.subset)) / training)
"""


def draw_faces(folder: Path, n: int) -> list[Path]:
    """``n`` drawn faces as JPEG files of 128×128."""
    from PIL import Image

    from maskkit.datasets import load_dataset
    from maskkit.images import CLASS_NAMES

    folder.mkdir()
    faces = load_dataset("synthetic", n=n, image_size=128, variety=1.0)  # kept in the cache for the next time
    paths = [folder / f"{index:05d} {CLASS_NAMES[target]}.jpg" for index, target in enumerate(faces.targets)]
    for path, image in zip(paths, faces.images):
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(path, quality=90)
    return paths


def link(faces: list[Path], folder: Path, n: int) -> Path:
    """A folder with ``n`` files in two class folders, hard links to the faces in turn."""
    for index in range(n):
        face = faces[index % len(faces)]
        place = folder / face.stem.split(" ")[1]
        place.mkdir(parents=True, exist_ok=True)
        os.link(face, place / f"{index:06d}.jpg")
    return folder


def measure(folder: Path, how: str, search: bool, steps: int) -> str:
    """A row of the table, from a process of its own."""
    done = subprocess.run([sys.executable, "-c", MEASURED, str(folder), how, "search" if search else "", str(steps)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    files, *memory, looked, read, trained = map(float, done.stdout.split())
    return f"| {files:,.0f}{'' if how == 'stream' else ', in memory'} | {' | '.join(f'{part:.0f}' for part in memory)} | {looked:,.0f} | {read:,.0f} | {trained:,.0f} |"


def main(sizes: list[int], faces: int, search: bool, steps: int) -> None:
    print(f"{os.cpu_count()} cores; {faces:,} drawn faces of 128×128 as JPEG, the files are hard links to them; search for near-duplicates {'on' if search else 'off'}\n\n"
          "| files | MiB before | MiB added by the look | by reading | by training | looked at, images/s | read, images/s | trained on, images/s |\n"
          "| :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory(prefix="streaming ") as name:
        root = Path(name)
        drawn = draw_faces(root / "drawn", faces)
        for size in sorted(sizes):
            print(measure(link(drawn, root / str(size), size), "stream", search, steps), flush=True)
        print(measure(root / str(min(sizes)), "memory", search, steps), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000, 10_000, 100_000])
    parser.add_argument("--faces", type=int, default=2_000, help="how many different ones are drawn")
    parser.add_argument("--search", action="store_true", help="with the search for near-duplicates")
    parser.add_argument("--steps", type=int, default=40, help="of training that are timed")
    arguments = parser.parse_args()
    main(arguments.sizes, arguments.faces, arguments.search, arguments.steps)
