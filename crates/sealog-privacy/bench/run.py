"""What finding personal data in a text costs, beside redact-core and Presidio in one interleaved run.

Every text is searched in each round by Sealog, redact-core and Presidio in turn, each with all types that it has. Writes a
table into `docs/benchmarks.md`. Exits 1 if a search does not find what was put into a text; a goal that is missed is
reported, not an error.

    cargo xtask bench privacy [--profile NAME] [--quick] [--rounds N] [--dir DIRECTORY] [--no-write]

`--quick` does one round on small texts, to see that everything runs, and writes nothing.
"""

from __future__ import annotations

import argparse
import inspect
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median

import figures
from measure import Spent
from texts import TEXTS

KIB = 1024
EVERY = 500
"""Bytes of a dense text for each identifier in it."""
SEARCHED = 4 * KIB * KIB
"""Bytes that Sealog and redact-core search in one round at least, so that a round is long enough to be timed."""
PRESIDIO_MAX = 100 * KIB
"""Bytes of a text beyond which Presidio is left out: it would take minutes."""
REMARKS = """
- Each side looks for all it has: Sealog for every type of its catalogue, redact-core for the types that it is built with, Presidio for
  those of all its pattern recognisers (no language model, and nothing that needs one).
- They do not do the same: Sealog alone folds what hides a value, undoes escapes and base64, and decides between findings that
  overlap. What each finds is in the last columns; Presidio's findings overlap, and most of them have a low score.
- The clean text is prose of Faker, lines of a log and rows of JSON, with numbers, dates and hashes and without personal data. The dense one has an
  identifier every 500 bytes besides: addresses, telephone numbers, cards, accounts, national numbers, keys.
- Sealog and redact-core are programs that read a text, search it once before the time begins, and then so often that
  4 MiB are searched; Presidio is called in the process that measures, once a round.
"""


@dataclass
class Row:
    """A text, and what each side took for it."""

    kind: str
    size: int
    goal: float
    """Microseconds a KiB."""
    sealog: list[Spent] = field(default_factory=list)
    redact_core: list[Spent] = field(default_factory=list)
    presidio: list[Spent] = field(default_factory=list)
    found: dict[str, int] = field(default_factory=dict)

    def line(self) -> str:
        """The row."""
        name = f"{self.kind}, {self.size // KIB:,} KiB"
        cells = [name]
        for spent in (self.sealog, self.redact_core, self.presidio):
            for part in ("cpu", "wall"):
                cells.append(figures.shown(getattr(one, part) for one in spent) if spent else "-")
        for theirs in (self.redact_core, self.presidio):
            ratios = [peer.cpu / ours.cpu for ours, peer in zip(self.sealog, theirs)]
            cells.append(figures.shown(ratios) if ratios else "-")
        cells.append(f"<= {self.goal:g}")
        cells.append(figures.verdict(self.goal / median(one.cpu for one in self.sealog)))
        cells.append(" / ".join(f"{self.found.get(side, 0):,}" if side in self.found else "-" for side in SIDES))
        return f"| {' | '.join(cells)} |"


SIDES = ("Sealog", "redact-core", "Presidio")


def program(path: Path, text: Path, rounds: int, size: int) -> tuple[Spent, int]:
    """Runs one of the two programs; microseconds a KiB."""
    command = [str(path), str(text), str(rounds)]
    said = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if said.returncode != 0:
        sys.exit(f"`{' '.join(command)}` ended with {said.returncode}:\n{said.stderr}")
    cpu, wall, found = (int(word) for word in said.stdout.split())
    each = size / KIB * 1e3
    return Spent(wall=wall / each, cpu=cpu / each), found


class Presidio:
    """All its pattern recognisers that can be made."""

    def __init__(self) -> None:
        from presidio_analyzer import PatternRecognizer, predefined_recognizers

        self.recognisers = []
        for name in sorted(dir(predefined_recognizers)):
            kind = getattr(predefined_recognizers, name)
            if inspect.isclass(kind) and issubclass(kind, PatternRecognizer):
                self.recognisers.append(kind())

    def search(self, text: str, size: int) -> tuple[Spent, int]:
        """Once; microseconds a KiB."""
        wall, cpu = time.perf_counter(), time.process_time()
        found = 0
        for recogniser in self.recognisers:
            found += len(recogniser.analyze(text, recogniser.supported_entities, None))
        each = size / KIB / 1e6
        return Spent(wall=(time.perf_counter() - wall) / each, cpu=(time.process_time() - cpu) / each), found


