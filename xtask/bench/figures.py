"""What the benchmarks in Python share: figures, verdicts, the machine, and a part of `docs/benchmarks.md`."""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import statistics
import sys
from collections.abc import Iterable
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"


def arguments(doc: str | None, rounds: int) -> argparse.ArgumentParser:
    """What every benchmark is asked; `doc` is its module's, of which the first line is shown."""
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one round of little work; writes nothing")
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--no-write", action="store_true", help="leave docs/benchmarks.md as it is")
    return parser


def rounds_of(asked: argparse.Namespace) -> int:
    """How many rounds are asked for: one at least, and one of a quick run."""
    return 1 if asked.quick else max(1, int(asked.rounds))


def deliver(name: str, part: str, asked: argparse.Namespace) -> None:
    """Prints a part of the page, and puts it there unless it was asked not to."""
    print(part)
    if not (asked.quick or asked.no_write):
        write(name, part)
        print("written to docs/benchmarks.md", file=sys.stderr)


def verdict(reached: float) -> str:
    """How much of the goal is reached: one and more is met."""
    return f"met ({reached:.2f})" if reached >= 1 else f"**missed** ({reached:.2f})"


def shown(values: Iterable[float]) -> str:
    """The median, and the least and the most of the rounds."""
    values = list(values)
    median, least, most = (figure(value) for value in (statistics.median(values), min(values), max(values)))
    return f"{median} ({least} to {most})"


def figure(value: float) -> str:
    """Three digits, or all of them before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def when(rounds: int, before: float, after: float) -> str:
    """The day, and how busy the machine was: load averages before and after."""
    busy = "other work ran meanwhile" if max(before, after) > 2 else "little else ran"
    today = datetime.datetime.now(datetime.timezone.utc)
    return f"{today:%Y-%m-%d}, {rounds} rounds, load average {before:.1f} before and {after:.1f} after ({busy})"


def machine() -> str:
    """Cores, processor and system."""
    return f"{os.cpu_count()} cores of {_processor()}, {platform.system()} {platform.release()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def write(name: str, part: str) -> None:
    """Puts a part of the page between its markers, which stand in the page."""
    begin, end = f"<!-- bench {name} -->", f"<!-- end bench {name} -->"
    before, rest = PAGE.read_text(encoding="utf-8").split(begin, 1)
    _, after = rest.split(end, 1)
    PAGE.write_text(f"{before}{begin}\n\n{part}\n\n{end}{after}", encoding="utf-8")
