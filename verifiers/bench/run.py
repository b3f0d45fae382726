"""What writing and checking an evidence package costs, beside ai-audit-trail's in one interleaved run.

Each round does each piece of work once, Sealog's and the peer's in turn. Writes a table into `docs/benchmarks.md`.
Exits 1 if a piece of work was not done right; a goal that is missed is reported, not an error.

    cargo xtask bench evidence [--profile NAME] [--quick] [--rounds N] [--dir DIRECTORY] [--no-write]

`--quick` does one round on little data, to see that everything runs, and writes nothing.
"""

from __future__ import annotations

import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import ai_audit
import figures
from ai_audit.keys import get_signing_key
from measure import Spent, peak_memory, run

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "verifiers" / "verify.py"
STREAM = "credit"
MEMORY_GOAL_MIB = 64
RATE_GOAL_GB = 0.8
"""Gigabytes a second and core: the goal of verifying a whole ledger, of which a package is the same text with proofs."""
SCRIPT_GOAL_SECONDS = 10
"""What the verifiers that need no installation may take for 10,000 decisions: seconds."""
REMARKS = f"""
- Sealog's package is of a stream, with its configuration and labels, and what shows that none of its entries is left out; its
  times are of whole commands, start-up included. The peer's are of calls in a process that has everything in memory.
- The peer's `verify_evidence_package` checks the manifest's signature by the key inside the package, and checksums; it reads no
  receipt. `verify_chain` reads receipts, which are objects in memory already. Both together stand beside `sealog verify`, which
  parses and hashes every entry, follows its proof to the signed root, derives each label again, and counts.
- Only decisions count: the entries of a package, whose text with its proofs is what the rate is of.
- `verify.py` is one file that needs nothing but Python; signatures of actors are not checked by it.
- Memory is the kernel's own mark of the most that the process ever held (`VmHWM`), in a run that is not timed.
"""