def measure(asked: argparse.Namespace, rounds: int, presidio: Presidio) -> list[Row]:
    """The rows, all of them in each round."""
    sizes = [KIB, 10 * KIB] if asked.quick else [KIB, 10 * KIB, 100 * KIB, KIB * KIB, 10 * KIB * KIB]
    rows, texts = [], {}
    for kind, goal in (("clean", 5.0), ("dense", 15.0)):
        for size in sizes:
            text, put = TEXTS[kind](size, EVERY)
            path = asked.dir / f"{kind}-{size}.txt"
            path.write_text(text, encoding="utf-8")
            row = Row(kind, size, goal)
            rows.append(row)
            texts[kind, size] = (path, text, put)
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        for row in rows:
            path, text, put = texts[row.kind, row.size]
            repeats = max(1, SEARCHED // row.size)
            spent, row.found["Sealog"] = program(asked.ours, path, repeats, row.size)
            row.sealog.append(spent)
            if row.found["Sealog"] != put:
                sys.exit(f"{row.kind}, {row.size}: {put} were put in, Sealog finds {row.found['Sealog']}")
            spent, row.found["redact-core"] = program(asked.peer, path, max(1, repeats // 8), row.size)
            row.redact_core.append(spent)
            if row.size <= PRESIDIO_MAX:
                spent, row.found["Presidio"] = presidio.search(text, row.size)
                row.presidio.append(spent)
    return rows


def linearity(rows: list[Row]) -> list[str]:
    """How much more a KiB of the longest text costs than one of the text of 100 KiB."""
    lines = []
    for kind in ("clean", "dense"):
        by_size = {row.size: median(one.cpu for one in row.sealog) for row in rows if row.kind == kind}
        longest, base = max(by_size), by_size.get(PRESIDIO_MAX, by_size[min(by_size)])
        lines.append(f"- Of {kind} text a KiB in {longest // KIB:,} KiB costs {by_size[longest] / base:.2f} times one in 100 KiB.")
    return lines


def text_of(machine: list[str], rows: list[Row]) -> str:
    """The part of the page."""
    lines = [
        "## Personal data: against redact-core and Presidio",
        "",
        *(f"- {line}" for line in machine),
        *REMARKS.strip().splitlines(),
        *linearity(rows),
        "",
        "Microseconds for each KiB of text: median of the rounds (least to most), in processor time and by the clock on the wall. A",
        "ratio is the peer's processor time over Sealog's of the same round. The goals are held against processor time.",
        "",
        "| text | Sealog CPU | wall | redact-core CPU | wall | Presidio CPU | wall | redact-core / Sealog | Presidio / Sealog"
        " | goal | reached | found: Sealog / redact-core / Presidio |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
        *(row.line() for row in rows),
    ]
    return "\n".join(lines)


def main() -> int:
    arguments = figures.arguments(__doc__, rounds=5)
    arguments.add_argument("--ours", type=Path, required=True, help="the example `scan_speed`; the chore builds it")
    arguments.add_argument("--peer", type=Path, required=True, help="`redact-core-speed`; the chore builds it")
    arguments.add_argument("--dir", type=Path, required=True, help="where the texts are kept")
    arguments.add_argument("--profile", default="release", help="how it was built")
    asked = arguments.parse_args()
    rounds = figures.rounds_of(asked)
    asked.dir.mkdir(parents=True, exist_ok=True)
    presidio = Presidio()
    loads = [os.getloadavg()[0]]
    rows = measure(asked, rounds, presidio)
    loads.append(os.getloadavg()[0])
    machine = [
        figures.when(rounds, *loads),
        figures.machine(),
        f"Sealog built with the profile `{asked.profile}`, redact-core 0.12.7 with `release`, Presidio {version('presidio-analyzer')}"
        f" with {len(presidio.recognisers)} pattern recognisers on {platform.python_implementation()} {platform.python_version()}",
    ]
    part = text_of(machine, rows)
    figures.deliver("privacy", part, asked)
    return 0


if __name__ == "__main__":
    sys.exit(main())
