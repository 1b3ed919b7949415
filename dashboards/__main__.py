"""`python -m dashboards`: the console's process. `telcollm console` starts it, and it ends with that."""

from __future__ import annotations

import sys

from dashboards.server import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
