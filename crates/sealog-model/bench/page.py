"""Rows, and this program's part of `docs/benchmarks.md`."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from figures import shown, verdict
from measure import Spent

MEMORY_GOAL_MIB = 64


@dataclass
class Row:
    """A piece of work, with the peer that does the same and how many times quicker the design asks us to be."""

    what: str
    peer: str
    goal: float | None
    size: int
    files: int | None = None
    wall_goal_ms: float | None = None
    measured: list[Spent] = field(default_factory=list)
    measured_theirs: list[Spent] = field(default_factory=list)

    def ratios(self, name: str) -> list[float]:
        """Peer's time over ours, round by round: above one, ours takes less."""
        return [getattr(b, name) / getattr(a, name) for a, b in zip(self.measured, self.measured_theirs)]

    def line(self) -> str:
        """The row."""
        cells = [f"{self.what}{f' ({self.peer})' if self.peer else ''}"]
        for measured in (self.measured, self.measured_theirs):
            for name in ("wall", "cpu"):
                times = [1000 * getattr(one, name) for one in measured]
                cells.append(shown(times) if times else "-")
        cells += [shown(self.ratios(name)) if self.measured_theirs else "-" for name in ("wall", "cpu")]
        cells += [self._rate(), *self._goal()]
        return f"| {' | '.join(cells)} |"

    def _rate(self) -> str:
        """By the clock: bytes, or files where there are many."""
        wall = statistics.median(one.wall for one in self.measured)
        if self.files is not None:
            return f"{self.files / wall:,.0f} files/s"
        return f"{self.size / wall / 1e9:.2f} GB/s" if self.size > 1_000_000 else "-"

    def _goal(self) -> tuple[str, str]:
        if self.goal is not None:
            ratio, cpu = (statistics.median(self.ratios(name)) for name in ("wall", "cpu"))
            reached = f"{verdict(ratio / self.goal)}, by CPU time {verdict(cpu / self.goal)}"
            return f">= {self.goal:g} x", reached
        if self.wall_goal_ms is not None:
            wall, cpu = (1000 * statistics.median(getattr(one, name) for one in self.measured) for name in ("wall", "cpu"))
            reached = f"{verdict(self.wall_goal_ms / wall)}, by CPU time {verdict(self.wall_goal_ms / cpu)}"
            return f"<= {self.wall_goal_ms:g} ms", reached
        return "-", "-"


@dataclass(frozen=True)
class MemoryRow:
    """The most that a process held."""

    what: str
    size: int
    mib: float

    def line(self) -> str:
        """The row."""
        size = f"{self.size / 1e9:.3g} GB"
        return f"| {self.what} | {size} | {self.mib:.1f} MiB | <= {MEMORY_GOAL_MIB} MiB | {verdict(MEMORY_GOAL_MIB / self.mib)} |"


def text(machine: list[str], rows: list[Row], memory: list[MemoryRow], remarks: str) -> str:
    """The part of the page."""
    lines = [
        "## Models: against model-signing and openssl",
        "",
        *(f"- {line}" for line in machine),
        *remarks.strip().splitlines(),
        "",
        "Milliseconds: median of the rounds (least to most), by the clock on the wall and as processor time of all",
        "threads. A ratio is the peer's time over Sealog's of the same round. The goals are for the clock; where other",
        "work ran meanwhile, processor time tells what the work costs, and what two cores save is not in it.",
        "",
        "| work (peer) | Sealog wall | CPU | peer wall | CPU | wall ratio | CPU ratio | rate | goal | reached |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *(row.line() for row in rows),
        "",
        "| most memory | size | held | goal | reached |",
        "|---|---|---|---|---|",
        *(row.line() for row in memory),
    ]
    return "\n".join(lines)
