"""Make the weights that come with the package from what ``maskkit pretrain`` has left.

    maskkit pretrain --run-dir runs/drawn               # a quarter of an hour on one core
    python docs/make_drawn_weights.py runs/drawn        # maskkit/models/maskresnet_drawn.pth
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import torch

from maskkit import load_checkpoint
from maskkit.files import replace_file
from maskkit.models.drawn import FILE
from maskkit.pretraining import PretrainConfig
from maskkit.training import BEST


def main() -> int:
    """Parse the command line; write the weights in half precision, with the record of how they were made."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run_dir", type=Path, help="of a finished maskkit pretrain with its own defaults")
    folder = parser.parse_args().run_dir
    record = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if record["pretrain"] != asdict(PretrainConfig()):
        print(f"{folder} was made with other options than the defaults of maskkit pretrain: {record['pretrain']}", file=sys.stderr)
        return 2
    state = load_checkpoint(folder / BEST).model.state_dict()
    half = {name: value.half() if value.is_floating_point() else value for name, value in state.items()}
    with replace_file(FILE) as temporary:
        torch.save({"state_dict": half, **record}, temporary)
    print(f"{FILE}: {FILE.stat().st_size / 2**20:.1f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