@dataclass
class Row:
    """A piece of work, beside the peer's where it does such work."""

    what: str
    peer: str = ""
    decisions: int = 0
    size: int = 0
    rate_goal: float | None = None
    seconds_goal: float | None = None
    measured: list[Spent] = field(default_factory=list)
    measured_theirs: list[Spent] = field(default_factory=list)

    def line(self) -> str:
        """The row."""
        cells = [f"{self.what}{f' ({self.peer})' if self.peer else ''}"]
        for measured in (self.measured, self.measured_theirs):
            for name in ("wall", "cpu"):
                times = [1000 * getattr(one, name) for one in measured]
                cells.append(figures.shown(times) if times else "-")
        for name in ("wall", "cpu"):
            pairs = zip(self.measured, self.measured_theirs)
            ratios = [getattr(theirs, name) / getattr(ours, name) for ours, theirs in pairs]
            cells.append(figures.shown(ratios) if ratios else "-")
        each = figures.shown(1e6 * one.cpu / self.decisions for one in self.measured)
        cells += [f"{each} us", *self._goal()]
        return f"| {' | '.join(cells)} |"

    def _goal(self) -> tuple[str, str, str]:
        rates = [self.size / one.cpu / 1e9 for one in self.measured]
        rate = f"{figures.shown(rates)} GB/s" if self.size else "-"
        middle = sorted(rates)[len(rates) // 2]
        if self.rate_goal is not None:
            return rate, f">= {self.rate_goal:g} GB/s and core", figures.verdict(middle / self.rate_goal)
        if self.seconds_goal is not None:
            wall = sorted(one.wall for one in self.measured)[len(self.measured) // 2]
            return rate, f"<= {self.seconds_goal:g} s", figures.verdict(self.seconds_goal / wall)
        return rate, "-", "-"


class Log:
    """A ledger with so many decisions of one stream, each labelled by a configuration."""

    def __init__(self, sealog: Path, folder: Path, decisions: int) -> None:
        self.sealog, self.folder, self.decisions = sealog, folder, decisions
        folder.mkdir()
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        os.environ["XDG_CONFIG_HOME"] = str(folder / "config")
        self.ledger = folder / "a.sealog"
        self._run("init", self.ledger, "--operator", "acme", "--purpose", "bench")
        for label in ("L001", "L002"):
            self._run("label", "add", label, "--id", label, "--by", "jo", "--reason", "first", *self._at())
        bands = ["--threshold", "0.5", "--below", "L001", "--above", "L002", "--model", "m-1"]
        self._run("config", "set", "threshold", *bands, "--by", "jo", "--reason", "first", *self._at())
        self._record()
        self._run("key", "show", "--out", folder / "log.vkey", *self._at())

    def _at(self) -> list[object]:
        return ["--ledger", self.ledger]

    def _run(self, *words: object) -> None:
        run([self.sealog, *words])

    def _record(self) -> None:
        words = ["record", "--ndjson", "--kind", "decision", "--stream", STREAM, "--config-id", "threshold"]
        command = [self.sealog, *words, *self._at()]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        assert process.stdin
        for at in range(self.decisions):
            process.stdin.write(json.dumps(decision(at)).encode() + b"\n")
        process.stdin.close()
        if process.wait() != 0:
            sys.exit(f"`sealog record` ended with {process.returncode}")

    def export(self, out: Path) -> list[object]:
        """Writes the package."""
        out.unlink(missing_ok=True)
        return [self.sealog, "export", "--evidence", out, "--stream", STREAM, "--by", "bench", *self._at()]

    def verify(self, package: Path) -> list[object]:
        """By the command."""
        return [self.sealog, "verify", package, "--key", self.folder / "log.vkey"]

    def script(self, package: Path) -> list[object]:
        """By the script."""
        return [sys.executable, "-I", SCRIPT, package, "--key", self.folder / "log.vkey"]


def decision(at: int) -> dict[str, object]:
    """A decision of about a kilobyte, as its entry."""
    return {
        "decision_id": f"d-{at}",
        "model_id": "m-1",
        "model_version": "1.0",
        "model_state": "unverified",
        "model_reason": "benchmark",
        "score": random.random(),
        "reasons": ["".join(random.choices("abcdefghijklmnopqrstuvwxyz     ", k=400))],
    }


class Peer:
    """As many receipts of ai-audit-trail, sealed and chained in memory."""

    def __init__(self, decisions: int) -> None:
        ai_audit.init_audit_config(ai_audit.AuditConfig(signing_key_hex="07" * 32))
        store = ai_audit.ReceiptStore(max_size=decisions)
        ids = []
        for at in range(decisions):
            check = ai_audit.CheckRecord(name="safety", score=0.2, threshold=0.5, fired=False)
            one = ai_audit.DecisionReceipt(
                trace_id=f"t-{at}", tenant_id="acme", model_id="m-1", input_c14n=json.dumps(decision(at)), checks=[check]
            )
            store.atomic_seal_and_append(one, get_signing_key())
            ids.append(one.receipt_id)
        self.receipts = [store.get(receipt_id) for receipt_id in ids]
        self.key = ai_audit.get_verify_key_hex()

    def export(self, out: Path) -> Spent:
        """Writes its package."""
        out.unlink(missing_ok=True)
        return spend(lambda: ai_audit.export_evidence_package(self.receipts, self.key, get_signing_key(), out))

    def verify(self, package: Path) -> Spent:
        """What its users call to check one."""

        def work() -> None:
            assert ai_audit.verify_evidence_package(package)
            found = ai_audit.verify_chain(self.receipts, self.key)
            assert found.valid and found.verified_receipts == len(self.receipts), found

        return spend(work)


def spend(work: Callable[[], object]) -> Spent:
    """Runs a piece of work in this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(wall=time.perf_counter() - wall, cpu=time.process_time() - cpu)


def measure(sealog: Path, base: Path, quick: bool, rounds: int) -> tuple[list[Row], list[str]]:
    """The rows, and those of memory."""
    few, many = (200, 2_000) if quick else (10_000, 1_000_000)
    aat = "ai-audit-trail"
    log, peer = Log(sealog, base / "few", few), Peer(few)
    ours, theirs = base / "ours.zip", base / "theirs.zip"
    export = Row(f"export {few:,} decisions", f"{aat}, `export_evidence_package`", few)
    verify = Row(f"verify {few:,}", f"{aat}, `verify_evidence_package` and `verify_chain`", few)
    script = Row(f"verify {few:,} by `verify.py`", "", few, seconds_goal=SCRIPT_GOAL_SECONDS)
    for _ in range(rounds):
        export.measured.append(run(log.export(ours)))
        export.measured_theirs.append(peer.export(theirs))
        verify.measured.append(run(log.verify(ours)))
        verify.measured_theirs.append(peer.verify(theirs))
        script.measured.append(run(log.script(ours)))
    export.size = verify.size = script.size = ours.stat().st_size
    log = Log(sealog, base / "many", many)
    large = Row(f"export {many:,} decisions", "", many)
    whole = Row(f"verify {many:,}", "", many, rate_goal=RATE_GOAL_GB)
    for _ in range(max(1, rounds // 2)):
        large.measured.append(run(log.export(ours)))
        whole.measured.append(run(log.verify(ours)))
    large.size = whole.size = ours.stat().st_size
    memory = []
    for what, command in ((large.what, log.export(base / "more.zip")), (whole.what, log.verify(ours))):
        mib = peak_memory(command)
        goal = figures.verdict(MEMORY_GOAL_MIB / mib)
        memory.append(f"| {what} | {large.size / 1e9:.3g} GB | {mib:.1f} MiB | <= {MEMORY_GOAL_MIB} MiB | {goal} |")
    return [export, verify, script, large, whole], memory


def text(machine: list[str], rows: list[Row], memory: list[str]) -> str:
    """The part of the page."""
    lines = [
        "## Evidence packages: against ai-audit-trail",
        "",
        *(f"- {line}" for line in machine),
        *REMARKS.strip().splitlines(),
        "",
        "Milliseconds: median of the rounds (least to most), by the clock on the wall and as processor time of all",
        "threads. A ratio is the peer's time over Sealog's of the same round. Rates are of processor time.",
        "",
        "| work (peer) | Sealog wall | CPU | peer wall | CPU | wall ratio | CPU ratio | CPU a decision | rate | goal | reached |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
        *(row.line() for row in rows),
        "",
        "| most memory | size | held | goal | reached |",
        "|---|---|---|---|---|",
        *memory,
    ]
    return "\n".join(lines)


def main() -> int:
    arguments = figures.arguments(__doc__, rounds=5)
    arguments.add_argument("--sealog", type=Path, required=True, help="the command; `cargo xtask bench evidence` builds it")
    arguments.add_argument("--dir", type=Path, required=True, help="where the data are made")
    arguments.add_argument("--profile", default="release", help="how it was built")
    asked = arguments.parse_args()
    rounds = figures.rounds_of(asked)
    loads = [os.getloadavg()[0]]
    asked.dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-evidence-", dir=asked.dir) as base:
        rows, memory = measure(asked.sealog, Path(base), asked.quick, rounds)
    loads.append(os.getloadavg()[0])
    said = subprocess.run([asked.sealog, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    machine = [
        figures.when(rounds, *loads),
        figures.machine(),
        f"{said} built with the profile `{asked.profile}`, ai-audit-trail {version('ai-audit-trail')} on"
        f" {platform.python_implementation()} {platform.python_version()}",
    ]
    part = text(machine, rows, memory)
    figures.deliver("evidence", part, asked)
    return 0


if __name__ == "__main__":
    sys.exit(main())
