"""Runs one of the checkout's tools: python tools/run.py TOOL [ARGUMENTS]."""

import sys
from importlib import import_module

TOOLS = {
    "server": "server",
    "test": "suite",
    "bench": "bench",
    "torture": "torture",
    "differential": "differential",
    "docs": "docs",
    "picture": "picture",
    "dist": "archive",
}


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] not in TOOLS:
        print(f"usage: run.py {'|'.join(TOOLS)} [ARGUMENTS]", file=sys.stderr)
        return 2
    tool = import_module(f"workshop.{TOOLS[sys.argv[1]]}")
    return int(tool.main(sys.argv[2:]))


if __name__ == "__main__":
    sys.exit(main())
