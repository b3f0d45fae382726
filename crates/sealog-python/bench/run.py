"""What the package costs, beside ai-audit-trail and decision-provenance in one interleaved run.

Each round does each piece of work once, Sealog's and the predecessor's in turn, in folders of their own. Prints a
table and writes it into `docs/benchmarks.md`. Exits 1 if a piece of work was not done right; a goal that is missed
is reported, not an error.

    cargo xtask bench python [--quick] [--rounds N] [--dir DIRECTORY] [--no-write]

`--quick` does one round of little work, to see that everything runs, and writes nothing.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import ai_audit
import caller
import figures
import page
import sealog
import work
from clock import flush_probe
from page import CallRow, WorkRow

AAT, DP = "ai-audit-trail", "decision-provenance"

REMARKS = f"""
What the predecessors leave out of the same rows:

- {AAT} keeps its receipts in memory and verifies objects that are there already; Sealog reads and parses files.
  `MerkleBatcher` is given bytes and keeps none of them; Sealog makes each record's canonical form, checks it
  against its kind, gives it an envelope, and keeps a proof for each.
- {DP} does not flush: its records are durable some time later (SQLite, WAL, synchronous NORMAL). Sealog's are when
  `flush` returns, under a signed checkpoint; its query index follows meanwhile, and its time is in Sealog's figures.
  {DP} verifies the links between stored hashes and hashes no record again, so that an edited record passes; Sealog
  hashes and parses every byte, derives every label again, and checks the tree, the map, the chains and the signature.
"""


def rows(quick: bool, recorded: work.Recorded) -> tuple[list[CallRow], list[WorkRow]]:
    """What is measured."""
    size = 200 if quick else 4000
    calls = [
        CallRow("`enqueue`, a dict of 8 fields with 1 KiB of text", caller.enqueue(caller.eight_fields), 3, 20),
        CallRow("`enqueue`, 30 floats and 500 B of text", caller.enqueue(caller.thirty_floats), 6),
        CallRow(
            "a function under `@ledger.decision`: 8 floats in, a score out, label derived",
            caller.decorator, peer=f"{DP}, `@logger.log`", theirs=caller.provenance_decorator,
        ),
        CallRow(
            "a collector's life: input, output, one check, action",
            caller.collect, peer=f"{AAT}, `ReceiptCollector` and `emit`", theirs=caller.collector_emit,
        ),
        CallRow(
            "`append` in memory: returns a receipt under a signed checkpoint",
            caller.append_in_memory, peer=f"{AAT}, `seal`", theirs=caller.receipt_seal,
        ),
    ]
    for row in calls:
        row.calls = size
    decisions = recorded.decisions
    batches = 2 if quick else 10
    works = [
        WorkRow(
            f"verify a ledger, a decision of {decisions:,}",
            f"{AAT}, `verify_chain`", recorded.verify, recorded.verify_chain, 20,
        ),
        WorkRow(
            f"the same ledger, a decision of {decisions:,}",
            f"{DP}, `verify`", recorded.verify, recorded.provenance_verify,
        ),
        WorkRow(
            f"record {decisions:,} decisions, `enqueue` to `flush`, a decision",
            f"{DP}, `record`", work.record(decisions), work.provenance_record(decisions), 10, queued=True,
        ),
        WorkRow(
            f"{decisions:,} collectors' lives until durable, a life",
            f"{AAT}, `emit`", work.collected(decisions), work.emitted(decisions), queued=True,
        ),
        WorkRow(
            "root of 2,048 leaves of 600 B, a root",
            f"{AAT}, `merkle_root`", work.tree_root, work.merkle_root,
        ),
        WorkRow(
            "`append_many`, 2,048 in memory with 500 B of text, a record",
            f"{AAT}, `MerkleBatcher`", work.append_many(batches), work.batcher(batches),
        ),
    ]
    return calls, works


def measure(calls: list[CallRow], works: list[WorkRow], rounds: int, base: Path) -> list[float]:
    """All rounds. Returns what a flush took before each."""
    flushes = []
    for number in range(rounds):
        flushes.append(flush_probe(str(base)))
        print(f"round {number + 1} of {rounds}, a flush takes {flushes[-1]:,.0f} us", flush=True)
        for row in calls:
            with folder(base) as own:
                row.measured.append(row.ours(own, row.calls))
            if row.theirs is not None:
                with folder(base) as own:
                    row.measured_theirs.append(row.theirs(own, row.calls))
        for piece in works:
            with folder(base) as own:
                piece.measured.append(piece.ours(own))
            with folder(base) as own:
                piece.measured_theirs.append(piece.theirs(own))
    return flushes


class folder(tempfile.TemporaryDirectory):  # noqa: N801 - it reads as a function where it is used.
    """A new folder, as a path."""

    def __init__(self, base: Path) -> None:
        super().__init__(prefix="bench-", dir=base)

    def __enter__(self) -> Path:
        return Path(super().__enter__())


def machine(rounds: int, flushes: list[float], loads: list[float]) -> list[str]:
    """Where and with what this was measured."""
    packages = [f"{name} {version(name)}" for name in (AAT, DP, "pydantic", "orjson", "pynacl")]
    return [
        figures.when(rounds, *loads),
        f"{figures.machine()}; a flush of 4 KiB took {figures.shown(flushes)} us",
        f"sealog {sealog.__version__} built with the profile `release`, {platform.python_implementation()}"
        f" {platform.python_version()}, {', '.join(packages)}, SQLite {sqlite3.sqlite_version}",
    ]


def main() -> int:
    arguments = figures.arguments(__doc__, rounds=7)
    arguments.add_argument("--dir", type=Path, help="where ledgers are made; else as temporary files")
    asked = arguments.parse_args()
    rounds = figures.rounds_of(asked)
    ai_audit.init_audit_config(ai_audit.AuditConfig(signing_key_hex="07" * 32))
    loads = [os.getloadavg()[0]]
    with folder(asked.dir) as base:
        kept = base / "kept"
        kept.mkdir()
        recorded = work.Recorded.make(kept, 500 if asked.quick else 10_000)
        calls, works = rows(asked.quick, recorded)
        flushes = measure(calls, works, rounds, base)
    loads.append(os.getloadavg()[0])
    part = page.text(machine(rounds, flushes, loads), calls, works, REMARKS)
    figures.deliver("python", part, asked)
    return 0


if __name__ == "__main__":
    sys.exit(main())
