"""`python -m kvik`: the same program as `kvik`."""

import sys

from kvik.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
