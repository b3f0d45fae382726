"""Rows, and this program's part of `docs/benchmarks.md`."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field

from caller import Round
from clock import Calls, Spent
from figures import shown, verdict
from work import Work


@dataclass
class CallRow:
    """A call, with what the design allows it in microseconds, and its counterpart in a predecessor."""

    what: str
    ours: Round
    p50_goal: float | None = None
    p99_goal: float | None = None
    peer: str = ""
    theirs: Round | None = None
    calls: int = 4000
    measured: list[Calls] = field(default_factory=list)
    measured_theirs: list[Calls] = field(default_factory=list)

    def lines(self) -> Iterable[str]:
        """The row, and one for its counterpart."""
        yield self._line(self.what, self.measured, self._goal(), self._verdict())
        if self.theirs is not None:
            ratio = shown(b.cpu_p50 / a.cpu_p50 for a, b in zip(self.measured, self.measured_theirs))
            yield self._line(f"- {self.peer}", self.measured_theirs, "", f"CPU p50 ratio {ratio}")

    @staticmethod
    def _line(what: str, measured: list[Calls], goal: str, said: str) -> str:
        times = (shown(getattr(one, name) for one in measured) for name in ("p50", "p99", "cpu_p50", "cpu_p99"))
        return f"| {what} | {' | '.join(times)} | {goal or '-'} | {said or '-'} |"

    def _goals(self) -> list[tuple[str, float]]:
        goals = (("p50", self.p50_goal), ("p99", self.p99_goal))
        return [(name, goal) for name, goal in goals if goal is not None]

    def _goal(self) -> str:
        return ", ".join(f"{name} <= {goal:g}" for name, goal in self._goals())

    def _verdict(self) -> str:
        said = []
        for name, goal in self._goals():
            wall = statistics.median(getattr(one, name) for one in self.measured)
            cpu = statistics.median(getattr(one, f"cpu_{name}") for one in self.measured)
            said.append(f"{name} {verdict(goal / wall)}, by CPU time {verdict(goal / cpu)}")
        return "; ".join(said)


@dataclass
class WorkRow:
    """A piece of work that both do, and how many times less processor time the design asks of ours."""

    what: str
    peer: str
    ours: Work
    theirs: Work
    goal: float | None = None
    queued: bool = False
    """Whether the caller hands the work to another thread."""
    measured: list[Spent] = field(default_factory=list)
    measured_theirs: list[Spent] = field(default_factory=list)

    def ratios(self, name: str) -> list[float]:
        """Peer's time over ours, round by round: above one, ours takes less."""
        return [getattr(b, name) / getattr(a, name) for a, b in zip(self.measured, self.measured_theirs)]

    def line(self) -> str:
        """The row."""
        times = [
            shown(getattr(one, name) for one in measured)
            for measured in (self.measured, self.measured_theirs)
            for name in ("cpu", "wall")
        ]
        cells = [self.what, self.peer, *times, *(shown(self.ratios(name)) for name in ("cpu", "wall"))]
        cells.append(shown(self.ratios("caller")) if self.queued else "-")
        if self.goal is None:
            cells += ["-", "-"]
        else:
            cells += [f">= {self.goal:g}", verdict(statistics.median(self.ratios("cpu")) / self.goal)]
        return f"| {' | '.join(cells)} |"


def text(machine: list[str], calls: list[CallRow], works: list[WorkRow], remarks: str) -> str:
    """The part of the page."""
    lines = [
        "## Python: against ai-audit-trail and decision-provenance",
        "",
        *(f"- {line}" for line in machine),
        "",
        "### What a call costs the thread that makes it",
        "",
        "Microseconds: median of the rounds (least to most), by the clock on the wall and by the thread's own. The",
        "goals are for the wall; where other work ran meanwhile, the thread's own time tells what the call costs.",
        "",
        "| call | p50 | p99 | CPU p50 | CPU p99 | goal | reached |",
        "|---|---|---|---|---|---|---|",
        *(line for row in calls for line in row.lines()),
        "",
        "### The same work",
        "",
        "Microseconds for each unit: processor time of all threads, and the clock on the wall. A ratio is the",
        "predecessor's time over Sealog's of the same round; that on the caller's thread leaves out what Sealog's",
        "other threads do. The goals are held against the processor time of all threads, the strictest of the three.",
        "",
        "| work, unit | predecessor | Sealog CPU | wall | predecessor CPU | wall | CPU ratio | wall ratio"
        " | ratio on the caller's thread | goal | reached |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
        *(row.line() for row in works),
        "",
        remarks.strip(),
    ]
    return "\n".join(lines)
