"""What ``import maskkit`` costs beyond ``import torch``, and how soon ``maskkit --help`` answers; each in a fresh Python.

    python benchmarks/imports.py

Every round runs all commands one after the other, so that what else the machine does hits all of them; a difference is
taken within its round. Printed: the median of the rounds, the lowest and the highest.
"""

import platform
import statistics
import subprocess
import sys
import time
from datetime import date

ROUNDS = 15
COMMANDS = {
    "python": ["-c", "pass"],
    "torch": ["-c", "import torch"],
    "torch and maskkit": ["-c", "import torch, maskkit"],
    "maskkit": ["-c", "import maskkit"],
    # All that notebooks use, so that nothing is only put off.
    "torch and every name of maskkit": ["-c", "import torch, maskkit; [getattr(maskkit, name) for name in maskkit.__all__]"],
    "maskkit --help": ["-m", "maskkit", "--help"],
}


def seconds(arguments: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def main() -> None:
    print(f"{date.today()}, Python {platform.python_version()}, {ROUNDS} rounds\n")
    rounds = [{name: seconds(arguments) for name, arguments in COMMANDS.items()} for _ in range(ROUNDS + 1)][1:]  # the first fills the disk cache
    print("| | seconds |\n| --- | --- |")
    for more, less in (("torch and maskkit", "torch"), ("torch and every name of maskkit", "torch"), ("torch", "python"), ("maskkit", "python")):
        print(f"| import {more}, beyond {less if less == 'python' else 'import ' + less} | {spread([row[more] - row[less] for row in rounds])} |")
    print(f"| maskkit --help, all of it | {spread([row['maskkit --help'] for row in rounds])} |")


if __name__ == "__main__":
    main()
