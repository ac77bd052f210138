"""Time and peak memory of ``maskkit data audit`` on folders of growing size.

    python benchmarks/audit.py                         # 1,000, 3,000 and 10,000 files of 128×128
    python benchmarks/audit.py 1000 2000 --side 64

The files are cheap stand-ins for photos: coarse and fine colour noise, in which no two are alike, saved as JPEG; one in fifty is saved twice. Each size
runs in a process of its own, so that the peak memory is its own. The last line gives the growth: the exponent of the processor's
time between the smallest and the largest folder (1 is linear), and what it means for 100,000 files. (Linux and macOS: Windows has no ``resource``.)
"""

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

MEASURED = """
import resource, sys, time
from maskkit.audit import audit_folder
started = time.perf_counter()
report = audit_folder(sys.argv[1])
seconds = time.perf_counter() - started
found = len(report.of_kind("near_duplicates"))
used = resource.getrusage(resource.RUSAGE_SELF)
print(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, found)
"""


def write_stand_ins(folder: Path, first: int, last: int, side: int) -> None:
    """Files number ``first`` to ``last`` of an endless series."""
    for index in range(first, last):
        rng = np.random.default_rng(index)
        coarse, fine = (Image.fromarray(rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8)).resize((side, side), Image.Resampling.BICUBIC) for cells in (5, 24))
        picture = Image.blend(coarse, fine, 0.35)
        place = folder / ("with_mask", "without_mask")[index % 2]
        place.mkdir(parents=True, exist_ok=True)
        picture.save(place / f"{index:06d}.jpg", quality=90)
        if index % 50 == 0:
            picture.save(place / f"{index:06d} again.jpg", quality=70)


def measure(folder: Path) -> tuple[float, float, float, int]:
    """Seconds by the clock and of the processor, peak memory in MiB and the copies found, of an audit in a process of its own."""
    done = subprocess.run([sys.executable, "-c", MEASURED, str(folder)], capture_output=True, text=True, check=True)
    seconds, busy, memory, found = done.stdout.split()
    return float(seconds), float(busy), float(memory), int(found)


def main(sizes: list[int], side: int) -> None:
    rows, written = [], 0
    print(f"{os.cpu_count()} cores, files of {side}×{side}\n\n| files | seconds | processor seconds | of these per 1,000 | peak memory (MiB) | files in copies |\n"
          "| ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory(prefix="audit ") as folder:
        for size in sorted(sizes):
            # One file in fifty is there twice, so fewer different ones are needed.
            write_stand_ins(Path(folder), written, written := math.ceil(size * 50 / 51), side)
            n = sum(1 for _ in Path(folder).rglob("*.jpg"))
            seconds, busy, memory, found = measure(Path(folder))
            rows.append((n, busy, memory))
            print(f"| {n:,} | {seconds:.1f} | {busy:.1f} | {1000 * busy / n:.2f} | {memory:.0f} | {found} |", flush=True)
    if len(rows) > 1:
        (n, first, low), (m, last, high) = rows[0], rows[-1]
        exponent = math.log(last / first) / math.log(m / n)
        each = (high - low) / (m - n)
        print(f"\nTime grows as files to the power of {exponent:.2f}. If it goes on so (and no slower than linearly), 100,000 files take "
              f"{last * (100_000 / m) ** max(exponent, 1) / 60:.0f} minutes of one core and {(high + (100_000 - m) * each) / 1024:.1f} GiB.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000, 3_000, 10_000])
    parser.add_argument("--side", type=int, default=128)
    arguments = parser.parse_args()
    started = time.perf_counter()
    main(arguments.sizes, arguments.side)
    print(f"({time.perf_counter() - started:.0f} s in all)")
