"""Time and peak memory of ``maskkit data audit`` on folders of growing size.

    make bench-audit                                   # 1,000, 3,000 and 10,000 files of 128×128
    python benchmarks/audit.py 1000 2000 --side 64

The files are cheap stand-ins for photos: coarse and fine colour noise, in which no two are alike, saved as JPEG; one in fifty is saved twice. Each size
runs in a process of its own, so that the peak memory is its own. Time and memory for each image show the growth: where both stay level
or fall, the audit is linear. The last line says it as an exponent of the processor's time between the smallest and the largest folder
(1 is linear), and what it means for 100,000 files. (Linux and macOS: Windows has no ``resource``.)
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
from maskkit.audit.copies import find_copies, fingerprint
import PIL.Image
find_copies([b"a", b"b"], [fingerprint(PIL.Image.effect_noise((64, 64), 50).convert("RGB")) for _ in range(2)])
before = resource.getrusage(resource.RUSAGE_SELF)
started = time.perf_counter()
report = audit_folder(sys.argv[1])
seconds = time.perf_counter() - started
found = len(report.of_kind("near_duplicates"))
used = resource.getrusage(resource.RUSAGE_SELF)
busy = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
unit = 1024 * (1024 if sys.platform == "darwin" else 1)  # macOS counts bytes, Linux KiB
print(seconds, busy, used.ru_maxrss / unit, (used.ru_maxrss - before.ru_maxrss) / unit, found)
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


def measure(folder: Path) -> tuple[float, float, float, float, int]:
    """Seconds by the clock and of the processor, peak memory and its growth in MiB, and the copies found, of an audit in a process of its own."""
    done = subprocess.run([sys.executable, "-c", MEASURED, str(folder)], capture_output=True, text=True, check=True)
    *numbers, found = done.stdout.split()
    return *map(float, numbers), int(found)


def main(sizes: list[int], side: int) -> None:
    rows, written = [], 0
    print(f"{os.cpu_count()} cores, files of {side}×{side}\n\n| files | seconds | processor seconds | of these for each image (ms) | peak memory (MiB) "
          "| grown for each image (kB) | files in copies |\n| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory(prefix="audit ") as folder:
        for size in sorted(sizes):
            # One file in fifty is there twice, so fewer different ones are needed.
            write_stand_ins(Path(folder), written, written := math.ceil(size * 50 / 51), side)
            n = sum(1 for _ in Path(folder).rglob("*.jpg"))
            seconds, busy, memory, grown, found = measure(Path(folder))
            rows.append((n, busy, memory))
            print(f"| {n:,} | {seconds:.1f} | {busy:.1f} | {1000 * busy / n:.2f} | {memory:.0f} | {1024 * grown / n:.1f} | {found} |", flush=True)
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
