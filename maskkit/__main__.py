"""``python -m maskkit`` is the same as ``maskkit``."""

import sys

from maskkit.cli import main

if __name__ == "__main__":
    sys.exit(main())
