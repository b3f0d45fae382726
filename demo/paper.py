"""What the tour prints, and whether everything came out as it should."""

from __future__ import annotations

import sys
from typing import Any


class Paper:
    """Prints as it goes and counts what came out wrong."""

    def __init__(self) -> None:
        self._good = self._bad = 0
        self._colour = sys.stdout.isatty()

    def head(self, text: str) -> None:
        print(f"\n{self._paint('1', text)}", flush=True)

    def say(self, text: str) -> None:
        print(text, flush=True)

    def quote(self, text: str, name: str) -> None:
        """Shows a text, its long lines cut."""
        print(f"  --- {name}")
        for line in text.splitlines():
            print("  | " + (line if len(line) <= 88 else line[:80] + " ..."))
        print("  ---", flush=True)

    def check(self, name: str, good: bool, detail: str) -> None:
        self._good += good
        self._bad += not good
        mark = self._paint("32", "ok  ") if good else self._paint("31", "BAD ")
        print(f"{mark} {name}\n       {detail}", flush=True)

    def expect(self, name: str, report: Any, exit_code: int, reason: str) -> None:
        """A report has to give this exit status and this reason among its codes."""
        codes = [report.reason, *(finding.code for finding in report.findings)]
        good = report.exit_code == exit_code and reason in codes
        wanted = "" if good else f" (expected exit {exit_code}, {reason})"
        more = next((f": {f.meaning}" for f in report.findings if f.code == reason), "")
        self.check(name, good, f"exit {report.exit_code}, {reason if good else report.reason}{more}{wanted}")

    def close(self) -> int:
        print(f"\n{self._good} as expected, {self._bad} not", flush=True)
        return 1 if self._bad else 0

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text
