"""The command `sealog`, also as `python -m sealog`."""

from __future__ import annotations

import signal
import sys

from ._sealog import run_cli


def main() -> int:
    """Runs the command line of this process and returns its exit status."""
    # The command runs outside of Python code, where nobody would look at what Python's own handler notes.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return run_cli(["sealog", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
